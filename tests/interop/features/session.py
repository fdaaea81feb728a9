"""Features of sessions and the meta API, told as those in rpc.py are."""
import asyncio

from router import Router
from test_autobahn import fails, until

from .peer import CONFIG, collect


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
SESSION = [
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
