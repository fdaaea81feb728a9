/**
 * look: the theme's colours for the canvases, light or dark: what the system
 * prefers, or what was chosen with the key T (kept for this browser).
 */

const KEY = "manyhands.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const calmly = matchMedia("(prefers-reduced-motion: reduce)");
let cached = null;

export const isDark = () => {
	const chosen = document.documentElement.dataset.theme;
	return chosen ? chosen === "dark" : system.matches;
};
export const isCalm = () => calmly.matches;

function colours() {
	const style = getComputedStyle(document.documentElement);
	const names = ["text", "muted", "line", "accent", "sans", "mono", "land",
		"water", "coast"];
	return { dark: isDark(), ...Object.fromEntries(names.map((name) =>
		[name, style.getPropertyValue(`--${name}`).trim()])) };
}

/** @param {number} scale pixels of the canvas a CSS pixel; lines and places
 * grow with the room too */
export function look(scale) {
	cached ??= colours();
	return { ...cached, scale: scale * Math.max(1, innerHeight / 900) };
}

/** @param {string} theme */
function choose(theme) {
	document.documentElement.dataset.theme = theme;
	try {
		localStorage.setItem(KEY, theme);
	} catch {
		// for as long as the page lives
	}
}

/** @param {() => void} changed */
export function watchTheme(changed) {
	const anew = () => {
		cached = null;
		changed();
	};
	try {
		const kept = localStorage.getItem(KEY);
		if (kept === "dark" || kept === "light")
			choose(kept);
	} catch {
		// storage is refused
	}
	system.addEventListener("change", anew);
	addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
		if (key.toLowerCase() !== "t" || ctrlKey || metaKey)
			return;
		choose(isDark() ? "light" : "dark");
		anew();
	});
}
