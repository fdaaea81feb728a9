/**
 * view: the stage's words and figures, from its state; the canvases and the
 * board have modules of their own.
 */
import { address, compact, duration, grouped, integer, percent }
	from "../common/format.js";
import { markElement } from "../common/mark.js";
import { isDark } from "./look.js";

const TITLES = {
	tsp: "The shortest round trip",
	pi: "Digits of π",
};

const FEW = 4; // on the board: there is room for a larger code

const $ = (id) => document.getElementById(id);

function setText(id, text) {
	const element = $(id);
	if (element.textContent !== text)
		element.textContent = text;
}

const ADDRESS_VH = 4.2;
const ADDRESS_LEAST_VH = 3;

/** On one line where that stays readable, else on two. */
function fitAddress() {
	const line = $("url");
	line.classList.remove("wrapped");
	let size = ADDRESS_VH;
	do {
		line.style.fontSize = `${size}vh`;
		size -= 0.2;
	} while (line.scrollWidth > line.clientWidth && size > ADDRESS_LEAST_VH);
	if (line.scrollWidth <= line.clientWidth)
		return;
	line.classList.add("wrapped");
	line.style.fontSize = `${ADDRESS_VH}vh`;
}

/** @param {string} url */
export function drawAddress(url) {
	const { scheme, rest } = address(url);
	setText("url-scheme", scheme);
	setText("url-rest", rest);
	fitAddress();
}

addEventListener("resize", fitAddress);

function overLine(status) {
	if (typeof status?.over !== "number")
		return "";
	return status.over <= 0 ? `not above the ${status.over_what}`
		: `${percent(status.over)} above the ${status.over_what}`;
}

function stateLine(status) {
	switch (status?.state) {
	case "preparing":
		return "getting ready …";
	case "paused":
		return "paused";
	case "finished":
		return "done!";
	case "failed":
		return status.error ?? "failed";
	case "running":
		if (status.progress >= 1)
			return "being checked";
		return typeof status.eta_s === "number"
			? `${duration(status.eta_s)} to go` : "";
	default:
		return "";
	}
}

function drawJob({ status, progress }) {
	const kind = status?.kind;
	setText("title", Object.hasOwn(TITLES, kind ?? "") ? TITLES[kind]
		: kind || "Waiting for the first problem");
	setText("value", kind === "pi" ? "" : grouped(status?.text ?? ""));
	setText("over", overLine(status));
	const part = Math.floor(progress * 100);
	$("progress").value = progress;
	setText("progress-text", status?.job ? `${part} %` : "");
	setText("eta", stateLine(status));
}

function drawNews({ news, connected, trouble }) {
	const line = $("news");
	const latest = news[0];
	const text = connected ? latest?.text ?? ""
		: `Connecting again … ${trouble ?? ""}`;
	const key = `${connected} ${latest?.donor} ${text} ${isDark()}`;
	if (line.dataset.shown === key)
		return;
	line.dataset.shown = key;
	const words = document.createElement("span");
	words.textContent = text;
	line.replaceChildren(...connected && latest
		? [markElement(latest.donor, isDark())] : [], words);
}

/** @param {import("./state.js").StageState} state
 * @param {string} attribution */
export function draw(state, attribution) {
	document.body.classList.toggle("offline", !state.connected);
	document.body.classList.toggle("few", state.top.length < FEW);
	setText("devices", integer(state.devices));
	setText("devices-label", state.devices === 1 ? "device" : "devices");
	setText("rate", `${compact(state.rate)} ×`);
	setText("chunks", compact(state.status?.chunks_per_s ?? 0));
	drawJob(state);
	drawNews(state);
	setText("attribution", attribution);
}
