#!/usr/bin/env python3
"""Autobahn|Python proves who it is by each method that it has, with the right
secret and a wrong one; its sessions as authenticator and authorizer. Prints a
line per check, then `N passed, N failed`."""
import asyncio
import base64
import hashlib
import hmac
import sys
import traceback
import types


def let_scram_in():
    """Autobahn|Python 22.7.1 has SCRAM only beside argon2 and passlib, which
    PBKDF2 does not need but for SASLprep; for ASCII that is what was given."""
    try:
        import argon2  # noqa: F401
        import passlib  # noqa: F401
        return
    except ImportError:
        pass
    low = types.ModuleType("argon2.low_level")
    low.hash_secret = None
    argon2 = types.ModuleType("argon2")
    argon2.low_level, argon2.Type = low, None
    utils = types.ModuleType("passlib.utils")
    utils.saslprep = lambda text: text
    passlib = types.ModuleType("passlib")
    passlib.utils = utils
    sys.modules.update({"argon2": argon2, "argon2.low_level": low,
                        "passlib": passlib, "passlib.utils": utils})


let_scram_in()

from autobahn.asyncio.component import Component  # noqa: E402
from autobahn.wamp import auth, cryptosign  # noqa: E402
from autobahn.wamp.exception import ApplicationError  # noqa: E402

from router import Router  # noqa: E402
from test_autobahn import fails  # noqa: E402

# Its own hands the salt on as text, which its own pbkdf2 refuses.
auth._hash_pbkdf2_secret = lambda password, salt, iterations: auth.pbkdf2(
    password, base64.b64decode(salt), iterations, keylen=32)

SECRET = "correct horse"
SALT = "aBc+fx0NAVA="
SEED, OTHER_SEED = "11" * 32, "22" * 32
DENIED = "wamp.error.authentication_denied"
FAILED = "wamp.error.authentication_failed"


def scram_keys():
    salted = hashlib.pbkdf2_hmac("sha256", SECRET.encode(),
                                 base64.b64decode(SALT), 4096)
    client = hmac.digest(salted, b"Client Key", "sha256")
    return {"stored-key": hashlib.sha256(client).hexdigest(),
            "server-key": hmac.digest(salted, b"Server Key", "sha256").hex()}


def public_key(seed):
    return cryptosign.CryptosignKey.from_bytes(
        bytes.fromhex(seed)).public_key()


def config(**more):
    everything = [{"uri": "", "match": "prefix", "allow": {
        "call": True, "register": True, "publish": True, "subscribe": True}}]
    key = base64.b64encode(hashlib.pbkdf2_hmac(
        "sha256", SECRET.encode(), b"salt123", 100)).decode()
    return {
        "version": 2,
        "realms": [{"name": "realm1", "roles": [
            {"name": "user", "permissions": everything},
            {"name": "guest", "permissions": []},
            {"name": "asked", "authorizer": "com.example.may"}]}],
        "transports": [{
            "type": "web",
            "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": 1},
            "paths": {"ws": {"type": "websocket", "auth": {
                "anonymous": {"type": "static", "role": "guest"},
                "ticket": {"type": "static", "principals": {
                    "tina": {"ticket": SECRET, "role": "user"}}},
                "wampcra": {"type": "static", "users": {
                    "joe": {"secret": SECRET, "role": "user"},
                    "ada": {"secret": key, "salt": "salt123",
                            "iterations": 100, "keylen": 32,
                            "role": "user"}}},
                "scram": {"type": "static", "principals": {
                    "sam": {"kdf": "pbkdf2", "iterations": 4096,
                            "salt": SALT, "role": "user", **scram_keys()}}},
                "cryptosign": {"type": "static", "principals": {
                    "kim": {"authorized_keys": [public_key(SEED)],
                            "role": "user"}}},
                **more}}}}]}


async def join(url, authentication):
    """A joined session with its details, and the task that keeps it; raises
    ApplicationError when the router refuses."""
    loop = asyncio.get_event_loop()
    joined = loop.create_future()
    component = Component(
        transports=[{"type": "websocket", "url": url, "max_retries": 0,
                     "serializers": ["json", "msgpack"]}],
        realm="realm1", authentication=authentication)

    @component.on_join
    def _(session, details):
        if not joined.done():
            joined.set_result((session, details))

    @component.on_leave
    def _(_session, details):
        if not joined.done():
            joined.set_exception(ApplicationError(details.reason))

    task = asyncio.ensure_future(component.start(loop=loop))
    task.add_done_callback(lambda t: t.cancelled() or t.exception())
    try:
        session, details = await asyncio.wait_for(joined, 10)
    except ApplicationError:
        await asyncio.wait([task], timeout=10)
        raise
    return session, details, task


