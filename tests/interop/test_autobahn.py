#!/usr/bin/env python3
"""Autobahn|Python as caller, callee, publisher and subscriber, over JSON,
MessagePack and CBOR and across them. Prints a line per check, then
`N passed, N failed`."""
import asyncio
import datetime
import itertools
import sys
import traceback

from autobahn.asyncio.component import Component
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import (CallOptions, CallResult, PublishOptions,
                                 RegisterOptions, SubscribeOptions)

from router import Router

# Everything that all serializers can say.
VALUES = [None, True, False, 0, -1, 2 ** 53, -2 ** 53, 1.5, -0.25, "",
          "snow ☃ and 𝄞", [], {}, [1, [2, [3]]], {"a": {"b": [None, "c"]}},
          b"", b"\x00\x01\xff", "x" * 5000]


async def join(url, serializer, realm="realm1", **extra):
    """A joined session, and the task that keeps it."""
    loop = asyncio.get_event_loop()
    joined = loop.create_future()
    component = Component(
        transports=[{"type": "websocket", "url": url, "max_retries": 0,
                     "serializers": [serializer]}], realm=realm, **extra)

    @component.on_join
    def _(session, _details):
        if not joined.done():
            joined.set_result(session)

    task = asyncio.ensure_future(component.start(loop=loop))
    task.add_done_callback(
        lambda t: joined.done() or joined.set_exception(
            t.exception() or RuntimeError("it left")))
    session = await asyncio.wait_for(joined, 10)
    return session, task


async def fails(awaitable, uri):
    try:
        await asyncio.wait_for(awaitable, 10)
    except ApplicationError as error:
        assert error.error == uri, f"{error.error}, not {uri}"
        return
    raise AssertionError(f"no error; expected {uri}")


async def echo_all_values(a, b):
    await a.register(lambda v: v, "t.echo")
    for value in VALUES:
        assert await b.call("t.echo", value) == value, value


async def keyword_arguments_and_results(a, b):
    def swap(*args, **kwargs):
        return CallResult(*reversed(args), **{v: k for k, v in kwargs.items()})
    await a.register(swap, "t.swap")
    result = await b.call("t.swap", 1, 2, x="y")
    assert list(result.results) == [2, 1] and result.kwresults == {"y": "x"}


async def errors_travel(a, b):
    def fail():
        raise ApplicationError("t.error.odd", 1, "two", three=3)
    await a.register(fail, "t.fail")
    try:
        await b.call("t.fail")
    except ApplicationError as error:
        assert error.error == "t.error.odd" and error.kwargs == {"three": 3}
        assert list(error.args) == [1, "two"]
    else:
        raise AssertionError("no error")


async def unknown_and_doubled(a, b):
    await fails(b.call("t.nobody"), "wamp.error.no_such_procedure")
    await a.register(lambda: 1, "t.once")
    await fails(b.register(lambda: 2, "t.once"),
                "wamp.error.procedure_already_exists")
    await fails(b.register(lambda: 2, "wamp.mine"), "wamp.error.invalid_uri")


async def shared_in_turn(a, b):
    options = RegisterOptions(invoke="roundrobin")
    await a.register(lambda: "a", "t.shared", options=options)
    await fails(b.register(lambda: 0, "t.shared",
                           options=RegisterOptions(invoke="first")),
                "wamp.error.procedure_exists_with_different_invocation_policy")
    await b.register(lambda: "b", "t.shared", options=options)
    answers = [await b.call("t.shared") for _ in range(6)]
    assert sorted(answers) == list("aaabbb") and answers[0] != answers[1]


async def concurrency_is_a_limit(a, b):
    running = [0, 0]
    gate = asyncio.Event()

    async def work():
        running[0] += 1
        running[1] = max(running)
        await gate.wait()
        running[0] -= 1
        return True
    await a.register(work, "t.two", options=RegisterOptions(
        invoke="roundrobin", concurrency=2))
    first = [asyncio.ensure_future(b.call("t.two")) for _ in range(2)]
    await asyncio.sleep(0.2)
    await fails(b.call("t.two"), "crossbar.error.max_concurrency_reached")
    gate.set()
    assert await asyncio.gather(*first) == [True, True]
    assert running[1] == 2


