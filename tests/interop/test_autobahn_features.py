#!/usr/bin/env python3
"""Autobahn|Python over each of its serializers and transports: the features
that features.test.mjs runs with the other clients, by the same names. Prints
`ok feature: Autobahn|Python, way` for each, with `# SKIP` and the reason for
what the client has not, then `N passed, N failed`."""
import asyncio
import itertools
import json
import pathlib
import sys
import traceback

from autobahn.asyncio.component import Component
from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import (CallOptions, CallResult, PublishOptions,
                                 RegisterOptions, SubscribeOptions)

from router import Router
from test_autobahn import fails, until

CONFIG = json.loads((pathlib.Path(__file__).parent / "features" /
                     "config.json").read_text())
WAYS = ("json", "msgpack", "cbor", "cbor over RawSocket")
DETAILS = {"details_arg": "details"}
# Its sessions ask their transport for this at WELCOME, and its RawSocket on
# asyncio has not got it (22.7.1): without this none of them joins anywhere.
if not hasattr(WampRawSocketClientProtocol, "transport_details"):
    WampRawSocketClientProtocol.transport_details = None


def transport(port, way, again):
    retries = {"max_retries": -1 if again else 0, "initial_retry_delay": 0.1,
               "max_retry_delay": 0.1, "retry_delay_growth": 1}
    if way.endswith("RawSocket"):
        return {"type": "rawsocket", "url": f"rs://127.0.0.1:{port}",
                "serializer": "cbor", **retries}
    return {"type": "websocket", "url": f"ws://127.0.0.1:{port}/ws",
            "serializers": [way], **retries}


class Peer:
    """A component of one user, joined by ticket; `again` is called each time
    that it has joined anew by itself."""

    def __init__(self, port, way, user, again=None, realm="realm1"):
        self.component = Component(
            transports=[transport(port, way, again)], realm=realm,
            authentication={"ticket": {"authid": user, "ticket": user}})
        self.joined = asyncio.get_running_loop().create_future()
        self.left = asyncio.get_running_loop().create_future()
        self.again = again
        self.component.on_join(self.on_join)
        self.component.on_leave(self.on_leave)
        self.task = asyncio.ensure_future(
            self.component.start(asyncio.get_running_loop()))
        self.task.add_done_callback(self.on_end)

    def on_join(self, session, _details):
        self.session = session
        if self.joined.done():
            self.again.set()
        else:
            self.joined.set_result(self)

    def on_leave(self, _session, details):
        if not self.left.done() and not self.again:
            self.left.set_result(details.reason)

    def on_end(self, task):
        error = None if task.cancelled() else task.exception()
        if not self.joined.done():
            self.joined.set_exception(
                ApplicationError(self.left.result()) if self.left.done()
                else error or RuntimeError("it did not join"))

    @property
    def id(self):
        return self.session._session_id

    def call(self, uri, *args, options=None, **kwargs):
        return self.session.call(uri, *args, options=options, **kwargs)

    async def register(self, endpoint, uri, **options):
        return await self.session.register(
            endpoint, uri, options=RegisterOptions(**options))

    async def subscribe(self, handler, uri, **options):
        return await self.session.subscribe(
            handler, uri, options=SubscribeOptions(**options))

    async def publish(self, uri, *args, **options):
        return (await self.session.publish(uri, *args, options=PublishOptions(
            acknowledge=True, **options))).id

    async def leave(self):
        self.session.leave()
        return await asyncio.wait_for(self.left, 10)

    async def drop(self):
        if self.joined.done() and not self.joined.exception():
            if self.session.is_attached():
                self.session.leave()
            await asyncio.wait([self.task], timeout=0.5)
        self.task.cancel()


class Run:
    """What one run of a feature works with."""
    numbers = itertools.count(1)

    def __init__(self, router, way):
        self.router, self.way, self.peers = router, way, []
        self.number = next(Run.numbers)
        self.uri = f"t.n{self.number}"

    async def join(self, user, port=None, **options):
        peer = Peer(port or self.router.port, self.way, user, **options)
        self.peers.append(peer)
        return await asyncio.wait_for(peer.joined, 10)


async def collect(peer, uri, **options):
    got = []
    subscription = await peer.subscribe(got.append, uri, **options)
    return got, subscription


# --- remote procedure calls --------------------------------------------------

