/**
 * picture: the computation, drawn: asks the coordinator for what changed
 * (`job.picture`, page by page), hands it to the view of its kind, and draws
 * only when there is something new.
 */
import { fitCanvas } from "./canvas.js";
import { createDigits } from "./digits.js";
import { createMap } from "./map.js";
import { look } from "./look.js";

const VIEWS = { tsp: createMap, pi: createDigits };
const PAGES_MAX = 400;     // an answer that never ends is an error
const WIDTH_MAX = 3200;    // more pixels than this nobody sees from a seat
const OVER_WIDTH_MAX = 1600;
const REDRAW_MS = 500;     // a large tour takes a while to draw

/**
 * @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} over for what
 * lights up @param {import("./frames.js").Frames} frames
 */
export function createPicture(canvas, over, frames) {
	let view = null;
	let shown = { job: "", kind: "", revision: 0 };
	let asking = false;
	let stale = true;
	let drawnAt = -Infinity;

	function redraw() {
		stale = true;
		frames.wake();
	}

	function begin(job, kind) {
		shown = { job, kind, revision: 0 };
		view = Object.hasOwn(VIEWS, kind) ? VIEWS[kind](redraw) : null;
		redraw();
	}

	/** All pages of one change. @returns {Promise<boolean>} false: the job is
	 * another one or the pages did not fit together: begin again */
	async function askAll(session) {
		const since = shown.revision;
		for (let page = 0; page < PAGES_MAX; page++) {
			const answer = await session.call("job.picture", { since, page });
			if (answer.job !== shown.job)
				return false;
			if (!view.take(answer.data, performance.now()))
				return false;
			if (!answer.more) {
				shown.revision = answer.revision;
				redraw();
				return true;
			}
		}
		return false;
	}

	frames.add((now) => {
		const context = canvas.getContext("2d");
		if (stale && now - drawnAt >= REDRAW_MS) {
			stale = false;
			drawnAt = now;
			const scale = fitCanvas(canvas, WIDTH_MAX);
			context.clearRect(0, 0, canvas.width, canvas.height);
			view?.draw(context, look(scale));
		}
		const scale = fitCanvas(over, OVER_WIDTH_MAX);
		const above = over.getContext("2d");
		above.clearRect(0, 0, over.width, over.height);
		return view?.drawOver(above, look(scale), now) || stale;
	});
	new ResizeObserver(redraw).observe(canvas);

	return {
		redraw,
		get attribution() {
			return view?.attribution ?? "";
		},
		/** After each status: ask for what is new, unless already asking.
		 * @param {import("../common/session.js").Session} session
		 * @param {{job: string, kind: string, revision: number}} status */
		async follow(session, { job, kind, revision }) {
			if (job !== shown.job)
				begin(job, kind);
			if (!view || asking || revision === shown.revision)
				return;
			asking = true;
			try {
				if (!await askAll(session) && job === shown.job)
					begin(job, kind);
			} catch {
				// a lost connection, a restarted coordinator: all anew
				begin(job, kind);
			} finally {
				asking = false;
			}
		},
	};
}
