/**
 * main: the phone page. Wires state, engine, picture, memory and controls;
 * the only module here that knows all the others.
 */
import { startEngine, threadCount } from "./engine.js";
import { recall, remember } from "./memory.js";
import { canStayAwake, stayAwake, watchPage } from "./awake.js";
import { apply, newState } from "./state.js";
import { caption, draw, drawWelcome } from "./view.js";
import { createPicture } from "./picture.js";
import { missing } from "./wasm.js";

const WAVE_MS = 5000;
const RESTART_MS = 5000;
// The coordinator commits within 100 ms; the hub would ask in two seconds.
const FIRST_CREDIT_MS = 300;
const FIRST_CREDIT_TRIES = 3;

const $ = (id) => document.getElementById(id);
const state = newState();
globalThis.manyhands = { state };

let engine = null;
let starting = false;
let tooOld = false;
let resultSent = false;
let drawing = 0;
/** @type {ReturnType<typeof createPicture>} */
let picture;

/** At most once a frame, however much is heard. */
function redraw() {
	drawing ||= requestAnimationFrame(() => {
		drawing = 0;
		draw(state, recall().stopped);
	});
}

const send = (message) => engine?.send(message);

/** The first credit is what people wait for: asked for out of turn. */
function askCredit(tries) {
	if (tries === 0 || state.verified + state.pending > 0)
		return;
	send({ type: "me" });
	setTimeout(askCredit, FIRST_CREDIT_MS, tries - 1);
}

/** Messages that are more than a change of the state. */
const HEARD = {
	state(message) {
		picture.setDonor(state.donor);
		const known = {};
		if (message.token)
			known.token = message.token;
		if (message.name)
			known.name = message.name;
		if (message.donor)
			known.donor = message.donor;
		remember(known);
	},
	me(message) {
		remember({ name: message.name, donor: message.donor });
	},
	renamed(message) {
		remember({ name: message.name });
		$("rename-form").hidden = true;
	},
	chunk(message) {
		picture.chunk(message);
	},
	done(message) {
		picture.done(message);
		if (!resultSent)
			setTimeout(askCredit, FIRST_CREDIT_MS, FIRST_CREDIT_TRIES);
		resultSent = true;
	},
	dropped(message) {
		picture.dropped(message.thread);
	},
	failed() {
		engine?.end();
		engine = null;
		setTimeout(restart, RESTART_MS);
	},
};

function heard(message) {
	const changed = apply(state, message);
	if (Object.hasOwn(HEARD, message?.type))
		HEARD[message.type](message);
	if (changed)
		redraw();
}

function keepScreen() {
	const working = engine !== null && !recall().stopped;
	stayAwake(working).then((held) => {
		$("awake").hidden = !working || held;
	});
}

async function start() {
	if (engine || starting)
		return;
	starting = true;
	const { token, name, donor, stopped, intensity } = recall();
	Object.assign(state, { phase: "joining", name, donor, trouble: null,
		refusal: null, threads: threadCount() });
	redraw();
	try {
		engine = await startEngine({ token, name }, heard);
		send({ type: "intensity", value: intensity });
		send({ type: "visible",
			visible: document.visibilityState === "visible" });
		if (stopped)
			send({ type: "pause" });
	} catch (error) {
		tooOld = error instanceof WebAssembly.CompileError;
		heard({ type: "failed", text: tooOld ? floor("WebAssembly")
			: "A part of the page did not load" });
	} finally {
		starting = false;
		keepScreen();
	}
}

/** After a part of the page could not be loaded: the router may be away. */
function restart() {
	if (!engine && !tooOld)
		start();
}

const floor = (what) => `This browser is too old (${what} is missing). ` +
	"It needs Chrome 97, Firefox 102 or Safari 16, or newer";

function join() {
	remember({ stopped: false });
	if (engine)
		send({ type: "resume" });
	else
		start();
	keepScreen();
	redraw();
}

function stop() {
	remember({ stopped: true });
	send({ type: "pause" });
	keepScreen();
	redraw();
}

function wave() {
	state.refusal = null;
	send({ type: "wave" });
	const button = $("wave");
	button.disabled = true;
	button.classList.add("waving");
	setTimeout(() => button.classList.remove("waving"), 950);
	setTimeout(() => { button.disabled = false; }, WAVE_MS);
}

function toggleRename() {
	const form = $("rename-form");
	form.hidden = !form.hidden;
	if (!form.hidden) {
		const input = $("new-name");
		input.value = state.name ?? "";
		input.focus();
		input.select();
	}
}

function rename(event) {
	event.preventDefault();
	const name = $("new-name").value.trim();
	state.refusal = null;
	if (name && name !== state.name)
		send({ type: "rename", name });
	else
		$("rename-form").hidden = true;
	redraw();
}

function setIntensity() {
	const value = Number($("intensity").value);
	$("intensity-value").textContent = `${value} %`;
	remember({ intensity: value / 100 });
	send({ type: "intensity", value: value / 100 });
}

function wire() {
	$("join").addEventListener("click", join);
	$("stop").addEventListener("click", stop);
	$("wave").addEventListener("click", wave);
	$("rename").addEventListener("click", toggleRename);
	$("rename-form").addEventListener("submit", rename);
	$("intensity").addEventListener("input", setIntensity);
	watchPage((message) => {
		send(message);
		keepScreen();
	});
	// Another tab of the same phone: the same donor, the same wishes.
	addEventListener("storage", () => {
		const { name, intensity } = recall();
		state.name = state.phase === "idle" ? state.name : name;
		$("intensity").value = String(Math.round(intensity * 100));
		redraw();
	});
	matchMedia("(prefers-color-scheme: dark)")
		.addEventListener("change", redraw);
}

function open() {
	picture = createPicture($("picture"), (chunk) => {
		$("caption").textContent = caption(chunk);
	});
	drawWelcome(threadCount());
	const percent = Math.round(recall().intensity * 100);
	$("intensity").value = String(percent);
	$("intensity-value").textContent = `${percent} %`;
	const lacking = missing();
	if (lacking) {
		state.trouble = floor(lacking);
		$("join").disabled = true;
	} else {
		wire();
		if (recall().token)
			start();
	}
	if (!canStayAwake())
		$("awake").hidden = false;
	draw(state, recall().stopped);
}

open();
