/**
 * draw_pi: a chunk of π's sum on the phone: one block a unit. While it is
 * computed they wait; done, each shows the first digits of its own sum.
 */
import { decodeOutput } from "../common/pi.js";

const SHAPE = 1.6; // a block's width ÷ height

/** @param {{count: number}} chunk */
export function begin(chunk) {
	return { count: Math.min(chunk.count, 64), sums: [] };
}

/** @param {object} scene @param {{output: Uint8Array}} done */
export function finish(scene, done) {
	scene.sums = decodeOutput(done.output).slice(0, scene.count);
	return scene.sums.length > 0;
}

function columnsFor(count, width, height) {
	const best = Math.sqrt(count * width / height / SHAPE);
	return Math.max(1, Math.min(count, Math.round(best)));
}

/** Room for the grid with some air around it. */
function gridOf(count, { width, height }) {
	const columns = columnsFor(count, width, height);
	const rows = Math.ceil(count / columns);
	const gap = Math.max(2, Math.min(width, height) * 0.012);
	return { columns, gap, wide: (width - gap * (columns + 1)) / columns,
		high: (height - gap * (rows + 1)) / rows };
}

function box(g, x, y, wide, high) {
	const r = Math.min(wide, high) * 0.18;
	g.beginPath();
	g.moveTo(x + r, y);
	g.arcTo(x + wide, y, x + wide, y + high, r);
	g.arcTo(x + wide, y + high, x, y + high, r);
	g.arcTo(x, y + high, x, y, r);
	g.arcTo(x, y, x + wide, y, r);
	g.closePath();
}

/** Digits that fit a block, as big as they may be. */
function textSize(wide, high) {
	const digits = wide > high * 1.9 ? 6 : 4;
	return { digits, size: Math.min(high * 0.46, wide / digits / 0.68) };
}

/**
 * @param {CanvasRenderingContext2D} g @param {object} scene
 * @param {object} look size, colours, `shown` 0 … 1 since it was done */
export function draw(g, scene, look) {
	const grid = gridOf(scene.count, look);
	const { digits, size } = textSize(grid.wide, grid.high);
	g.font = `600 ${size}px ${look.mono}`;
	g.textAlign = "center";
	g.textBaseline = "middle";
	for (let i = 0; i < scene.count; i++) {
		const x = grid.gap + i % grid.columns * (grid.wide + grid.gap);
		const y = grid.gap + Math.floor(i / grid.columns) *
			(grid.high + grid.gap);
		box(g, x, y, grid.wide, grid.high);
		const sum = scene.sums[i];
		const wave = look.shown * (scene.count + 8) - i;
		if (sum && wave > 0) {
			g.globalAlpha = Math.min(1, wave / 8);
			g.fillStyle = look.colour;
			g.fill();
			g.fillStyle = look.onColour;
			g.fillText(sum.slice(0, digits), x + grid.wide / 2,
				y + grid.high / 2);
			g.globalAlpha = 1;
		} else {
			g.strokeStyle = look.line;
			g.lineWidth = Math.max(1, look.scale);
			g.stroke();
		}
	}
}
