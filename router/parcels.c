#include "router/parcels.h"

#include <stdlib.h>
#include <string.h>

void parcels_init(struct parcels *q)
{
	*q = (struct parcels){ .last = &q->first };
}

void parcels_clear(struct parcels *q)
{
	struct parcel *p;

	while ((p = parcels_take(q)))
		parcel_free(p);
}

int parcels_add(struct parcels *q, struct bytes message)
{
	struct parcel *p = malloc(sizeof *p + message.len);

	if (!p)
		return ERR_NOMEM;
	p->next = NULL;
	p->len = message.len;
	memcpy(p->bytes, message.data, message.len);
	*q->last = p;
	q->last = &p->next;
	q->bytes += p->len;
	return 0;
}

struct bytes parcels_first(const struct parcels *q)
{
	const struct parcel *p = q->first;

	return p ? bytes_of(p->bytes, p->len) : bytes_of(NULL, 0);
}

struct parcel *parcels_take(struct parcels *q)
{
	struct parcel *p = q->first;

	if (!p)
		return NULL;
	q->first = p->next;
	if (!q->first)
		q->last = &q->first;
	q->bytes -= p->len;
	return p;
}

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	explicit_bzero(p->bytes, p->len);
	free(p);
}
