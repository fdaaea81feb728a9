// The data folder: tickets made at first start, the router's configuration
// and where the database lies.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { usageError } = require('./args');

const template = path.join(__dirname, '..', '..', 'router', 'manyhands.json');

/** The demo's configuration, with the port asked for. Its ticket files are
 * named relative to where it lies: the data folder. */
function routerConfig(options) {
  const config = JSON.parse(fs.readFileSync(template, 'utf8'));
  config.transports[0].endpoint.port = options.port;
  return config;
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
    fs.writeFileSync(config,
      `${JSON.stringify(routerConfig(options), null, 2)}\n`);
    return { dir, database: path.join(dir, 'manyhands.db'),
      routerConfig: config, tickets,
      hostTicket: fs.readFileSync(tickets.host, 'utf8').trim() };
  } catch (error) {
    return usageError(`--data ${options.data}: ${error.code || error.message}` +
      '; accepted is a folder that can be written');
  }
}

module.exports = { prepareData };
