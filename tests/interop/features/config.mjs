// The router's configuration for the features: a user of each role, by a
// ticket that is the user's name.
const everything = { uri: '', match: 'prefix', allow: { call: true,
  register: true, publish: true, subscribe: true } };

const role = (name, more = {}, ...others) =>
  ({ name, permissions: [{ ...everything, ...more }, ...others] });

const users = { ada: 'one', bob: 'two', cyd: 'three', eve: 'disclosed' };

export const config = {
  version: 2,
  realms: [{
    name: 'realm1',
    roles: [role('one'), role('two', {}, { uri: 't.forbidden', allow: {} }),
      role('three'), role('anonymous'),
      role('disclosed', { disclose: { caller: true, publisher: true },
        trustlevel: 7 })],
    procedures: [{ uri: 't.queued.', match: 'prefix', concurrency_max: 1,
      queue: 10 }],
    store: { 'event-history': [{ uri: 't.history', match: 'prefix',
      limit: 10 }] },
  }],
  transports: [{ type: 'web',
    endpoint: { type: 'tcp', interface: '127.0.0.1', port: 1 },
    paths: { ws: { type: 'websocket', auth: {
      anonymous: { type: 'static', role: 'anonymous' },
      ticket: { type: 'static', principals: Object.fromEntries(
        Object.entries(users).map(([user, name]) =>
          [user, { ticket: user, role: name }])) },
    } } } }],
};
