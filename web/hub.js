/**
 * hub: the Web Worker that owns a device's only WebSocket. It runs the WAMP
 * session and the worker core in WebAssembly (worker/wasm.c) and hands chunks
 * to the compute Web Workers through MessagePorts; JavaScript here only moves
 * bytes and keeps time. It knows nothing of the page's looks.
 *
 * The page creates everything (nested workers came late to Safari), compiles
 * the module once (the SIMD build where WebAssembly.validate says so), owns
 * localStorage, and wires it so:
 *
 *   const hub = new Worker("hub.js");
 *   const ports = [];
 *   for (let thread = 0; thread < threads; thread++) {
 *     const { port1, port2 } = new MessageChannel();
 *     const compute = new Worker("compute.js");
 *     compute.postMessage({ type: "start", module, port: port2 }, [port2]);
 *     ports.push(port1);
 *   }
 *   hub.postMessage({ type: "start", module, url, …, ports }, ports);
 *
 * --- page -> hub ----------------------------------------------------------
 *
 *   {type: "start", module: WebAssembly.Module, url: string (ws://host/ws),
 *    realm: string, token: string|null, name: string|null,
 *    code: string|null, device: string ("phone", "laptop", …),
 *    threads: number, ports: MessagePort[threads] (transferred)}
 *                              once, first; all else after it
 *   {type: "visible", visible: boolean}   on visibilitychange / pageshow.
 *                              Hidden: unregister, hand back. Visible again:
 *                              forced reconnect unless the socket answers
 *   {type: "pause"}, {type: "resume"}     the user's stop and go; a paused
 *                              device stays connected (rank, wave)
 *   {type: "intensity", value: number}    0.1 … 1: the part of the time that
 *                              the compute workers compute
 *   {type: "online"}, {type: "offline"}   the window's events of that name
 *   {type: "rename", name: string}        donor.rename
 *   {type: "wave"}                        donor.wave
 *   {type: "me"}                          ask donor.me now (otherwise after a
 *                              result, at most once in 2 s)
 *   {type: "stop"}             hand everything back, GOODBYE, close. The hub
 *                              answers {type: "stopped"} and closes itself;
 *                              the page terminates the compute workers
 *
 * --- hub -> page ----------------------------------------------------------
 *
 *   {type: "state", phase: "joining"|"working"|"paused"|"offline",
 *    donor: number (0: not known yet), token: string|null,
 *    name: string|null, threads: number, computing: number (threads busy),
 *    chunks: number (results sent since start), rate: number (units a second
 *    of `kind`, over the last 10 s), kind: string|null, unit: string|null,
 *    intensity: number, text: string|null (why offline, for people),
 *    retry_ms: number|null (until the next try)}
 *                              on every change, and once a second while
 *                              working. Store token (and name) in localStorage
 *   {type: "me", donor, name, rank: number (0: none yet), of: number,
 *    verified_us, pending_us, frozen: boolean, chunks, gains, devices}
 *                              the answer of donor.me, as in coordinator/rpc.h
 *   {type: "chunk", thread: number, job: string, kind: string, from: number,
 *    count: number, seed: number, input: Uint8Array}    a chunk starts
 *   {type: "done", thread: number, job: string, kind: string, from: number,
 *    count: number, units: number, ms: number, input: Uint8Array,
 *    output: Uint8Array}       its result was sent
 *   {type: "dropped", thread: number}     it ended without a result
 *   {type: "finished", job, kind, spec, answer: object}   topic job.finished
 *   {type: "renamed", name: string}
 *   {type: "refused", what: "rename"|"wave"|"join", error: string (URI),
 *    text: string}             the coordinator's or router's sentence
 *   {type: "failed", text: string}        the worker can not go on at all
 *   {type: "stopped"}
 *
 * --- hub <-> compute (MessagePort) ---------------------------------------
 *
 *   {type: "begin", kind, from, count, seed, piece: number|null (an audit),
 *    budget_ms: number (0: until count is done), input: Uint8Array}
 *   {type: "end"}              stop after this slice, with the units done
 *   {type: "cancel"}           stop after this slice, nothing is wanted
 *   {type: "intensity", value}
 *   compute -> hub: {type: "result", units, output: Uint8Array|null, error:
 *    number (0, or lib/base/err.h), text: string, ms: number}
 *                              exactly one for each "begin"
 */
import { eachRecord, instantiate } from "./records.js";

const CONNECT_MS = 15000; // from dialling to being joined
const SILENCE_MS = 45000; // donor.me answers every 15 s at least
const PROBE_MS = 4000; // for an answer after the page was away
const AWAY_MS = 10000; // a clock that jumped: the device slept
const RETRY_MS = 500;
const RETRY_MAX_MS = 15000;
const LEAVE_MS = 2500;
const TEXTS = ["realm", "token", "name", "code", "device"];

