#!/usr/bin/python3
"""A worker on one page: joins as a donor and computes chunks of pi, bit
for bit as the C does (compute/pi/pi.h says what a term is).

    pi_worker.py [ws://127.0.0.1:8080/ws] [REALM]
"""
import asyncio, struct, sys, time

from autobahn.asyncio.wamp import ApplicationRunner, ApplicationSession
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import CallResult, RegisterOptions

SERIES = [(4, 1, 5, -1), (4, 3, 0, -1), (10, 1, 8, 1), (10, 3, 6, -1),
          (10, 5, 2, -1), (10, 7, 2, -1), (10, 9, 0, 1)]


def block(unit, position, size):
    """The sum of one unit's terms mod 2^128."""
    for step, add, shift, sign in SERIES:
        top = 4 * (position - 1) - 6 + shift  # the exponent of k = 0
        terms = top // 10 + 1 if top >= 0 else 0
        blocks = -(-terms // size)
        if unit < blocks:
            break
        unit -= blocks
    total = 0
    for k in range(unit * size, min(terms, (unit + 1) * size)):
        m = step * k + add
        term = pow(2, top - 10 * k + 128, m << 128) // m
        total += sign * term * (-1) ** k
    return (total % (1 << 128)).to_bytes(16, "little")


def compute(input, start, count, budget_ms, units, piece):
    _, position, size = struct.unpack("<BII", input)
    if piece is not None:
        return units, block(start + piece, position, size)
    out, until = [], time.monotonic() + budget_ms / 1000
    while len(out) < (units or count):
        out.append(block(start + len(out), position, size))
        if not units and time.monotonic() > until:
            break
    return len(out), b"\x01" + b"".join(out)


class Worker(ApplicationSession):
    async def onJoin(self, details):
        me = await self.call("donor.join", name="Python", device="python",
                             threads=1)
        me = me.kwresults if isinstance(me, CallResult) else me

        async def chunk(kind, lease, count, budget_ms, input, units=None,
                        piece=None, **more):
            if kind != "pi":
                raise ApplicationError("wamp.error.unavailable", "pi only")
            done, output = await asyncio.get_running_loop().run_in_executor(
                None, compute, input, more["from"], count,
                min(budget_ms, 2000), units, piece)
            return CallResult(**{"pass": me["pass"], "lease": lease,
                                 "units": done, "output": output})

        await self.register(chunk, "compute.chunk", RegisterOptions(
            invoke="roundrobin", concurrency=1))
        print("joined as", me["name"], flush=True)


if __name__ == "__main__":
    defaults = ["ws://127.0.0.1:8080/ws", "realm1"]
    url, realm = (sys.argv[1:] + defaults[len(sys.argv) - 1:])[:2]
    ApplicationRunner(url, realm).run(Worker)
