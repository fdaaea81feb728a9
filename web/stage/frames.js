/**
 * frames: the stage's only animation loop. Some 20 frames a second at most;
 * sleeps when none of its painters has anything that moves.
 */
const FRAME_MS = 1000 / 20 - 4; // 20 a second, whatever the screen does

/** @typedef {ReturnType<typeof createFrames>} Frames */

export function createFrames() {
	/** @type {((now: number) => boolean|undefined)[]} */
	const painters = [];
	let asked = 0;
	let last = -Infinity;

	function tick(now) {
		asked = 0;
		if (now - last < FRAME_MS) {
			wake();
			return;
		}
		last = now;
		let moving = false;
		for (const paint of painters)
			moving = paint(now) || moving;
		if (moving)
			wake();
	}

	function wake() {
		asked ||= requestAnimationFrame(tick);
	}

	return {
		wake,
		/** @param {(now: number) => boolean|undefined} paint returns whether
		 * it wants another frame */
		add(paint) {
			painters.push(paint);
			wake();
		},
	};
}
