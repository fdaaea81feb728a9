// Looks at the router from outside: is it up, and what does it use?
'use strict';
const fs = require('fs');
const net = require('net');

const START_MS = 10000;
const POLL_MS = 20;

function listens(socket) {
  return new Promise((resolve) => {
    const connection = net.connect(socket);
    connection.on('connect', () => { connection.destroy(); resolve(true); });
    connection.on('error', () => resolve(false));
  });
}

/** True once it listens on its unix socket, the last place that it opens;
 * false when it ended, or does not start. */
async function waitForRouter(socket, supervisor) {
  for (let waited = 0; waited < START_MS; waited += POLL_MS) {
    if (!supervisor.isRunning('router')) return false;
    if (await listens(socket)) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return false;
}

// Clock ticks of /proc/PID/stat; 100 a second on Linux.
const TICKS = 100;

/** @returns {Promise<{restarts: number, rss_bytes?: number, cpu_s?: number}>}
 */
async function routerFigures(supervisor) {
  const figures = { restarts: supervisor.restarts('router') };
  const pid = supervisor.pid('router');
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    figures.cpu_s = (Number(fields[11]) + Number(fields[12])) / TICKS;
    figures.rss_bytes = Number(fields[21]) * 4096;
  } catch {
    // Not running: there is nothing to say beyond the restarts.
  }
  return figures;
}

module.exports = { waitForRouter, routerFigures };
