/**
 * marks_grid: how large a mark may be so that all have room. Pure.
 */

/** The largest square cells in which so many fit.
 * @param {number} count @param {number} width @param {number} height */
export function cellFor(count, width, height) {
	let rows = 1;
	while (Math.floor(width / (height / rows)) * rows < count)
		rows++;
	return height / rows;
}
