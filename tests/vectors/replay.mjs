// @ts-check
/**
 * replay: the golden vectors against a WebAssembly build of the worker. Plain
 * JavaScript without imports, so that the same text runs in Node (check.mjs)
 * and in a browser (vectors.test.mjs). How a chunk is computed: the exports at
 * the top of worker/wasm.c.
 */

/** @typedef {{kind: string, from: number, count: number, seed: number,
 *   piece?: number, units: number, input: string, output: string}} Vector */

/** @param {string} hex */
function unhex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {any} wasm the instance's exports
 * @param {Vector} vector
 * @returns {string} the output in hex, or what went wrong
 */
function replayOne(wasm, vector) {
  const kind = new TextEncoder().encode(vector.kind);
  const input = unhex(vector.input);
  const at = wasm.in(kind.length + input.length);
  new Uint8Array(wasm.memory.buffer, at).set(kind);
  new Uint8Array(wasm.memory.buffer, at + kind.length).set(input);
  let error = wasm.compute_begin(kind.length, input.length, vector.from,
    vector.units, vector.seed, vector.piece ?? -1);
  while (!error) {
    const units = wasm.compute_slice();
    if (units < 0) error = units;
    if (units >= vector.units) break;
  }
  error ||= wasm.compute_end();
  if (error) return `error ${error}`;
  return hex(new Uint8Array(wasm.memory.buffer, wasm.compute_output(),
    wasm.compute_output_len()));
}

/**
 * @param {WebAssembly.Module} module
 * @param {Vector[]} vectors
 * @returns {Promise<{passed: number, failures: string[]}>}
 */
export async function replay(module, vectors) {
  const instance = await WebAssembly.instantiate(module, {});
  const wasm = /** @type {any} */ (instance.exports);
  /** @type {string[]} */
  const failures = [];
  wasm._initialize();
  vectors.forEach((vector, i) => {
    const got = replayOne(wasm, vector);
    if (got !== vector.output)
      failures.push(`${vector.kind}, vector ${i + 1}: got ${
        got.slice(0, 80)}, wanted ${vector.output.slice(0, 80)}`);
  });
  return { passed: vectors.length - failures.length, failures };
}
