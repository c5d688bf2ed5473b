"""Against a running `hilphone demo`: HILPHONE_URL and HILPHONE_TOKEN."""

import time

import pytest

from hilphone import NotSeen, Phone, Problem


def test_keys_make_a_call(phone):
    before = phone.mark()
    phone.hook("off")
    assert phone.state()["state"] == "dial_tone"
    phone.keys("1002#")
    event = phone.wait_for("call", since=before, within=15, state="talking")
    assert phone.calls(state="current")[0]["id"] == event["call"]
    assert phone.lamp("line1") == "on"
    assert any("1002" in row for row in phone.display())
    phone.hook("on")
    assert phone.calls(state="current") == []


def test_call_is_held_and_resumed(phone):
    before = phone.mark()
    call = phone.call("1002")
    phone.wait_for("call", since=before, within=15, state="talking")
    phone.hold(call)
    phone.wait_for("call", since=before, within=10, state="held")
    phone.resume(call)
    phone.dtmf(call, "12#")
    phone.end(call)
    assert phone.get("calls/" + call["id"])["ended"] is not None


def test_failover(phone):
    before = phone.mark()
    with phone.with_settings(t1_ms=50, failback_interval=0):
        with phone.server_behaves("primary", "silent"):
            assert phone.server("primary")["behaviour"] == "silent"
            phone.register()
            event = phone.wait_for("failover", since=before, within=10, to="backup")
            assert event["data"]["from"] == "primary"
            assert phone.wait_registered("backup")["active"] == "backup"
        phone.register()
        phone.wait_registered("primary")
    assert phone.settings()["t1_ms"] == 500


def test_settings(phone):
    with pytest.raises(Problem) as refused:
        phone.set(t1_ms=1)
    assert refused.value.status == 422
    assert refused.value.errors[0]["location"] == "body.t1_ms"
    assert "t1_ms" in str(refused.value)
    assert phone.settings()["auth_password"] is None
    with pytest.raises(ValueError):
        with phone.with_settings(auth_password="x"):
            raise AssertionError("a password was changed that cannot be set back")
    assert phone.plan()


def test_levels(phone):
    assert phone.io("hook") == 0
    before = phone.mark()
    phone.io("hook", 1)
    assert phone.wait_for("hook", since=before, state="off")["data"]["source"] == "api"
    assert phone.io("hook") == 1
    phone.io("hook", 0)


def test_what_does_not_come(phone):
    began = time.monotonic()
    with pytest.raises(NotSeen) as missing:
        phone.wait_for("failover", within=0.3, to="backup")
    assert 0.3 <= time.monotonic() - began < 5
    assert "failover to='backup' within 0.3 s" in str(missing.value)
    before = phone.mark()
    phone.hook("off")
    with pytest.raises(NotSeen) as missing:
        phone.wait_for("hook", since=before, within=0.3, state="nowhere")
    assert '"state": "off"' in str(missing.value)
    with pytest.raises(NotSeen):
        phone.wait_until(lambda p: False, within=0.2)


def test_lock(phone):
    assert phone.get("lock")["mine"] is True  # the session's


def test_wrong_token(phone):
    stranger = Phone(phone.url, "hil_wrong")
    with pytest.raises(Problem) as refused:
        stranger.state()
    assert refused.value.status == 401
    assert "hil_wrong" not in repr(stranger) + str(refused.value)
