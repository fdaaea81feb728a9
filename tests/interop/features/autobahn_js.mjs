// Autobahn|JS in the words that the features are written in (peer.mjs).
import https from 'node:https';
import './quiet.mjs';
import autobahn from 'autobahn';
import { sleep } from '../../lib/demo.mjs';
import { Failure } from './peer.mjs';

const serializers = {
  json: () => new autobahn.serializer.JSONSerializer(),
  msgpack: () => new autobahn.serializer.MsgpackSerializer(),
  cbor: () => new autobahn.serializer.CBORSerializer(),
};

const transports = (router, way) => (way === 'json over RawSocket' ?
  [{ type: 'rawsocket', host: '127.0.0.1', port: router.port }] :
  [{ type: 'websocket', url: router.url,
    agent: router.ca && new https.Agent({ ca: router.ca }),
    serializers: [serializers[way]()] }]);

/** What it hands over: one value bare, more of them in a Result. */
function payload(value) {
  if (value instanceof autobahn.Result)
    return { args: [...value.args], kwargs: value.kwargs };
  return { args: value === null ? [] : [value], kwargs: {} };
}

const failure = (error) => new Failure(error.error, error.args, error.kwargs);

async function translated(promise) {
  try {
    return await promise;
  } catch (error) {
    throw failure(error);
  }
}

class Peer {
  constructor(connection) {
    this.connection = connection;
    this.closed = new Promise((resolve) => { this.ended = resolve; });
  }

  get session() { return this.connection.session; }
  get id() { return this.session.id; }
  get isOpen() { return this.connection.isOpen; }

  call(uri, args = [], kwargs = {}, { onProgress, ...options } = {}) {
    if (onProgress) options.receive_progress = true;
    const call = this.session.call(uri, args, kwargs, options);
    return {
      answer: new Promise((resolve, reject) => {
        call.then((value) => resolve(payload(value)),
          (error) => reject(failure(error)),
          (value) => onProgress(payload(value)));
      }),
      cancel: (mode) => call.cancel({ mode }),
    };
  }

  async register(uri, endpoint, options = {}) {
    const registration = await translated(this.session.register(uri,
      async (args, kwargs, details) => {
        try {
          const progress = details.progress &&
            ((more) => details.progress(more.args, more.kwargs));
          const result = await endpoint({ args, kwargs, progress, details });
          return new autobahn.Result(result?.args, result?.kwargs);
        } catch (error) {
          throw error instanceof Failure ?
            new autobahn.Error(error.uri, error.args, error.kwargs) : error;
        }
      }, options));
    return { id: registration.id, revoked: registration.on_unregister,
      end: () => registration.unregister() };
  }

  async subscribe(uri, handler, options = {}) {
    const subscription = await translated(this.session.subscribe(uri,
      (args, kwargs, details) => handler({ args, kwargs, details }), options));
    return { id: subscription.id, revoked: subscription.on_unsubscribe,
      end: () => subscription.unsubscribe() };
  }

  async publish(uri, args = [], kwargs = {}, options = {}) {
    return (await translated(this.session.publish(uri, args, kwargs,
      { acknowledge: true, ...options }))).id;
  }

  leave() {
    this.leaving = true;
    this.connection.close();
    return this.closed;
  }

  /** Joins again after it was closed. */
  reopen() {
    this.closed = new Promise((resolve) => { this.ended = resolve; });
    return this.open();
  }

  /** Shows each message that comes, before the session sees it. */
  listen(heard) {
    const socket = this.session._socket;
    const { onmessage } = socket;
    socket.onmessage = (message) => { heard(message); onmessage(message); };
  }

  drop() {
    this.leaving = true;
    try {
      this.connection.close();
    } catch { /* it is closed, and says so in this way */ }
  }
}

/** Joins as a user by ticket; with `again`, each time anew that the
 * connection is lost, and `again` is called then. */
async function join(router, way, { user, again, realm = 'realm1' }) {
  const connection = new autobahn.Connection({ realm, authid: user,
    transports: transports(router, way), authmethods: ['ticket'],
    onchallenge: () => user, max_retries: again ? 50 : 0,
    initial_retry_delay: 0.1, max_retry_delay: 0.1,
    on_user_error: () => {}, on_internal_error: () => {} });
  const peer = new Peer(connection);
  // Its RawSocket stays half open when the router's side ends, and reads no
  // more: that it is lost shows at the second write.
  if (way === 'json over RawSocket')
    peer.nudge = async () => {
      const { session } = connection;
      while (connection.session === session) {
        session.publish('t.nudge');
        await sleep(10);
      }
    };
  peer.open = () => new Promise((resolve, reject) => {
    connection.onopen = () => {
      connection.onopen = () => again(peer);
      resolve(peer);
    };
    connection.onclose = (how, { reason }) => {
      if (again && !peer.leaving) return false;
      peer.ended({ how, reason });
      reject(new Failure(reason));
      return true;
    };
    connection.open();
  });
  return peer.open();
}

const NONE = 'the client has none';
const NO_PROGRESS = 'the client has none: its call takes its arguments once';
const LEAVES = 'it hears the ERROR after it has forgotten the call, calls ' +
  'that a protocol violation and leaves';
const HALF_OPEN = 'over RawSocket it notices a loss when it writes';

export const autobahnJs = {
  title: 'Autobahn|JS',
  ways: ['json', 'msgpack', 'cbor', 'json over RawSocket'],
  join,
  lacks: {
    'progressive call invocations': NO_PROGRESS,
    'payload passthru mode': NONE,
    'trust levels': 'the client shows none',
    'batched serializers': NONE,
    scram: NONE,
  },
  flaws: {
    'cancel, skip': LEAVES,
    'cancel, killnowait': LEAVES,
    'reconnect, by itself': HALF_OPEN,
    'reconnect, by the application': HALF_OPEN,
  },
};
