// What the router answers to plain HTTP besides pages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startRouter } from './router.mjs';

let router;
let base;

before(async () => {
  router = await startRouter();
  base = router.url.replace('ws:', 'http:').replace('/ws', '');
});
after(() => router.stop());

test('/health says how it is', async () => {
  const response = await fetch(`${base}/health`);
  assert.equal(response.status, 200);
  const health = await response.json();
  assert.equal(health.status, 'ok');
  assert.equal(health.sessions, 0);
  assert.ok(Number.isInteger(health.uptime));
});

test('/metrics is what Prometheus reads', async () => {
  const response = await fetch(`${base}/metrics`);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'),
    'text/plain; version=0.0.4; charset=utf-8');
  const families = new Set();
  for (const line of (await response.text()).split('\n').slice(0, -1)) {
    const type = /^# TYPE (\w+) (counter|gauge)$/.exec(line);
    if (type) {
      assert.ok(!families.has(type[1]), `${type[1]} comes twice`);
      families.add(type[1]);
    } else if (!line.startsWith('# HELP ')) {
      const sample = /^(\w+)(\{.*\})? [0-9.e+]+$/.exec(line);
      assert.ok(sample && families.has(sample[1]), line);
    }
  }
  assert.ok(families.has('manyhands_sessions'));
});

test('a proxy on this machine does not make its clients local', async () => {
  for (const headers of [[['X-Forwarded-For', '10.1.2.3']],
    [['X-Forwarded-For', '10.1.2.3'], ['X-Forwarded-For', '10.1.2.4']],
    [['Forwarded', 'for=10.1.2.3']], [['X-Real-IP', '10.1.2.3']]]) {
    for (const path of ['health', 'metrics']) {
      const response = await fetch(`${base}/${path}`, { headers });
      assert.equal(response.status, 403, JSON.stringify(headers));
    }
  }
});
