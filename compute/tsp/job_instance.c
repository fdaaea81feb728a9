/* An instance's arrays and their order. */
#include <stdlib.h>

#include "compute/tsp/job.h"

int instance_init(struct instance *in, uint32_t n)
{
	in->n = n;
	in->number = calloc(n, sizeof *in->number);
	in->raw = calloc(n, sizeof *in->raw);
	in->view = calloc(n, sizeof *in->view);
	if (!in->number || !in->raw || !in->view) {
		instance_deinit(in);
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		in->number[i] = i + 1;
	return 0;
}

void instance_deinit(struct instance *in)
{
	free(in->number);
	free(in->raw);
	free(in->view);
	in->number = NULL;
	in->raw = NULL;
	in->view = NULL;
}

struct keyed {
	uint32_t key, city;
};

static int compare_keyed(const void *u, const void *v)
{
	const struct keyed *a = u, *b = v;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->city < b->city ? -1 : a->city > b->city;
}

/* How far along the curve of order 16 a point of the square lies. */
static uint32_t hilbert(uint32_t x, uint32_t y)
{
	uint32_t d = 0;

	for (uint32_t s = 1u << 15; s > 0; s /= 2) {
		uint32_t rx = (x & s) != 0, ry = (y & s) != 0;

		d += s * s * ((3 * rx) ^ ry);
		if (ry)
			continue;
		if (rx) {
			x = 0xffff - x;
			y = 0xffff - y;
		}
		rx = x;
		x = y;
		y = rx;
	}
	return d;
}

static void key_all(const struct instance *in, struct keyed *keys)
{
	float x0 = in->view[0].x, x1 = x0, y0 = in->view[0].y, y1 = y0;
	float side;

	for (uint32_t i = 0; i < in->n; i++) {
		const struct view *v = &in->view[i];

		x0 = v->x < x0 ? v->x : x0;
		x1 = v->x > x1 ? v->x : x1;
		y0 = v->y < y0 ? v->y : y0;
		y1 = v->y > y1 ? v->y : y1;
	}
	side = x1 - x0 > y1 - y0 ? x1 - x0 : y1 - y0;
	if (!(side > 0))
		side = 1;
	for (uint32_t i = 0; i < in->n; i++) {
		float x = (in->view[i].x - x0) / side * 65535.0f;
		float y = (in->view[i].y - y0) / side * 65535.0f;

		keys[i] = (struct keyed){ hilbert((uint32_t)x, (uint32_t)y),
					  i };
	}
}

int instance_sort(struct instance *in)
{
	struct keyed *keys = malloc(in->n * sizeof *keys);
	struct instance old = *in;

	if (!keys)
		return ERR_NOMEM;
	if (instance_init(in, old.n)) {
		*in = old;
		free(keys);
		return ERR_NOMEM;
	}
	key_all(&old, keys);
	qsort(keys, in->n, sizeof *keys, compare_keyed);
	for (uint32_t i = 0; i < in->n; i++) {
		in->number[i] = old.number[keys[i].city];
		in->raw[i] = old.raw[keys[i].city];
		in->view[i] = old.view[keys[i].city];
	}
	instance_deinit(&old);
	free(keys);
	return 0;
}
