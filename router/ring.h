/*
 * ring: a doubly linked list through a member of its items. The list itself
 * is a ring of one; a member that is in no list is one, too, so that removing
 * is always allowed. Touches nothing.
 */
#ifndef ROUTER_RING_H
#define ROUTER_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
	struct ring *next, *prev;
};

static inline void ring_init(struct ring *r)
{
	r->next = r->prev = r;
}

static inline bool ring_is_empty(const struct ring *r)
{
	return r->next == r;
}

/* `item` becomes the last of the list. */
static inline void ring_add(struct ring *list, struct ring *item)
{
	item->prev = list->prev;
	item->next = list;
	list->prev->next = item;
	list->prev = item;
}

/* `item` becomes the first of the list. */
static inline void ring_push(struct ring *list, struct ring *item)
{
	ring_add(list->next, item);
}

static inline void ring_remove(struct ring *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	ring_init(item);
}

#define ring_item(ring, type, member)                                         \
	((type *)(void *)((char *)(ring) - offsetof(type, member)))

#define ring_each(at, list)                                                   \
	for (struct ring *at = (list)->next; at != (list); at = at->next)

/* The body may remove `at`. */
#define ring_each_safe(at, list)                                              \
	for (struct ring *at = (list)->next, *at##_next = at->next;           \
	     at != (list); at = at##_next, at##_next = at->next)

#endif
