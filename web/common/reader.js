/**
 * reader: little-endian fields out of a byte string. Whoever decodes checks
 * nothing before reading: past the end it throws a RangeError.
 */
export class Reader {
	/** @param {Uint8Array} bytes borrowed */
	constructor(bytes) {
		this.view = new DataView(bytes.buffer, bytes.byteOffset,
			bytes.byteLength);
		this.bytes = bytes;
		this.at = 0;
	}

	get left() {
		return this.bytes.length - this.at;
	}

	/** Refuses early what could not be there: a count read from the bytes.
	 * @param {number} count @param {number} bytesEach the least of each */
	need(count, bytesEach) {
		if (count * bytesEach > this.left)
			throw new RangeError(`${count} records do not fit`);
		return count;
	}

	/** @param {number} bytes */
	skip(bytes) {
		this.need(bytes, 1);
		const at = this.at;
		this.at += bytes;
		return at;
	}

	u8() { return this.view.getUint8(this.skip(1)); }
	u16() { return this.view.getUint16(this.skip(2), true); }
	i16() { return this.view.getInt16(this.skip(2), true); }
	u32() { return this.view.getUint32(this.skip(4), true); }
	i32() { return this.view.getInt32(this.skip(4), true); }
	f32() { return this.view.getFloat32(this.skip(4), true); }
	f64() { return this.view.getFloat64(this.skip(8), true); }

	/** As a number: exact up to 2^53. */
	u64() {
		const low = this.u32();
		return low + this.u32() * 2 ** 32;
	}

	i64() {
		const low = this.u32();
		return low + this.i32() * 2 ** 32;
	}

	/** LEB128 of at most ten bytes; exact up to 2^53. */
	varint() {
		let value = 0;
		for (let shift = 0; shift < 70; shift += 7) {
			const byte = this.u8();
			value += (byte & 127) * 2 ** shift;
			if (byte < 128)
				return value;
		}
		throw new RangeError("a number that does not end");
	}

	/** Signed, 0, −1, 1, −2 … as 0, 1, 2, 3 … */
	zigzag() {
		const value = this.varint();
		return value % 2 ? -(value + 1) / 2 : value / 2;
	}

	/** @param {number} count */
	text(count) {
		const at = this.skip(count);
		return new TextDecoder().decode(this.bytes.subarray(at, at + count));
	}
}
