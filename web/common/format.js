/**
 * format: numbers as people read them. Pure.
 */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat("en",
	{ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat("en",
	{ notation: "compact", maximumFractionDigits: 1 });

/** @param {number} n */
export const integer = (n) => whole.format(n);

/** A sentence with its long numbers in groups: 29008.3 -> 29,008.3.
 * @param {string} text */
export const grouped = (text) => text.replace(/\b\d{4,}(?=\.\d|\b)/g,
	(digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));

/** Three to four digits: 7.3, 128, 12.4K.
 * @param {number} n */
export function compact(n) {
	if (n > 0 && n < 0.05)
		return "< 0.1";
	return n < 100 ? tenth.format(n) : n < 10_000 ? whole.format(n)
		: short.format(n);
}

/** Credit in core-seconds. @param {number} us */
export const credit = (us) => compact(us / 1e6);

/** @param {number} n @param {string} one @param {string} [many] */
export const count = (n, one, many) =>
	`${integer(n)} ${n === 1 ? one : many ?? plural(one)}`;

/** "block of terms" -> "blocks of terms". @param {string} unit */
export function plural(unit) {
	const [head, ...rest] = unit.split(" ");
	const many = /(s|x|ch|sh)$/.test(head) ? `${head}es` : `${head}s`;
	return [many, ...rest].join(" ");
}

/** A part as percent: 0.0123 -> "1.23 %". @param {number} part */
export function percent(part) {
	const value = part * 100;
	const digits = Math.abs(value) >= 10 ? 1 : 2;
	return `${value.toFixed(digits)} %`;
}

/** @param {number} seconds */
export function duration(seconds) {
	const s = Math.max(0, Math.round(seconds));
	if (s < 60)
		return `${s} s`;
	if (s < 3600)
		return `${Math.floor(s / 60)} min ${s % 60} s`;
	return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
}

/** An address as people type it: what is left out, what stays.
 * @param {string} url @returns {{scheme: string, rest: string}} */
export function address(url) {
	const match = /^([a-z]+:\/\/)(.*?)\/?$/.exec(url);
	return match ? { scheme: match[1], rest: match[2] }
		: { scheme: "", rest: url };
}
