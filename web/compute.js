/**
 * compute: a Web Worker that computes chunks in WebAssembly (the compute face
 * of worker/wasm.c), one at a time, in slices, so that it answers "end" and
 * "cancel" in between. It sees the hub's port only; messages: web/hub.js.
 */
import { instantiate } from "./records.js";

const ERR_NOMEM = -1;
const text = new TextEncoder();
const toText = new TextDecoder();

/** @type {WebAssembly.Module} */ let module;
/** @type {MessagePort} */ let port;
let instance = null;
let intensity = 1;

/** The chunk under way: {count, budget_ms, began, stop: ""|"end"|"cancel"} */
let task = null;

/** @param {{units?: number, output?: Uint8Array|null, error?: number,
 *   text?: string}} result */
function finish(result) {
	const began = task.began;
	task = null;
	const message = { type: "result", units: 0, output: null, error: 0,
		text: "", ...result, ms: performance.now() - began };
	port.postMessage(message, message.output ? [message.output.buffer] : []);
}

function reason() {
	const { wasm, take } = instance;
	return toText.decode(take(wasm.compute_why(), wasm.compute_why_len()));
}

function end(units) {
	const { wasm, take } = instance;
	const error = wasm.compute_end();
	const output = error ? null :
		take(wasm.compute_output(), wasm.compute_output_len());
	wasm.compute_free();
	finish(error ? { error, text: reason() } : { units, output });
}

function drop() {
	instance.wasm.compute_free();
	finish({});
}

/** One slice, and whether the next one follows. */
function slice() {
	const from = performance.now();
	const units = instance.wasm.compute_slice();
	const now = performance.now();
	const over = task.budget_ms > 0 && now - task.began >= task.budget_ms;
	if (units >= task.count || (units > 0 && over)) end(units);
	else next(units, now - from);
}

// A message to oneself comes back at once; setTimeout takes 4 ms at least.
const { port1: self1, port2: self2 } = new MessageChannel();
self2.onmessage = () => guarded(go);

function next(units, spent) {
	task.units = units;
	const rest = intensity < 1 ? spent * (1 - intensity) / intensity : 0;
	if (rest >= 1) setTimeout(() => guarded(go), rest);
	else self1.postMessage(null);
}

/** Between two slices: does anybody want it to end? */
function go() {
	if (!task) return;
	if (task.stop === "cancel" || (task.stop === "end" && !task.units)) drop();
	else if (task.stop === "end") end(task.units);
	else slice();
}

function begin(message) {
	const { wasm, give } = instance;
	const kind = text.encode(message.kind);
	task = { count: message.count, budget_ms: message.budget_ms, units: 0,
		began: performance.now(), stop: "" };
	give(kind, message.input);
	const error = wasm.compute_begin(kind.length, message.input.length,
		message.from, message.count, message.seed, message.piece ?? -1);
	if (error) finish({ error, text: reason() });
	else next(0, 0);
}

/** A module that trapped is not used again: the chunk goes to others, and a
 * fresh instance takes the next one. */
function guarded(step) {
	try {
		instance ??= instantiate(module);
		step();
	} catch (error) {
		instance = null;
		if (task) finish({ error: ERR_NOMEM, text: String(error) });
	}
}

function heard(message) {
	if (message.type === "begin") guarded(() => begin(message));
	else if (message.type === "intensity") intensity = message.value;
	else if (task) task.stop = message.type;
}

self.onmessage = ({ data }) => {
	if (data.type !== "start") return;
	module = data.module;
	port = data.port;
	port.onmessage = (event) => heard(event.data);
};
