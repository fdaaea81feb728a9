"""Features of publish and subscribe, told as those in rpc.py are."""
import asyncio

from test_autobahn import fails, until

from .peer import DETAILS, collect


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

    def keep(value, details=None):
        kept.append((value, bool(details.retained)))
    await a.subscribe(keep, t.uri, get_retained=True, **DETAILS)
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


# A text in place of a function: why it is not run.
PUBSUB = [
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
]
