/**
 * outlines: coasts and borders of the world (Natural Earth by world-atlas, as
 * scripts/pages packed them), drawn behind a tour over places.
 */

let world = null;

function unpack(steps, scale) {
	const line = new Float32Array(steps.length);
	let [x, y] = [0, 0];
	for (let i = 0; i < steps.length; i += 2) {
		line[i] = (x += steps[i]) / scale;
		line[i + 1] = (y += steps[i + 1]) / scale;
	}
	return line;
}

/** Asked for once, when first needed. @returns {Promise<object|null>} */
export function loadOutlines() {
	world ??= fetch("outlines.json").then(async (response) => {
		if (!response.ok)
			throw new Error(`outlines: ${response.status}`);
		const { scale, land, borders } = await response.json();
		return { land: land.map((l) => unpack(l, scale)),
			borders: borders.map((l) => unpack(l, scale)) };
	}).catch(() => {
		world = null; // the map goes without, until asked again
		return null;
	});
	return world;
}

/** Adds a line where it shows, shifted by whole turns of the globe. */
function trace(g, line, { at, box }) {
	for (const turn of [-360, 0, 360]) {
		const points = [];
		let [left, right, top, bottom] = [Infinity, -Infinity, Infinity,
			-Infinity];
		for (let i = 0; i < line.length; i += 2) {
			const [x, y] = at(line[i] + turn, line[i + 1]);
			points.push(x, y);
			left = Math.min(left, x);
			right = Math.max(right, x);
			top = Math.min(top, y);
			bottom = Math.max(bottom, y);
		}
		if (right < box.left || left > box.left + box.width ||
			bottom < box.top || top > box.top + box.height)
			continue;
		for (let i = 0; i < points.length; i += 2)
			g[i ? "lineTo" : "moveTo"](points[i], points[i + 1]);
	}
}

function drawPart(g, outlines, part, look) {
	g.beginPath();
	for (const ring of outlines.land)
		trace(g, ring, part);
	g.fillStyle = look.land;
	g.fill("evenodd");
	g.lineWidth = 1.2 * look.scale;
	g.strokeStyle = look.coast;
	g.stroke();
	g.beginPath();
	for (const line of outlines.borders)
		trace(g, line, part);
	g.strokeStyle = look.line;
	g.stroke();
}

/** The inset lies on the main map, with a frame.
 * @param {CanvasRenderingContext2D} g @param {object} outlines
 * @param {import("./projection.js").Projection} projection
 * @param {object} look */
export function drawOutlines(g, outlines, projection, look) {
	const [main, inset] = projection.parts;
	drawPart(g, outlines, main, look);
	if (!inset)
		return;
	const { left, top, width, height } = inset.box;
	g.save();
	g.beginPath();
	g.rect(left, top, width, height);
	g.fillStyle = look.water;
	g.fill();
	g.clip();
	drawPart(g, outlines, inset, look);
	g.restore();
	g.strokeStyle = look.coast;
	g.lineWidth = 2 * look.scale;
	g.strokeRect(left, top, width, height);
}
