// A WAMP client that keeps no rule by itself: it sends what a test gives it,
// over WebSocket or RawSocket, and shows what comes back. Serializers, frames
// and handshakes are written here by hand, so that a mistake in a library is
// not taken for one of the router, and so that a test can break any of them.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';

// --- serializers: what the tests say, and no more ---------------------------

const number = (bytes, value, method) => {
  const out = Buffer.alloc(bytes);
  out[method](value);
  return out;
};
const u16 = (v) => number(2, v, 'writeUInt16BE');
const u32 = (v) => number(4, v, 'writeUInt32BE');
const u64 = (v) => number(8, BigInt(v), 'writeBigUInt64BE');
const f64 = (v) => number(8, v, 'writeDoubleBE');
const bytes = (...list) => Buffer.from(list);
const isUint = (v) => typeof v === 'bigint' ||
  (Number.isInteger(v) && v >= 0 && !Object.is(v, -0));

/** A map with its keys as given, which may be no strings or the same. */
export class Pairs {
  constructor(...pairs) { this.pairs = pairs; }
}
/** Bytes that stand for an item as they are. */
export class Raw {
  constructor(data) { this.data = Buffer.from(data); }
}
const pairsOf = (v) => (v instanceof Pairs ? v.pairs : Object.entries(v));

function packHead(fix, fixMax, codes, n) {
  if (n <= fixMax) return bytes(fix | n);
  if (codes[0] && n < 256) return bytes(codes[0], n);
  return n < 65536 ? Buffer.concat([bytes(codes[1]), u16(n)]) :
    Buffer.concat([bytes(codes[2]), u32(n)]);
}

function pack(v) {
  if (v instanceof Raw) return v.data;
  if (v === null) return bytes(0xc0);
  if (typeof v === 'boolean') return bytes(v ? 0xc3 : 0xc2);
  if (isUint(v)) {
    if (v < 128) return bytes(Number(v));
    return v < 2 ** 32 ? Buffer.concat([bytes(0xce), u32(Number(v))]) :
      Buffer.concat([bytes(0xcf), u64(v)]);
  }
  if (Number.isInteger(v) && v >= -32) return bytes(256 + v);
  if (typeof v === 'number') return Buffer.concat([bytes(0xcb), f64(v)]);
  if (typeof v === 'string') {
    const text = Buffer.from(v);
    return Buffer.concat([packHead(0xa0, 31, [0xd9, 0xda, 0xdb],
      text.length), text]);
  }
  if (Buffer.isBuffer(v))
    return Buffer.concat([packHead(0, -1, [0xc4, 0xc5, 0xc6], v.length), v]);
  if (Array.isArray(v))
    return Buffer.concat([packHead(0x90, 15, [0, 0xdc, 0xdd], v.length),
      ...v.map(pack)]);
  const pairs = pairsOf(v);
  return Buffer.concat([packHead(0x80, 15, [0, 0xde, 0xdf], pairs.length),
    ...pairs.flatMap((pair) => pair.map(pack))]);
}

class Reader {
  constructor(data) { this.data = data; this.at = 0; }
  take(n) {
    assert.ok(this.at + n <= this.data.length, 'a truncated message');
    this.at += n;
    return this.data.subarray(this.at - n, this.at);
  }
  uint(n) { return n === 8 ? Number(this.take(8).readBigUInt64BE()) :
    this.take(n).readUIntBE(0, n); }
  list(n, read) { return Array.from({ length: n }, () => read(this)); }
  dict(n, read) { return Object.fromEntries(this.list(n,
    () => [read(this), read(this)])); }
}

function unpack(r) {
  const c = r.uint(1);
  if (c < 0x80) return c;
  if (c >= 0xe0) return c - 256;
  if (c < 0x90) return r.dict(c & 15, unpack);
  if (c < 0xa0) return r.list(c & 15, unpack);
  if (c < 0xc0) return r.take(c & 31).toString();
  switch (c) {
    case 0xc0: return null;
    case 0xc2: return false;
    case 0xc3: return true;
    case 0xc4: case 0xc5: case 0xc6: return r.take(r.uint(1 << (c - 0xc4)));
    case 0xca: return r.take(4).readFloatBE();
    case 0xcb: return r.take(8).readDoubleBE();
    case 0xcc: case 0xcd: case 0xce: case 0xcf: return r.uint(1 << (c - 0xcc));
    case 0xd0: return r.take(1).readInt8();
    case 0xd1: return r.take(2).readInt16BE();
    case 0xd2: return r.take(4).readInt32BE();
    case 0xd3: return Number(r.take(8).readBigInt64BE());
    case 0xd9: case 0xda: case 0xdb:
      return r.take(r.uint(1 << (c - 0xd9))).toString();
    case 0xdc: case 0xdd: return r.list(r.uint(2 << (c - 0xdc)), unpack);
    case 0xde: case 0xdf: return r.dict(r.uint(2 << (c - 0xde)), unpack);
    default: return assert.fail(`MessagePack byte ${c}`);
  }
}

