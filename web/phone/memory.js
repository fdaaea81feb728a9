/**
 * memory: what the phone remembers between visits: who it is (the token), its
 * name, how hard it works, and whether its owner stopped it. Where storage is
 * refused (private windows) it remembers for as long as the page lives.
 */

const KEY = "manyhands";

/** @typedef {{token: string|null, name: string|null, intensity: number,
 *   stopped: boolean, donor: number}} Memory */

/** @type {Memory} */
const NOTHING = { token: null, name: null, intensity: 1, stopped: false,
	donor: 0 };
let held = NOTHING;

/** What another tab wrote counts too: read again each time.
 * @returns {Memory} */
export function recall() {
	try {
		const text = localStorage.getItem(KEY);
		held = text ? { ...NOTHING, ...JSON.parse(text) } : held;
	} catch {
		// refused or not ours: what is held is as good as it gets
	}
	return held;
}

/** @param {Partial<Memory>} change */
export function remember(change) {
	const before = recall();
	held = { ...before, ...change };
	if (Object.keys(change).every((key) => before[key] === held[key]))
		return;
	try {
		localStorage.setItem(KEY, JSON.stringify(held));
	} catch {
		// held in memory
	}
}
