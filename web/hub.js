/**
 * hub: the Web Worker that owns a device's only WebSocket. It runs the WAMP
 * session and the worker core in WebAssembly (worker/wasm.c) and hands chunks
 * to the compute Web Workers through MessagePorts; JavaScript here only moves
 * bytes and keeps time. It knows nothing of the page's looks.
 *
 * The page creates everything (nested workers came late to Safari), compiles
 * the module once (the SIMD build where WebAssembly.validate says so, see
 * `SIMD_PROBE` below), owns localStorage, and wires it so:
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
