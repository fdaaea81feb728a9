"""Features of remote procedure calls, as rpc.mjs has them. `a` and `b` are
sessions of two users and roles, `t` has the rest."""
import asyncio

from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallOptions

from test_autobahn import fails, until

from .peer import DETAILS, NONE


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


# A text in place of a function: why it is not run.
RPC = [
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
]
