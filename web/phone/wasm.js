/**
 * wasm: whether this browser is new enough, and which build of the worker it
 * takes. Compiles while it streams.
 */

/** A module with one function of type () -> v128 that makes a vector: only a
 * browser with SIMD calls it valid. */
const SIMD_PROBE = new Uint8Array([
	0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
	1, 5, 1, 0x60, 0, 1, 0x7b,
	3, 2, 1, 0,
	10, 10, 1, 8, 0, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x62, 0x0b,
]);

export const hasSimd = () => WebAssembly.validate(SIMD_PROBE);

/** Below this floor the page says so. Returns what is missing, or null. */
export function missing() {
	if (typeof WebAssembly !== "object" || !WebAssembly.compileStreaming)
		return "WebAssembly";
	if (typeof Worker !== "function" || typeof MessageChannel !== "function")
		return "Web Workers";
	if (typeof WebSocket !== "function")
		return "WebSocket";
	return null;
}

/** @param {string} file */
async function compile(file) {
	const response = await fetch(file);
	if (!response.ok)
		throw new Error(`${file}: the server answers ${response.status}`);
	const type = response.headers.get("content-type") ?? "";
	if (type.startsWith("application/wasm"))
		return WebAssembly.compileStreaming(response);
	return WebAssembly.compile(await response.arrayBuffer());
}

/** @returns {Promise<WebAssembly.Module>} */
export function compileWorker() {
	return compile(hasSimd() ? "worker.simd.wasm" : "worker.wasm");
}