async def a_caller_leaves(a, b, t):
    started, over = asyncio.Event(), asyncio.Event()

    async def work(here):
        if not here:
            started.set()
            await over.wait()
        return here
    await a.register(work, t.uri)
    lost = b.call(t.uri, False)
    await started.wait()
    await b.leave()
    over.set()
    assert await a.call(t.uri, True) is True
    assert not lost.done() or lost.exception()


async def a_callee_leaves(a, b, t):
    started = asyncio.Event()

    async def work():
        started.set()
        await asyncio.sleep(60)
    await a.register(work, t.uri)
    call = asyncio.ensure_future(b.call(t.uri))
    await started.wait()
    await a.leave()
    await fails(call, "wamp.error.canceled")
    await fails(b.call(t.uri), "wamp.error.no_such_procedure")


async def cancel_killnowait(a, b, t):
    """Its default, as it names no mode; the callee is interrupted."""
    started, stopped = asyncio.Event(), asyncio.Event()

    async def work():
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
    await a.register(work, t.uri)
    call = b.call(t.uri)
    await started.wait()
    call.cancel()
    await asyncio.wait_for(stopped.wait(), 10)
    assert await b.call("wamp.session.count") >= 2


async def call_timeout(a, b, t):
    async def work(seconds):
        await asyncio.sleep(seconds)
        return seconds
    await a.register(work, t.uri)
    await fails(b.call(t.uri, 60, options=CallOptions(timeout=50)),
                "wamp.error.timeout")
    assert await b.call(t.uri, 0, options=CallOptions(timeout=60000)) == 0


async def progressive_results(a, b, t):
    async def count(n, details=None):
        for i in range(n):
            if details.progress:
                details.progress(i)
        return "end"
    await a.register(count, t.uri, **DETAILS)
    seen = []
    assert await b.call(t.uri, 3, options=CallOptions(
        on_progress=seen.append)) == "end"
    assert seen == [0, 1, 2]
    assert await b.call(t.uri, 3) == "end"


async def shared(a, b, t):
    for invoke, wanted in (("first", "aaaa"), ("last", "bbbb"),
                           ("roundrobin", "abab"), ("random", None)):
        uri = f"{t.uri}.{invoke}"
        await a.register(lambda: "a", uri, invoke=invoke)
        await b.register(lambda: "b", uri, invoke=invoke)
        got = "".join([await b.call(uri) for _ in range(4)])
        assert got == wanted or not wanted and set(got) <= set("ab"), got
    await a.register(lambda: 0, t.uri)
    await fails(b.register(lambda: 0, t.uri),
                "wamp.error.procedure_already_exists")


async def concurrency(a, b, t):
    over = asyncio.Event()
    await a.register(over.wait, t.uri, invoke="roundrobin", concurrency=2)
    running = [asyncio.ensure_future(b.call(t.uri)) for _ in range(2)]
    await fails(b.call(t.uri), "crossbar.error.max_concurrency_reached")
    over.set()
    assert await asyncio.gather(*running) == [True, True]


async def queued(a, b, t):
    """The router's configuration has one call at a time there."""
    uri, started = f"t.queued.n{t.number}", []
    gates = [asyncio.Event() for _ in range(3)]

    async def work(i):
        started.append(i)
        await gates[i].wait()
        return i
    await a.register(work, uri)
    calls = [asyncio.ensure_future(b.call(uri, i)) for i in range(3)]
    for i in range(3):
        await until(lambda: len(started) == i + 1)
        gates[i].set()
        assert await calls[i] == i
    assert started == [0, 1, 2]


async def rerouted(a, b, t):
    def decline():
        raise ApplicationError("wamp.error.unavailable")
    await a.register(decline, t.uri, invoke="roundrobin")
    await fails(b.call(t.uri), "wamp.error.no_available_callee")
    await b.register(lambda: "b", t.uri, invoke="roundrobin")
    assert [await b.call(t.uri) for _ in range(3)] == ["b"] * 3


async def registration_revoked(a, b, t):
    await a.register(lambda: "a", t.uri)
    await b.register(lambda: "b", t.uri, force_reregister=True)
    assert await b.call(t.uri) == "b"
    assert await a.call(t.uri) == "b"  # it has not taken offence