async def progressive_results(a, b):
    async def count(n, details=None):
        for i in range(n):
            details.progress(i)
        return n
    await a.register(count, "t.count",
                     options=RegisterOptions(details_arg="details"))
    seen = []
    assert await b.call("t.count", 3, options=CallOptions(
        on_progress=seen.append)) == 3
    assert seen == [0, 1, 2]


async def cancel_and_timeout(a, b):
    stopped = asyncio.Event()

    async def forever():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise
    await a.register(forever, "t.forever")
    call = b.call("t.forever")
    await asyncio.sleep(0.1)
    call.cancel()
    await asyncio.wait_for(stopped.wait(), 5)
    await fails(b.call("t.forever", options=CallOptions(timeout=200)),
                "wamp.error.timeout")


async def pattern_registrations(a, b):
    def where(details=None):
        return details.procedure
    for uri, match in (("t.pat", "prefix"), ("t..wild.x", "wildcard")):
        await a.register(where, uri, options=RegisterOptions(
            match=match, details_arg="details"))
    assert await b.call("t.pat.one") == "t.pat.one"
    assert await b.call("t.any.wild.x") == "t.any.wild.x"


async def who_calls_is_disclosed(a, b):
    def who(details=None):
        return details.caller
    await a.register(who, "t.who",
                     options=RegisterOptions(details_arg="details"))
    assert await b.call("t.who") == b._session_id


async def events_arrive(a, b):
    got = []
    subscription = await a.subscribe(
        lambda *args, **kwargs: got.append((args, kwargs)), "t.topic")
    for value in VALUES:
        b.publish("t.topic", value, key=value)
    publication = await b.publish(
        "t.topic", "last", options=PublishOptions(acknowledge=True))
    assert 1 <= publication.id <= 2 ** 53
    await until(lambda: len(got) == len(VALUES) + 1)
    assert got[:-1] == [((v,), {"key": v}) for v in VALUES]
    await subscription.unsubscribe()
    await b.publish("t.topic", "more",
                    options=PublishOptions(acknowledge=True))
    await asyncio.sleep(0.1)
    assert len(got) == len(VALUES) + 1


async def patterns_subscribe(a, b):
    got = []

    def on(match):
        return lambda *_, details=None: got.append((match, details.topic))
    for topic, match in (("t.p", "prefix"), ("t..w", "wildcard"),
                         ("t.p.w", "exact")):
        await a.subscribe(on(match), topic, options=SubscribeOptions(
            match=match, details_arg="details"))
    for topic in ("t.p.w", "t.p.x", "t.q.w", "t.q.x"):
        await b.publish(topic, options=PublishOptions(acknowledge=True))
    await until(lambda: len(got) == 5)
    # Autobahn has no topic for exact ones that the router leaves out.
    assert sorted((m, t or "t.p.w") for m, t in got) == [
        ("exact", "t.p.w"), ("prefix", "t.p.w"), ("prefix", "t.p.x"),
        ("wildcard", "t.p.w"), ("wildcard", "t.q.w")]


async def exclusion_and_eligibility(a, b):
    got = {"a": [], "b": []}
    await a.subscribe(lambda v: got["a"].append(v), "t.x")
    await b.subscribe(lambda v: got["b"].append(v), "t.x")

    async def publish(value, **options):
        await b.publish("t.x", value, options=PublishOptions(
            acknowledge=True, **options))
    await publish(1)
    await publish(2, exclude_me=False)
    await publish(3, exclude_me=False, exclude=[a._session_id])
    await publish(4, exclude_me=False, eligible=[a._session_id])
    await publish(5, exclude_me=False)
    await until(lambda: got["a"][-1:] == [5] and got["b"][-1:] == [5])
    assert got == {"a": [1, 2, 4, 5], "b": [2, 3, 5]}, got


