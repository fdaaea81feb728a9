/**
 * view: draws the host's panel from its state. Rows of donors keep their
 * elements, so that a click is not lost to a redraw.
 */
import { compact, credit, duration, integer, percent }
	from "../common/format.js";
import { markElement } from "../common/mark.js";

const $ = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");

function setText(target, text) {
	if (target.textContent !== text)
		target.textContent = text;
}

function figuresOf(status) {
	return [
		["State", status.state],
		["Devices", integer(status.devices)],
		["Threads", integer(status.threads)],
		["Core-seconds a second", compact(status.rate)],
		["Chunks a second", compact(status.chunks_per_s)],
		["Chunks", integer(status.chunks)],
		["Progress", percent(status.progress)],
		["To go", typeof status.eta_s === "number"
			? duration(status.eta_s) : "–"],
		["Verified", `${credit(status.verified_us)} core-s`],
		["Pending", `${credit(status.pending_us)} core-s`],
		["Rejected", integer(status.rejected)],
		["Not confirmed", integer(status.unconfirmed)],
		["Late", integer(status.late)],
		["Audits by", status.audit === "trusted" ? "own worker" : "donors"],
	];
}

function drawFigures(status) {
	const box = $("figures");
	for (const [label, value] of figuresOf(status)) {
		let item = box.querySelector(`[data-label="${label}"]`);
		if (!item) {
			item = document.createElement("div");
			item.dataset.label = label;
			const name = document.createElement("dt");
			name.textContent = label;
			item.append(name, document.createElement("dd"));
			box.append(item);
		}
		setText(item.lastChild, String(value));
	}
}

function drawJob({ status }) {
	if (!status)
		return;
	setText($("job-title"), status.spec || "No job");
	const over = typeof status.over === "number"
		? `, ${percent(status.over)} above the ${status.over_what}` : "";
	setText($("job-text"), `${status.text ?? ""}${over}`);
	$("progress").value = Math.min(1, status.progress ?? 0);
	drawFigures(status);
}

function drawQueue({ queue }) {
	const list = $("queue");
	if ([...list.children].map((i) => i.textContent).join() === queue.join())
		return;
	list.replaceChildren(...queue.map((spec) => {
		const item = document.createElement("li");
		item.textContent = spec;
		return item;
	}));
}

/** @type {Map<number, {row: HTMLTableRowElement, cells: any,
 *   button: HTMLButtonElement}>} */
const rows = new Map();

function newRow(donor, onFreeze) {
	const row = document.createElement("tr");
	const cells = {};
	for (const name of ["rank", "name", "device", "verified", "pending"]) {
		cells[name] = row.insertCell();
		if (name === "verified" || name === "pending")
			cells[name].className = "number";
	}
	const label = document.createElement("span");
	cells.name.append(markElement(donor, dark.matches), label);
	cells.name = label;
	const button = document.createElement("button");
	button.type = "button";
	button.id = `freeze-${donor}`;
	button.addEventListener("click", () => onFreeze(donor));
	row.insertCell().append(button);
	return { row, cells, button };
}

function fillRow({ row, cells, button }, donor) {
	setText(cells.rank, donor.frozen ? "frozen"
		: donor.rank ? integer(donor.rank) : "–");
	setText(cells.name, donor.name);
	setText(cells.device, donor.device);
	setText(cells.verified, credit(donor.verified_us));
	setText(cells.pending, credit(donor.pending_us));
	setText(button, donor.frozen ? "Unfreeze" : "Freeze");
	button.setAttribute("aria-label",
		`${button.textContent} ${donor.name}`);
	row.classList.toggle("away", !donor.present);
}

function drawDonors({ donors }, onFreeze) {
	const body = $("donors");
	const here = new Set(donors.map((d) => d.donor));
	for (const [donor, { row }] of rows) {
		if (!here.has(donor)) {
			row.remove();
			rows.delete(donor);
		}
	}
	donors.forEach((donor, i) => {
		const parts = rows.get(donor.donor) ??
			newRow(donor.donor, onFreeze);
		rows.set(donor.donor, parts);
		fillRow(parts, donor);
		if (body.children[i] !== parts.row)
			body.insertBefore(parts.row, body.children[i] ?? null);
	});
}

/** @param {import("./state.js").HostState} state
 * @param {(donor: number) => void} onFreeze */
export function draw(state, onFreeze) {
	setText($("connection"), state.connected ? "connected" : "not connected");
	$("error").hidden = !state.error;
	setText($("error"), state.error ?? "");
	for (const id of ["start", "pause", "next", "stop", "queue-add"])
		$(id).disabled = !state.connected;
	drawJob(state);
	drawQueue(state);
	drawDonors(state, onFreeze);
}
