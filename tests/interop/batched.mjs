// The batched subprotocols for raw.mjs's client: several messages in one
// WebSocket message.
import assert from 'node:assert/strict';
import { Peer, serializers } from './raw.mjs';

const SEPARATOR = Buffer.of(0x1e);

export function prefix(data, length = data.length) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, data]);
}

const frameOf = ({ binary }, data) =>
  binary ? prefix(data) : Buffer.concat([data, SEPARATOR]);

/** The messages of a batch, which must have one and end where it ends. */
function open(serializer, data) {
  const messages = [];
  for (let at = 0; at < data.length;) {
    const begin = serializer.binary ? at + 4 : at;
    const end = serializer.binary ? begin + data.readUInt32BE(at) :
      data.indexOf(SEPARATOR, at);
    assert.ok(end > begin && end <= data.length, 'a batch that is cut');
    messages.push(serializer.decode(data.subarray(begin, end)));
    at = serializer.binary ? end : end + 1;
  }
  assert.ok(messages.length, 'an empty batch');
  return messages;
}

/** As serializers of raw.mjs: one message is a batch of one; each batch that
 * is heard is one value, a list of its messages. */
for (const plain of Object.values(serializers)) {
  serializers[`${plain.name}.batched`] = { ...plain,
    encode: (v) => frameOf(plain, plain.encode(v)),
    decode: (data) => open(plain, data), plain };
}

export class BatchedPeer extends Peer {
  /** Several messages in one. */
  sendAll(messages) {
    this.sendBytes(Buffer.concat(messages.map(this.serializer.encode)));
  }

  /** The next message, out of whatever batch. */
  async next(ms) {
    this.messages ??= [];
    if (!this.messages.length) {
      const batch = await super.next(ms);
      if (!batch) return undefined;
      this.sizes = [...(this.sizes ?? []), batch.length];
      this.messages.push(...batch);
    }
    return this.messages.shift();
  }

  /** @param {string} name of the serializer @param {object} where Peer's */
  static async open(name, where) {
    const peer = await Peer.connect({ ...where,
      serializer: `${name}.batched` });
    Object.setPrototypeOf(peer, BatchedPeer.prototype);
    assert.match(peer.answer.toString('latin1'),
      new RegExp(`Sec-WebSocket-Protocol: wamp\\.2\\.${name}\\.batched\r\n`));
    return peer;
  }
}
