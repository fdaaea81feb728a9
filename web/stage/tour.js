/**
 * tour: the tour as the stage knows it: places, and for each its two
 * neighbours with the colour of the donor who joined them. Built from pages of
 * `job.picture`. Pure.
 */

const NONE = -1;
const COLOURS = 255;

export class Tour {
	/** @param {{n: number, globe: boolean}} page of a picture */
	constructor({ n, globe }) {
		this.n = n;
		this.globe = globe;
		this.x = new Float32Array(n);
		this.y = new Float32Array(n);
		/** Neighbours of city c at 2c and 2c + 1; NONE: not known. */
		this.link = new Int32Array(2 * n).fill(NONE);
		/** 0, or 1 + (donor mod 255), of the same. */
		this.tint = new Uint8Array(2 * n);
		this.order = new Int32Array(n).fill(NONE);
		this.placed = 0;
		this.length = 0;
	}

	get complete() {
		return this.placed === this.n;
	}

	/** @param {import("../common/tsp.js").FullPage} page */
	place(page) {
		page.city.forEach((city, i) => {
			if (city >= this.n)
				throw new RangeError("a place that the tour has not");
			this.x[city] = page.x[i];
			this.y[city] = page.y[i];
			this.order[page.first + i] = city;
		});
		this.placed += page.city.length;
		this.length = page.length;
		if (this.complete)
			this.#join();
	}

	#join() {
		const { order, n, link } = this;
		for (let i = 0; i < n; i++) {
			link[2 * order[i]] = order[(i + n - 1) % n];
			link[2 * order[i] + 1] = order[(i + 1) % n];
		}
	}

	/** Makes half an edge of another one. */
	#relink(city, from, to, tint) {
		const slot = 2 * city + (this.link[2 * city] === from ? 0 : 1);
		if (this.link[slot] !== from)
			return false;
		this.link[slot] = to;
		this.tint[slot] = tint;
		return true;
	}

	/** @param {import("../common/tsp.js").Change} change
	 * @returns {boolean} false: it does not fit, the tour is not this one */
	apply({ donor, removed, added }) {
		const known = ([a, b]) => a < this.n && b < this.n;
		if (!removed.every(known) || !added.every(known))
			return false;
		const cut = removed.every(([a, b]) => this.#relink(a, b, NONE, 0) &&
			this.#relink(b, a, NONE, 0));
		const tint = 1 + donor % COLOURS;
		return cut && added.every(([a, b]) =>
			this.#relink(a, NONE, b, tint) && this.#relink(b, NONE, a, tint));
	}
}