export function cborHead(major, n) {
  const high = major << 5;
  if (n < 24) return bytes(high | Number(n));
  if (n < 256) return bytes(high | 24, Number(n));
  if (n < 65536) return Buffer.concat([bytes(high | 25), u16(Number(n))]);
  return n < 2 ** 32 ? Buffer.concat([bytes(high | 26), u32(Number(n))]) :
    Buffer.concat([bytes(high | 27), u64(n)]);
}

function cbor(v) {
  if (v instanceof Raw) return v.data;
  if (v === null) return bytes(0xf6);
  if (typeof v === 'boolean') return bytes(v ? 0xf5 : 0xf4);
  if (isUint(v)) return cborHead(0, v);
  if (Number.isInteger(v)) return cborHead(1, -1 - v);
  if (typeof v === 'number') return Buffer.concat([bytes(0xfb), f64(v)]);
  if (typeof v === 'string') {
    const text = Buffer.from(v);
    return Buffer.concat([cborHead(3, text.length), text]);
  }
  if (Buffer.isBuffer(v)) return Buffer.concat([cborHead(2, v.length), v]);
  if (Array.isArray(v))
    return Buffer.concat([cborHead(4, v.length), ...v.map(cbor)]);
  const pairs = pairsOf(v);
  return Buffer.concat([cborHead(5, pairs.length),
    ...pairs.flatMap((pair) => pair.map(cbor))]);
}

function uncbor(r) {
  const first = r.uint(1);
  const [major, low] = [first >> 5, first & 31];
  if (first === 0xfb) return r.take(8).readDoubleBE();
  if (first === 0xfa) return r.take(4).readFloatBE();
  const n = low < 24 ? low : r.uint(1 << (low - 24));
  switch (major) {
    case 0: return n;
    case 1: return -1 - n;
    case 2: return r.take(n);
    case 3: return r.take(n).toString();
    case 4: return r.list(n, uncbor);
    case 5: return r.dict(n, uncbor);
    case 7: return { 20: false, 21: true, 22: null, 23: null }[n];
    default: return assert.fail(`CBOR byte ${first}`);
  }
}

function json(v) {
  if (v instanceof Raw) return v.data.toString('latin1');
  if (typeof v === 'bigint') return String(v);
  if (Array.isArray(v)) return `[${v.map(json).join(',')}]`;
  if (v && typeof v === 'object')
    return `{${pairsOf(v).map(([key, value]) =>
      `${json(key)}:${json(value)}`).join(',')}}`;
  return JSON.stringify(v);
}

const whole = (read) => (data) => {
  const r = new Reader(data);
  const value = read(r);
  assert.equal(r.at, data.length, 'bytes behind a message');
  return value;
};

export const serializers = {
  json: { name: 'json', number: 1, binary: false,
    encode: (v) => Buffer.from(json(v)), decode: (d) => JSON.parse(d) },
  msgpack: { name: 'msgpack', number: 2, binary: true, encode: pack,
    decode: whole(unpack) },
  cbor: { name: 'cbor', number: 3, binary: true, encode: cbor,
    decode: whole(uncbor) },
};

// --- frames -----------------------------------------------------------------

export const OP = { more: 0, text: 1, binary: 2, close: 8, ping: 9,
  pong: 10 };

/** A client's WebSocket frame; every field can be bent. */
export function wsFrame(opcode, payload, options = {}) {
  const { fin = true, rsv = 0, masked = true, width } = options;
  const data = Buffer.from(payload);
  const n = options.length ?? data.length;
  const size = width ?? (n < 126 ? 0 : n < 65536 ? 2 : 8);
  const mask = crypto.randomBytes(4);
  const length = size === 0 ? [bytes(n)] : size === 2 ?
    [bytes(126), u16(n)] : [bytes(127), u64(n)];
  if (masked) length[0][0] |= 0x80;
  return Buffer.concat([bytes((fin ? 0x80 : 0) | rsv << 4 | opcode),
    ...length, ...(masked ? [mask, data.map((b, i) => b ^ mask[i % 4])] :
      [data])]);
}

export function rawFrame(type, payload, length) {
  const head = u32(length ?? payload.length);
  head[0] = type;
  return Buffer.concat([head, Buffer.from(payload)]);
}

export function closeFrame(code, reason = '') {
  return wsFrame(OP.close, Buffer.concat([u16(code), Buffer.from(reason)]));
}

// --- the connection ---------------------------------------------------------

/** Frames of either kind out of a server's bytes: [{kind, data}]. */
class Frames {
  constructor(isRaw) { this.isRaw = isRaw; this.data = Buffer.alloc(0); }

