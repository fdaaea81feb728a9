#include "base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	_Alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t block_bytes)
{
	*a = (struct arena){ .block_bytes = block_bytes };
}

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_deinit(struct arena *a)
{
	free_blocks(a->first);
	arena_init(a, a->block_bytes);
}

void arena_reset(struct arena *a)
{
	if (!a->first)
		return;
	free_blocks(a->first->next);
	a->first->next = NULL;
	a->first->used = 0;
	a->current = a->first;
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	size_t cap = size > a->block_bytes ? size : a->block_bytes;
	struct arena_block *block;

	if (cap > SIZE_MAX - sizeof *block)
		return NULL;
	block = malloc(sizeof *block + cap);
	if (!block)
		return NULL;
	block->next = NULL;
	block->used = 0;
	block->cap = cap;
	if (a->current)
		a->current->next = block;
	else
		a->first = block;
	a->current = block;
	return block;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct arena_block *block = a->current;
	void *p;

	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!block || block->cap - block->used < size)
		block = add_block(a, size);
	if (!block)
		return NULL;
	p = block->data + block->used;
	block->used += size;
	return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(a, count * size);
}

char *arena_str(struct arena *a, struct bytes s)
{
	char *copy = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;

	if (copy && s.len)
		memcpy(copy, s.data, s.len);
	return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *out;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (out) {
		va_start(ap, fmt);
		vsnprintf(out, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	return out;
}
