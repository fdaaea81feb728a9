#!/usr/bin/env python3
"""Autobahn|Python over each of its serializers and transports: the features
that features.test.mjs runs with the other clients, by the same names. Prints
`ok feature: Autobahn|Python, way` for each, with `# SKIP` and the reason for
what the client has not, then `N passed, N failed`."""
import asyncio
import sys
import traceback

from features.peer import CONFIG, WAYS, Run
from features.pubsub import PUBSUB
from features.rpc import RPC
from features.session import SESSION
from router import Router


async def run(router, way, feature):
    t = Run(router, way)
    try:
        a, b = await t.join("ada"), await t.join("bob")
        await asyncio.wait_for(feature(a, b, t), 20)
    finally:
        await asyncio.gather(*(peer.drop() for peer in t.peers))


async def main(router):
    passed = failed = 0
    for name, feature in RPC + PUBSUB + SESSION:
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
