/**
 * canvas: a canvas's pixels and the space it takes on the page.
 */

/** The canvas's pixels as many as it covers, up to a limit.
 * @param {HTMLCanvasElement} canvas @param {number} most
 * @returns {number} pixels of the canvas a CSS pixel */
export function fitCanvas(canvas, most) {
	const { clientWidth, clientHeight } = canvas;
	const scale = Math.min(devicePixelRatio || 1,
		most / Math.max(1, clientWidth));
	const width = Math.round(clientWidth * scale);
	const height = Math.round(clientHeight * scale);
	if (canvas.width !== width || canvas.height !== height)
		Object.assign(canvas, { width, height });
	return scale;
}
