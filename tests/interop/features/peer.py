"""Autobahn|Python for the features: its ways, its sessions, and what one run of
a feature works with."""
import asyncio
import itertools
import json
import pathlib

from autobahn.asyncio.component import Component
from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import (PublishOptions, RegisterOptions,
                                 SubscribeOptions)

CONFIG = json.loads(
    (pathlib.Path(__file__).parent / "config.json").read_text())
WAYS = ("json", "msgpack", "cbor", "cbor over RawSocket")
DETAILS = {"details_arg": "details"}
NONE = "the client has none"
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
