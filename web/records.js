/**
 * records: what the hub's WebAssembly instance leaves to do (worker/wasm.c,
 * `out`): a queue of records, of which events are MessagePack. Only the parts
 * of MessagePack that our own C writes are read; what comes from the network
 * was decoded and checked in C.
 */

const utf8 = new TextDecoder();

/** A cursor over one MessagePack item. */
class Reader {
	/** @param {Uint8Array} bytes */
	constructor(bytes) {
		this.bytes = bytes;
		this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
		this.at = 0;
	}

	/** @param {number} size bytes of a big-endian unsigned integer */
	uint(size) {
		let value = 0;
		for (let i = 0; i < size; i++) value = value * 256 + this.bytes[this.at++];
		return value;
	}

	int(size) {
		const value = size < 8 ?
			this.view[`getInt${8 * size}`](this.at) :
			Number(this.view.getBigInt64(this.at));
		this.at += size;
		return value;
	}

	raw(length) {
		const part = this.bytes.subarray(this.at, this.at + length);
		this.at += length;
		return part;
	}

	text(length) { return utf8.decode(this.raw(length)); }

	list(length) { return Array.from({ length }, () => this.item()); }

	dict(length) {
		const dict = {};
		for (let i = 0; i < length; i++) {
			const key = this.item();
			// Never through a setter: keys may be anything.
			Object.defineProperty(dict, key, { value: this.item(),
				enumerable: true, writable: true, configurable: true });
		}
		return dict;
	}

	/** @returns {any} */
	item() {
		const head = this.uint(1);
		if (head < 0x80) return head;
		if (head < 0x90) return this.dict(head & 15);
		if (head < 0xa0) return this.list(head & 15);
		if (head < 0xc0) return this.text(head & 31);
		if (head >= 0xe0) return head - 256;
		return this.long(head);
	}

	long(head) {
		switch (head) {
		case 0xc0: return null;
		case 0xc2: return false;
		case 0xc3: return true;
		case 0xc4: case 0xc5: case 0xc6:
			return this.raw(this.uint(1 << (head - 0xc4))).slice();
		case 0xca: this.at += 4; return this.view.getFloat32(this.at - 4);
		case 0xcb: this.at += 8; return this.view.getFloat64(this.at - 8);
		case 0xcc: case 0xcd: case 0xce: case 0xcf:
			return this.uint(1 << (head - 0xcc));
		case 0xd0: case 0xd1: case 0xd2: case 0xd3:
			return this.int(1 << (head - 0xd0));
		case 0xd9: case 0xda: case 0xdb:
			return this.text(this.uint(1 << (head - 0xd9)));
		case 0xdc: case 0xdd: return this.list(this.uint(2 << (head - 0xdc)));
		case 0xde: case 0xdf: return this.dict(this.uint(2 << (head - 0xde)));
		default: throw new Error(`MessagePack 0x${head.toString(16)}`);
		}
	}
}

/** @param {Uint8Array} bytes @returns {any} */
export function decode(bytes) {
	return new Reader(bytes).item();
}

/**
 * Calls back for each record of the queue.
 * @param {Uint8Array} queue
 * @param {(message: Uint8Array) => void} message for the socket
 * @param {(event: any) => void} event
 */
export function eachRecord(queue, message, event) {
	const view = new DataView(queue.buffer, queue.byteOffset, queue.length);
	for (let at = 0; at < queue.length;) {
		const tag = queue[at];
		const length = view.getUint32(at + 1, true);
		const bytes = queue.subarray(at + 5, at + 5 + length);
		at += 5 + length;
		if (tag === 0) message(bytes);
		else event(decode(bytes));
	}
}

/**
 * A module's exports with what every caller needs: bytes in, bytes out.
 * @param {WebAssembly.Module} module
 */
export function instantiate(module) {
	const wasm = /** @type {any} */
		(new WebAssembly.Instance(module, {}).exports);
	wasm._initialize();
	return {
		wasm,
		/** Writes the parts one behind the other into `in`.
		 * @param {...Uint8Array} parts */
		give(...parts) {
			let at = wasm.in(parts.reduce((sum, part) => sum + part.length, 0));
			if (at === 0) throw new Error("out of memory");
			for (const part of parts) {
				new Uint8Array(wasm.memory.buffer, at, part.length).set(part);
				at += part.length;
			}
		},
		/** A copy of the module's bytes. */
		take(pointer, length) {
			return new Uint8Array(wasm.memory.buffer, pointer, length).slice();
		},
	};
}
