// What scripts/run prints at start: where phones join, as QR code and text,
// and the URLs for the speaker.
'use strict';
const os = require('os');
const { spawnSync } = require('child_process');

/** The first IPv4 address that is not this machine's alone. */
function lanAddress() {
  const all = Object.values(os.networkInterfaces()).flat();
  return all.find((a) => a.family === 'IPv4' && !a.internal)?.address ||
    '127.0.0.1';
}

const scheme = (options) => (options.tls ? 'https' : 'http');

function joinUrl(options) {
  return options.publicUrl ||
    `${scheme(options)}://${lanAddress()}:${options.port}/`;
}

function qrCode(text) {
  const qr = spawnSync('qrencode', ['-t', 'UTF8', '-m', '2', text],
    { encoding: 'utf8' });
  return qr.status === 0 ? qr.stdout : '';
}

/** @returns {string} */
function greeting(options, data) {
  const join = joinUrl(options);
  const local = `${scheme(options)}://localhost:${options.port}`;
  return [
    qrCode(join),
    ...(options.router ? [`  router    ${options.router}`] : []),
    `  phones    ${join}`,
    `  stage     ${local}/stage`,
    `  host      ${local}/host#ticket=${data.hostTicket}`,
    `            ${new URL(`host#ticket=${data.hostTicket}`, join)}`,
    ...(data.tls?.authority ? [
      `  TLS       browsers trust it once they trust ${data.tls.authority};`,
      '            scripts/certs takes a certificate that they know'] : []),
    '',
  ].join('\n');
}

module.exports = { greeting, joinUrl };