  *take(chunk) {
    this.data = Buffer.concat([this.data, chunk]);
    for (;;) {
      const frame = this.isRaw ? this.raw() : this.ws();
      if (!frame) return;
      this.data = this.data.subarray(frame.end);
      yield frame;
    }
  }

  raw() {
    if (this.data.length < 4) return null;
    const end = 4 + this.data.readUIntBE(1, 3);
    if (this.data.length < end) return null;
    const opcode = [OP.binary, OP.ping, OP.pong][this.data[0]];
    return { opcode, data: this.data.subarray(4, end), end };
  }

  ws() {
    const d = this.data;
    if (d.length < 2) return null;
    assert.equal(d[0] & 0xf0, 0x80, 'a whole frame without reserved bits');
    assert.equal(d[1] & 0x80, 0, 'a server does not mask');
    const short = d[1];
    const size = short < 126 ? 0 : short === 126 ? 2 : 8;
    if (d.length < 2 + size) return null;
    const n = size === 0 ? short : size === 2 ? d.readUInt16BE(2) :
      Number(d.readBigUInt64BE(2));
    const end = 2 + size + n;
    if (d.length < end) return null;
    return { opcode: d[0] & 15, data: d.subarray(2 + size, end), end };
  }
}

export class Peer {
  constructor(socket, way, serializer) {
    Object.assign(this, { socket, way, serializer, frames: new Frames(
      way === 'raw'), heard: [], waiting: [], request: 0, pongs: [] });
    this.ended = new Promise((resolve) => { this.end = resolve; });
    socket.on('close', () => {
      this.over = true;
      this.end();
      this.tell();
    });
    socket.on('error', () => {});
  }

  /** @param {{port?: number, file?: string, way?: 'ws'|'raw',
   *   serializer?: string, secure?: object, headers?: string}} where a port of this machine or a
   *   unix socket; secure: with TLS, of these options; headers: more of them,
   *   each with its CRLF */
  static async connect({ port, file, way = 'ws', serializer = 'json',
    path = '/ws', rawLength = 15, secure, headers }) {
    const where = file ? { path: file } :
      { port, host: '127.0.0.1', noDelay: true };
    const socket = secure ? tls.connect({ ...where, servername: 'localhost',
      ...secure }) : net.connect(where);
    const peer = new Peer(socket, way, serializers[serializer]);
    socket.write(way === 'raw' ?
      bytes(0x7f, rawLength << 4 | peer.serializer.number, 0, 0) :
      upgrade(port, path, `wamp.2.${serializer}`, headers));
    await peer.handshake();
    return peer;
  }

  handshake() {
    return new Promise((resolve, reject) => {
      let data = Buffer.alloc(0);
      const onData = (chunk) => {
        data = Buffer.concat([data, chunk]);
        const end = this.way === 'raw' ? 4 : data.indexOf('\r\n\r\n') + 4;
        if (data.length < 4 || end < 4) return;
        this.socket.off('data', onData);
        this.socket.on('data', (more) => this.take(more));
        this.answer = data.subarray(0, end);
        this.take(data.subarray(end));
        resolve();
      };
      this.socket.on('data', onData);
      this.socket.on('close', () => reject(new Error('no handshake')));
    });
  }

  take(chunk) {
    for (const { opcode, data } of this.frames.take(chunk)) {
      if (opcode === OP.close) {
        this.code = data.length ? data.readUInt16BE(0) : 1005;
        if (!this.deaf) this.socket.end(closeFrame(this.code));
      } else if (opcode === OP.ping) {
        this.write(this.frame(OP.pong, data));
      } else if (opcode === OP.pong) {
        this.pongs.push(data.toString());
      } else {
        if (this.way === 'ws')
          assert.equal(opcode === OP.binary, this.serializer.binary);
        this.heard.push(this.serializer.decode(data));
      }
    }
    this.tell();
  }

  tell() {
    for (const wake of this.waiting.splice(0)) wake();
  }

  frame(opcode, data) {
    return this.way === 'raw' ?
      rawFrame({ [OP.ping]: 1, [OP.pong]: 2 }[opcode] ?? 0, data) :
      wsFrame(opcode, data);
  }

  write(data) { if (!this.over) this.socket.write(data); }
  /** One message whose bytes are as given. */
  sendBytes(data) {
    this.write(this.frame(this.serializer.binary ? OP.binary : OP.text, data));
  }
  send(message) { this.sendBytes(this.serializer.encode(message)); }

