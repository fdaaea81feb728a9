/**
 * marks: everybody in the room, a mark each in its colour and glyph. It pulses
 * when the donor is credited, waves when it waves, fades when it is gone. Up
 * to some hundred are glyphs; beyond that the marks become a field of dots.
 */
import { glyphPath, markColour } from "../common/mark.js";
import { fitCanvas } from "./canvas.js";
import { cellFor } from "./marks_grid.js";
import { isCalm, look } from "./look.js";

const PULSE_MS = 900;
const WAVE_MS = 3000;
const AWAY_MS = 60_000;
const GONE_MS = 300_000;
const GLYPH_LEAST = 12; // pixels; smaller ones are dots
const WIDTH_MAX = 2400;

/** @type {Map<string, Path2D>} */
const paths = new Map();
function pathOf(donor) {
	const data = glyphPath(donor);
	if (!paths.has(data))
		paths.set(data, new Path2D(data));
	return paths.get(data);
}

/** @param {HTMLCanvasElement} canvas
 * @param {import("./frames.js").Frames} frames */
export function createMarks(canvas, frames) {
	/** @type {Map<number, {pulse: number, wave: number, seen: number}>} */
	const marks = new Map();

	function touch(donor, change) {
		const mark = marks.get(donor) ??
			{ pulse: -Infinity, wave: -Infinity, seen: 0 };
		marks.set(donor, Object.assign(mark, change));
		frames.wake();
	}

	function sizeOf(mark, now) {
		if (isCalm())
			return 1;
		const beat = 1 - (now - mark.pulse) / PULSE_MS;
		const wave = 1 - (now - mark.wave) / WAVE_MS;
		return 1 + (beat > 0 ? 0.38 * beat * beat : 0) +
			(wave > 0 ? 0.5 * Math.abs(Math.sin(wave * 12)) * wave : 0);
	}

	function drawOne(g, donor, mark, now, { x, y, cell, dark, text }) {
		const size = cell * 0.34 * sizeOf(mark, now);
		const away = now - mark.seen > AWAY_MS;
		g.setTransform(size, 0, 0, size, x, y);
		g.globalAlpha = away ? 0.3 : 1;
		g.fillStyle = markColour(donor, dark);
		if (cell < GLYPH_LEAST)
			g.fillRect(-1, -1, 2, 2);
		else
			g.fill(pathOf(donor), "evenodd");
		const fresh = 1 - (now - mark.pulse) / PULSE_MS;
		if (fresh > 0 && cell >= GLYPH_LEAST) {
			g.globalAlpha = fresh;
			g.strokeStyle = text;
			g.lineWidth = 0.16;
			g.stroke(pathOf(donor));
		}
	}

	function moving(now) {
		for (const mark of marks.values()) {
			if (now - mark.pulse < PULSE_MS + 100 ||
				now - mark.wave < WAVE_MS + 100)
				return true;
		}
		return false;
	}

	frames.add((now) => {
		const scale = fitCanvas(canvas, WIDTH_MAX);
		const g = canvas.getContext("2d");
		const { width, height } = canvas;
		const { dark, text } = look(scale);
		const cell = Math.min(cellFor(marks.size, width, height),
			height * 0.55);
		const columns = Math.max(1, Math.floor(width / cell));
		g.setTransform(1, 0, 0, 1, 0, 0);
		g.clearRect(0, 0, width, height);
		let i = 0;
		for (const [donor, mark] of marks) {
			const x = (i % columns + 0.5) * cell;
			const y = (Math.floor(i++ / columns) + 0.5) * cell;
			drawOne(g, donor, mark, now, { x, y, cell, dark, text });
		}
		return moving(now);
	});
	new ResizeObserver(frames.wake).observe(canvas);

	return {
		/** @param {number} donor @param {number} now */
		seen(donor, now) {
			touch(donor, { seen: now });
		},
		credited(donor, now) {
			touch(donor, { seen: now, pulse: now });
		},
		wave(donor, now) {
			touch(donor, { seen: now, wave: now });
		},
		/** @param {number} now */
		forget(now) {
			for (const [donor, mark] of marks) {
				if (now - mark.seen > GONE_MS)
					marks.delete(donor);
			}
			frames.wake();
		},
		get count() {
			return marks.size;
		},
	};
}
