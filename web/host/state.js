/**
 * state: the plain object that the host's panel is drawn from. Pure.
 */

/**
 * @typedef {object} HostState
 * @property {boolean} connected
 * @property {object|null} status the coordinator's last (coordinator/rpc.h)
 * @property {string[]} queue specs
 * @property {object[]} donors rows of leaderboard.top
 * @property {string|null} error one line
 */

/** @returns {HostState} */
export function newState() {
	return { connected: false, status: null, queue: [], donors: [],
		error: null };
}

/** The host's ticket out of the page's fragment, or null.
 * @param {string} fragment with its # */
export function secretOf(fragment) {
	return new URLSearchParams(fragment.replace(/^#/, "")).get("ticket") ||
		null;
}

/** @param {HostState} state @param {any} status */
export function applyStatus(state, status) {
	state.status = status;
	if (Array.isArray(status.queue))
		state.queue = status.queue;
}
