// Starts the whole demo as `make run` does, in a data folder and on a port of
// its own, for tests. Loopback only.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)),
  '..', '..');
export const build = process.env.MANYHANDS_BUILD || path.join(root, 'build');

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until fn gives something true, and returns it. */
export async function until(what, fn, ms = 30000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await fn();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await sleep(50);
  }
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const dirs = [];

/** Goes with the process, unless a test has failed: then it is to be looked
 * into. */
export function tempDir() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'manyhands-test-'));
  if (!dirs.length)
    process.on('exit', (code) => {
      if (code) return;
      for (const old of dirs) fs.rmSync(old, { recursive: true, force: true });
    });
  dirs.push(dir);
  return dir;
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    // A zombie waits for its parent to ask; it runs no more.
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`,
      'utf8'));
  } catch {
    return false;
  }
};

/** The processes whose command line names the data folder or the port. */
function processes(needles) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const args = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\0');
        return { pid: Number(pid), args };
      } catch {
        return { pid: Number(pid), args: [] };
      }
    })
    .filter(({ pid, args }) => pid !== process.pid && alive(pid) &&
      args.some((arg) => needles.some((needle) => arg.includes(needle))));
}

export class Demo {
  constructor(options) {
    this.options = options;
    this.stdout = '';
    this.stderr = '';
  }

  static async start(options = {}) {
    const demo = new Demo(options);
    demo.dir = options.dir || tempDir();
    demo.port = options.port || await freePort();
    demo.spawn();
    return demo;
  }

  spawn() {
    const { jobs = [], args = [], workers } = this.options;
    this.process = spawn(path.join(root, 'scripts/run'), [
      '--port', String(this.port), '--data', this.dir,
      ...(workers === undefined ? [] : ['--workers', String(workers)]),
      ...jobs.flatMap((job) => ['--job', job]), ...args,
    ], { stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, MANYHANDS_BUILD: build } });
    this.process.stdout.on('data', (d) => { this.stdout += d; });
    this.process.stderr.on('data', (d) => { this.stderr += d; });
    this.exited = new Promise((resolve) => this.process.on('close',
      (code, signal) => resolve({ code, signal })));
  }

  get origin() { return `http://127.0.0.1:${this.port}`; }

  /** Waits until the greeting is printed: everything has been started. */
  async ready() {
    await until('the greeting', () => /host {6}http/.test(this.stdout) ||
      this.process.exitCode !== null);
    if (this.process.exitCode !== null)
      throw new Error(`scripts/run ended: ${this.stderr}`);
    return this;
  }

  get hostUrl() {
    return this.stdout.match(/host {6}(\S+)/)[1]
      .replace('localhost', '127.0.0.1');
  }

  /** The running process of that program: router, coordinator, worker. */
  pid(name) {
    return processes([this.dir, `:${this.port}/`])
      .find(({ args }) => args[0]?.endsWith(`/${name}`))?.pid;
  }

  get isRunning() {
    return this.process.exitCode === null && !this.process.signalCode;
  }

  /** kill -9, and waits for the supervisor to have another one: its pid, or 0
   * when the run came to its end meanwhile. */
  async kill9(name) {
    const old = await until(`${name} to run`,
      () => !this.isRunning || this.pid(name));
    if (!this.isRunning) return 0;
    process.kill(old, 'SIGKILL');
    const next = await until(`${name} to run again`, () => {
      const pid = this.pid(name);
      return !this.isRunning || (pid !== old && pid);
    });
    return this.isRunning ? next : 0;
  }

  left() { return processes([this.dir, `:${this.port}/`]); }

  async stop() {
    if (this.process.exitCode === null && !this.process.signalCode)
      this.process.kill('SIGINT');
    const result = await this.exited;
    await until('all processes to end', () => this.left().length === 0, 8000);
    return result;
  }

  clean() { fs.rmSync(this.dir, { recursive: true, force: true }); }
}

/** Runs to its end with --json: the object, the exit code and the errors. */
export async function runToEnd(options) {
  const demo = await Demo.start({ ...options,
    args: [...(options.args || []), '--json'] });
  const { code } = await demo.exited;
  const lines = demo.stdout.trim().split('\n');
  let json = null;
  try { json = JSON.parse(lines.at(-1)); } catch { /* the test will say */ }
  return { code, json, stderr: demo.stderr, dir: demo.dir, demo };
}

/** The ledger's invariant; what is wrong is in `errors`. */
export function checkLedger(dir) {
  return JSON.parse(spawnSync('/usr/bin/python3',
    [path.join(root, 'scripts/verify-ledger'),
      path.join(dir, 'manyhands.db')], { encoding: 'utf8' }).stdout);
}
