/**
 * awake: keeps the screen on where the browser can (secure contexts), tells
 * the engine what the page lives through: hidden, shown again, off line.
 */

let lock = null;

/** Whether the screen can be kept on at all. */
export const canStayAwake = () => "wakeLock" in navigator;

/** Ask again whenever the page is shown: a hidden page loses it.
 * @param {boolean} wanted @returns {Promise<boolean>} whether it is held */
export async function stayAwake(wanted) {
	if (!canStayAwake())
		return false;
	if (!wanted) {
		await lock?.release().catch(() => {});
		lock = null;
		return false;
	}
	try {
		lock = lock && !lock.released ? lock
			: await navigator.wakeLock.request("screen");
		return true;
	} catch {
		return false; // low battery, hidden: the hint stays
	}
}

/** @param {(message: object) => void} tell */
export function watchPage(tell) {
	const visible = () => tell({ type: "visible",
		visible: document.visibilityState === "visible" });
	document.addEventListener("visibilitychange", visible);
	addEventListener("pageshow", (event) => {
		if (event.persisted)
			visible();
	});
	addEventListener("online", () => tell({ type: "online" }));
	addEventListener("offline", () => tell({ type: "offline" }));
}