async def patterns_registered(a, b, t):
    def where(name):
        return lambda details=None: [name, details.procedure]
    for uri, match in (("p", "prefix"), (".w", "wildcard"), ("p.x", "exact")):
        await a.register(where(match), f"{t.uri}.{uri}", match=match, **DETAILS)
    for called, name in (("p.x", "exact"), ("p.y", "prefix"),
                         ("p.w", "prefix"), ("q.w", "wildcard")):
        assert await b.call(f"{t.uri}.{called}") == [
            name, f"{t.uri}.{called}"]
    await fails(b.call(f"{t.uri}.q.x"), "wamp.error.no_such_procedure")


async def caller_identified(a, b, t):
    """The client can not ask for it: the router's permissions decide."""
    eve = await t.join("eve")
    await a.register(lambda details=None: [
        details.caller, details.caller_authid, details.caller_authrole],
        t.uri, **DETAILS)
    assert await b.call(t.uri) == [None, None, None]
    assert await eve.call(t.uri) == [eve.id, "eve", "disclosed"]


# --- publish and subscribe ---------------------------------------------------

async def acknowledged(a, b, t):
    seen = []
    await a.subscribe(lambda details=None: seen.append(details.publication),
                      t.uri, **DETAILS)
    publication = await b.publish(t.uri)
    await until(lambda: seen)
    assert seen == [publication]
    await fails(b.publish("t.forbidden"), "wamp.error.not_authorized")


async def excluded(a, b, t):
    (mine, _), (yours, _) = await collect(b, t.uri), await collect(a, t.uri)
    await b.publish(t.uri, "of b")
    await a.publish(t.uri, "of a")
    await until(lambda: mine and yours)
    assert (mine, yours) == (["of a"], ["of b"])


async def not_excluded(a, b, t):
    mine, _ = await collect(b, t.uri)
    await b.publish(t.uri, "of b", exclude_me=False)
    await until(lambda: mine == ["of b"])


def listed(suffix, name):
    async def run(a, b, t):
        c = await t.join("cyd")
        (to_a, _), (to_c, _) = await collect(a, t.uri), await collect(c, t.uri)
        ada, cyd = name(a, "ada", "one"), name(c, "cyd", "three")
        exclude, eligible = f"exclude{suffix}", f"eligible{suffix}"
        await b.publish(t.uri, 1, **{exclude: [ada]})
        await b.publish(t.uri, 2, **{eligible: [ada]})
        await b.publish(t.uri, 3, **{exclude: [ada], eligible: [ada, cyd]})
        await b.publish(t.uri, 4, **{exclude: [ada, cyd]})
        await b.publish(t.uri, 5)
        await until(lambda: to_a[-1:] == to_c[-1:] == [5])
        assert (to_a, to_c) == ([2, 5], [1, 3, 5])
    return run


async def patterns_subscribed(a, b, t):
    got = []

    def on(match):
        return lambda details=None: got.append(
            f"{match} {(details.topic or t.uri + '.p.w')[len(t.uri) + 1:]}")
    for topic, match in (("p", "prefix"), (".w", "wildcard"), ("p.w", "exact")):
        await a.subscribe(on(match), f"{t.uri}.{topic}", match=match, **DETAILS)
    for topic in ("p.w", "p.x", "q.w", "q.x"):
        await b.publish(f"{t.uri}.{topic}")
    await until(lambda: len(got) == 5)
    assert sorted(got) == ["exact p.w", "prefix p.w", "prefix p.x",
                           "wildcard p.w", "wildcard q.w"]


async def publisher_identified(a, b, t):
    eve, got = await t.join("eve"), []
    await a.subscribe(lambda details=None: got.append(
        [details.publisher, details.publisher_authid,
         details.publisher_authrole]), t.uri, **DETAILS)
    for peer in (b, eve):
        await peer.publish(t.uri)
    await until(lambda: len(got) == 2)
    assert got == [[None, None, None], [eve.id, "eve", "disclosed"]]


async def subscription_revoked(a, b, t):
    """It announces the feature, and knows no UNSUBSCRIBED but as an answer."""
    _, subscription = await collect(a, t.uri)
    await b.call("wamp.subscription.remove_subscriber", subscription.id, a.id,
                 "t.reason.odd")
    assert await asyncio.wait_for(a.left, 10) == "wamp.close.transport_lost"
    await fails(b.call("wamp.subscription.get", subscription.id),
                "wamp.error.no_such_subscription")


