// A router and coordinator in one small file, for tests of the pages alone:
// serves a folder as the real one does (content types, CSP) and speaks WAMP
// MessagePack over WebSocket. Answers come from the handlers that a test gives.
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './browser.mjs';

const fromWeb = createRequire(path.join(root, 'web', 'package.json'));
const { WebSocketServer } = fromWeb('ws');
const { Packr, Unpackr } = fromWeb('msgpackr');
const packr = new Packr({ useRecords: false });
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css',
  js: 'text/javascript', json: 'application/json', svg: 'image/svg+xml',
  wasm: 'application/wasm' };
const PAGES = { '/': '/index.html', '/stage': '/stage.html',
  '/host': '/host.html' };
const HELLO = 1, WELCOME = 2, ABORT = 3, CHALLENGE = 4, AUTHENTICATE = 5,
  GOODBYE = 6, ERROR = 8, SUBSCRIBE = 32, SUBSCRIBED = 33, UNSUBSCRIBE = 34,
  UNSUBSCRIBED = 35, EVENT = 36, CALL = 48, RESULT = 50, REGISTER = 64,
  REGISTERED = 65, UNREGISTER = 66, UNREGISTERED = 67, INVOCATION = 68,
  YIELD = 70;
const ROLES = { broker: { features: {} }, dealer: { features: {} } };

/** MessagePack has no undefined; msgpackr makes an extension of it, which
 * routers refuse. */
const hasUndefined = (value) => value === undefined ||
  (value !== null && typeof value === 'object' &&
    !ArrayBuffer.isView(value) && Object.values(value).some(hasUndefined));

function serve(dir, extra, request, response) {
  const { pathname } = new URL(request.url, 'http://localhost');
  const name = PAGES[pathname] ?? pathname;
  const file = path.join(dir, path.normalize(name));
  const body = extra[name] ?? (fs.existsSync(file) && fs.statSync(file).isFile()
    ? fs.readFileSync(file) : null);
  const { host } = request.headers;
  response.writeHead(body === null ? 404 : 200, {
    'content-type': TYPES[path.extname(name).slice(1)] ?? 'text/plain',
    'content-security-policy': "default-src 'self'; script-src 'self' " +
      "'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' " +
      `ws://${host} wss://${host}`,
  });
  response.end(body ?? 'not found');
}

/**
 * @param {object} options
 * @param {string} options.dir the built pages
 * @param {number} [options.port]
 * @param {Record<string, (args: any, session: any) => any>} options.calls
 * @param {string} [options.ticket] of the authid "host"
 * @param {Record<string, string>} [options.files] beside those of dir
 */
export async function startFake({ dir, port = 0, calls, ticket, files = {} }) {
  const server = http.createServer((q, r) => serve(dir, files, q, r));
  const sockets = new WebSocketServer({ server, path: '/ws',
    handleProtocols: (offered) => offered.has('wamp.2.msgpack') &&
      'wamp.2.msgpack' });
  const sessions = new Set();
  const pending = new Map(); // invocation -> resolve
  let ids = 1;

  function welcome(session) {
    session.id = ids++;
    sessions.add(session);
    session.send([WELCOME, session.id, { roles: ROLES }]);
  }

  async function call(session, [, request, , uri, list, dict]) {
    try {
      if (!calls[uri]) throw { uri: 'wamp.error.no_such_procedure' };
      const answer = await calls[uri](dict ?? list?.[0] ?? {}, session);
      session.send([RESULT, request, {}, [], answer ?? {}]);
    } catch (error) {
      session.send([ERROR, CALL, request, {},
        error.uri ?? 'wamp.error.runtime_error', [error.message ?? uri]]);
    }
  }

  const handle = {
    [HELLO](session, [, , details]) {
      session.authid = details.authid;
      if (details.authid) {
        session.challenge = JSON.stringify({ nonce: String(ids++) });
        session.send([CHALLENGE, 'wampcra', { challenge: session.challenge }]);
      } else {
        welcome(session);
      }
    },
    [AUTHENTICATE](session, [, signature]) {
      const wanted = createHmac('sha256', ticket ?? '')
        .update(session.challenge).digest('base64');
      if (ticket && signature === wanted) welcome(session);
      else session.send([ABORT, { message: 'wrong ticket' },
        'wamp.error.authentication_failed']);
    },
    [GOODBYE](session) {
      session.send([GOODBYE, {}, 'wamp.close.goodbye_and_out']);
      session.socket.close();
    },
    [SUBSCRIBE](session, [, request, , topic]) {
      session.topics.set(topic, ids);
      session.send([SUBSCRIBED, request, ids++]);
    },
    [UNSUBSCRIBE](session, [, request]) {
      session.send([UNSUBSCRIBED, request]);
    },
    [REGISTER](session, [, request, options, uri]) {
      session.registered.set(ids, { uri, options });
      session.send([REGISTERED, request, ids++]);
    },
    [UNREGISTER](session, [, request, registration]) {
      session.registered.delete(registration);
      session.send([UNREGISTERED, request]);
    },
    [CALL]: call,
    [YIELD](session, [, request, , list, dict]) {
      pending.get(request)?.({ ...dict, list });
      pending.delete(request);
    },
    [ERROR](session, [, , request, , uri, list]) {
      pending.get(request)?.({ error: uri, list });
      pending.delete(request);
    },
  };

  sockets.on('connection', (socket) => {
    const session = { socket, topics: new Map(), registered: new Map(),
      send: (message) => socket.readyState === 1 &&
        socket.send(packr.pack(message)) };
    socket.on('message', (data) => {
      const message = unpackr.unpack(data);
      if (hasUndefined(message)) {
        session.send([ABORT, { message: 'undefined is no value' },
          'wamp.error.protocol_violation']);
        socket.close();
        return;
      }
      handle[message[0]]?.(session, message);
    });
    socket.on('close', () => sessions.delete(session));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));

  return {
    port: server.address().port,
    origin: `http://127.0.0.1:${server.address().port}`,
    sessions,
    calls,
    publish(topic, args) {
      for (const session of sessions) {
        if (session.topics.has(topic))
          session.send([EVENT, session.topics.get(topic), ids++, {}, [], args]);
      }
    },
    /** Calls whoever registered uri in that session; null if nobody did. */
    invoke(session, uri, args) {
      const found = [...session.registered].find(([, r]) => r.uri === uri);
      if (!found) return null;
      const request = ids++;
      session.send([INVOCATION, request, found[0], {}, [], args]);
      return new Promise((resolve) => pending.set(request, resolve));
    },
    /** As a router that was killed. */
    async close() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
