// What a worker declines (wamp.error.unavailable) the router gives to another
// one: the coordinator never hears of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import autobahn from 'autobahn';
import { Demo, checkLedger, until } from '../lib/demo.mjs';

/** Registers compute.chunk as a phone would, and takes nothing. */
function decliner(url) {
  return new Promise((resolve, reject) => {
    const counts = { declined: 0 };
    const connection = new autobahn.Connection({ url, realm: 'realm1',
      max_retries: 0, authmethods: ['anonymous'] });
    connection.onclose = (reason) => { reject(new Error(reason)); };
    connection.onopen = async (session) => {
      await session.register('compute.chunk', () => {
        counts.declined++;
        throw new autobahn.Error('wamp.error.unavailable');
      }, { invoke: 'roundrobin', concurrency: 2 });
      resolve(counts);
    };
    connection.open();
  });
}

test('a declined chunk reaches another worker', async () => {
  const demo = await Demo.start({ jobs: ['pi:1000000000'], workers: 1,
    args: ['--seconds', '6', '--json'] });
  await until('the local worker', () => demo.pid('worker'));
  const counts = await decliner(`ws://127.0.0.1:${demo.port}/ws`);
  await until('something to decline', () => counts.declined > 5);
  const { code } = await demo.exited;
  assert.equal(code, 0, demo.stderr);
  const result = JSON.parse(demo.stdout.trim().split('\n').at(-1));
  assert.ok(result.units > 0);
  assert.equal(result.rejected, 0);
  assert.deepEqual(checkLedger(demo.dir).errors, []);
  demo.clean();
});