async def retained(a, b, t):
    await b.publish(t.uri, "kept", retain=True)
    kept = []
    await a.subscribe(
        lambda value, details=None: kept.append((value, bool(details.retained))),
        t.uri, get_retained=True, **DETAILS)
    unasked, _ = await collect(await t.join("cyd"), t.uri)
    await b.publish(t.uri, "live")
    await until(lambda: len(kept) == 2 and unasked)
    assert kept == [("kept", True), ("live", False)] and unasked == ["live"]


async def history(a, b, t):
    uri = f"t.history.n{t.number}"
    got, subscription = await collect(a, "t.history", match="prefix")
    for value in (1, 2, 3):
        await b.publish(uri, value)
    await until(lambda: got[-1:] == [3])
    result = await a.call("wamp.subscription.get_events", subscription.id,
                          limit=2, topic=uri)
    assert [event["args"] for event in result.results] == [[1], [2]]
    assert result.kwresults == {"is_limit_reached": True}


async def testaments(a, b, t):
    got, _ = await collect(b, t.uri)
    await a.call("wamp.session.add_testament", t.uri, ["will"], {})
    await a.leave()
    await until(lambda: got == ["will"])


# --- sessions ----------------------------------------------------------------

async def listen(peer, *names):
    heard = []
    for name in names:
        await peer.subscribe(
            lambda *args, name=name: heard.append([name.split(".")[1], *args]),
            f"wamp.{name}")
    return heard


async def session_meta(a, b, t):
    heard = await listen(a, "session.on_join", "session.on_leave")
    assert await b.call("wamp.session.count") >= 2
    assert {a.id, b.id} <= set(await b.call("wamp.session.list"))
    details = await b.call("wamp.session.get", a.id)
    assert [details[key] for key in (
        "session", "authid", "authrole", "authmethod")] == \
        [a.id, "ada", "one", "ticket"]
    c = await t.join("cyd")
    await c.leave()
    await until(lambda: len(heard) == 2)
    of_c = heard[0][1]["session"]
    assert heard[0][1]["authid"] == "cyd"
    assert heard[1] == ["on_leave", of_c, "cyd", "three"]
    await fails(b.call("wamp.session.get", of_c),
                "wamp.error.no_such_session")


async def registration_meta(a, b, t):
    names = ("on_create", "on_register", "on_unregister", "on_delete")
    heard = await listen(b, *(f"registration.{name}" for name in names))
    registration = await a.register(lambda: 0, t.uri, match="prefix")
    found = registration.id
    for procedure, args, wanted in (
            ("lookup", [t.uri, {"match": "prefix"}], found),
            ("match", [f"{t.uri}.x"], found), ("list_callees", [found], [a.id]),
            ("count_callees", [found], 1)):
        assert await b.call(f"wamp.registration.{procedure}", *args) == wanted
    assert (await b.call("wamp.registration.list"))["prefix"] == [found]
    assert (await b.call("wamp.registration.get", found))["uri"] == t.uri
    await registration.unregister()
    await until(lambda: len(heard) == 4)
    assert [(name, session, what["id"] if isinstance(what, dict) else what)
            for name, session, what in heard] == [
        (name, a.id, found) for name in names]


async def subscription_meta(a, b, t):
    names = ("on_create", "on_subscribe", "on_unsubscribe", "on_delete")
    heard = await listen(b, *(f"subscription.{name}" for name in names))
    _, subscription = await collect(a, t.uri)
    found = subscription.id
    for procedure, args, wanted in (
            ("lookup", [t.uri], found), ("match", [t.uri], [found]),
            ("list_subscribers", [found], [a.id]),
            ("count_subscribers", [found], 1)):
        assert await b.call(f"wamp.subscription.{procedure}", *args) == wanted
    assert found in (await b.call("wamp.subscription.list"))["exact"]
    assert (await b.call("wamp.subscription.get", found))["uri"] == t.uri
    await subscription.unsubscribe()

    def mine():
        return [name for name, session, _ in heard if session == a.id]
    await until(lambda: len(mine()) == 4)
    assert mine() == list(names)


async def goodbye(a, b, t):
    assert await a.leave() == "wamp.close.goodbye_and_out"


async def killed(a, b, t):
    await b.call("wamp.session.kill", a.id, reason="t.reason.odd")
    assert await asyncio.wait_for(a.left, 10) == "t.reason.odd"
    assert await b.call("wamp.session.count") >= 1


