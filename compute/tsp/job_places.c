/* The list of places (scripts/places.mjs): lines of country, population,
 * latitude, longitude and name, by falling population. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/tsp/job.h"

enum { DEFAULT_COUNT = 2000 };

/* In units of 10^-4 degrees: about 10 m. */
enum { DECIMALS = 4 };

struct place {
	int32_t latitude, longitude;
};

struct list {
	struct place *places; /* owned */
	uint32_t len, cap;
};

static int list_add(struct list *l, struct place p)
{
	if (l->len == l->cap) {
		uint32_t cap = l->cap ? 2 * l->cap : 4096;
		struct place *places = realloc(l->places,
					       cap * sizeof *places);

		if (!places)
			return ERR_NOMEM;
		l->places = places;
		l->cap = cap;
	}
	l->places[l->len++] = p;
	return 0;
}

/* "world", or two letters, made upper case into `code`. */
static bool region_code(const char *region, char code[3])
{
	if (strcmp(region, "world") == 0) {
		code[0] = 0;
		return true;
	}
	for (int i = 0; i < 2; i++) {
		if (!isalpha((unsigned char)region[i]))
			return false;
		code[i] = (char)toupper((unsigned char)region[i]);
	}
	code[2] = 0;
	return region[2] == 0;
}

/* Country, population, latitude, longitude of a line; false if it has not
 * that form. */
static bool parse_line(const char *line, struct place *out)
{
	const char *field = line + 3;
	double v[3];

	if (!isupper((unsigned char)line[0]) ||
	    !isupper((unsigned char)line[1]) || line[2] != '\t')
		return false;
	for (int i = 0; i < 3; i++) {
		char *end;

		v[i] = strtod(field, &end);
		if (end == field || *end != '\t')
			return false;
		field = end + 1;
	}
	if (!(fabs(v[1]) <= 90) || !(fabs(v[2]) <= 180))
		return false;
	*out = (struct place){ (int32_t)lround(v[1] * 1e4),
			       (int32_t)lround(v[2] * 1e4) };
	return true;
}

static int read_list(FILE *f, const char *file, const char *code,
		     struct list *out, struct why *why)
{
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int err = 0;

	while (!err && getline(&line, &cap, f) > 0) {
		struct place p;

		number++;
		if (!parse_line(line, &p))
			err = why_set(why, ERR_MALFORMED,
				      "%s: line %u is no place; `make` builds "
				      "the list anew when it is removed", file,
				      number);
		else if ((!code[0] || strncmp(line, code, 2) == 0) &&
			 out->len < TSP_CITIES_MAX && list_add(out, p))
			err = why_set(why, ERR_NOMEM, "out of memory");
	}
	if (!err && !feof(f))
		err = why_set(why, ERR_IO, "%s: can not be read: %s", file,
			      strerror(errno));
	free(line);
	return err;
}

static int keep(struct instance *out, const struct list *l, uint32_t count,
		struct why *why)
{
	if (instance_init(out, count))
		return why_set(why, ERR_NOMEM, "out of memory");
	out->metric = METRIC_SPHERE;
	out->decimals = DECIMALS;
	out->degrees = true;
	for (uint32_t i = 0; i < count; i++) {
		const struct place *p = &l->places[i];

		out->raw[i].c[0] = p->latitude;
		out->raw[i].c[1] = p->longitude;
		out->view[i] = (struct view){ (float)p->longitude / 1e4f,
					      (float)p->latitude / 1e4f };
	}
	return 0;
}

static int choose(struct instance *out, const struct list *l,
		  const char *region, uint64_t count, struct why *why)
{
	if (l->len == 0)
		return why_set(why, ERR_RANGE,
			       "region=%s is unknown; accepted are world and "
			       "ISO country codes as ES, DE, JP", region);
	if (l->len < TSP_CITIES_MIN)
		return why_set(why, ERR_NOT_FOUND,
			       "region=%s has %u places, too few for a tour; "
			       "accepted are world and ISO country codes as "
			       "ES, DE, JP", region, l->len);
	if (count == 0)
		count = l->len < DEFAULT_COUNT ? l->len : DEFAULT_COUNT;
	if (count < TSP_CITIES_MIN || count > l->len)
		return why_set(why, ERR_RANGE,
			       "count=%llu: region=%s has %u places; accepted "
			       "are %d to %u", (unsigned long long)count,
			       region, l->len, TSP_CITIES_MIN, l->len);
	return keep(out, l, (uint32_t)count, why);
}

int places_read(struct instance *out, const char *file, const char *region,
		uint64_t count, struct why *why)
{
	struct list list = { 0 };
	char code[3];
	FILE *f;
	int err;

	*out = (struct instance){ 0 };
	if (!region_code(region, code))
		return why_set(why, ERR_RANGE,
			       "region=%.20s is unknown; accepted are world "
			       "and ISO country codes as ES, DE, JP", region);
	f = file ? fopen(file, "r") : NULL;
	if (!f)
		return why_set(why, ERR_NOT_FOUND,
			       "the list of places, %s, can not be read; "
			       "`make` builds it", file ? file
						       : "build/places.tsv");
	err = read_list(f, file, code, &list, why);
	fclose(f);
	if (!err)
		err = choose(out, &list, region, count, why);
	free(list.places);
	snprintf(out->name, sizeof out->name, "%u places of %s", out->n,
		 code[0] ? code : "the world");
	return err;
}
