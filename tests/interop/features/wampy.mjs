// wampy in the words that the features are written in (peer.mjs).
import ws from 'ws';
import { Wampy } from 'wampy';
import { CborSerializer } from 'wampy/CborSerializer.js';
import { JsonSerializer } from 'wampy/JsonSerializer.js';
import { MsgpackSerializer } from 'wampy/MsgpackSerializer.js';
import { Failure } from './peer.mjs';

const WebSocket = ws.WebSocket ?? ws;
const serializers = { json: JsonSerializer, msgpack: MsgpackSerializer,
  cbor: CborSerializer };

const plain = ({ args, kwargs }) => ({ argsList: args, argsDict: kwargs });

/** Its MessagePack makes a BigInt of an integer above 32 bits, as ids are. */
function numbers(value) {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(numbers);
  return value && typeof value === 'object' ? Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, numbers(item)])) : value;
}

const payload = ({ argsList, argsDict, details }) => numbers(
  { args: argsList ?? [], kwargs: argsDict ?? {}, details: details ?? {} });

const failure = (error) => (error.errorUri ? new Failure(error.errorUri,
  error.argsList, error.argsDict) : error);

async function translated(promise) {
  try {
    return await promise;
  } catch (error) {
    throw failure(error);
  }
}

class Peer {
  constructor(client, serializer, sent, heard) {
    Object.assign(this, { client, serializer, sent, heard });
    this.closed = new Promise((resolve) => { this.ended = resolve; });
  }

  get id() { return numbers(this.client.getSessionId()); }
  get isOpen() { return Boolean(this.id); }

  call(uri, args = [], kwargs = {}, { onProgress, ...options } = {}) {
    if (onProgress)
      options.progress_callback = (more) => onProgress(payload(more));
    const answer = translated(this.client.call(uri, plain({ args, kwargs }),
      options)).then(payload);
    const { reqId } = this.client.getOpStatus();
    return { answer, cancel: (mode) => this.client.cancel(reqId, { mode }) };
  }

  /** A call that goes on: {answer, send(args, more)}. */
  stream(uri, args) {
    const { result, sendData } = this.client.progressiveCall(uri,
      plain({ args }));
    return { answer: translated(result).then(payload),
      send: (list, progress) => sendData(plain({ args: list }),
        { progress }) };
  }

  async register(uri, endpoint, options) {
    const { registrationId } = await translated(this.client.register(uri,
      async (invocation) => {
        const { args, kwargs, details } = payload(invocation);
        const progress = (more) => invocation.result_handler(
          { ...plain(more), options: { progress: true } });
        try {
          const result = await endpoint({ args, kwargs, details, progress });
          return result && { ...plain(result), options: result.options };
        } catch (error) {
          throw { error: error.uri, ...plain(error) };
        }
      }, options));
    return { id: numbers(registrationId),
      end: () => this.client.unregister(uri) };
  }

  async subscribe(uri, handler, options) {
    const { subscriptionId } = await translated(this.client.subscribe(uri,
      (event) => handler(payload(event)), options));
    return { id: numbers(subscriptionId),
      end: () => this.client.unsubscribe(subscriptionId) };
  }

  async publish(uri, args = [], kwargs = {}, options = {}) {
    return numbers((await translated(this.client.publish(uri,
      plain({ args, kwargs }), options))).publicationId);
  }

  async leave() {
    await this.client.disconnect();
    return this.closed;
  }

  /** Joins again after it was closed. */
  reopen() { return translated(this.client.connect()); }

  drop() { this.client.disconnect(); }
}

/** A WebSocket that keeps what goes through it, decoded. */
function recorder(ca, serializer, sent, heard) {
  const decode = (data) => serializer.decode(data);
  return class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols, { ca });
      this.on('message', (data) => heard.push(decode(data)));
    }
    send(data, ...more) {
      sent.push(decode(data));
      super.send(data, ...more);
    }
  };
}

/** Joins as a user by ticket; with `again`, each time anew that the
 * connection is lost, and `again` is called then. */
async function join(router, way, { user, again, announce, realm = 'realm1' }) {
  const serializer = new serializers[way]();
  const [sent, heard] = [[], []];
  const client = new Wampy(router.url, { realm, serializer, authid: user,
    ws: recorder(router.ca, serializer, sent, heard), authmethods: ['ticket'],
    onChallenge: () => user, autoReconnect: Boolean(again),
    reconnectInterval: 100, maxRetries: 50,
    payloadSerializers: { json: new JsonSerializer(),
      cbor: new CborSerializer() } });
  const peer = new Peer(client, serializer, sent, heard);
  client.setOptions({
    onClose: () => peer.ended({ how: 'closed',
      reason: heard.findLast(([type]) => type === 6)?.[2] }),
    onError: (error) => { peer.error = error; },
    onReconnectSuccess: () => again(peer) });
  // It has progressive calls, but does not announce them.
  if (announce)
    client._wamp_features.roles.caller.features[announce] = true;
  await translated(client.connect());
  return peer;
}

const NONE = 'the client has none';

export const wampy = {
  title: 'wampy',
  ways: ['json', 'msgpack', 'cbor'],
  join,
  lacks: {
    'concurrency of a callee': NONE,
    'sharded calls': NONE,
    'registration revocation': NONE,
    'subscription revocation': NONE,
    'batched serializers': NONE,
    scram: NONE,
  },
  countsOn: true, // a session's requests, in the next one
  flaws: {
    'progressive call invocations': 'it does not announce them, the test does',
    'publisher exclusion, exclude_me false': 'it leaves a false out',
    'retained events': 'it leaves retain out, another publishes',
    'reconnect, by itself': 'it counts its requests on, where a session\'s ' +
      'begin with 1, and is refused',
  },
};
