/**
 * main: the stage. Wires session, state, picture, marks and board; nothing
 * else knows them all.
 */
import { routerUrl } from "../common/router.js";
import { openSession } from "../common/session.js";
import { backoffDelay } from "../common/backoff.js";
import { createBoard } from "./board.js";
import { createFrames } from "./frames.js";
import { createMarks } from "./marks.js";
import { createPicture } from "./picture.js";
import { draw, drawAddress } from "./view.js";
import { watchTheme } from "./look.js";
import { addNews, applyBoard, applyStatus, newState } from "./state.js";

const SEEN_AT_START = 100; // the most that leaderboard.top gives

const $ = (id) => document.getElementById(id);
const state = newState();
globalThis.manyhands = { state };

const frames = createFrames();
const picture = createPicture($("picture"), $("over-canvas"), frames);
const marks = createMarks($("marks"), frames);
const board = createBoard($("board"));
let session = null;

function redraw() {
	draw(state, picture.attribution);
}

function heardStatus(status) {
	applyStatus(state, status);
	for (const donor of status.credited ?? [])
		marks.credited(donor, performance.now());
	picture.follow(session, status).then(redraw);
	redraw();
}

function heardBoard({ rows }) {
	applyBoard(state, rows, Date.now());
	board.draw(state.top);
	redraw();
}

function heardJoined({ donor, name }) {
	marks.seen(donor, performance.now());
	addNews(state, donor, `${name} joined`);
	redraw();
}

function heardFound({ donor, name, what, text }) {
	if (what === "wave")
		marks.wave(donor, performance.now());
	addNews(state, donor, what === "wave" ? `${name} waves`
		: text || `${name} found something`);
	redraw();
}

function heardFinished({ job }) {
	if (job === state.job && state.status)
		state.status.state = "finished";
	redraw();
}

/** Whoever is on the board already, and the status, without waiting. */
async function catchUp(mine) {
	const { rows } = await mine.call("leaderboard.top",
		{ category: "total", limit: SEEN_AT_START });
	for (const row of rows) {
		if (row.present)
			marks.seen(row.donor, performance.now());
	}
	heardBoard({ rows });
	heardStatus(await mine.call("job.status"));
}

/** The coordinator may come a little after the router. */
function keepCatchingUp(mine, attempt = 0) {
	if (mine !== session)
		return;
	catchUp(mine).catch(() => setTimeout(keepCatchingUp,
		backoffDelay(attempt, Math.random()), mine, attempt + 1));
}

async function askAddress(attempt = 0) {
	try {
		const response = await fetch("join.json");
		if (!response.ok)
			throw new Error(String(response.status));
		state.joinUrl = (await response.json()).url;
	} catch {
		state.joinUrl ||= `${location.origin}/`;
		setTimeout(askAddress, backoffDelay(attempt, Math.random()),
			attempt + 1);
	}
	drawAddress(state.joinUrl);
}

/** A router that was away had no picture to give either. */
function askCode() {
	const code = $("qr");
	if (!code.complete || !code.naturalWidth)
		code.src = `qr.svg?${Date.now()}`;
}

function connect() {
	openSession({
		url: routerUrl(),
		topics: {
			"job.progress": heardStatus,
			"job.finished": heardFinished,
			"leaderboard.changed": heardBoard,
			"donor.joined": heardJoined,
			"donor.found": heardFound,
		},
		onOpen(opened) {
			session = opened;
			Object.assign(state, { connected: true, trouble: null });
			askCode();
			keepCatchingUp(opened);
			redraw();
		},
		onLost(trouble) {
			Object.assign(state, { connected: false, trouble });
			redraw();
		},
	});
}

watchTheme(() => {
	picture.redraw();
	redraw();
	board.draw(state.top);
});
setInterval(() => marks.forget(performance.now()), 30_000);
askAddress();
connect();
redraw();
