// The batched subprotocols: several messages in one WebSocket message, from a
// client that frames them by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';
import { BatchedPeer, prefix } from './batched.mjs';
import { ANY, Peer } from './raw.mjs';

let router;
let port;

before(async () => {
  port = await freePort();
  router = spawn(path.join(build, 'router'), ['--open', '--listen',
    `ws://127.0.0.1:${port}/ws`], { stdio: 'ignore' });
  await until('the port', () => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  }));
});

after(async () => {
  const ended = new Promise((resolve) => router.on('close', resolve));
  router.kill('SIGTERM');
  assert.equal(await ended, 0);
});

for (const name of ['json', 'msgpack', 'cbor']) {
  test(`${name}: requests of one batch are answered in their order`,
    async () => {
      const peer = await (await BatchedPeer.open(name, { port })).join();
      peer.sendAll(Array.from({ length: 50 }, (_, i) =>
        [32, i + 1, {}, `t.topic${i}`]));
      for (let i = 1; i <= 50; i++) await peer.hears([33, i, ANY]);
      assert.deepEqual(peer.sizes.slice(1), [50], 'answered in one batch');
      peer.close();
    });

  test(`${name}: a call, its invocation, yield and result`, async () => {
    const callee = await (await BatchedPeer.open(name, { port })).join();
    const caller = await (await Peer.connect({ port })).join();
    const uri = `t.echo.${name}`;
    const registration = await callee.register(uri);
    for (let i = 1; i <= 20; i++) caller.ask(48, {}, uri, [i, 'x'.repeat(i)]);
    const yields = [];
    for (let i = 1; i <= 20; i++) {
      const [, id,,, args] = await callee.hears(
        [68, ANY, registration, ANY, [i, 'x'.repeat(i)]]);
      yields.push([70, id, {}, args]);
    }
    callee.sendAll(yields);
    for (let i = 1; i <= 20; i++)
      await caller.hears([50, i, ANY, [i, 'x'.repeat(i)]]);
    callee.close();
    caller.close();
  });

  test(`${name}: HELLO and GOODBYE in one batch`, async () => {
    const peer = await BatchedPeer.open(name, { port });
    peer.sendAll([[1, 'realm1', { roles: { caller: {} } }],
      [48, 1, {}, 'no.such.procedure'], [6, {}, 'wamp.close.close_realm']]);
    await peer.hears([2, ANY, ANY]);
    await peer.hears([8, 48, 1, ANY, 'wamp.error.no_such_procedure', ANY]);
    await peer.hears([6, ANY, 'wamp.close.goodbye_and_out']);
    await peer.ends();
  });

  test(`${name}: a bad message among good ones closes its sender`,
    async () => {
      const other = await (await BatchedPeer.open(name, { port })).join();
      const peer = await (await BatchedPeer.open(name, { port })).join();
      peer.sendAll([[32, 1, {}, 't.first'], ['no', 'message'],
        [32, 2, {}, 't.second']]);
      await peer.hears([33, 1, ANY]);
      await peer.hears([3, ANY, 'wamp.error.protocol_violation']);
      await peer.ends();
      await other.hearsNothing();
      other.close();
    });

  test(`${name}: an empty batch fails the transport`, async () => {
    const peer = await (await BatchedPeer.open(name, { port })).join();
    peer.sendBytes(Buffer.alloc(0));
    await peer.ends();
    assert.equal(peer.code, 1002);
  });

  test(`${name}: a batch whose end is missing fails the transport`,
    async () => {
      const peer = await (await BatchedPeer.open(name, { port })).join();
      const { plain } = peer.serializer;
      const message = plain.encode([32, 1, {}, 't.cut']);
      peer.sendBytes(plain.binary ? prefix(message, message.length + 1) :
        message);
      await peer.ends();
      assert.equal(peer.code, 1002);
    });
}