async def meta_api(a, b):
    assert await b.call("wamp.session.count") >= 2
    ids = await b.call("wamp.session.list")
    assert {a._session_id, b._session_id} <= set(ids)
    details = await b.call("wamp.session.get", a._session_id)
    assert details["session"] == a._session_id
    await fails(b.call("wamp.session.get", 1), "wamp.error.no_such_session")
    registration = await a.register(lambda: 1, "t.meta")
    found = await b.call("wamp.registration.lookup", "t.meta")
    assert found == registration.id
    assert await b.call("wamp.registration.match", "t.meta") == found
    assert await b.call("wamp.registration.list_callees", found) == \
        [a._session_id]
    assert await b.call("wamp.registration.count_callees", found) == 1
    assert (await b.call("wamp.registration.get", found))["uri"] == "t.meta"
    assert found in (await b.call("wamp.registration.list"))["exact"]
    subscription = await a.subscribe(lambda: 0, "t.meta.topic")
    assert await b.call("wamp.subscription.lookup", "t.meta.topic") == \
        subscription.id


async def until(condition, seconds=5):
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")


CHECKS = [echo_all_values, keyword_arguments_and_results, errors_travel,
          unknown_and_doubled, shared_in_turn, concurrency_is_a_limit,
          progressive_results, cancel_and_timeout, pattern_registrations,
          who_calls_is_disclosed, events_arrive, patterns_subscribe,
          exclusion_and_eligibility, meta_api]


async def check(url, function, serializers):
    sessions = [await join(url, serializer) for serializer in serializers]
    try:
        await asyncio.wait_for(function(*(s for s, _ in sessions)), 20)
    finally:
        for session, task in sessions:
            session.leave()
            await asyncio.wait([task], timeout=5)


async def leaving_answers_callers(url):
    (a, at), (b, bt) = [await join(url, s) for s in ("json", "msgpack")]

    async def forever():
        await asyncio.sleep(60)
    await a.register(forever, "t.gone")
    call = asyncio.ensure_future(b.call("t.gone"))
    await asyncio.sleep(0.1)
    a._transport.abort()
    await fails(call, "wamp.error.canceled")
    b.leave()
    await asyncio.wait([at, bt], timeout=5)


# Callee, caller, what is said; whether the callee's serializer can say it.
SAID = [("cbor", "cbor", datetime.datetime(2024, 2, 29, 12, 0, 0, 123456,
                                           datetime.timezone.utc), True),
        ("cbor", "cbor", -2 ** 70, True), ("json", "cbor", 2 ** 70, True),
        ("cbor", "json", -2 ** 63 - 1, True),
        ("msgpack", "json", 2 ** 64 - 1, True),
        ("msgpack", "json", 2 ** 64, False),
        ("msgpack", "cbor", 2 ** 70, False),
        ("json", "cbor", float("nan"), False),
        ("json", "msgpack", float("inf"), False)]


async def what_not_all_can_say(url):
    for callee, caller, value, can in SAID:
        (a, at), (b, bt) = [await join(url, s) for s in (callee, caller)]
        await a.register(lambda v: v, "t.say")
        if can:
            assert await b.call("t.say", value) == value, value
        else:
            await fails(b.call("t.say", value), "wamp.error.invalid_argument")
            assert await b.call("t.say", 1) == 1  # and both go on
        a.leave()
        b.leave()
        await asyncio.wait([at, bt], timeout=5)


PAIRS = tuple(itertools.product(("json", "msgpack", "cbor"), repeat=2))


async def main(url, pairs=PAIRS):
    passed = failed = 0
    runs = [(f, pair) for f in CHECKS for pair in pairs]
    for function, pair in runs:
        name = f"{function.__name__} {pair[0]} {pair[1]}"
        try:
            await check(url, function, pair)
            passed += 1
            print(f"ok {name}")
        except Exception:  # whatever it was, the next check goes on
            failed += 1
            print(f"not ok {name}\n{traceback.format_exc()}")
    for function in (leaving_answers_callers, what_not_all_can_say):
        try:
            await function(url)
            passed += 1
            print(f"ok {function.__name__}")
        except Exception:
            failed += 1
            print(f"not ok {function.__name__}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    return failed


if __name__ == "__main__":
    with Router() as router_url:
        code = asyncio.get_event_loop().run_until_complete(main(router_url))
    sys.exit(1 if code else 0)
