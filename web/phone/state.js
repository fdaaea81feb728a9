/**
 * state: the plain object that the phone page is drawn from, and how each of
 * the hub's messages changes it. Pure: no DOM, no storage.
 */

/**
 * @typedef {object} PhoneState
 * @property {"idle"|"joining"|"working"|"paused"|"offline"} phase
 * @property {number} donor 0: not known yet
 * @property {string|null} name
 * @property {number} rank 0: none yet
 * @property {number} of ranked donors
 * @property {number} moved places won (or lost, below 0) at the last change
 * @property {number} verified core-seconds
 * @property {number} pending core-seconds
 * @property {number} chunks sent since the start of the page
 * @property {number} accepted chunks of this donor, by the coordinator
 * @property {number} gains results that moved the answer
 * @property {number} devices of this donor
 * @property {number} threads
 * @property {number} computing threads busy
 * @property {number} rate units a second
 * @property {string|null} kind
 * @property {string|null} unit
 * @property {boolean} frozen
 * @property {string|null} trouble why it is off line, a sentence
 * @property {string|null} refusal of what was asked for, a sentence
 * @property {number|null} retryMs
 * @property {{job: string, kind: string, answer: object}|null} finished
 */

/** @returns {PhoneState} */
export function newState() {
	return {
		phase: "idle", donor: 0, name: null, rank: 0, of: 0, moved: 0,
		verified: 0, pending: 0, chunks: 0, accepted: 0, gains: 0,
		devices: 0, threads: 0, computing: 0, rate: 0, kind: null, unit: null,
		frozen: false, trouble: null, refusal: null, retryMs: null, finished: null,
	};
}

/** What happened in the hub, message type by type. */
const MESSAGES = {
	state(state, message) {
		state.phase = message.phase;
		state.donor = message.donor || state.donor;
		state.name = message.name ?? state.name;
		state.threads = message.threads;
		state.computing = message.computing;
		state.chunks = message.chunks;
		state.rate = message.rate;
		state.kind = message.kind ?? state.kind;
		state.unit = message.unit ?? state.unit;
		state.trouble = message.phase === "offline" ? message.text : null;
		state.retryMs = message.retry_ms;
	},
	me(state, message) {
		if (state.rank && message.rank && state.rank !== message.rank)
			state.moved = state.rank - message.rank;
		state.donor = message.donor;
		state.name = message.name;
		state.rank = message.rank;
		state.of = message.of;
		state.verified = message.verified_us / 1e6;
		state.pending = message.pending_us / 1e6;
		state.accepted = message.chunks;
		state.gains = message.gains;
		state.devices = message.devices;
		state.frozen = message.frozen;
	},
	renamed(state, message) {
		state.name = message.name;
		state.refusal = null;
	},
	finished(state, message) {
		state.finished = { job: message.job, kind: message.kind,
			answer: message.answer };
	},
	refused(state, message) {
		state.refusal = message.text;
	},
	failed(state, message) {
		state.phase = "offline";
		state.trouble = message.text;
		state.retryMs = null;
	},
};

/** @param {PhoneState} state changed @param {any} message of the hub
 * @returns {boolean} whether the page must be drawn anew */
export function apply(state, message) {
	const change = Object.hasOwn(MESSAGES, message?.type)
		? MESSAGES[message.type] : null;
	change?.(state, message);
	return change !== null;
}
