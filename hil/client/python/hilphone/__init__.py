"""A desk phone for the lab, driven over REST: keys, hook, calls, lines, settings, events, and the servers of an embedded lab.

Standard library only. Addresses and tokens are those of ``hilphone demo`` and ``hilphone token new``:

    from hilphone import Phone
    phone = Phone("http://127.0.0.1:8080", token)       # or HILPHONE_URL and HILPHONE_TOKEN
    before = phone.mark()
    phone.keys("1002#")
    phone.wait_for("call", since=before, within=10, state="talking")
"""

import contextlib
import json
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request

__all__ = ["Phone", "Problem", "NotSeen"]

_LONGEST_POLL = 30.0  # seconds that one request may wait for an event


class Problem(Exception):
    """The phone refused a request: problem+json of RFC 9457."""

    def __init__(self, status, method, path, body):
        self.status = status
        self.title = body.get("title", "")
        self.detail = body.get("detail", "")
        self.errors = body.get("errors") or []
        wrong = "; ".join("%s: %s" % (e.get("location", ""), e.get("message", "")) for e in self.errors)
        said = ": ".join(part for part in (self.detail or self.title, wrong) if part)
        super().__init__("%s %s: %d %s" % (method, path, status, said))


class NotSeen(AssertionError):
    """What was waited for did not come in time."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None  # a token is not carried to another address


class Phone:
    """One phone. Every method is one request unless it waits; times are seconds."""

    def __init__(self, url=None, token=None, timeout=10.0, cafile=None):
        """``cafile``: certificates in PEM that an https phone's must descend from; default those of the system."""
        self.url = (url or os.environ.get("HILPHONE_URL") or "http://127.0.0.1:8080").rstrip("/")
        self._token = token if token is not None else os.environ.get("HILPHONE_TOKEN", "")
        self.timeout = timeout
        handlers = [urllib.request.ProxyHandler({}), _NoRedirect()]
        if self.url.startswith("https:"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cafile)))
        self._opener = urllib.request.build_opener(*handlers)

    def __repr__(self):
        return "Phone(%r)" % self.url  # without the token

    # Requests

    def request(self, method, path, body=None, timeout=None, **query):
        """Sends a request under /api/v1 and returns the answer: what JSON says, else text. Raises Problem."""
        url = "%s/api/v1/%s" % (self.url, path.lstrip("/"))
        given = {name: value for name, value in query.items() if value is not None}
        if given:
            url += "?" + urllib.parse.urlencode(given)
        request = urllib.request.Request(url, method=method)
        if self._token:
            request.add_header("Authorization", "Bearer " + self._token)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=timeout or self.timeout) as answer:
                return _read(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                said = _read(refused)
            raise Problem(refused.code, method, path, said if isinstance(said, dict) else {"detail": str(said or "")}) from None

    def get(self, path, **query):
        return self.request("GET", path, **query)

    def put(self, path, body=None):
        return self.request("PUT", path, body)

    def post(self, path, body=None):
        return self.request("POST", path, body)

    def patch(self, path, body=None):
        return self.request("PATCH", path, body)

    def delete(self, path):
        return self.request("DELETE", path)

    # Hands and eyes

    def keys(self, keys, press_ms=80, gap_ms=80):
        """Presses keys one after the other: digits, * and #, others by name in braces: "1002#", "{release}"."""
        # The phone answers when it is done.
        return self.request("POST", "phone/keys", {"keys": keys, "press_ms": press_ms, "gap_ms": gap_ms},
                            timeout=self.timeout + len(keys) * (press_ms + gap_ms) / 1000)

    def hook(self, state):
        """"off" lifts the handset, "on" puts it back."""
        return self.put("phone/hook", {"state": state})

    def state(self):
        """Hook, state, display, lamps, ringer, calls."""
        return self.get("phone")

    def display(self):
        return self.state()["display"]

    def lamp(self, name):
        """"off", "on", "slow" or "fast"."""
        return self.state()["lamps"][name]

    def io(self, name, level=None):
        """The level of an input or output, 0 or 1; or sets that of an input."""
        path = "io/" + urllib.parse.quote(name, safe="")
        if level is None:
            return int(self.get(path))
        return self.put(path, int(level))

    # Calls

    def calls(self, state=None):
        """The calls there are; with state "current" or "ended" only those."""
        return self.get("calls", state=state)

    def call(self, to, line=1):
        """Calls somebody; returns the call."""
        return self.post("calls", {"line": line, "to": to})

    def answer(self, call):
        return self._of(call, "answer")

    def reject(self, call):
        return self._of(call, "reject")

    def hold(self, call):
        return self._of(call, "hold")

    def resume(self, call):
        return self._of(call, "resume")

    def dtmf(self, call, digits):
        return self._of(call, "dtmf", {"digits": digits})

    def transfer(self, call, to):
        return self._of(call, "transfer", {"to": to})

    def end(self, call):
        """Hangs up."""
        return self.delete("calls/" + _id(call))

    def end_all(self):
        """Hangs up whatever there is; returns how many."""
        there = self.calls(state="current")
        for call in there:
            with contextlib.suppress(Problem):  # it has ended meanwhile
                self.end(call)
        return len(there)

    def _of(self, call, what, body=None):
        return self.post("calls/%s/%s" % (_id(call), what), body)

    # Lines and settings

    def line(self, n=1):
        """Where a line stands: state, active server, failback."""
        return self.get("lines/%d/status" % n)

    def plan(self, n=1):
        """What the settings of a line mean in seconds."""
        return self.get("lines/%d/plan" % n)

    def register(self, n=1):
        return self.post("lines/%d/register" % n)

    def unregister(self, n=1):
        return self.post("lines/%d/unregister" % n)

    def settings(self, n=1):
        """The settings of a line; a password reads as None."""
        return self.get("lines/%d/sip" % n)

    def set(self, n=1, **values):
        """Changes some settings of a line."""
        return self.patch("lines/%d/sip" % n, values)

    @contextlib.contextmanager
    def with_settings(self, n=1, **values):
        """Changes settings for as long as the block takes. A password cannot be read, so it cannot be set back: use set()."""
        before = self.settings(n)
        hidden = [name for name in values if before.get(name, 0) is None]
        if hidden:
            raise ValueError("%s cannot be set back" % ", ".join(hidden))
        self.set(n, **values)
        try:
            yield
        finally:
            self.set(n, **{name: before[name] for name in values})

    # Events

    def mark(self):
        """The number of the newest event: what comes after it is new."""
        newest = self.get("events", newest="true", limit=1)
        return newest[0]["seq"] if newest else 0

    def events(self, since=0, types=None, line=None, wait_s=None):
        """Events after the number since, oldest first; with wait_s, at most so long for the first one."""
        if types is not None and not isinstance(types, str):
            types = ",".join(types)
        return self.request("GET", "events", since=since, type=types, line=line, wait_s=wait_s,
                            timeout=self.timeout + (wait_s or 0))

    def wait_for(self, type, within=10.0, since=None, line=None, **data):
        """The first event of a type whose data has these values; raises NotSeen after within seconds.

        Without since only what comes from now on counts: take a mark() before the action that causes it."""
        seq = self.mark() if since is None else since
        until = time.monotonic() + within
        near = None
        while True:
            left = until - time.monotonic()
            for event in self.events(since=seq, types=type, line=line, wait_s=round(min(max(left, 0), _LONGEST_POLL), 3)):
                seq = event["seq"]
                if all(event["data"].get(name) == value for name, value in data.items()):
                    return event
                near = event
            if time.monotonic() >= until:
                wanted = ", ".join("%s=%r" % pair for pair in sorted(data.items()))
                last = "; the last one was %s" % json.dumps(near["data"]) if near else ""
                raise NotSeen("no event %s %s within %g s%s" % (type, wanted, within, last))

    def wait_until(self, condition, within=10.0, what="the condition"):
        """Asks condition(phone) at every event until it is true, and returns what it said; raises NotSeen."""
        until = time.monotonic() + within
        seq = self.mark()
        while True:
            said = condition(self)
            if said:
                return said
            left = until - time.monotonic()
            if left <= 0:
                raise NotSeen("%s did not come about within %g s" % (what, within))
            for event in self.events(since=seq, wait_s=round(min(left, 1.0), 3)):
                seq = event["seq"]

    def wait_registered(self, server=None, within=10.0, n=1):
        """Waits until a line is registered, with "primary" or "backup" if given; returns its status."""
        def registered(phone):
            status = phone.line(n)
            return status if status["state"] == "registered" and server in (None, status["active"]) else None
        return self.wait_until(registered, within, "line %d registered with %s" % (n, server or "a server"))

    # The servers of the embedded lab

    def server(self, name):
        """How "primary" or "backup" behaves."""
        return self.get("lab/servers/" + name)

    def behave(self, name, behaviour="serve", **more):
        """serve, silent, refuse, hang, or status with status=503."""
        return self.put("lab/servers/" + name, dict(more, behaviour=behaviour))

    @contextlib.contextmanager
    def server_behaves(self, name, behaviour, **more):
        """Has a server behave so for as long as the block takes; then it serves."""
        self.behave(name, behaviour, **more)
        try:
            yield
        finally:
            self.behave(name)

    # The phone for oneself

    @contextlib.contextmanager
    def lock(self, owner, ttl_s=300):
        """Nobody else can change anything meanwhile; raises Problem with status 409 if somebody else has it.

        It ends by itself after ttl_s; take it again inside the block to keep it for longer."""
        self.post("lock", {"owner": owner, "ttl_s": ttl_s})
        try:
            yield self
        finally:
            with contextlib.suppress(Problem):  # it ended by itself
                self.delete("lock")


def _id(call):
    return urllib.parse.quote(call["id"] if isinstance(call, dict) else str(call), safe="")


def _read(answer):
    text = answer.read().decode("utf-8", "replace")
    if "json" in (answer.headers.get("Content-Type") or ""):
        return json.loads(text) if text.strip() else None
    return text or None
