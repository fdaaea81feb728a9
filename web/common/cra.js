/**
 * cra: the answer to a CHALLENGE of WAMP-CRA (WAMP, advanced profile,
 * "WAMP-CRA"). Over plain HTTP a page has no crypto.subtle, so the hash comes
 * from a library. The secret never leaves the page.
 */
import { hmac } from "@noble/hashes/hmac";
import { pbkdf2 } from "@noble/hashes/pbkdf2";
import { sha256 } from "@noble/hashes/sha2";
import { utf8ToBytes } from "@noble/hashes/utils";

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

/** The secret itself, or the key that a salt makes of it.
 * @param {string} secret @param {any} extra of the CHALLENGE */
function keyOf(secret, extra) {
	if (typeof extra.salt !== "string")
		return utf8ToBytes(secret);
	return utf8ToBytes(base64(pbkdf2(sha256, secret, extra.salt, {
		c: extra.iterations ?? 1000, dkLen: extra.keylen ?? 32,
	})));
}

/** @param {string} secret
 * @param {{challenge: string, salt?: string, iterations?: number,
 *   keylen?: number}} extra of the CHALLENGE
 * @returns {string} the signature for AUTHENTICATE */
export function craSignature(secret, extra) {
	return base64(hmac(sha256, keyOf(secret, extra),
		utf8ToBytes(extra.challenge)));
}
