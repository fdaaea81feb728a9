/**
 * projection: where places lie on the canvas. Degrees by an equidistant
 * cylinder, true to scale at the middle latitude; planes as they are. Few
 * places far off (the Canary Islands of Spain) come into an inset, as in an
 * atlas, so that the others can be drawn large. Pure.
 */

const MARGIN = 0.04;
const INSET_SHARE = 0.15;    // of the places, at most
const INSET_GAP = 0.2;       // of the whole extent, at least: how far off
const INSET_SIZE = 0.34;     // of the canvas, at most
const INSET_AIR = 1.3;

/** The meridian in the middle of the widest stretch without places, where
 * the map is cut open. @param {Float32Array} lons */
export function seamOf(lons) {
	const sorted = Float32Array.from(lons).sort();
	let widest = sorted[0] + 360 - sorted[sorted.length - 1];
	let seam = sorted[0] - widest / 2;
	for (let i = 1; i < sorted.length; i++) {
		const gap = sorted[i] - sorted[i - 1];
		if (gap > widest) {
			widest = gap;
			seam = sorted[i] - gap / 2;
		}
	}
	return seam;
}

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 *
 * @typedef {object} Part a rectangle of the canvas with a scale of its own
 * @property {Box} box
 * @property {(x: number, y: number) => [number, number]} at
 *
 * @typedef {object} Projection
 * @property {(x: number, y: number) => [number, number]} at
 * @property {(lon: number) => number} wrap the longitude right of the seam
 * @property {boolean} globe
 * @property {Part[]} parts the main one, and an inset if there is one
 */

function extentOf(points) {
	let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
	for (const [x, y] of points) {
		left = Math.min(left, x);
		right = Math.max(right, x);
		low = Math.min(low, y);
		high = Math.max(high, y);
	}
	return { left, right, low, high };
}

/** The points as large as they fit the box, but not above a scale.
 * @returns {Part & {scale: number}} */
function fit(points, box, squeeze, most = Infinity) {
	const { left, right, low, high } = extentOf(points);
	const air = 1 - 2 * MARGIN;
	const scale = Math.min(most,
		box.width * air / ((right - left) * squeeze || 1),
		box.height * air / (high - low || 1));
	const [x0, y0] = [box.left + box.width / 2, box.top + box.height / 2];
	return { box, scale, at: (x, y) => [
		x0 + (x - (left + right) / 2) * squeeze * scale,
		y0 - (y - (low + high) / 2) * scale,
	] };
}

/** The widest gap along an axis that leaves few on one side: that side, as a
 * test of a point; or null. */
function splitAlong(points, axis) {
	const sorted = points.map((p) => p[axis]).sort((a, b) => a - b);
	const n = sorted.length;
	const few = Math.floor(n * INSET_SHARE);
	const span = sorted[n - 1] - sorted[0];
	let best = { gap: span * INSET_GAP, far: null };
	for (let i = 1; i < n; i++) {
		const gap = sorted[i] - sorted[i - 1];
		if (gap <= best.gap || (i > few && n - i > few))
			continue;
		const cut = sorted[i] - gap / 2;
		best = { gap, far: i <= few ? (p) => p[axis] < cut
			: (p) => p[axis] > cut };
	}
	return best.far && { far: best.far, gap: best.gap / (span || 1) };
}

function farOff(points) {
	const splits = [splitAlong(points, 0), splitAlong(points, 1)]
		.filter((s) => s !== null);
	splits.sort((a, b) => b.gap - a.gap);
	return splits[0]?.far ?? null;
}

/** The corner of the canvas that covers fewest of the main part's places;
 * its size is what the inset needs at the main part's scale, if that fits. */
function cornerFor(far, main, near, squeeze, width, height) {
	const { left, right, low, high } = extentOf(far);
	const grown = main.scale * INSET_AIR;
	const size = {
		width: Math.min(width * INSET_SIZE,
			Math.max((right - left) * squeeze * grown, width * 0.12)),
		height: Math.min(height * INSET_SIZE,
			Math.max((high - low) * grown, height * 0.12)),
	};
	const corners = [[0, 1], [1, 1], [0, 0], [1, 0]].map(([x, y]) => ({
		left: x * (width - size.width), top: y * (height - size.height),
		...size }));
	const covered = (box) => near.filter((p) => {
		const [x, y] = main.at(p[0], p[1]);
		return x >= box.left && x <= box.left + box.width &&
			y >= box.top && y <= box.top + box.height;
	}).length;
	return corners.map((box) => ({ box, covered: covered(box) }))
		.sort((a, b) => a.covered - b.covered)[0];
}

/** An inset that would hide more than it shows is none. */
function withInset(points, isFar, squeeze, width, height) {
	const far = points.filter(isFar);
	const near = points.filter((p) => !isFar(p));
	const main = fit(near, { left: 0, top: 0, width, height }, squeeze);
	const corner = cornerFor(far, main, near, squeeze, width, height);
	if (corner.covered > 0)
		return null;
	return [main, fit(far, corner.box, squeeze, main.scale)];
}

/**
 * @param {{globe: boolean, x: Float32Array, y: Float32Array}} tour
 * @param {number} width @param {number} height
 * @returns {Projection}
 */
export function projectionFor(tour, width, height) {
	const seam = tour.globe ? seamOf(tour.x) : 0;
	const wrap = tour.globe
		? (lon) => lon - 360 * Math.floor((lon - seam) / 360)
		: (x) => x;
	const points = Array.from(tour.x, (x, i) => [wrap(x), tour.y[i]]);
	const { low, high } = extentOf(points);
	const squeeze = tour.globe
		? Math.cos((low + high) / 2 * Math.PI / 180) : 1;
	const isFar = tour.globe ? farOff(points) : null;
	const parts = (isFar && withInset(points, isFar, squeeze, width,
		height)) || [fit(points, { left: 0, top: 0, width, height },
		squeeze)];
	const [main, inset] = parts;
	return { globe: tour.globe, wrap, parts,
		at: inset ? (x, y) => (isFar([x, y]) ? inset : main).at(x, y)
			: main.at };
}

/** The stretches that an edge is drawn as: one, or two where it crosses the
 * seam. @param {Projection} projection */
export function stretches(projection, x1, y1, x2, y2) {
	const { at, wrap, globe, parts } = projection;
	const [a, b] = [wrap(x1), wrap(x2)];
	if (!globe || parts.length > 1 || Math.abs(a - b) <= 180)
		return [[...at(a, y1), ...at(b, y2)]];
	const turn = a < b ? 360 : -360;
	return [[...at(a, y1), ...at(b - turn, y2)],
		[...at(a + turn, y1), ...at(b, y2)]];
}
