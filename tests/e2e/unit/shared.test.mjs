// What the pages share and can be tried without a browser.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';
import { backoffDelay } from '../../../web/common/backoff.js';
import { craSignature } from '../../../web/common/cra.js';
import { address, compact, count, duration, grouped, percent, plural }
  from '../../../web/common/format.js';
import { glyphPath, markColour } from '../../../web/common/mark.js';
import { Reader } from '../../../web/common/reader.js';

test('waits double, are jittered, and end at 15 s', () => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const least = backoffDelay(attempt, 0);
    const most = backoffDelay(attempt, 1);
    assert.ok(least >= most / 2 - 1 && least < most);
    assert.ok(most <= 15000);
  }
  assert.equal(backoffDelay(0, 1), 400);
  assert.equal(backoffDelay(1, 1), 800);
  assert.equal(backoffDelay(1000, 1), 15000);
});

test('numbers are short and never lie about zero', () => {
  assert.equal(compact(0), '0.0');
  assert.equal(compact(0.01), '< 0.1');
  assert.equal(compact(7.25), '7.3');
  assert.equal(compact(1234), '1,234');
  assert.equal(compact(1234567), '1.2M');
});

test('units have plurals', () => {
  assert.equal(plural('kick'), 'kicks');
  assert.equal(plural('block of terms'), 'blocks of terms');
  assert.equal(count(1, 'place'), '1 place');
  assert.equal(count(1500, 'place'), '1,500 places');
});

test('durations, percents and sentences', () => {
  assert.equal(duration(59.6), '1 min 0 s');
  assert.equal(duration(3725), '1 h 2 min');
  assert.equal(percent(0.01234), '1.23 %');
  assert.equal(percent(0.1234), '12.3 %');
  assert.equal(grouped('2000 places, 29008.3 km'),
    '2,000 places, 29,008.3 km');
  assert.equal(grouped('123 cities, length 1234567'),
    '123 cities, length 1,234,567');
});

test('an address is shown as it is typed', () => {
  assert.deepEqual(address('http://192.168.1.20:8080/'),
    { scheme: 'http://', rest: '192.168.1.20:8080' });
  assert.deepEqual(address('https://many.example/hands'),
    { scheme: 'https://', rest: 'many.example/hands' });
  assert.deepEqual(address('somewhere'), { scheme: '', rest: 'somewhere' });
});

/** WCAG's contrast of two colours `#rrggbb`. */
function contrast(one, other) {
  const [light, dark] = [one, other].map((colour) =>
    [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16) / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0))
    .sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

test('every mark stands out from its ground, light and dark', () => {
  for (let donor = 0; donor < 255; donor++) {
    assert.ok(contrast(markColour(donor, false), '#f6f4ef') >= 3,
      `${donor} on light: ${markColour(donor, false)}`);
    assert.ok(contrast(markColour(donor, true), '#0d1115') >= 3,
      `${donor} on dark: ${markColour(donor, true)}`);
  }
});

test('a colour depends on the number mod 255 alone', () => {
  assert.equal(markColour(300, true), markColour(45, true));
  assert.match(markColour(2 ** 52, true), /^#[0-9a-f]{6}$/);
});

test('neighbours differ in glyph and colour', () => {
  for (let donor = 1; donor < 300; donor++) {
    assert.notEqual(glyphPath(donor), glyphPath(donor + 1));
    assert.notEqual(markColour(donor, true), markColour(donor + 1, true));
  }
  const distinct = new Set(Array.from({ length: 48 }, (_, i) =>
    glyphPath(i)));
  assert.equal(distinct.size, 48);
});

test('fields past the end are refused', () => {
  const reader = new Reader(Uint8Array.of(1, 2, 3));
  assert.equal(reader.u16(), 0x201);
  assert.throws(() => reader.u16(), RangeError);
  assert.throws(() => reader.need(2 ** 31, 12), RangeError);
  assert.equal(reader.u8(), 3);
  assert.throws(() => reader.u8(), RangeError);
});

test('numbers of varying length', () => {
  const read = (...bytes) => new Reader(Uint8Array.from(bytes));
  assert.equal(read(0xe9, 0x01).varint(), 233);
  assert.equal(read(0).zigzag(), 0);
  assert.equal(read(1).zigzag(), -1);
  assert.equal(read(2).zigzag(), 1);
  assert.equal(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f).varint(),
    2 ** 53 - 1);
  assert.throws(() => read(...new Array(12).fill(0xff)).varint(), RangeError);
  assert.throws(() => read(0x80).varint(), RangeError);
});

test('WAMP-CRA is signed with the secret, or the key that a salt makes', () => {
  const challenge = '{"session": 1, "nonce": "ü"}';
  const signed = (key) => crypto.createHmac('sha256', key).update(challenge)
    .digest('base64');
  const derived = (iterations, keylen) => crypto
    .pbkdf2Sync('sécret', 'salt', iterations, keylen, 'sha256')
    .toString('base64');

  assert.equal(craSignature('sécret', { challenge }), signed('sécret'));
  assert.equal(craSignature('sécret',
    { challenge, salt: 'salt', iterations: 100, keylen: 16 }),
  signed(derived(100, 16)));
  assert.equal(craSignature('sécret', { challenge, salt: 'salt' }),
    signed(derived(1000, 32)));
});
