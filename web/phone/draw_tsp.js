/**
 * draw_tsp: a piece of the tour on the phone: the path through the cell's
 * places; when the result is in, the edges that left fade and the better ones
 * light up in the donor's colour.
 */
import { decodeInput, decodeOutput } from "../common/tsp.js";

const MARGIN = 0.05;

/** @param {{input: Uint8Array}} chunk */
export function begin(chunk) {
	return { cell: decodeInput(chunk.input), result: null };
}

/** @param {object} scene @param {{output: Uint8Array}} done
 * @returns {boolean} whether there is something new to see */
export function finish(scene, done) {
	scene.result = decodeOutput(done.output, scene.cell.n);
	return scene.result.added.length > 0;
}

/** The whole cell, centred, as large as it fits. */
function fitted({ points }, { width, height }) {
	const xs = points.map((p) => p[0]);
	const ys = points.map((p) => p[1]);
	const [left, right] = [Math.min(...xs), Math.max(...xs)];
	const [low, high] = [Math.min(...ys), Math.max(...ys)];
	const air = Math.min(width, height) * MARGIN;
	const scale = Math.min((width - 2 * air) / (right - left || 1),
		(height - 2 * air) / (high - low || 1));
	return points.map(([x, y]) => [
		width / 2 + (x - (left + right) / 2) * scale,
		height / 2 - (y - (low + high) / 2) * scale,
	]);
}

function strokeEdges(g, at, edges) {
	g.beginPath();
	for (const [a, b] of edges) {
		g.moveTo(...at[a]);
		g.lineTo(...at[b]);
	}
	g.stroke();
}

function edgesOf({ n, fixed }, wanted) {
	const edges = [];
	for (let i = 0; i < n; i++) {
		if (fixed[i] === wanted)
			edges.push([i, (i + 1) % n]);
	}
	return edges;
}

function drawPlaces(g, at, look) {
	const radius = Math.max(1.1, 2.6 - at.length / 400) * look.scale;
	g.fillStyle = look.text;
	g.beginPath();
	for (const [x, y] of at) {
		g.moveTo(x + radius, y);
		g.arc(x, y, radius, 0, 2 * Math.PI);
	}
	g.fill();
}

function drawResult(g, at, result, look) {
	g.strokeStyle = look.warm;
	g.lineWidth = 2 * look.scale;
	g.globalAlpha = 0.9 * (1 - look.shown);
	g.setLineDash([4 * look.scale, 4 * look.scale]);
	strokeEdges(g, at, result.removed);
	g.setLineDash([]);
	g.globalAlpha = look.shown;
	g.strokeStyle = look.colour;
	g.lineWidth = 3.5 * look.scale;
	strokeEdges(g, at, result.added);
	g.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} g @param {object} scene
 * @param {object} look size, colours, `shown` 0 … 1 since it was done */
export function draw(g, scene, look) {
	const { cell, result } = scene;
	const at = scene.width === look.width && scene.height === look.height
		? scene.at : fitted(cell, look);
	Object.assign(scene, { at, width: look.width, height: look.height });
	g.lineJoin = g.lineCap = "round";
	g.strokeStyle = look.line;
	g.lineWidth = look.scale;
	strokeEdges(g, at, edgesOf(cell, 1));
	const gone = new Set(result?.removed.map(([a]) => a));
	g.strokeStyle = look.muted;
	g.lineWidth = 1.4 * look.scale;
	strokeEdges(g, at, edgesOf(cell, 0).filter(([a]) => !gone.has(a)));
	if (result)
		drawResult(g, at, result, look);
	drawPlaces(g, at, look);
}
