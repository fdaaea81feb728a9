#!/usr/bin/env python3
"""Autobahn|Python over the batched subprotocols, in all roles, among each
other and with the plain ones. Its JSON ends a message with octal 30 where the
specification draws 0x1e (decimal 30): as it is (`own`), and with that byte put
right. Prints a line per check, then `N passed, N failed`."""
import asyncio
import sys

import test_autobahn  # first: it chooses asyncio
from autobahn.wamp import serializer

from router import Router

SPEC, ITS = b"\x1e", b"\x18"


class JsonObjects(serializer.JsonObjectSerializer):
    def serialize(self, obj):
        data = super().serialize(obj)
        assert data.endswith(ITS), "Autobahn's separator is another one now"
        return data[:-1] + SPEC

    def unserialize(self, payload):
        assert ITS not in payload and payload.endswith(SPEC)
        return super().unserialize(payload.replace(SPEC, ITS))


def make_json(batched=False):
    made = serializer.JsonSerializer(batched=batched)
    if batched:
        made._serializer = JsonObjects(batched=True)
    return made


# What a component's transport may name: it takes the word behind the dot off,
# but only of names that are known.
serializer.SERID_TO_SER["json"] = make_json
serializer.SERID_TO_SER["own"] = serializer.JsonSerializer
for name in ("own.batched", "json.batched", "msgpack.batched", "cbor.batched"):
    serializer.SERID_TO_SER[name] = None

PAIRS = (("json.batched", "json.batched"), ("own.batched", "own.batched"),
         ("own.batched", "json.batched"), ("own.batched", "cbor.batched"),
         ("msgpack.batched", "msgpack.batched"),
         ("cbor.batched", "cbor.batched"), ("msgpack.batched", "json.batched"),
         ("cbor.batched", "msgpack"), ("json", "cbor.batched"))

if __name__ == "__main__":
    with Router() as router_url:
        code = asyncio.get_event_loop().run_until_complete(
            test_autobahn.main(router_url, PAIRS))
    sys.exit(1 if code else 0)