async def unknown_realm(a, b, t):
    await fails(t.join("ada", realm="nowhere"), "wamp.error.no_such_realm")


async def shutdown(a, b, t):
    own = Router(CONFIG)
    with own:
        c = await t.join("cyd", port=own.port)
        own.process.terminate()
        assert await asyncio.wait_for(c.left, 10) == \
            "wamp.close.system_shutdown"
        # not in the way of the connection's closing
        await asyncio.get_running_loop().run_in_executor(
            None, own.process.wait)


async def reconnect(a, b, t):
    again, got = asyncio.Event(), []

    async def serve(peer):
        await peer.register(lambda v: v, "t.again")
        await peer.subscribe(got.append, "t.again")
    first = Router(CONFIG)
    with first:
        c = await t.join("cyd", port=first.port, again=again)
        before = c.id
        await serve(c)
        first.kill()
    with Router(CONFIG, port=first.port):
        await asyncio.wait_for(again.wait(), 10)
        assert c.id != before
        await serve(c)
        d = await t.join("bob", port=first.port)
        assert await d.call("t.again", 7) == 7
        await d.publish("t.again", "event")
        await until(lambda: got == ["event"])
        await d.drop()
        await c.drop()


# A text in place of a function: why it is not run.
NONE = "the client has none"
FEATURES = [
    ("progressive call results", progressive_results),
    ("progressive call invocations", NONE),
    ("cancel, skip", "the client names no mode"),
    ("cancel, kill", "the client names no mode"),
    ("cancel, killnowait", cancel_killnowait),
    ("cancel, a callee that can not", "its callees can"),
    ("call timeout", call_timeout),
    ("a callee leaves", a_callee_leaves),
    ("a caller leaves", a_caller_leaves),
    ("pattern-based registration", patterns_registered),
    ("shared registration", shared),
    ("concurrency of a callee", concurrency),
    ("queued calls", queued),
    ("rerouted calls", rerouted),
    ("sharded calls", NONE),
    ("registration revocation (its application is not told)",
     registration_revoked),
    ("caller identification (it can not ask for it)",
     caller_identified),
    ("trust levels", "the client shows none"),
    ("acknowledged publications", acknowledged),
    ("publisher exclusion", excluded),
    ("publisher exclusion, exclude_me false", not_excluded),
    ("black- and whitelisting, sessions",
     listed("", lambda peer, *_: peer.id)),
    ("black- and whitelisting, authids",
     listed("_authid", lambda _peer, authid, _role: authid)),
    ("black- and whitelisting, authroles",
     listed("_authrole", lambda _peer, _authid, role: role)),
    ("pattern-based subscription", patterns_subscribed),
    ("publisher identification (it can not ask for it)",
     publisher_identified),
    ("retained events", retained),
    ("event history", history),
    ("testaments", testaments),
    ("subscription revocation (it takes that for a protocol violation and "
     "leaves)", subscription_revoked),
    ("payload passthru mode", "the client has an older draft of it"),
    ("session meta API", session_meta),
    ("registration meta API", registration_meta),
    ("subscription meta API", subscription_meta),
    ("goodbye", goodbye),
    ("killed by the meta API", killed),
    ("an unknown realm", unknown_realm),
    ("the router shuts down", shutdown),
    ("reconnect, by itself", reconnect),
    ("reconnect, by the application", "its component does it by itself"),
]


async def run(router, way, feature):
    t = Run(router, way)
    try:
        a, b = await t.join("ada"), await t.join("bob")
        await asyncio.wait_for(feature(a, b, t), 20)
    finally:
        await asyncio.gather(*(peer.drop() for peer in t.peers))


async def main(router):
    passed = failed = 0
    for name, feature in FEATURES:
        if isinstance(feature, str):
            print(f"ok {name}: Autobahn|Python # SKIP {feature}")
            continue
        for way in WAYS:
            label = f"{name}: Autobahn|Python, {way}"
            try:
                await run(router, way, feature)
                passed += 1
                print(f"ok {label}", flush=True)
            except Exception:  # whatever it was, the next one goes on
                failed += 1
                print(f"not ok {label}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    the_router = Router(CONFIG)
    with the_router:
        code = asyncio.new_event_loop().run_until_complete(main(the_router))
    sys.exit(1 if code else 0)
