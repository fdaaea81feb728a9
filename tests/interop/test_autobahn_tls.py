#!/usr/bin/env python3
"""Autobahn|Python over TLS: WebSocket and RawSocket in each serializer, a
ticket, and that it believes nobody else's certificate. Prints a line per check,
then `N passed, N failed`."""
import asyncio
import pathlib
import ssl
import subprocess
import sys
import tempfile
import traceback

from autobahn.asyncio.component import Component
from autobahn.asyncio.rawsocket import WampRawSocketClientProtocol
from autobahn.wamp.exception import ApplicationError

from router import Router

# 22.7.1's RawSocket lacks what its own sessions ask for.
WampRawSocketClientProtocol.transport_details = getattr(
    WampRawSocketClientProtocol, "transport_details", None)

SECRET = "correct horse"
SERIALIZERS = ["json", "msgpack", "cbor"]


class Certificates:
    """The router's, of an authority in a folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.openssl("req", "-x509", *self.key("ca"), "-days", "2", "-out",
                     "ca.pem", "-subj", "/CN=authority")
        self.issue("server", "subjectAltName=DNS:localhost,IP:127.0.0.1")

    def openssl(self, *args):
        return subprocess.run(["openssl", *args], cwd=self.folder, check=True,
                              capture_output=True, text=True).stdout

    @staticmethod
    def key(name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", f"{name}.key"]

    def issue(self, name, extension):
        (self.folder / "ext").write_text(extension + "\n")
        self.openssl("req", *self.key(name), "-out", f"{name}.csr", "-subj",
                     f"/CN={name}")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem",
                     "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                     "-extfile", "ext", "-out", f"{name}.pem")

    def path(self, name):
        return str(self.folder / name)

    def context(self):
        return ssl.create_default_context(cafile=self.path("ca.pem"))


def config(certs):
    everything = [{"uri": "", "match": "prefix", "allow": {
        "call": True, "register": True, "publish": True, "subscribe": True}}]
    return {
        "version": 2,
        "realms": [{"name": "realm1", "roles": [
            {"name": "user", "permissions": everything}]}],
        "transports": [{
            "type": "web",
            "endpoint": {
                "type": "tcp", "interface": "127.0.0.1", "port": 1,
                "tls": {"certificate": certs.path("server.pem"),
                        "key": certs.path("server.key")}},
            "paths": {"ws": {"type": "websocket", "auth": {
                "anonymous": {"type": "static", "role": "user"},
                "ticket": {"type": "static", "principals": {
                    "tina": {"ticket": SECRET, "role": "user"}}}}}}}]}


def transport(way, port, serializer, context):
    endpoint = {"type": "tcp", "host": "localhost", "port": port,
                "tls": context}
    if way == "rss":
        return {"type": "rawsocket", "url": f"rss://localhost:{port}",
                "endpoint": endpoint, "serializer": serializer,
                "max_retries": 0}
    return {"type": "websocket", "url": f"wss://localhost:{port}/ws",
            "endpoint": endpoint, "serializers": [serializer],
            "max_retries": 0}


async def join(where, authentication=None):
    loop = asyncio.get_event_loop()
    joined = loop.create_future()
    component = Component(transports=[where], realm="realm1",
                          authentication=authentication)

    @component.on_join
    def _(session, details):
        if not joined.done():
            joined.set_result((session, details))

    @component.on_leave
    def _(_session, details):
        if not joined.done():
            joined.set_exception(ApplicationError(details.reason))

    task = asyncio.ensure_future(component.start(loop=loop))
    await asyncio.wait([joined, task], timeout=10,
                       return_when=asyncio.FIRST_COMPLETED)
    if not joined.done():
        raise ConnectionError(f"not joined: {task}")
    task.add_done_callback(lambda t: t.cancelled() or t.exception())
    session, details = joined.result()
    return session, details, task


async def leave(session, task):
    session.leave()
    try:
        await asyncio.wait_for(task, 10)
    except Exception:  # its ways to say that it has left
        pass


def speaks(way, serializer):
    async def check(port, certs):
        where = transport(way, port, serializer, certs.context())
        callee, _, callees = await join(where)
        caller, _, callers = await join(where)
        await callee.register(lambda v: v, "com.example.echo")
        for value in ["", "ü", "x" * 100000]:
            assert await caller.call("com.example.echo", value) == value
        await leave(caller, callers)
        await leave(callee, callees)
    check.__name__ = f"{way}_{serializer}"
    return check


async def ticket(port, certs):
    where = transport("wss", port, "msgpack", certs.context())
    proof = {"ticket": {"authid": "tina", "ticket": SECRET}}
    session, details, task = await join(where, proof)
    assert details.authid == "tina" and details.authmethod == "ticket"
    await leave(session, task)
    proof["ticket"]["ticket"] = "wrong"
    try:
        await join(where, proof)
    except ApplicationError as error:
        assert error.error == "wamp.error.authentication_denied", error
        return
    raise AssertionError("it joined")


async def stranger(port, _certs):
    """The system's authorities do not know ours: it is not even dialled."""
    where = transport("wss", port, "json", ssl.create_default_context())
    try:
        await join(where)
    except ConnectionError:
        return
    raise AssertionError("it joined")


async def run(checks, port, certs):
    failed = 0
    for check in checks:
        try:
            await asyncio.wait_for(check(port, certs), 60)
            print(f"ok    {check.__name__}")
        except Exception:
            failed += 1
            print(f"FAIL  {check.__name__}\n{traceback.format_exc()}")
    return failed


def main():
    checks = [speaks(way, s) for way in ("wss", "rss") for s in SERIALIZERS]
    checks += [ticket, stranger]
    with tempfile.TemporaryDirectory() as folder:
        certs = Certificates(folder)
        router = Router(config(certs))
        with router:
            failed = asyncio.run(run(checks, router.port, certs))
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
