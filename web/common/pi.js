/**
 * pi: the bytes of the kind `pi` as objects; formats in compute/pi/pi.h. Pure.
 */
import { Reader } from "./reader.js";

const UNIT_BYTES = 16;
const SERIES = 7;

function version(reader) {
	const found = reader.u8();
	if (found !== 1)
		throw new RangeError(`pi: version ${found} is not known`);
}

/** @param {Uint8Array} input of a chunk */
export function decodeInput(input) {
	const reader = new Reader(input);
	version(reader);
	return { position: reader.u32(), block: reader.u32() };
}

/** The first eight hex digits of each unit's sum.
 * @param {Uint8Array} output of a chunk @returns {string[]} */
export function decodeOutput(output) {
	const reader = new Reader(output);
	version(reader);
	const sums = [];
	while (reader.left) {
		reader.skip(UNIT_BYTES - 4);
		sums.push(reader.u32().toString(16).padStart(8, "0"));
	}
	return sums;
}

/**
 * @typedef {object} PiPicture
 * @property {boolean} complete
 * @property {number} position of the first digit
 * @property {number} block terms a block
 * @property {number} done units that are in
 * @property {number[]} series units of each
 * @property {{first: number, units: number, colour: number}[]} runs changed;
 *   colour 0: not in, else 1 + (donor mod 255)
 * @property {string} digits "" until all is in
 */

/** @param {Uint8Array} data one page @returns {PiPicture} */
export function decodePicture(data) {
	const reader = new Reader(data);
	version(reader);
	const complete = reader.u8() === 1;
	const position = reader.u32();
	const block = reader.u32();
	const done = reader.u32();
	const series = Array.from({ length: SERIES }, () => reader.u32());
	const runs = [];
	for (let left = reader.need(reader.u16(), 7); left; left--) {
		runs.push({ first: reader.u32(), units: reader.u16(),
			colour: reader.u8() });
	}
	const digits = reader.text(reader.u8());
	return { complete, position, block, done, series, runs, digits };
}