  /** The next message; `undefined` when the connection ended before. */
  async next(ms = 10000) {
    const end = Date.now() + ms;
    while (!this.heard.length && !this.over) {
      assert.ok(Date.now() < end, `nothing was heard for ${ms} ms`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.waiting.push(() => { clearTimeout(timer); resolve(); });
      });
    }
    return this.heard.shift();
  }

  /** The next message, which must look like that (see `like`). */
  async hears(pattern) {
    const message = await this.next();
    like(message, pattern);
    return message;
  }

  /** Is still served, and nothing came before the answer. */
  async hearsNothing() {
    const id = ++this.request;
    this.send([48, id, {}, 'no.such.procedure']);
    await this.hears([8, 48, id, {}, 'wamp.error.no_such_procedure', ANY]);
  }

  /** The connection's end; no message came before. */
  async ends(ms = 10000) {
    const timer = setTimeout(() => this.socket.destroy(
      new Error('it was not closed')), ms);
    let forced = false;
    this.socket.once('error', (e) => { forced ||= /not closed/.test(e); });
    await this.ended;
    clearTimeout(timer);
    assert.ok(!forced, `it was not closed in ${ms} ms`);
    assert.deepEqual(this.heard, []);
  }

  async join(realm = 'realm1', roles = allRoles) {
    this.send([1, realm, { roles }]);
    this.welcome = await this.hears([2, ANY, ANY]);
    return this;
  }

  /** A request with the next id: [type, options, ...rest] -> its id. */
  ask(type, options, ...rest) {
    this.send([type, ++this.request, options, ...rest]);
    return this.request;
  }

  async register(uri, options = {}) {
    const id = this.ask(64, options, uri);
    return (await this.hears([65, id, ANY]))[2];
  }

  async subscribe(uri, options = {}) {
    const id = this.ask(32, options, uri);
    return (await this.hears([33, id, ANY]))[2];
  }

  close() { this.socket.destroy(); }
}

export function upgrade(port, path, subprotocol, extra = '') {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
    'Upgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Key: ${crypto.randomBytes(16).toString('base64')}\r\n` +
    'Sec-WebSocket-Version: 13\r\n' +
    `${subprotocol ? `Sec-WebSocket-Protocol: ${subprotocol}\r\n` : ''}` +
    `${extra}\r\n`;
}

export const allRoles = {
  caller: { features: { call_canceling: true, progressive_call_results: true,
    caller_identification: true } },
  callee: { features: { call_canceling: true, progressive_call_results: true,
    registration_revocation: true } },
  publisher: {}, subscriber: { features: { subscription_revocation: true } },
};

// --- what was wanted --------------------------------------------------------

/** Stands for anything, and at the end of a list for its absence too. */
export const ANY = Symbol('anything');

/** Dicts in a pattern may have less than what is heard; {} is any dict of a
 * header. A function decides itself. */
export function like(got, pattern) {
  const fits = (g, p) => {
    if (p === ANY) return true;
    if (typeof p === 'function') return Boolean(p(g));
    if (Array.isArray(p)) {
      const optional = p.at(-1) === ANY ? 1 : 0;
      return Array.isArray(g) && g.length <= p.length &&
        g.length >= p.length - optional && g.every((v, i) => fits(v, p[i]));
    }
    if (p && typeof p === 'object')
      return g !== null && typeof g === 'object' && !Array.isArray(g) &&
        Object.keys(p).every((key) => fits(g[key], p[key]));
    return Object.is(g, p);
  };
  if (!fits(got, pattern))
    assert.fail(`heard ${JSON.stringify(got)}, wanted ${JSON.stringify(
      pattern, (k, v) => (v === ANY ? '…' : typeof v === 'function' ?
        String(v) : v))}`);
}

// --- bystanders -------------------------------------------------------------

/** A caller, callee, publisher and subscriber who must notice nothing of what
 * others do: every call is answered, every event comes, in order. */
export class Bystanders {
  static async join(port) {
    const b = new Bystanders();
    b.near = await (await Peer.connect({ port, serializer: 'msgpack' })).join();
    b.far = await (await Peer.connect({ port, way: 'raw',
      serializer: 'cbor' })).join();
    b.count = 0;
    await b.near.register('bystander.echo');
    await b.near.subscribe('bystander.topic');
    return b;
  }

  /** Ten calls and ten events, in order. */
  async check() {
    const first = this.count;
    const calls = [];
    for (; this.count < first + 10; this.count++) {
      this.far.ask(16, {}, 'bystander.topic', [this.count]);
      calls.push(this.far.ask(48, {}, 'bystander.echo', [this.count]));
    }
    for (let i = first; i < this.count; i++) {
      await this.near.hears([36, ANY, ANY, {}, [i]]);
      const call = await this.near.hears([68, ANY, ANY, {}, [i]]);
      this.near.send([70, call[1], {}, [i]]);
    }
    for (let i = first; i < this.count; i++)
      await this.far.hears([50, calls[i - first], {}, [i]]);
  }

  close() { this.near.close(); this.far.close(); }
}
