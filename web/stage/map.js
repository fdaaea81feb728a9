/**
 * map: the tour on the stage's canvas: outlines behind it, each edge in the
 * colour of the donor who joined it; on a second canvas above, what was just
 * improved lights up and fades.
 */
import { markColour } from "../common/mark.js";
import { decodePicture } from "../common/tsp.js";
import { drawOutlines, loadOutlines } from "./outlines.js";
import { projectionFor, stretches } from "./projection.js";
import { Tour } from "./tour.js";

const FLASH_MS = 2400;
const FLASHES_MAX = 1500;

/** @param {() => void} changed ask to be drawn again */
export function createMap(changed) {
	let tour = null;
	let revision = 0;
	let ground = null;  // {key, canvas}: outlines, drawn once a size
	let outlines = null;
	let flashes = [];   // {donor, edge: [a, b], at}
	let projection = null;
	let shape = "";

	function wantOutlines() {
		if (outlines)
			return;
		loadOutlines().then((loaded) => {
			outlines = loaded;
			ground = null;
			changed();
		});
	}

	function full(page) {
		if (page.first === 0) {
			tour = new Tour(page);
			revision = page.revision;
			shape = "";
			flashes = [];
		} else if (!tour || page.revision !== revision ||
			page.first !== tour.placed) {
			return false;
		}
		tour.place(page);
		if (page.globe)
			wantOutlines();
		return true;
	}

	function change(page, now) {
		if (!tour?.complete || page.n !== tour.n)
			return false;
		tour.length = page.length;
		return page.changes.every((c) => {
			flashes.push(...c.added.map((edge) =>
				({ donor: c.donor, edge, at: now })));
			return tour.apply(c);
		});
	}

	function project({ width, height }) {
		const key = `${width} ${height}`;
		if (key !== shape)
			projection = projectionFor(tour, width, height);
		shape = key;
	}

	function drawGround(g, look) {
		const { width, height } = g.canvas;
		const key = `${shape} ${look.dark}`;
		if (ground?.key !== key) {
			const canvas = document.createElement("canvas");
			Object.assign(canvas, { width, height });
			drawOutlines(canvas.getContext("2d"), outlines, projection, look);
			ground = { key, canvas };
		}
		g.drawImage(ground.canvas, 0, 0);
	}

	function trace(g, a, b) {
		for (const [x1, y1, x2, y2] of stretches(projection,
			tour.x[a], tour.y[a], tour.x[b], tour.y[b])) {
			g.moveTo(x1, y1);
			g.lineTo(x2, y2);
		}
	}

	/** Lines get thinner where there are many. */
	function fineness() {
		return Math.min(1, Math.sqrt(4000 / tour.n));
	}

	/** One path a colour: n edges are drawn with 256 strokes at most. */
	function drawEdges(g, look) {
		const paths = new Map();
		for (let slot = 0; slot < 2 * tour.n; slot++) {
			const a = slot >> 1;
			if (tour.link[slot] <= a)
				continue;
			const edges = paths.get(tour.tint[slot]) ?? [];
			edges.push(a, tour.link[slot]);
			paths.set(tour.tint[slot], edges);
		}
		g.lineCap = g.lineJoin = "round";
		g.lineWidth = Math.max(0.8, 2.4 * fineness()) * look.scale;
		for (const [tint, edges] of [...paths].sort((p, q) => p[0] - q[0])) {
			g.beginPath();
			for (let i = 0; i < edges.length; i += 2)
				trace(g, edges[i], edges[i + 1]);
			g.strokeStyle = tint ? markColour(tint - 1, look.dark)
				: look.muted;
			g.stroke();
		}
	}

	function drawPlaces(g, look) {
		if (tour.n > 12_000)
			return;
		const radius = Math.max(0.9, 2.6 - tour.n / 2500) * look.scale;
		g.fillStyle = look.text;
		g.beginPath();
		for (let c = 0; c < tour.n; c++) {
			const [x, y] = projection.at(projection.wrap(tour.x[c]),
				tour.y[c]);
			g.rect(x - radius / 2, y - radius / 2, radius, radius);
		}
		g.fill();
	}

	return {
		/** @param {Uint8Array} data @param {number} now
		 * @returns {boolean} false: begin again from nothing */
		take(data, now) {
			const page = decodePicture(data);
			const good = page.type === "full" ? full(page)
				: change(page, now);
			flashes = flashes.slice(-FLASHES_MAX);
			return good;
		},
		get attribution() {
			return tour?.globe ? "places: GeoNames, CC BY 4.0 · outlines: " +
				"Natural Earth · lengths are those of the chords" : "";
		},
		draw(g, look) {
			if (!tour?.complete)
				return;
			project(g.canvas);
			if (tour.globe && outlines)
				drawGround(g, look);
			drawEdges(g, look);
			drawPlaces(g, look);
		},
		/** What was just improved. @returns {boolean} whether it moves on */
		drawOver(g, look, now) {
			flashes = flashes.filter((f) => now - f.at < FLASH_MS);
			if (!flashes.length || !tour?.complete)
				return false;
			project(g.canvas);
			g.lineCap = "round";
			for (const { donor, edge, at } of flashes) {
				const left = 1 - (now - at) / FLASH_MS;
				g.globalAlpha = Math.min(1, left * 1.6);
				g.lineWidth = (3 + 5 * left * left) * fineness() * look.scale;
				g.strokeStyle = markColour(donor, look.dark);
				g.beginPath();
				trace(g, ...edge);
				g.stroke();
			}
			g.globalAlpha = 1;
			return true;
		},
	};
}
