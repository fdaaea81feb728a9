/**
 * view: draws the phone page from its state. Touches the DOM only where
 * something changed; names only through textContent.
 */
import { compact, count, integer, plural } from "../common/format.js";
import { markElement } from "../common/mark.js";

const PHASES = {
	idle: "", joining: "joining", working: "computing",
	paused: "stopped", offline: "offline",
};
const HANDS = 32;

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

function setText(id, text) {
	const element = $(id);
	if (element.textContent !== text)
		element.textContent = text;
}

/** Marks of donors that may come: before anybody joins. */
export function drawWelcome(threads) {
	const first = Math.floor(Math.random() * 1000);
	$("hands").replaceChildren(...Array.from({ length: HANDS },
		(_, i) => markElement(first + i * 5, dark.matches)));
	setText("cores", threads === 1 ? "its one core"
		: `all ${threads} cores`);
}

let shownMark = "";

function drawMark(donor) {
	const key = `${donor} ${dark.matches}`;
	if (!donor || key === shownMark)
		return;
	shownMark = key;
	$("wave").replaceChildren(markElement(donor, dark.matches));
}

function drawRank({ rank, of, moved, frozen }) {
	setText("rank-place", rank ? integer(rank) : "–");
	const change = $("rank-change");
	setText("rank-change", !rank || !moved ? ""
		: `${moved > 0 ? "▲" : "▼"} ${Math.abs(moved)}`);
	change.className = `change ${moved > 0 ? "up" : "down"}`;
	change.setAttribute("aria-label", !moved ? ""
		: `${moved > 0 ? "up" : "down"} ${count(Math.abs(moved), "place")}`);
	setText("rank-of", frozen ? "set aside by the host"
		: rank ? `of ${integer(of)}` : "after your first check");
}

function drawCredit({ verified, pending }) {
	setText("credit-verified", compact(verified));
	setText("credit-pending", pending > 0
		? `verified, ${compact(pending)} pending` : "verified");
}

/** What this donor did to the answer, in a sentence. */
function deed({ kind, gains, accepted }) {
	if (kind === "tsp" && gains)
		return `You shortened the tour ${gains === 1 ? "once"
			: `${integer(gains)} times`}.`;
	return accepted ? `${count(accepted, "piece")} done so far.` : "";
}

function drawWork(state) {
	setText("rate", state.rate && state.unit
		? `${integer(state.rate)} ${plural(state.unit)} a second` : "");
	const box = $("threads");
	while (box.children.length < state.threads)
		box.append(document.createElement("i"));
	for (const [i, bar] of [...box.children].entries())
		bar.className = i < state.computing ? "busy" : "";
}

/** What is wrong, if anything; the score is safe in any case. */
function troubleOf({ phase, trouble, refusal, retryMs }) {
	const why = trouble ?? refusal ??
		(phase === "offline" ? "The connection was lost" : "");
	if (!why)
		return "";
	const again = phase === "offline" && retryMs
		? " Your score is safe; trying again by itself." : "";
	return `${why.replace(/[.\s]*$/, "")}.${again}`;
}

function drawTrouble(state) {
	const text = troubleOf(state);
	$("trouble").hidden = !text;
	setText("trouble", text);
}

/** @param {{kind: string, answer: any}|null} finished */
function outcome(finished) {
	if (!finished)
		return "";
	if (finished.kind === "tsp")
		return `Finished: a tour of length ${
			integer(finished.answer?.length ?? 0)}. Thank you!`;
	return "This problem is solved. Thank you!";
}

function drawControls({ phase }, stopped) {
	const idle = phase === "idle";
	const join = $("join");
	join.hidden = !idle && !stopped;
	setText("join", idle ? "Join and compute" : "Compute again");
	$("stop").hidden = idle || stopped;
	$("intensity-box").hidden = idle;
}

/** @param {import("./state.js").PhoneState} state
 * @param {boolean} stopped by the owner */
export function draw(state, stopped) {
	$("page").dataset.phase = state.phase;
	const idle = state.phase === "idle";
	setText("phase", PHASES[state.phase]);
	$("welcome").hidden = !idle;
	$("me").hidden = idle;
	$("work").hidden = idle;
	setText("name", state.name ?? "joining …");
	drawMark(state.donor);
	drawRank(state);
	drawCredit(state);
	setText("deed", deed(state));
	drawWork(state);
	drawTrouble(state);
	const said = outcome(state.finished);
	$("finished").hidden = !said;
	setText("finished", said);
	drawControls(state, stopped);
}

/** The line under the picture. @param {any} chunk the hub's message */
export function caption(chunk) {
	if (chunk.kind === "tsp")
		return "A piece of the tour: your phone looks for shorter ways.";
	if (chunk.kind === "pi")
		return `${count(chunk.count, "block")} of the sum that makes ` +
			"digits of\u00a0π.";
	return `${count(chunk.count, "unit")} of ${chunk.kind}.`;
}
