// The live status line of scripts/run, from a status of the coordinator (its
// members are in coordinator/rpc.h).
'use strict';

function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

/** @returns {string} */
function format(status) {
  const parts = [status.spec || status.state];
  if (status.state !== 'running') parts.push(status.state);
  parts.push(count(status.devices, 'device', 'devices'),
    `${status.chunks_per_s.toFixed(1)} chunks/s`);
  if (status.text) parts.push(status.text);
  if (typeof status.over === 'number')
    parts.push(`${(100 * status.over).toFixed(2)} % above the ` +
      status.over_what);
  parts.push(`${Math.floor(100 * status.progress)} %`);
  if (status.rejected) parts.push(`${status.rejected} rejected`);
  if (status.unconfirmed)
    parts.push(`${status.unconfirmed} could not be confirmed`);
  if (status.error) parts.push(status.error);
  parts.push(`ETA ${duration(status.eta_s)}`);
  return parts.join(' · ');
}

let shown = 0;
const PLAIN_EVERY_MS = 10000;

/** Redraws one line on a terminal; elsewhere prints one now and then. */
function statusLine(status) {
  const text = format(status);
  if (process.stderr.isTTY) {
    const width = process.stderr.columns || 80;
    process.stderr.write(`\r\x1b[K${text.slice(0, width - 1)}`);
  } else if (Date.now() - shown >= PLAIN_EVERY_MS) {
    shown = Date.now();
    process.stderr.write(`${text}\n`);
  }
}

module.exports = { statusLine, format };
