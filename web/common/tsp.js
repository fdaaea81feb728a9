/**
 * tsp: the bytes of the kind `tsp` as objects; formats in compute/tsp/tsp.h.
 * Pure.
 */
import { Reader } from "./reader.js";

const METRIC_GEO = 3;
const METRIC_PLACES = 5;
const DOUBLES = 255;
const DEGREES = 180 / Math.PI;

function version(reader) {
	const found = reader.u8();
	if (found !== 1)
		throw new RangeError(`tsp: version ${found} is not known`);
}

/** n points, each coordinate as a difference to the point before. */
function readPoints(reader, n, decimals) {
	const points = [];
	let last = [0, 0];
	for (let i = 0; i < n; i++) {
		last = last.map((before) => decimals === DOUBLES ? reader.f64()
			: before + reader.zigzag());
		points.push(last);
	}
	return points;
}

/** Degrees of latitude and longitude as seen from above, north up: without a
 * seam wherever they lie. */
function flattenSphere(points, unit) {
	const lon0 = points[0][1] / unit;
	const shrink = Math.cos(points[0][0] / unit / DEGREES);
	return points.map(([lat, lon]) => {
		const east = lon / unit - lon0;
		return [(east - 360 * Math.round(east / 360)) * shrink,
			lat / unit];
	});
}

/** As they are drawn: x to the right, y upwards. */
function flatten(points, metric, decimals) {
	if (metric === METRIC_PLACES)
		return flattenSphere(points, decimals === DOUBLES ? 1
			: 10 ** decimals);
	return metric === METRIC_GEO ? points.map(([lat, lon]) => [lon, lat])
		: points;
}

/** The tour's runs through the cell; [] for the whole tour. */
function readRuns(reader, n) {
	const runs = [];
	let total = 0;
	for (let left = reader.need(reader.varint(), 1); left; left--) {
		runs.push(reader.varint());
		total += runs.at(-1);
	}
	if (runs.length && total !== n)
		throw new RangeError("tsp: the runs do not make up the cell");
	return runs;
}

/**
 * @typedef {object} Cell
 * @property {number} n
 * @property {[number, number][]} points in tour order, y upwards
 * @property {Uint8Array} fixed 1 where the edge from i to the next stays,
 *   because tour outside the cell lies between
 * @property {boolean} whole the cell is the whole tour
 */

/** @param {Uint8Array} input of a chunk @returns {Cell} */
export function decodeInput(input) {
	const reader = new Reader(input);
	version(reader);
	const metric = reader.u8();
	const decimals = reader.u8();
	const n = reader.varint();
	reader.need(n, 2);
	const points = flatten(readPoints(reader, n, decimals), metric, decimals);
	const runs = readRuns(reader, n);
	const fixed = new Uint8Array(n);
	let end = 0;
	for (const run of runs) {
		end += run;
		fixed[end - 1] = 1;
	}
	return { n, points, fixed, whole: runs.length === 0 };
}

function readEdges(reader, count, read) {
	const edges = [];
	for (let i = 0; i < count; i++)
		edges.push([read.call(reader), read.call(reader)]);
	return edges;
}

/** @param {Uint8Array} output of a chunk
 * @param {number} n cities of its cell
 * @returns {{kicks: number, gain: number, removed: [number, number][],
 *   added: [number, number][]}} */
export function decodeOutput(output, n) {
	const reader = new Reader(output);
	version(reader);
	const kicks = reader.varint();
	const gain = reader.varint();
	const count = reader.need(reader.varint(), 6);
	const removed = [];
	for (let i = 0; i < count; i++) {
		const city = reader.u16();
		removed.push([city, (city + 1) % n]);
	}
	const added = readEdges(reader, count, reader.u16);
	if ([...removed, ...added].some(([a, b]) => a >= n || b >= n))
		throw new RangeError("tsp: a city outside the cell");
	return { kicks, gain, removed, added };
}

/**
 * @typedef {object} FullPage
 * @property {"full"} type
 * @property {boolean} globe degrees of longitude and latitude, not a plane
 * @property {number} n
 * @property {number} revision
 * @property {number} length
 * @property {number} first
 * @property {Uint32Array} city @property {Float32Array} x
 * @property {Float32Array} y the tour from place `first` on
 *
 * @typedef {object} Change
 * @property {number} donor @property {number} gain
 * @property {[number, number][]} removed @property {[number, number][]} added
 *
 * @typedef {object} ChangePage
 * @property {"change"} type
 * @property {boolean} globe
 * @property {number} n
 * @property {number} revision
 * @property {number} length
 * @property {Change[]} changes in order
 */

function readFull(reader, page) {
	const first = reader.u32();
	const count = reader.need(reader.u32(), 12);
	if (first + count > page.n)
		throw new RangeError("tsp: more places than the tour has");
	const city = new Uint32Array(count);
	const x = new Float32Array(count);
	const y = new Float32Array(count);
	for (let i = 0; i < count; i++) {
		city[i] = reader.u32();
		x[i] = reader.f32();
		y[i] = reader.f32();
	}
	return { type: "full", ...page, first, city, x, y };
}

function readChange(reader) {
	const donor = reader.u64();
	const gain = reader.u64();
	const count = reader.need(reader.u32(), 16);
	return { donor, gain, removed: readEdges(reader, count, reader.u32),
		added: readEdges(reader, count, reader.u32) };
}

/** @param {Uint8Array} data one page @returns {FullPage | ChangePage} */
export function decodePicture(data) {
	const reader = new Reader(data);
	version(reader);
	const type = reader.u8();
	const globe = reader.u8() === 1;
	reader.skip(1);
	const page = { globe, n: reader.u32(), revision: reader.u64(),
		length: reader.u64() };
	if (type === 1)
		return readFull(reader, page);
	if (type !== 2)
		throw new RangeError(`tsp: no picture is of type ${type}`);
	const changes = [];
	for (let left = reader.need(reader.u32(), 20); left; left--)
		changes.push(readChange(reader));
	return { type: "change", ...page, changes };
}
