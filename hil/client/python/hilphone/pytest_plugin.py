"""Fixtures for pytest: ``phone`` is a phone that is idle before and after each test and locked for the whole session.

Flags: --hilphone-url, --hilphone-token; else HILPHONE_URL and HILPHONE_TOKEN.
"""

import os

import pytest

from hilphone import Phone, Problem


def pytest_addoption(parser):
    group = parser.getgroup("hilphone")
    group.addoption("--hilphone-url", default=None, help="address of the phone; default $HILPHONE_URL")
    group.addoption("--hilphone-token", default=None, help="API token; default $HILPHONE_TOKEN")
    group.addoption("--hilphone-lock", type=int, default=3600, metavar="SECONDS", help="how long the session may have the phone for itself; 0: no lock")


@pytest.fixture(scope="session")
def hilphone_session(request):
    """The phone, taken for this session."""
    phone = Phone(request.config.getoption("--hilphone-url"), request.config.getoption("--hilphone-token"))
    seconds = request.config.getoption("--hilphone-lock")
    if not seconds:
        yield phone
        return
    with phone.lock("pytest %d" % os.getpid(), seconds):
        yield phone


@pytest.fixture
def phone(hilphone_session):
    """A phone at rest: no call, handset down. The servers of an embedded lab serve again after the test."""
    _rest(hilphone_session)
    yield hilphone_session
    _rest(hilphone_session)


def _rest(phone):
    for server in ("primary", "backup"):
        try:
            if phone.server(server)["behaviour"] != "serve":
                phone.behave(server)
        except Problem as none:
            if none.status != 404:  # no embedded lab
                raise
    phone.end_all()
    state = phone.state()
    if state["handset"] != "on":
        phone.hook("on")
    elif state["speaker"] == "on":
        phone.keys("{release}")
