/*
 * shell: what the two faces of the WebAssembly module share. Theirs alone.
 */
#ifndef WORKER_WASM_SHELL_H
#define WORKER_WASM_SHELL_H

#include "base/buf.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

/* The part of `in` that a call names; what was never given reads as empty. */
struct bytes given(size_t from, size_t len);

#endif
