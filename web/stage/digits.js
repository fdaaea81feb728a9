/**
 * digits: π on the stage's canvas: the digits, large, once they are certain,
 * and the bar of blocks of their sum, each in the colour of its donor.
 */
import { markColour } from "../common/mark.js";
import { integer } from "../common/format.js";
import { decodePicture } from "../common/pi.js";

const FLASH_MS = 900;
const SLOTS = 24; // digits hinted at before they are known

/** Columns and the size of a square block for so many in so much room. */
export function gridFor(units, width, height) {
	let columns = Math.max(1, Math.ceil(Math.sqrt(units * width / height)));
	let side = width / columns;
	while (Math.ceil(units / columns) * side > height) {
		columns++;
		side = width / columns;
	}
	return { columns, side };
}

export function createDigits() {
	let picture = null;
	let colours = new Uint8Array(0); // a unit: as in the picture's runs
	let flashes = new Map();         // unit -> when it came in

	function total() {
		return colours.length;
	}

	function takeRuns(runs, now) {
		for (const { first, units, colour } of runs) {
			for (let u = first; u < Math.min(first + units, total()); u++) {
				if (colour && !colours[u])
					flashes.set(u, now);
				colours[u] = colour;
			}
		}
	}

	function drawHead(g, look, { width, height }) {
		const size = height * 0.085;
		g.textAlign = "center";
		g.textBaseline = "middle";
		g.fillStyle = look.muted;
		g.font = `500 ${size * 0.62}px ${look.sans}`;
		g.fillText(`π in base 16, from digit ${integer(picture.position)} ` +
			"after the point", width / 2, height * 0.08, width * 0.96);
		const known = picture.digits.length > 0;
		const text = known ? picture.digits : "·".repeat(SLOTS);
		g.fillStyle = known ? look.accent : look.muted;
		const wide = Math.min(size * 1.7, width * 0.96 / text.length / 0.61);
		g.font = `700 ${wide}px ${look.mono}`;
		g.fillText(text, width / 2, height * 0.22, width * 0.98);
	}

	function blockAt({ width, height }) {
		const top = height * 0.34;
		const { columns, side } = gridFor(total(), width * 0.94,
			height * 0.96 - top);
		const left = (width - Math.min(columns, total()) * side) / 2;
		return { side, at: (u) => [left + u % columns * side,
			top + Math.floor(u / columns) * side] };
	}

	function drawBlocks(g, look) {
		const { side, at } = blockAt(g.canvas);
		const inset = Math.max(0.5, side * 0.08);
		for (let u = 0; u < total(); u++) {
			const [x, y] = at(u);
			g.fillStyle = colours[u] ? markColour(colours[u] - 1, look.dark)
				: look.line;
			g.fillRect(x + inset, y + inset, side - 2 * inset,
				side - 2 * inset);
		}
	}

	return {
		attribution: "",
		/** @param {Uint8Array} data @param {number} now */
		take(data, now) {
			const page = decodePicture(data);
			const units = page.series.reduce((sum, n) => sum + n, 0);
			if (units !== total() || page.position !== picture?.position) {
				colours = new Uint8Array(Math.min(units, 1e6));
				flashes = new Map();
			}
			picture = page;
			takeRuns(page.runs, now);
			return true;
		},
		draw(g, look) {
			if (!picture)
				return;
			drawHead(g, look, g.canvas);
			drawBlocks(g, look);
		},
		drawOver(g, look, now) {
			if (!flashes.size)
				return false;
			const { side, at } = blockAt(g.canvas);
			for (const [unit, since] of flashes) {
				const left = 1 - (now - since) / FLASH_MS;
				if (left <= 0) {
					flashes.delete(unit);
					continue;
				}
				const [x, y] = at(unit);
				const grow = side * 0.35 * left;
				g.globalAlpha = left;
				g.fillStyle = markColour((colours[unit] || 1) - 1, look.dark);
				g.fillRect(x - grow, y - grow, side + 2 * grow,
					side + 2 * grow);
			}
			g.globalAlpha = 1;
			return true;
		},
	};
}
