// The data folder: tickets made at first start, the router's configuration
// and where the database lies.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { spawnSync } = require('child_process');
const { usageError } = require('./args');

const template = path.join(__dirname, '..', '..', 'router', 'manyhands.json');

// Of a unix socket's path, less the 0 at its end.
const SOCKET_PATH_MAX = 107;

/** The demo's configuration, with the port asked for, and a unix socket for
 * the demo's own parts. Its ticket files are named relative to where it lies:
 * the data folder. */
function routerConfig(options, socket) {
  const config = JSON.parse(fs.readFileSync(template, 'utf8'));
  config.transports[0].endpoint.port = options.port;
  config.transports.push({ type: 'rawsocket',
    endpoint: { type: 'unix', path: socket },
    auth: { ticket: config.transports[0].paths.ws.auth.ticket } });
  return config;
}

/** In the data folder, or where its path is short enough. */
function socketPath(dir) {
  const inside = path.join(dir, 'router.sock');
  if (Buffer.byteLength(inside) <= SOCKET_PATH_MAX) return inside;
  return path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'manyhands-')),
    'router.sock');
}

/** The files for --tls, made by scripts/certs where they are not there. */
function certificate(dir) {
  const tls = path.join(dir, 'tls');
  const made = spawnSync(path.join(__dirname, '..', 'certs'), ['--dir', tls],
    { encoding: 'utf8' });
  if (made.status !== 0)
    usageError(`--tls: ${(made.stderr || String(made.error)).trim()}`);
  return { cert: path.join(tls, 'server.crt'),
    key: path.join(tls, 'server.key'),
    authority: fs.existsSync(path.join(tls, 'server.names')) ?
      path.join(tls, 'ca.crt') : '' };
}

/** Makes the folder and those above it, one at a time: Node's `recursive`
 * tries for ever below /proc. */
function makeFolder(dir) {
  if (fs.existsSync(dir)) return;
  makeFolder(path.dirname(dir));
  fs.mkdirSync(dir, { mode: 0o700 });
}

function ticketFile(dir, name) {
  const file = path.join(dir, `${name}.ticket`);
  if (!fs.existsSync(file))
    fs.writeFileSync(file, `${crypto.randomBytes(12).toString('hex')}\n`,
      { mode: 0o600 });
  return file;
}

/** @returns {{dir: string, database: string, routerConfig: string,
 *   socket: string, tls: {cert: string, key: string, authority: string}|null,
 *   tickets: {coordinator: string, worker: string, host: string},
 *   hostTicket: string}} */
function prepareData(options) {
  const dir = path.resolve(options.data);
  try {
    makeFolder(dir);
    fs.accessSync(dir, fs.constants.W_OK);
    const tickets = {};
    for (const name of ['coordinator', 'worker', 'host'])
      tickets[name] = ticketFile(dir, name);
    const config = path.join(dir, 'router.json');
    const socket = socketPath(dir);
    fs.writeFileSync(config,
      `${JSON.stringify(routerConfig(options, socket), null, 2)}\n`);
    return { dir, database: path.join(dir, 'manyhands.db'),
      routerConfig: config, socket, tickets,
      tls: options.tls ? certificate(dir) : null,
      hostTicket: fs.readFileSync(tickets.host, 'utf8').trim() };
  } catch (error) {
    return usageError(`--data ${options.data}: ${error.code || error.message}` +
      '; accepted is a folder that can be written');
  }
}

module.exports = { prepareData };
