// The command line of scripts/run: what is accepted, and a clear line where
// something is not.
'use strict';
const os = require('os');

const USAGE = `usage: scripts/run [--port P] [--router URL] [--public-url URL]
  [--workers N] [--data DIR] [--job SPEC]... [--seconds S] [--json] [--tls]`;

// One clear line, and exit code 2.
function usageError(text) {
  process.stderr.write(`run: ${text}\n`);
  process.exit(2);
}

function integer(name, text, min, max) {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= min && value <= max))
    usageError(`${name} ${text}: accepted is a whole number from ${min} ` +
      `to ${max}`);
  return value;
}

function webUrl(name, text) {
  if (!/^https?:\/\/[^/\s]+(\/\S*)?$/.test(text))
    usageError(`${name} ${text}: accepted is http://HOST[:PORT]/ or ` +
      'https://HOST[:PORT]/');
  return text;
}

function routerUrl(name, text) {
  if (!/^wss?:\/\/[^/\s]+\/\S*$/.test(text))
    usageError(`${name} ${text}: accepted is ws://HOST:PORT/PATH or wss://…`);
  return text;
}

const flags = {
  '--port': (o, v) => { o.port = integer('--port', v, 1, 65535); },
  '--router': (o, v) => { o.router = routerUrl('--router', v); },
  '--public-url': (o, v) => { o.publicUrl = webUrl('--public-url', v); },
  '--workers': (o, v) => { o.workers = integer('--workers', v, 0, 64); },
  '--data': (o, v) => { o.data = v; },
  '--job': (o, v) => { o.jobs.push(v); },
  '--seconds': (o, v) => { o.seconds = integer('--seconds', v, 1, 86400); },
};

/** @returns {{port: number, router: string, publicUrl: string,
 *   workers: number, threads: number, data: string, jobs: string[],
 *   seconds: number, json: boolean, tls: boolean}} */
function parseArgs(argv) {
  const options = { port: 8080, router: '', publicUrl: '', workers: 1,
    threads: 1, data: 'var', jobs: [], seconds: 0, json: false,
    tls: false };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--json') {
      options.json = true;
    } else if (argv[i] === '--tls') {
      options.tls = true;
    } else if (argv[i] === '--help') {
      console.log(USAGE);
      process.exit(0);
    } else if (flags[argv[i]]) {
      if (i + 1 === argv.length) usageError(`${argv[i]} needs a value`);
      flags[argv[i]](options, argv[++i]);
    } else {
      usageError(`unknown argument ${argv[i]}; ${USAGE.replace(/\s+/g, ' ')}`);
    }
  }
  if (options.tls && options.router)
    usageError('--tls: it is the router that speaks it, and with --router ' +
      'there is one already');
  // All cores but one, shared among the workers.
  const spare = Math.max(1, os.cpus().length - 1);
  options.threads = Math.max(1, Math.floor(spare / (options.workers || 1)));
  return options;
}

module.exports = { parseArgs, usageError };
