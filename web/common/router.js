/**
 * router: where the page's WAMP router is.
 */

/** The one that served this page, or the one that the page was told of with
 * ?router=: its policy (connect-src) lets it reach no third.
 * @param {Pick<Location, "protocol"|"host"|"search">} [here] */
export function routerUrl(here = location) {
	const told = new URLSearchParams(here.search).get("router");
	if (told)
		return told;
	return `${here.protocol === "https:" ? "wss" : "ws"}://${here.host}/ws`;
}
