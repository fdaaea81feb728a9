/**
 * engine: creates the hub and the compute Web Workers, joins them by
 * MessagePorts, and passes messages to and fro (web/hub.js has their list).
 * It decides nothing and draws nothing.
 */
import { routerUrl } from "../common/router.js";
import { compileWorker } from "./wasm.js";

const THREADS_MAX = 8;

export const threadCount = () =>
	Math.max(1, Math.min(THREADS_MAX, navigator.hardwareConcurrency || 1));

/** What this is, for the leaderboard. */
export function deviceKind() {
	const agent = navigator.userAgent;
	if (/iPad|Tablet|Android(?!.*Mobile)/.test(agent))
		return "tablet";
	return /Mobi|iPhone|Android/.test(agent) ? "phone" : "laptop";
}

/** One compute worker; returns the hub's end of its port. */
function startCompute(module, workers) {
	const { port1, port2 } = new MessageChannel();
	const worker = new Worker("compute.js");
	worker.postMessage({ type: "start", module, port: port2 }, [port2]);
	workers.push(worker);
	return port1;
}

/**
 * @param {{token: string|null, name: string|null}} who
 * @param {(message: any) => void} heard from the hub
 * @returns {Promise<{send: (message: object) => void, end: () => void}>}
 */
export async function startEngine(who, heard) {
	const module = await compileWorker();
	const threads = threadCount();
	const workers = [];
	const ports = [];

	for (let thread = 0; thread < threads; thread++)
		ports.push(startCompute(module, workers));
	const hub = new Worker("hub.js");
	const failed = (event) => heard({ type: "failed",
		text: event.message || "a part of the page did not load" });
	for (const worker of [hub, ...workers])
		worker.onerror = failed;
	hub.onmessage = ({ data }) => heard(data);
	hub.postMessage({
		type: "start", module, url: routerUrl(), realm: "realm1",
		token: who.token, name: who.name,
		code: new URLSearchParams(location.search).get("code"),
		device: deviceKind(), threads, ports,
	}, ports);
	return {
		send: (message) => hub.postMessage(message),
		end() {
			hub.terminate();
			for (const worker of workers)
				worker.terminate();
		},
	};
}
