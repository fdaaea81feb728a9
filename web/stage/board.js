/**
 * board: the top ten as a list. A row keeps its element as long as its donor
 * is on the board, and slides to its new place.
 */
import { compact } from "../common/format.js";
import { markElement } from "../common/mark.js";
import { isCalm, isDark } from "./look.js";

function element(name, className) {
	const made = document.createElement(name);
	made.className = className;
	return made;
}

function newRow() {
	const item = element("li", "row");
	const parts = {
		item, rank: element("span", "place"), arrow: element("span", "arrow"),
		mark: element("span", "row-mark"), name: element("span", "name"),
		credit: element("span", "credit"), marked: "",
		sign: element("b", "sign"), steps: element("span", "steps"),
	};
	parts.arrow.append(parts.sign, parts.steps);
	item.append(parts.rank, parts.mark, parts.name, parts.arrow,
		parts.credit);
	return parts;
}

function setText(target, text) {
	if (target.textContent !== text)
		target.textContent = text;
}

function fillRow(parts, row) {
	setText(parts.rank, String(row.rank));
	setText(parts.name, row.name);
	setText(parts.credit, compact(row.credit));
	setText(parts.sign, row.moved > 0 ? "▲" : row.moved < 0 ? "▼" : "");
	setText(parts.steps, row.moved ? String(Math.abs(row.moved)) : "");
	parts.arrow.className = `arrow ${row.moved > 0 ? "up" : "down"}`;
	parts.item.classList.toggle("away", !row.present);
	const marked = `${row.donor} ${isDark()}`;
	if (parts.marked !== marked)
		parts.mark.replaceChildren(markElement(row.donor, isDark()));
	parts.marked = marked;
}

/** From where it was to where it is now. */
function slide(item, from) {
	const moved = from - item.getBoundingClientRect().top;
	if (Math.abs(moved) < 1 || isCalm())
		return;
	item.animate([{ transform: `translateY(${moved}px)` },
		{ transform: "none" }], { duration: 600, easing: "ease-out" });
}

/** @param {HTMLElement} list */
export function createBoard(list) {
	/** @type {Map<number, ReturnType<typeof newRow>>} */
	const rows = new Map();

	return {
		/** @param {import("./state.js").BoardRow[]} top */
		draw(top) {
			const tops = new Map([...rows].map(([donor, { item }]) =>
				[donor, item.getBoundingClientRect().top]));
			const here = new Set(top.map((row) => row.donor));
			for (const [donor, { item }] of rows) {
				if (here.has(donor))
					continue;
				item.remove();
				rows.delete(donor);
			}
			top.forEach((row, i) => {
				const parts = rows.get(row.donor) ?? newRow();
				rows.set(row.donor, parts);
				fillRow(parts, row);
				if (list.children[i] !== parts.item)
					list.insertBefore(parts.item, list.children[i] ?? null);
			});
			for (const [donor, { item }] of rows) {
				if (tops.has(donor))
					slide(item, tops.get(donor));
			}
		},
	};
}
