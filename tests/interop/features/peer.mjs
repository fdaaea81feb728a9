// What the adapters of the clients have in common. A client's module has a
// `title`, its `ways` (serializers and transports), `join`, and in `lacks` and
// `flaws` which features it has not, or only with a fault of its own, and why.
// A peer has:
//
//   id, isOpen, closed (a promise of {how, reason})
//   call(uri, args, kwargs, options) -> {answer, cancel(mode)}
//   register(uri, endpoint, options) -> {id, revoked, end()}
//   subscribe(uri, handler, options) -> {id, revoked, end()}
//   publish(uri, args, kwargs, options) -> publication, acknowledged
//   leave(), drop(), reopen(), nudge() if it has to be told of a loss
//
// Options are the specification's, `onProgress` of a call in addition; payloads
// are {args, kwargs}; what goes wrong is a Failure.
import assert from 'node:assert/strict';

export class Failure extends Error {
  constructor(uri, args = [], kwargs = {}) {
    super(String(uri));
    Object.assign(this, { uri, args, kwargs });
  }
}

export async function fails(promise, uri) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.uri, uri, error.stack);
    return true;
  });
}

/** A promise with its two ends, for what happens in a handler. */
export function gate() {
  const made = {};
  made.passed = new Promise((resolve) => { made.open = resolve; });
  return made;
}