async def leave(session, task):
    session.leave()
    try:
        await asyncio.wait_for(task, 10)
    except Exception:  # its ways to say that it has left
        pass


async def welcome(url, authentication, **wanted):
    session, details, task = await join(url, authentication)
    await leave(session, task)
    for key, value in wanted.items():
        assert getattr(details, key) == value, (key, getattr(details, key))


async def refused(url, authentication, reason=DENIED):
    try:
        session, _, task = await join(url, authentication)
    except ApplicationError as error:
        assert error.error == reason, error.error
        return
    await leave(session, task)
    raise AssertionError("it joined")


def proof(method, authid, secret):
    words = {"ticket": "ticket", "wampcra": "secret", "scram": "password",
             "cryptosign": "privkey"}
    return {method: {"authid": authid, words[method]: secret}}


USERS = [("ticket", "tina", SECRET, "wrong"),
         ("wampcra", "joe", SECRET, "wrong"),
         ("wampcra", "ada", SECRET, "wrong"),
         ("scram", "sam", SECRET, "wrong"),
         ("cryptosign", "kim", SEED, OTHER_SEED)]


async def anonymous(url):
    await welcome(url, {"anonymous": {}}, authrole="guest",
                  authmethod="anonymous")


def by(method, authid, right, wrong):
    async def check(url):
        await welcome(url, proof(method, authid, right), authid=authid,
                      authrole="user", authmethod=method,
                      authprovider="static")
        await refused(url, proof(method, authid, wrong))
        await refused(url, proof(method, "nobody", right))
    check.__name__ = f"{method}_{authid}"
    return check


async def authenticators(url):
    session, _, task = await join(url, proof("ticket", "tina", SECRET))
    await refused(url, proof("wampcra", "joe", SECRET), FAILED)

    def secret(_realm, authid, details):
        assert details["authmethod"] == "wampcra", details
        if authid != "joe":
            raise ApplicationError("com.example.unknown")
        return {"role": "user", "secret": SECRET, "extra": {"colour": "red"}}

    def key(_realm, authid, details):
        if details["authextra"]["pubkey"] != public_key(SEED):
            raise ApplicationError("com.example.unknown")
        return {"role": "user", "authid": authid + "!",
                "pubkey": public_key(SEED)}
    await session.register(secret, "com.example.secret")
    await session.register(key, "com.example.key")
    await welcome(url, proof("wampcra", "joe", SECRET), authid="joe",
                  authprovider="dynamic", authextra={"colour": "red"})
    await refused(url, proof("wampcra", "joe", "wrong"))
    await refused(url, proof("wampcra", "eve", SECRET))
    await welcome(url, proof("cryptosign", "kim", SEED), authid="kim!")
    await refused(url, proof("cryptosign", "kim", OTHER_SEED))
    await leave(session, task)


async def authorizers(url):
    tina, _, tinas = await join(url, proof("ticket", "tina", SECRET))
    await tina.register(lambda *_: "asked", "com.example.role")
    guest, details, guests = await join(url, {"anonymous": {}})
    assert details.authrole == "asked"
    await fails(guest.call("com.example.echo", 1),
                "wamp.error.authorization_failed")

    def may(who, uri, action, _options):
        assert who["authid"] == guest._authid and action == "call"
        return uri == "com.example.echo"
    await tina.register(may, "com.example.may")
    await tina.register(lambda v: v, "com.example.echo")
    results = await asyncio.gather(
        guest.call("com.example.echo", 1), guest.call("com.example.no"),
        guest.call("com.example.echo", 2), return_exceptions=True)
    assert results[0] == 1 and results[2] == 2, results
    assert results[1].error == "wamp.error.not_authorized", results
    await leave(guest, guests)
    await leave(tina, tinas)


async def run(checks, url):
    failed = 0
    for check in checks:
        try:
            await asyncio.wait_for(check(url), 60)
            print(f"ok    {check.__name__}")
        except Exception:
            failed += 1
            print(f"FAIL  {check.__name__}\n{traceback.format_exc()}")
    return failed


def dynamic(procedure):
    return {"type": "dynamic", "authenticator": procedure}


def main():
    static = [anonymous] + [by(*user) for user in USERS]
    with Router(config()) as url:
        failed = asyncio.run(run(static, url))
    with Router(config(wampcra=dynamic("com.example.secret"),
                       cryptosign=dynamic("com.example.key"))) as url:
        failed += asyncio.run(run([authenticators], url))
    with Router(config(anonymous=dynamic("com.example.role"))) as url:
        failed += asyncio.run(run([authorizers], url))
    count = len(static) + 2
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
