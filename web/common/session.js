/**
 * session: one WAMP session that comes back by itself. The only home of wampy
 * and of the MessagePack codec. Every connection is a new wampy client, so
 * that nothing of a lost one lingers; subscriptions are made anew each time.
 */
import { Wampy } from "wampy";
import { Packr, Unpackr } from "msgpackr/index-no-eval";
import { backoffDelay } from "./backoff.js";
import { craSignature } from "./cra.js";

const CALL_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 8_000;

/** Without the members that are not there: wampy names options that it has no
 * value for, and MessagePack knows no `undefined`. */
function tidied(value) {
	if (Array.isArray(value))
		return value.map(tidied);
	if (value === null || typeof value !== "object" ||
		ArrayBuffer.isView(value))
		return value;
	return Object.fromEntries(Object.entries(value)
		.filter(([, member]) => member !== undefined)
		.map(([name, member]) => [name, tidied(member)]));
}

/** MessagePack with whole numbers as numbers: all of ours are below 2^53. */
const serializer = {
	protocol: "msgpack",
	isBinary: true,
	packr: new Packr({ useRecords: false }),
	unpackr: new Unpackr({ useRecords: false, int64AsType: "number" }),
	encode(data) { return this.packr.pack(tidied(data)); },
	decode(data) { return this.unpackr.unpack(new Uint8Array(data)); },
};

/** A dictionary may come as keywords or as the only argument.
 * @param {{argsList?: any[], argsDict?: object}} from */
export const keywords = (from) => from?.argsDict ?? from?.argsList?.[0] ?? {};

/** What a failed call or connection says to people: the sentence that came
 * with it, else the error's URI or message. @param {any} error */
export function sentence(error) {
	const said = [error?.argsList?.[0], error?.errorUri, error?.error,
		error?.message].find((part) => typeof part === "string" && part);
	return said ?? "an unknown error";
}

function within(promise, ms, what) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what}: no answer`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * @typedef {object} Session
 * @property {(procedure: string, args?: object) => Promise<any>} call
 * @property {() => void} hurry connect now, if waiting for the next try
 * @property {() => void} close for good
 */

/**
 * @param {object} options
 * @param {string} options.url
 * @param {string} [options.secret] with authid: proved by WAMP-CRA, so that
 *   nobody on the way reads it
 * @param {string} [options.authid]
 * @param {Record<string, (args: any) => void>} options.topics
 * @param {(session: Session) => void} options.onOpen each time
 * @param {(text: string, retryMs: number) => void} options.onLost
 * @returns {Session}
 */
export function openSession(options) {
	let client = null;
	let attempt = 0;
	let timer = 0;
	let closed = false;

	const session = {
		async call(procedure, args = {}) {
			if (!client)
				throw new Error("not connected");
			const answer = await within(
				client.call(procedure, { argsList: [], argsDict: args }),
				CALL_TIMEOUT_MS, procedure);
			return keywords(answer);
		},
		hurry() {
			if (client || closed || !timer)
				return;
			attempt = 0;
			clearTimeout(timer);
			connect();
		},
		close() {
			closed = true;
			clearTimeout(timer);
			client?.disconnect();
		},
	};

	function lost(mine, why) {
		if (mine.over)
			return;
		mine.over = true;
		if (client === mine.wampy)
			client = null;
		if (closed)
			return;
		const wait = backoffDelay(attempt++, Math.random());
		clearTimeout(timer);
		timer = setTimeout(connect, wait);
		options.onLost(why, wait);
	}

	function newClient(mine) {
		const auth = options.secret === undefined ? {} : {
			authid: options.authid,
			authmethods: ["wampcra"],
			authMode: "manual",
			onChallenge: (_, extra) => craSignature(options.secret, extra),
		};
		return new Wampy(options.url, {
			realm: "realm1",
			autoReconnect: false,
			serializer,
			uriValidation: "loose",
			onClose: () => lost(mine, mine.why ?? "the connection was lost"),
			onError: (error) => { mine.why = sentence(error); },
			...auth,
		});
	}

	async function connect() {
		timer = 0;
		const mine = { over: false, why: undefined, wampy: null };
		const wampy = mine.wampy = newClient(mine);
		try {
			await within(wampy.connect(), CONNECT_TIMEOUT_MS, "connect");
			for (const [topic, heard] of Object.entries(options.topics)) {
				await within(wampy.subscribe(topic,
					(event) => heard(keywords(event))),
				CALL_TIMEOUT_MS, topic);
			}
		} catch (error) {
			const why = sentence(error);
			lost(mine, why);
			wampy.disconnect().catch(() => {});
			return;
		}
		if (mine.over || closed)
			return;
		client = wampy;
		attempt = 0;
		options.onOpen(session);
	}

	connect();
	return session;
}
