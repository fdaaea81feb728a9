/**
 * main: the host's panel. The secret comes in the page's fragment, which no
 * server sees, and is proved to the router as that of the authid "host".
 */
import { backoffDelay } from "../common/backoff.js";
import { routerUrl } from "../common/router.js";
import { openSession, sentence } from "../common/session.js";
import { draw } from "./view.js";
import { applyStatus, newState, secretOf } from "./state.js";

const DONORS_SHOWN = 100;
const DONORS_MS = 2000;

const $ = (id) => document.getElementById(id);
const state = newState();
globalThis.manyhands = { state };
let session = null;

const redraw = () => draw(state, freeze);

function say(error) {
	state.error = error;
	redraw();
}

/** A control's call; what goes wrong is said in one line. */
async function ask(procedure, args) {
	try {
		if (!session)
			throw new Error("not connected to the router");
		const answer = await session.call(procedure, args);
		say(null);
		return answer;
	} catch (error) {
		say(`${procedure}: ${sentence(error)}`);
		return null;
	}
}

async function freeze(donor) {
	const row = state.donors.find((d) => d.donor === donor);
	if (row && await ask("host.freeze", { donor, frozen: !row.frozen }))
		await refreshDonors();
}

async function refreshDonors() {
	const answer = await session?.call("leaderboard.top",
		{ category: "total", limit: DONORS_SHOWN }).catch(() => null);
	if (answer)
		state.donors = answer.rows;
	redraw();
}

async function refreshStatus() {
	const status = await session?.call("job.status").catch(() => null);
	if (status)
		applyStatus(state, status);
	redraw();
}

async function control(procedure) {
	if (await ask(procedure))
		await refreshStatus();
}

async function queue(event) {
	event.preventDefault();
	const input = $("spec");
	const answer = await ask("host.queue", { spec: input.value.trim() });
	if (!answer)
		return;
	input.value = "";
	if (Array.isArray(answer.queue))
		state.queue = answer.queue;
	redraw();
}

/** The coordinator may come a little after the router. */
async function catchUp(mine, attempt = 0) {
	if (mine !== session)
		return;
	try {
		applyStatus(state, await mine.call("job.status"));
		await refreshDonors();
	} catch (error) {
		say(`the coordinator does not answer: ${sentence(error)}`);
		setTimeout(catchUp, backoffDelay(attempt, Math.random()), mine,
			attempt + 1);
		return;
	}
	say(null);
}

/** Of what the router says, the part that the speaker can act on. */
const refusal = (text) => /auth|ticket|denied|no_such_(principal|role)/i
	.test(text)
	? "The ticket was refused. Open the host's URL that `make run` printed."
	: `Not connected to the router: ${text}`;

function connect(secret) {
	openSession({
		url: routerUrl(), secret, authid: "host",
		topics: {
			"job.progress": (status) => {
				applyStatus(state, status);
				redraw();
			},
			"donor.joined": refreshDonors,
		},
		onOpen(opened) {
			session = opened;
			state.connected = true;
			say(null);
			catchUp(opened);
		},
		onLost(text) {
			session = null;
			state.connected = false;
			say(refusal(text));
		},
	});
}

function open() {
	$("start").addEventListener("click", () => control("host.start"));
	$("pause").addEventListener("click", () => control("host.pause"));
	$("next").addEventListener("click", () => control("host.next"));
	$("stop").addEventListener("click", () => control("host.stop"));
	$("queue-form").addEventListener("submit", queue);
	addEventListener("hashchange", () => location.reload());
	redraw();
	const secret = secretOf(location.hash);
	if (secret === null) {
		say("No ticket: open the host's URL that `make run` printed.");
		return;
	}
	setInterval(() => {
		if (session && document.visibilityState === "visible") {
			refreshDonors();
			refreshStatus();
		}
	}, DONORS_MS);
	connect(secret);
}

open();
