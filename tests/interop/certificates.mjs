// Certificates for one test, by an authority of its own, made in a folder.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const openssl = (...args) => execFileSync('openssl', args,
  { stdio: ['ignore', 'ignore', 'pipe'] });
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
  '-nodes'];

export class Authority {
  /** @param {string} dir @param {string} name of the authority and its files */
  constructor(dir, name) {
    this.dir = dir;
    this.certificate = path.join(dir, `${name}.pem`);
    this.key = path.join(dir, `${name}.key`);
    openssl('req', '-x509', ...newKey, '-days', '2', '-subj', `/CN=${name}`,
      '-keyout', this.key, '-out', this.certificate);
    this.pem = fs.readFileSync(this.certificate);
  }

  /**
   * @param {string} name of the two files
   * @param {string} subject its common name
   * @param {string} hosts as in "DNS:localhost,IP:127.0.0.1"; empty: none
   */
  issue(name, subject, hosts = '') {
    const file = (end) => path.join(this.dir, `${name}.${end}`);
    openssl('req', ...newKey, '-subj', `/CN=${subject}`, '-keyout',
      file('key'), '-out', file('csr'));
    fs.writeFileSync(file('ext'), hosts ? `subjectAltName=${hosts}\n` :
      'basicConstraints=CA:FALSE\n');
    openssl('x509', '-req', '-in', file('csr'), '-CA', this.certificate,
      '-CAkey', this.key, '-CAcreateserial', '-days', '2', '-extfile',
      file('ext'), '-out', file('pem'));
    const cert = fs.readFileSync(file('pem'));
    const read = new crypto.X509Certificate(cert);
    return { certificate: file('pem'), keyFile: file('key'), cert,
      key: fs.readFileSync(file('key')), sha1: read.fingerprint,
      sha256: read.fingerprint256 };
  }
}
