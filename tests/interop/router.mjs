// Starts the router of the build for an interop test, open to anyone.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build, freePort, until } from '../lib/demo.mjs';

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

/**
 * @param {{config?: string, files?: number, log?: string, more?: string[],
 *   port?: number, tls?: boolean}} [options] a configuration's file in place
 *   of --open; how many files it may have open; a file for its log; more
 *   flags; a port in place of a free one; whether it speaks TLS, with the
 *   certificate that more flags name
 * @returns {Promise<{url: string, port: number, pid: number,
 *   stop: () => Promise<number>, kill: () => Promise<number>}>}
 */
export async function startRouter(options = {}) {
  const port = options.port ?? await freePort();
  const url = `${options.tls ? 'wss' : 'ws'}://127.0.0.1:${port}/ws`;
  const how = options.config ? ['--config', options.config] : ['--open'];
  const command = [path.join(build, 'router'), ...how, '--listen', url,
    ...(options.more ?? [])];
  const stdio = ['ignore', 'ignore',
    options.log ? fs.openSync(options.log, 'a') : 'ignore'];
  const most = [['n', options.files], ['v', options.memory]]
    .filter(([, value]) => value)
    .map(([flag, value]) => `ulimit -${flag} ${value}; `).join('');
  const child = spawn('sh', ['-c', `${most}exec "$@"`, 'sh', ...command],
    { stdio });
  // A test that fails does not stop it: it goes with this process.
  process.on('exit', () => child.kill('SIGKILL'));
  child.unref();
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until('the router', () => answers(port));
  const end = (signal) => { child.ref(); child.kill(signal); return ended; };
  return { url, port, pid: child.pid,
    stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}
