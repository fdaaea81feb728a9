/**
 * picture: what this phone computes, on a canvas. Shows one chunk at a time:
 * when its result is known, that appears for a moment, then the next chunk is
 * shown. Draws only while something moves.
 */
import { markColour } from "../common/mark.js";
import * as pi from "./draw_pi.js";
import * as tsp from "./draw_tsp.js";

const PAINTERS = { pi, tsp };
const SHOW_MS = 900;  // a result appearing
const HOLD_MS = 1600; // before the next chunk takes its place
const FRAME_MS = 33;
const LONG_AGO = -1e9;  // over without a result: the next may take its place

/** @param {HTMLCanvasElement} canvas
 * @param {(chunk: any) => void} onShow the chunk that is shown from now on */
export function createPicture(canvas, onShow) {
	const g = canvas.getContext("2d");
	const dark = matchMedia("(prefers-color-scheme: dark)");
	const calm = matchMedia("(prefers-reduced-motion: reduce)");
	let donor = 0;
	let current = null; // {painter, scene, thread, doneAt}
	let next = null;    // {chunk, result}: the newest one meanwhile, done or not
	let frame = 0;
	let drawnAt = 0;

	function look(now) {
		const style = getComputedStyle(canvas);
		const shown = !current?.doneAt ? 0 : calm.matches ? 1
			: Math.min(1, (now - current.doneAt) / SHOW_MS);
		return {
			width: canvas.width, height: canvas.height, shown,
			scale: canvas.width / Math.max(1, canvas.clientWidth),
			colour: markColour(donor, dark.matches),
			onColour: dark.matches ? "#0d1115" : "#ffffff",
			text: style.getPropertyValue("--text"),
			muted: style.getPropertyValue("--muted"),
			line: style.getPropertyValue("--line"),
			warm: style.getPropertyValue("--warm"),
			mono: style.getPropertyValue("--mono"),
		};
	}

	function fit() {
		const scale = Math.min(devicePixelRatio || 1, 3);
		const width = Math.round(canvas.clientWidth * scale);
		const height = Math.round(canvas.clientHeight * scale);
		if (canvas.width !== width || canvas.height !== height) {
			canvas.width = width;
			canvas.height = height;
		}
	}

	function draw(now) {
		drawnAt = now;
		fit();
		g.clearRect(0, 0, canvas.width, canvas.height);
		if (current && canvas.width && canvas.height)
			current.painter.draw(g, current.scene, look(now));
	}

	function tick(now) {
		frame = 0;
		const age = current?.doneAt ? now - current.doneAt : 0;
		if (age > HOLD_MS && next) {
			show(next);
			return;
		}
		if (now - drawnAt >= FRAME_MS && (age <= SHOW_MS + 100 || !age))
			draw(now);
		if (current?.doneAt && (age <= SHOW_MS + 100 || next))
			wake();
	}

	function wake() {
		frame ||= requestAnimationFrame(tick);
	}

	function show({ chunk, result }) {
		next = null;
		const painter = PAINTERS[chunk.kind];
		try {
			current = { painter, scene: painter.begin(chunk),
				thread: chunk.thread, doneAt: 0 };
		} catch {
			current = null; // bytes of another version: nothing to see
			return;
		}
		onShow(chunk);
		drawnAt = 0;
		if (result)
			finish(result);
		wake();
	}

	function finish(result) {
		try {
			current.painter.finish(current.scene, result);
			current.doneAt = performance.now();
		} catch {
			current.doneAt = LONG_AGO;
		}
		drawnAt = 0;
		wake();
	}

	new ResizeObserver(() => {
		drawnAt = 0;
		draw(performance.now());
	}).observe(canvas);
	dark.addEventListener("change", () => draw(performance.now()));

	return {
		/** @param {number} number whose colour results have */
		setDonor(number) {
			donor = number;
		},
		/** @param {any} message "chunk" of the hub */
		chunk(message) {
			if (!PAINTERS[message.kind])
				return;
			if (!current || current.thread === message.thread &&
				!current.doneAt)
				show({ chunk: message, result: null });
			else
				next = { chunk: message, result: null };
			if (current?.doneAt)
				wake();
		},
		/** @param {any} message "done" of the hub */
		done(message) {
			if (current?.thread === message.thread && !current.doneAt)
				finish(message);
			else if (next?.chunk.thread === message.thread)
				next.result = message;
		},
		/** @param {number} thread whose chunk came to nothing */
		dropped(thread) {
			if (next?.chunk.thread === thread)
				next = null;
			if (current?.thread !== thread || current.doneAt)
				return;
			current.doneAt = LONG_AGO;
			wake();
		},
	};
}
