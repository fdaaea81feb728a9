/**
 * compute: a Web Worker that computes chunks in WebAssembly (the compute face
 * of worker/wasm.c), one at a time, in slices, so that it answers "end" and
 * "cancel" in between. It sees the hub's port only; messages: web/hub.js.
 */
