// Other routers beside ours, for benchmarks and interop: installs them into
// the build folder by tests/interop/routers, starts them on loopback, and
// finds the process that does the work.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { build, freePort, root, until } from './demo.mjs';

const dir = path.join(build, 'peers');
export const script = (name) =>
  path.join(root, 'tests/interop/routers', name);
/** As they are called in tests/interop/routers. */
export const peerNames = ['crossbar', 'nexus', 'xconn'];
export const titles = { manyhands: 'manyhands', crossbar: 'Crossbar.io',
  nexus: 'nexus', xconn: 'xconn-go' };

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('connect', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

/** Installs it, once: its version, or null with the reason said. */
export function installPeer(name) {
  try {
    execFileSync(script(name), ['install', dir],
      { stdio: ['ignore', 'ignore', 'inherit'] });
    return execFileSync(script(name), ['version', dir],
      { encoding: 'utf8' }).trim();
  } catch (error) {
    console.error(`${name}: can not be installed: ${error.message}`);
    return null;
  }
}

/** The process that listens on the port: Crossbar's worker is not the one
 * that was started. */
export function pidOfPort(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const inode = fs.readFileSync('/proc/net/tcp', 'utf8').split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find((f) => f[1]?.endsWith(`:${hex}`) && f[3] === '0A')?.[9];
  for (const pid of fs.readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      for (const fd of fs.readdirSync(`/proc/${pid}/fd`))
        if (fs.readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
          return Number(pid);
    } catch { /* gone, or another user's */ }
  }
  return 0;
}

/** A program that listens on `port`, started and waited for. `wrap`: words
 * before its own, such as taskset's. */
export async function startProgram(command, args, port, wrap = []) {
  const words = [...wrap, command, ...args];
  const child = spawn(words[0], words.slice(1), { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until(`${path.basename(command)} to listen`,
    () => child.exitCode !== null || answers(port));
  if (child.exitCode !== null)
    throw new Error(`${command} ended with ${child.exitCode}`);
  return { pid: pidOfPort(port), port,
    stop: () => { child.kill('SIGINT'); return ended; } };
}

/** @returns {Promise<{name: string, pid: number, port: number, ws: string,
 *   rs: string, stop: () => Promise<number>}>} */
export async function startPeer(name, wrap = []) {
  const [port, raw] = [await freePort(), await freePort()];
  const running = await startProgram(script(name),
    ['start', dir, String(port), String(raw)], port, wrap);
  return { ...running, name, ws: `ws://127.0.0.1:${port}/ws`,
    rs: `rs://127.0.0.1:${raw}` };
}