const utf8 = new TextEncoder();

/** The page's "start"; the module's instance. */
let config = null;
let instance = null;

/** The connection. `deadline`: when it is given up unless somebody answers. */
const net = {
	/** @type {WebSocket|null} */ socket: null,
	deadline: 0,
	heard: 0,
	failures: 0,
	retryAt: 0,
	/** @type {any} */ retry: 0,
	online: true,
	text: /** @type {string|null} */ (null),
};

/** The core's last state event, and what the page told. */
let core = { phase: "offline", donor: 0, token: "", name: "", computing: 0,
	chunks: 0 };
let intensity = 1;
let leaving = false;
let changed = false; // the page has not heard of it yet

/** By thread: the chunk under way, and the speed of the last one. */
const tasks = [];
const speeds = [];
let units = { kind: null, unit: null };
const timers = [];

// --- the page ---------------------------------------------------------------

function tell(message, transfer = []) {
	self.postMessage(message, transfer);
}

function phase() {
	if (core.phase !== "offline") return core.phase;
	return net.socket && net.failures === 0 ? "joining" : "offline";
}

/** Units a second: what the threads that compute did in their last chunk. */
function rate() {
	return speeds.reduce((sum, speed, thread) =>
		sum + (tasks[thread] && speed.kind === units.kind ? speed.rate : 0), 0);
}

function tellState() {
	changed = false;
	tell({
		type: "state", phase: phase(), donor: core.donor,
		token: core.token || null, name: core.name || null,
		threads: config.threads, computing: core.computing,
		chunks: core.chunks, rate: rate(), ...units, intensity,
		text: core.phase === "offline" ? net.text : null,
		retry_ms: net.retry ? Math.max(0, net.retryAt - Date.now()) : null,
	});
}

// --- the module ---------------------------------------------------------------

/** Calls the module and does what it left to do; then the page hears once. */
function call(name, ...args) {
	const result = instance.wasm[name](...args);
	drain();
	return result;
}

function drain() {
	const { wasm, take } = instance;
	while (wasm.out_len() > 0) {
		const queue = take(wasm.out(), wasm.out_len());
		wasm.out_clear();
		eachRecord(queue, send, (event) => events[event.type](event));
	}
	if (changed) tellState();
}

function send(message) {
	if (net.socket?.readyState === WebSocket.OPEN) net.socket.send(message);
}

const events = {
	start(event) {
		const { thread } = event;
		const { budget_ms, type, ...chunk } = event;
		tasks[thread] = chunk;
		units = { kind: chunk.kind, unit: chunk.unit };
		config.ports[thread].postMessage({ type: "begin", kind: chunk.kind,
			from: chunk.from, count: chunk.count, seed: chunk.seed,
			piece: chunk.piece, budget_ms, input: chunk.input });
		tell({ type: "chunk", thread, job: chunk.job, kind: chunk.kind,
			from: chunk.from, count: chunk.count, seed: chunk.seed,
			input: chunk.input });
	},
	stop({ thread, wanted }) {
		config.ports[thread].postMessage({ type: wanted ? "end" : "cancel" });
	},
	arm({ timer, delay_ms }) {
		clearTimeout(timers[timer]);
		timers[timer] = setTimeout(() => guarded(() =>
			call("hub_timer", timer)), delay_ms);
	},
	state(event) {
		const renamed = core.name && event.name && core.name !== event.name;
		core = event;
		if (core.phase !== "offline") {
			net.failures = 0;
			net.text = null;
			net.deadline = 0;
		}
		if (renamed) tell({ type: "renamed", name: core.name });
		changed = true;
	},
	me: ({ me }) => tell({ ...me, type: "me" }),
	finished: ({ event }) => tell({ ...event, type: "finished" }),
	refused: (event) => tell(event),
	left({ reason, text }) {
		net.text = text || reason;
		lost();
	},
};

/** One compute worker's chunk is over. */
function result(thread, { units: done, output, error, text, ms }) {
	const task = tasks[thread];
	const bytes = output ?? new Uint8Array(0);
	const why = utf8.encode(text);
	tasks[thread] = null;
	instance.give(bytes, why);
	const sent = instance.wasm.hub_result(thread, error, done, bytes.length,
		why.length);
	if (sent && task.piece === null)
		speeds[thread] = { kind: task.kind, rate: 1000 * done / Math.max(ms, 1) };
	// Before the next chunk's "start" is told.
	if (sent)
		tell({ type: "done", thread, job: task.job, kind: task.kind,
			from: task.from, count: task.count, units: done, ms,
			input: task.input, output: bytes });
	else tell({ type: "dropped", thread });
	drain();
}

// --- the socket ----------------------------------------------------------------

