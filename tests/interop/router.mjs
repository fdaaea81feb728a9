// Starts the router of the build for an interop test, open to anyone.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { build, freePort, until } from '../lib/demo.mjs';

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

/** @returns {Promise<{url: string, stop: () => Promise<number>}>} */
export async function startRouter() {
  const port = await freePort();
  const url = `ws://127.0.0.1:${port}/ws`;
  const child = spawn(path.join(build, 'router'),
    ['--open', '--listen', url], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until('the router', () => answers(port));
  return { url, stop: () => { child.kill('SIGTERM'); return ended; } };
}
