/**
 * projection: where places lie on the canvas. Degrees by an equidistant
 * cylinder, true to scale at the middle latitude; planes as they are. Pure.
 */

const MARGIN = 0.04;

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

function span(values) {
	let [low, high] = [Infinity, -Infinity];
	for (const v of values) {
		low = Math.min(low, v);
		high = Math.max(high, v);
	}
	return [low, high];
}

/**
 * @typedef {object} Projection
 * @property {(x: number, y: number) => [number, number]} at
 * @property {(lon: number) => number} wrap the longitude right of the seam
 * @property {boolean} globe
 * @property {number} scale pixels a degree (or unit) upwards
 */

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
	const [left, right] = span(tour.x.map(wrap));
	const [low, high] = span(tour.y);
	const middle = (low + high) / 2;
	const squeeze = tour.globe ? Math.cos(middle * Math.PI / 180) : 1;
	const air = 1 - 2 * MARGIN;
	const scale = Math.min(width * air / ((right - left) * squeeze || 1),
		height * air / (high - low || 1));
	return {
		globe: tour.globe, wrap, scale,
		at: (x, y) => [
			width / 2 + (x - (left + right) / 2) * squeeze * scale,
			height / 2 - (y - middle) * scale,
		],
	};
}

/** The stretches that an edge is drawn as: one, or two where it crosses the
 * seam. @param {Projection} projection */
export function stretches(projection, x1, y1, x2, y2) {
	const { at, wrap, globe } = projection;
	const [a, b] = [wrap(x1), wrap(x2)];
	if (!globe || Math.abs(a - b) <= 180)
		return [[...at(a, y1), ...at(b, y2)]];
	const turn = a < b ? 360 : -360;
	return [[...at(a, y1), ...at(b - turn, y2)],
		[...at(a + turn, y1), ...at(b, y2)]];
}