function connect() {
	clearTimeout(net.retry);
	net.retry = 0;
	if (net.socket || leaving || !net.online) return;
	const socket = new WebSocket(config.url, "wamp.2.msgpack");
	net.socket = socket;
	net.deadline = Date.now() + CONNECT_MS;
	socket.binaryType = "arraybuffer";
	const mine = (step) => (event) => {
		if (net.socket === socket) guarded(() => step(event));
	};
	socket.onopen = mine(() => call("hub_open"));
	socket.onmessage = mine(({ data }) => received(data));
	socket.onclose = mine(() => lost());
	tellState();
}

function received(data) {
	if (!(data instanceof ArrayBuffer)) return;
	const bytes = new Uint8Array(data);
	net.heard = Date.now();
	// Somebody answers; only a connection that is not joined stays on trial.
	if (core.phase !== "offline") net.deadline = 0;
	instance.give(bytes);
	if (call("hub_receive", bytes.length) < 0) lost();
}

/** The connection is over, or is given up; tries again after a while. */
function lost() {
	const socket = net.socket;
	if (!socket) return;
	net.socket = null;
	net.deadline = 0;
	net.failures++;
	net.text ??= "no connection";
	socket.close();
	call("hub_lost");
	retryLater();
	tellState();
}

function retryLater() {
	if (leaving || !net.online) return;
	const most = Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (net.failures - 1));
	const delay = most * (0.5 + Math.random() / 2);
	net.retryAt = Date.now() + delay;
	clearTimeout(net.retry);
	net.retry = setTimeout(() => guarded(connect), delay);
}

/** Now, whatever the socket looks like: phones keep dead ones "open". */
function reconnect() {
	lost();
	net.failures = 1;
	connect();
}

/** Every second: deadlines, silence, a device that slept. */
let lastTick = Date.now();
function tick() {
	const now = Date.now();
	const slept = now - lastTick > AWAY_MS;
	lastTick = now;
	if (leaving) return;
	if (net.socket && core.phase !== "offline" &&
		now - net.heard > SILENCE_MS) lost();
	if (net.socket && net.deadline && now > net.deadline) lost();
	if (slept) reconnect();
	if (core.phase === "working") tellState();
}

// --- what the page says ------------------------------------------------------------

const said = {
	start(message) {
		config = message;
		instance = instantiate(message.module);
		TEXTS.forEach((name, what) => {
			const text = utf8.encode(message[name] ?? "");
			instance.give(text);
			instance.wasm.hub_set(what, text.length);
		});
		if (instance.wasm.hub_start(message.threads, message.threads) !== 0)
			throw new Error("the worker can not start");
		message.ports.forEach((port, thread) => {
			speeds[thread] = { kind: null, rate: 0 };
			port.onmessage = ({ data }) => guarded(() => result(thread, data));
		});
		net.heard = Date.now();
		setInterval(() => guarded(tick), 1000);
		connect();
	},
	visible({ visible }) {
		call("hub_hidden", visible ? 0 : 1);
		if (!visible) return;
		if (!net.socket || Date.now() - lastTick > AWAY_MS) {
			reconnect();
			return;
		}
		if (core.phase === "offline") return;
		// It looks open: somebody must answer soon.
		net.deadline = Date.now() + PROBE_MS;
		call("hub_me");
	},
	pause: () => call("hub_paused", 1),
	resume: () => call("hub_paused", 0),
	intensity({ value }) {
		intensity = Math.min(1, Math.max(0.1, value));
		for (const port of config.ports)
			port.postMessage({ type: "intensity", value: intensity });
		tellState();
	},
	online() {
		net.online = true;
		reconnect();
	},
	offline() {
		net.online = false;
		net.text = "this device is offline";
		clearTimeout(net.retry);
		net.retry = 0;
		lost();
	},
	rename({ name }) {
		const text = utf8.encode(name);
		instance.give(text);
		call("hub_rename", text.length);
	},
	wave: () => call("hub_wave"),
	me: () => call("hub_me"),
	async stop() {
		leaving = true;
		clearTimeout(net.retry);
		call("hub_leave");
		const until = Date.now() + LEAVE_MS;
		while (!instance.wasm.hub_is_idle() && Date.now() < until)
			await new Promise((done) => setTimeout(done, 20));
		call("hub_goodbye");
		net.socket?.close();
		tell({ type: "stopped" });
		self.close();
	},
};

/** Our own bug (a trap in the module) ends it, and the page says so. */
function guarded(step) {
	try {
		return step();
	} catch (error) {
		leaving = true;
		net.socket?.close();
		net.socket = null;
		tell({ type: "failed", text: String(error) });
		return null;
	}
}

self.onmessage = ({ data }) => guarded(() => said[data.type]?.(data));
