/**
 * backoff: how long to wait before the next try to connect. The waits double
 * and are jittered, so that a hall of pages does not come back at once. Pure.
 */

const FIRST_MS = 400;
const LONGEST_MS = 15_000;

/** @param {number} attempt 0 for the first try after a loss
 * @param {number} random 0 … 1 */
export function backoffDelay(attempt, random) {
	const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
	return Math.round(whole * (0.5 + random / 2));
}
