/**
 * state: the plain object that the stage is drawn from, and how each answer
 * and event changes it. Pure: no DOM, no clock of its own.
 */

const ARROW_MS = 20_000; // how long a change of rank is shown

/**
 * @typedef {object} BoardRow
 * @property {number} donor @property {string} name @property {number} rank
 * @property {number} credit core-seconds, verified and pending
 * @property {boolean} present
 * @property {number} moved places won, below 0 lost, 0 none lately
 * @property {number} movedAt
 *
 * @typedef {object} StageState
 * @property {string} job its id, "" when there is none
 * @property {number} devices
 * @property {number} threads
 * @property {number} rate core-seconds a second
 * @property {number} progress 0 … 1
 * @property {BoardRow[]} top
 * @property {string} joinUrl
 * @property {object|null} status the coordinator's last (coordinator/rpc.h)
 * @property {boolean} connected
 * @property {string|null} trouble
 * @property {{donor: number, text: string}[]} news latest first
 */

/** @returns {StageState} */
export function newState() {
	return { job: "", devices: 0, threads: 0, rate: 0, progress: 0, top: [],
		joinUrl: "", status: null, connected: false, trouble: null,
		news: [] };
}

/** @param {StageState} state @param {any} status */
export function applyStatus(state, status) {
	state.job = status.job ?? "";
	state.devices = status.devices ?? 0;
	state.threads = status.threads ?? 0;
	state.rate = status.rate ?? 0;
	state.progress = Math.min(1, Math.max(0, status.progress ?? 0));
	state.status = status;
}

/** @param {StageState} state @param {any[]} rows @param {number} now ms */
export function applyBoard(state, rows, now) {
	const before = new Map(state.top.map((row) => [row.donor, row]));
	state.top = rows.filter((row) => row.rank > 0).slice(0, 10).map((row) => {
		const old = before.get(row.donor);
		const moved = old ? old.rank - row.rank : 0;
		const still = old && now - old.movedAt < ARROW_MS ? old.moved : 0;
		return {
			donor: row.donor, name: row.name, rank: row.rank,
			credit: (row.verified_us + row.pending_us) / 1e6,
			present: row.present, moved: moved || still,
			movedAt: moved ? now : old?.movedAt ?? 0,
		};
	});
}

const NEWS_KEPT = 4;

/** @param {StageState} state @param {number} donor @param {string} text */
export function addNews(state, donor, text) {
	state.news = [{ donor, text }, ...state.news].slice(0, NEWS_KEPT);
}
