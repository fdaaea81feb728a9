// Calls over each way to the router, all answered, none in error.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { build, freePort, tempDir, until } from '../lib/demo.mjs';

const dir = tempDir();
const socket = path.join(dir, 'router.sock');
let router;
let port;

before(async () => {
  port = await freePort();
  router = spawn(path.join(build, 'router'), ['--open',
    '--listen', `ws://127.0.0.1:${port}/ws`, '--listen', `unix://${socket}`],
  { stdio: 'ignore' });
  await until('the socket', () => fs.existsSync(socket));
});

after(async () => {
  const ended = new Promise((resolve) => router.on('close', resolve));
  router.kill('SIGTERM');
  assert.equal(await ended, 0);
  assert.ok(!fs.existsSync(socket), 'the socket is left');
  fs.rmSync(dir, { recursive: true });
});

// A port tells WebSocket and RawSocket by the first byte.
for (const url of [() => `ws://127.0.0.1:${port}/ws`,
  () => `rs://127.0.0.1:${port}`, () => `unix://${socket}`]) {
  for (const [serializer, payload] of [['json', 10], ['msgpack', 10],
    ['msgpack', 300000]]) {
    test(`${url.toString().slice(7, 15)} ${serializer}, ${payload} bytes`,
      () => {
        const load = spawnSync(path.join(build, 'wampload'), ['--router',
          url(), '--serializer', serializer, '--payload', String(payload),
          '--inflight', '4', '--seconds', '1', '--json'],
        { encoding: 'utf8' });
        assert.equal(load.status, 0, load.stderr);
        const result = JSON.parse(load.stdout);
        assert.equal(result.errors, 0);
        assert.ok(result.calls > 0);
      });
  }
}
