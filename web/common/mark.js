/**
 * mark: the colour and the glyph of a donor, made from its number and the
 * same on the phone, the stage and the host's panel. Pure.
 *
 * The colour depends on the number mod 255 only, because pictures carry no
 * more than that; the glyph on the whole number, so that colour is never the
 * only sign.
 */

const COLOURS = 255;
const GOLDEN_ANGLE = 137.50776405;

/** Corners of a regular polygon or star as path data, in the box −1 … 1.
 * @param {number} points @param {number} inner radius of the inner corners,
 * 1 for a plain polygon @param {number} turn in turns @param {number} [size]
 */
function star(points, inner, turn, size = 1) {
	const corners = inner === 1 ? points : points * 2;
	let path = "";
	for (let i = 0; i < corners; i++) {
		const radius = size * (inner !== 1 && i % 2 ? inner : 1);
		const angle = 2 * Math.PI * (i / corners + turn);
		path += `${i ? "L" : "M"}${(radius * Math.cos(angle)).toFixed(3)} ` +
			`${(radius * Math.sin(angle)).toFixed(3)}`;
	}
	return `${path}Z`;
}

/** @param {number} radius */
const circle = (radius) => `M${-radius} 0A${radius} ${radius} 0 1 0 ${radius} ` +
	`0A${radius} ${radius} 0 1 0 ${-radius} 0Z`;

const SHAPES = [
	circle(0.9),
	star(3, 1, -0.25),
	star(4, 1, 0.125, 1.05),
	star(5, 0.45, -0.25),
	star(4, 1, 0),
	star(6, 1, 0),
	"M-.33-.95H.33V-.33H.95V.33H.33V.95H-.33V.33H-.95V-.33H-.33Z",
	"M0-1C.3-.5.8-.15.8.3A.8.7 0 1 1-.8.3C-.8-.15-.3-.5 0-1Z",
	star(4, 0.4, 0),
	"M0 .95C-.5.5-.95.15-.95-.35A.48.5 0 0 1 0-.5A.48.5 0 0 1 .95-.35" +
		"C.95.15.5.5 0 .95Z",
	star(8, 0.68, 0),
	"M-.85-.9H.85L.2 0L.85.9H-.85L-.2 0Z",
	star(3, 1, 0.25),
	"M-.9-.1A.9.9 0 0 1 .9-.1V.9L.45.55L0 .9L-.45.55L-.9.9Z",
	star(5, 1, -0.25),
	"M-.95-.6H.1V-.95L.95 0L.1.95V.6H-.95Z",
];

/** What is cut out of the middle; filled by the even-odd rule. */
const HOLES = ["", circle(0.3), star(4, 1, 0, 0.36)];

/** Path data of the donor's glyph, box −1 … 1, even-odd.
 * @param {number} donor */
export function glyphPath(donor) {
	const shape = donor % SHAPES.length;
	const hole = Math.floor(donor / SHAPES.length) % HOLES.length;
	return SHAPES[shape] + HOLES[hole];
}

/** OKLCH (B. Ottosson, "A perceptual color space for image processing",
 * 2020) to linear sRGB.
 * @param {number} l @param {number} c @param {number} hue in degrees */
function toLinear(l, c, hue) {
	const a = c * Math.cos(hue * Math.PI / 180);
	const b = c * Math.sin(hue * Math.PI / 180);
	const [x, y, z] = [
		l + 0.3963377774 * a + 0.2158037573 * b,
		l - 0.1055613458 * a - 0.0638541728 * b,
		l - 0.0894841775 * a - 1.291485548 * b,
	].map((v) => v ** 3);
	return [
		4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
		-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
		-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z,
	];
}

/** @param {number} l @param {number} c @param {number} hue
 * @returns {string} `#rrggbb`, with as much of the chroma as sRGB has */
function oklch(l, c, hue) {
	let rgb = toLinear(l, c, hue);
	while (c > 0.01 && rgb.some((v) => v < 0 || v > 1)) {
		c -= 0.005;
		rgb = toLinear(l, c, hue);
	}
	return `#${rgb.map((v) => {
		const clipped = Math.min(1, Math.max(0, v));
		const s = clipped <= 0.0031308 ? 12.92 * clipped
			: 1.055 * clipped ** (1 / 2.4) - 0.055;
		return Math.round(s * 255).toString(16).padStart(2, "0");
	}).join("")}`;
}

/** @type {Map<number, string>} */
const known = new Map();

/** `#rrggbb` of a donor, readable on the page's ground.
 * @param {number} donor @param {boolean} dark */
export function markColour(donor, dark) {
	const key = (donor % COLOURS) * 2 + (dark ? 1 : 0);
	let colour = known.get(key);
	if (!colour) {
		const n = donor % COLOURS;
		const hue = (n * GOLDEN_ANGLE + 150) % 360;
		const wave = [0, 0.05, -0.04][n % 3];
		colour = oklch((dark ? 0.77 : 0.57) + wave, dark ? 0.14 : 0.16, hue);
		known.set(key, colour);
	}
	return colour;
}

/** The mark as an SVG element, drawn in the current colour.
 * @param {number} donor @param {boolean} dark @param {string} [label] */
export function markElement(donor, dark, label) {
	const space = "http://www.w3.org/2000/svg";
	const svg = document.createElementNS(space, "svg");
	svg.setAttribute("viewBox", "-1.15 -1.15 2.3 2.3");
	svg.setAttribute("class", "mark");
	if (label) {
		svg.setAttribute("role", "img");
		svg.setAttribute("aria-label", label);
	} else {
		svg.setAttribute("aria-hidden", "true");
	}
	const path = document.createElementNS(space, "path");
	path.setAttribute("d", glyphPath(donor));
	path.setAttribute("fill-rule", "evenodd");
	path.setAttribute("fill", markColour(donor, dark));
	svg.append(path);
	return svg;
}
