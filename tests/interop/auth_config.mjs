// A configuration with one user for each way to authenticate, and their
// secrets. Nothing here is used anywhere else.
import crypto from 'node:crypto';

export const SECRET = 'correct horse';
const SALT = 'aBc+fx0NAVA=';
const PKCS8 = '302e020100300506032b657004220420';

/** An Ed25519 key from a seed in hex: its public half in hex. */
export function publicKey(seed) {
  const key = crypto.createPrivateKey({ format: 'der', type: 'pkcs8',
    key: Buffer.from(PKCS8 + seed, 'hex') });
  return crypto.createPublicKey(key).export({ format: 'der', type: 'spki' })
    .subarray(-32).toString('hex');
}

export const SEED = '11'.repeat(32);
export const OTHER_SEED = '22'.repeat(32);

const hmac = (key, text) =>
  crypto.createHmac('sha256', key).update(text).digest();

function scramKeys(password, salt, iterations) {
  const salted = crypto.pbkdf2Sync(password, Buffer.from(salt, 'base64'),
    iterations, 32, 'sha256');
  return {
    'stored-key': crypto.createHash('sha256')
      .update(hmac(salted, 'Client Key')).digest('hex'),
    'server-key': hmac(salted, 'Server Key').toString('hex'),
  };
}

const everything = [{ uri: '', match: 'prefix', allow: { call: true,
  register: true, publish: true, subscribe: true } }];

/** @param {object} auth more of the transport's `auth` */
export function config(auth = {}, roles = []) {
  return {
    version: 2,
    realms: [{ name: 'realm1', roles: [
      { name: 'user', permissions: everything },
      { name: 'guest', permissions: [
        { uri: 'com.free', allow: { call: true } }] },
      ...roles,
    ] }],
    transports: [{ type: 'web',
      endpoint: { type: 'tcp', interface: '127.0.0.1', port: 1 },
      paths: { ws: { type: 'websocket', auth: {
        ticket: { type: 'static', principals: {
          tina: { ticket: SECRET, role: 'user' } } },
        wampcra: { type: 'static', users: {
          joe: { secret: SECRET, role: 'user' },
          ada: { role: 'user', salt: 'salt123', iterations: 100, keylen: 32,
            secret: crypto.pbkdf2Sync(SECRET, 'salt123', 100, 32, 'sha256')
              .toString('base64') } } },
        scram: { type: 'static', principals: {
          sam: { kdf: 'pbkdf2', iterations: 4096, salt: SALT, role: 'user',
            ...scramKeys(SECRET, SALT, 4096) } } },
        cryptosign: { type: 'static', principals: {
          kim: { authorized_keys: [publicKey(SEED)], role: 'user' } } },
        ...auth,
      } } } }],
  };
}
