// Keeps processes running: restarts one that dies, with back-off and at most
// five times a minute; stops them in order. A child gets SIGTERM from the
// kernel when this process is gone, however it went (setpriv --pdeathsig).
'use strict';
const { spawn } = require('child_process');
const readline = require('readline');

const RESTARTS_A_MINUTE = 5;
const BACKOFF_MS = 250;
// Exit code 2 is bad usage or input: trying again would not help.
const EXIT_USAGE = 2;

class Supervisor {
  constructor({ quiet }) {
    this.quiet = quiet;
    this.children = new Map();
    this.stopping = false;
  }

  say(text) {
    if (!this.quiet) process.stderr.write(`\r\x1b[K${text}\n`);
  }

  /** handlers: line(text) for its standard output, fatal(code) when it can
   * not be kept running, ended() when it exits with 0 of its own accord. */
  start(name, command, args, handlers = {}) {
    const child = this.children.get(name) || { name, deaths: [], restarts: 0 };
    child.startedAt = Date.now();
    child.process = spawn('setpriv',
      ['--pdeathsig', 'TERM', command, ...args],
      { stdio: ['ignore', 'pipe', 'inherit'], detached: true,
        env: { MANYHANDS_LOG: 'warn', ...process.env } });
    this.children.set(name, child);
    const lines = readline.createInterface({ input: child.process.stdout });
    lines.on('line', (line) => handlers.line?.(line));
    child.exited = new Promise((resolve) => {
      child.process.on('error', (error) => {
        process.stderr.write(`run: ${command}: ${error.code}\n`);
        handlers.fatal?.(1);
        resolve();
      });
      child.process.on('close', (code, signal) => {
        child.process = null;
        resolve();
        if (!this.stopping)
          this.died(child, code, signal, command, args, handlers);
      });
    });
  }

  died(child, code, signal, command, args, handlers) {
    if (code === 0 && handlers.ended) {
      handlers.ended(0);
      return;
    }
    const now = Date.now();
    child.deaths = child.deaths.filter((t) => now - t < 60000).concat(now);
    if (code === EXIT_USAGE || child.deaths.length > RESTARTS_A_MINUTE) {
      if (code !== EXIT_USAGE)
        process.stderr.write(`run: the ${child.name} died ` +
          `${child.deaths.length} times in a minute; giving up\n`);
      handlers.fatal?.(code || 1);
      return;
    }
    const delay = BACKOFF_MS * 2 ** (child.deaths.length - 1);
    this.say(`run: the ${child.name} ended (${signal || `exit ${code}`}); ` +
      `starting it again in ${delay} ms`);
    child.restarts++;
    setTimeout(() => {
      if (!this.stopping) this.start(child.name, command, args, handlers);
    }, delay);
  }

  isRunning(name) {
    return Boolean(this.children.get(name)?.process);
  }

  pid(name) {
    return this.children.get(name)?.process?.pid;
  }

  restarts(name) {
    return this.children.get(name)?.restarts ?? 0;
  }

  /** One group of names after the other (by prefix); by force after ms. */
  async stopAll(order, ms) {
    this.stopping = true;
    const force = setTimeout(() => this.signal(this.all(), 'SIGKILL'), ms);
    for (const prefix of order) {
      const group = this.all().filter((c) => c.name.startsWith(prefix));
      this.signal(group, 'SIGTERM');
      await Promise.all(group.map((child) => child.exited));
    }
    clearTimeout(force);
  }

  all() {
    return [...this.children.values()];
  }

  signal(children, signal) {
    for (const child of children) child.process?.kill(signal);
  }
}

module.exports = { Supervisor };
