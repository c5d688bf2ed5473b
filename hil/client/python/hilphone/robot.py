"""A library for Robot Framework:

    Library    hilphone.robot.HilphoneLibrary    http://127.0.0.1:8080    ${TOKEN}

Keywords are the methods below: Press Keys, Lift Handset, Call, Wait For Event, Server Behaves, ...
"""

import time

from hilphone import Phone

__all__ = ["HilphoneLibrary"]


class HilphoneLibrary:
    """Keywords for one phone. Times are seconds; numbers may be given as text, as Robot Framework does."""

    ROBOT_LIBRARY_SCOPE = "SUITE"
    ROBOT_LIBRARY_DOC_FORMAT = "TEXT"

    def __init__(self, url=None, token=None):
        self._phone = Phone(url, token)
        self._mark = None

    def press_keys(self, keys):
        """Presses keys: digits, * and #, others by name in braces, as {release}."""
        self._marked().keys(keys)

    def lift_handset(self):
        self._marked().hook("off")

    def replace_handset(self):
        self._marked().hook("on")

    def call(self, to, line=1):
        """Calls somebody; returns the number of the call."""
        return self._marked().call(to, int(line))["id"]

    def end_call(self, call):
        self._marked().end(call)

    def end_all_calls(self):
        self._marked().end_all()

    def change_setting(self, name, value, line=1):
        """Changes a setting of a line; text of digits is a number, true and false are what they say."""
        self._marked().set(int(line), **{name: _value(value)})

    def server_behaves(self, server, behaviour, status=None):
        """A server of the embedded lab: serve, silent, refuse, hang, or status with a number."""
        more = {} if status is None else {"status": int(status)}
        self._marked().behave(server, behaviour, **more)

    def wait_for_event(self, type, within=10, *fields):
        """Waits for an event since the last keyword that did something; fields as name=value. Returns it."""
        wanted = dict(field.split("=", 1) for field in fields)
        since = self._phone.mark() if self._mark is None else self._mark
        until = time.monotonic() + float(within)
        while True:
            event = self._phone.wait_for(type, until - time.monotonic(), since)
            if all(str(event["data"].get(name)) == value for name, value in wanted.items()):
                return event
            since = event["seq"]

    def call_should_be(self, state, within=10):
        """Waits until there is a call in that state."""
        self._phone.wait_until(lambda phone: any(c["state"] == state for c in phone.calls(state="current")), float(within), "a call " + state)

    def line_should_be_registered(self, server=None, within=10, line=1):
        self._phone.wait_registered(server, float(within), int(line))

    def lamp_should_be(self, name, pattern, within=2):
        self._phone.wait_until(lambda phone: phone.lamp(name) == pattern, float(within), "lamp %s %s" % (name, pattern))

    def display_should_contain(self, text, within=2):
        self._phone.wait_until(lambda phone: any(text in row for row in phone.display()), float(within), "%r on the display" % text)

    def _marked(self):
        self._mark = self._phone.mark()
        return self._phone


def _value(text):
    if not isinstance(text, str):
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return int(text)
    except ValueError:
        return text
