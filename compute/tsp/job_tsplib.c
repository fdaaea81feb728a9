/* TSPLIB files (Reinelt, TSPLIB 95): those with coordinates of one of the
 * four types; anything else is refused by name. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute/tsp/job.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024, WORD_MAX = 64 };

struct parser {
	const char *file; /* for messages */
	const char *at, *end;
	unsigned line;
	struct why *why;
	struct instance *out;
	uint64_t dimension;
	unsigned metric;
	bool dimensioned, located;
};

/* A word of the file for a message: short, and without control characters. */
static const char *shown(const char *word, char out[WORD_MAX])
{
	size_t i;

	for (i = 0; word[i] && i + 1 < 40; i++)
		out[i] = (unsigned char)word[i] < ' ' || word[i] == 127
				 ? '?'
				 : word[i];
	out[i] = 0;
	return out;
}

/* --- reading ------------------------------------------------------------- */

static int read_failed(const char *file, struct why *why)
{
	return why_set(why, ERR_IO, "%s: can not be read: %s", file,
		       strerror(errno));
}

static int slurp(const char *file, struct buf *out, struct why *why)
{
	FILE *f = fopen(file, "rb");
	int err = 0;

	if (!f && errno == ENOENT)
		return why_set(why, ERR_NOT_FOUND,
			       "%s: there is no such file", file);
	if (!f)
		return read_failed(file, why);
	while (!err) {
		size_t got;

		if (buf_reserve(out, 65536)) {
			err = why_set(why, ERR_NOMEM, "out of memory");
			break;
		}
		got = fread(out->data + out->len, 1, 65536, f);
		out->len += got;
		if (got == 0)
			break;
		if (out->len > FILE_BYTES_MAX)
			err = why_set(why, ERR_LIMIT,
				      "%s: too long; accepted are files up "
				      "to %d MiB", file,
				      FILE_BYTES_MAX / 1024 / 1024);
	}
	if (!err && ferror(f))
		err = read_failed(file, why);
	fclose(f);
	return err;
}

static void skip_blanks(struct parser *p, bool lines)
{
	while (p->at < p->end && isspace((unsigned char)*p->at)) {
		if (*p->at == '\n') {
			if (!lines)
				return;
			p->line++;
		}
		p->at++;
	}
}

/* A word up to white space or `stop` (0: only white space); cut at the
 * word's maximum, which no accepted word reaches. False at the end of the
 * line, or with `lines` of the file. */
static bool word(struct parser *p, bool lines, char stop, char out[WORD_MAX])
{
	size_t len = 0;

	skip_blanks(p, lines);
	while (p->at < p->end && !isspace((unsigned char)*p->at) &&
	       (stop == 0 || *p->at != stop)) {
		if (len + 1 < WORD_MAX)
			out[len++] = *p->at;
		p->at++;
	}
	out[len] = 0;
	return len > 0;
}

static void skip_line(struct parser *p)
{
	while (p->at < p->end && *p->at != '\n')
		p->at++;
}

/* --- the head ------------------------------------------------------------ */

static int set_type(struct parser *p, const char *v)
{
	char s[WORD_MAX];

	if (strcmp(v, "TSP") == 0)
		return 0;
	return why_set(p->why, ERR_UNSUPPORTED,
		       "%s: line %u: TYPE %s is not supported; accepted is "
		       "TSP", p->file, p->line, shown(v, s));
}

static int set_metric(struct parser *p, const char *v)
{
	char s[WORD_MAX];

	for (unsigned m = METRIC_EUC_2D; m <= METRIC_ATT; m++)
		if (strcmp(v, metric_name((enum metric)m)) == 0) {
			p->metric = m;
			return 0;
		}
	return why_set(p->why, ERR_UNSUPPORTED,
		       "%s: line %u: EDGE_WEIGHT_TYPE %s is not supported; "
		       "accepted are EUC_2D, CEIL_2D, GEO and ATT", p->file,
		       p->line, shown(v, s));
}

static int set_dimension(struct parser *p, const char *v)
{
	char *end, s[WORD_MAX];

	errno = 0;
	p->dimension = strtoull(v, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*v) ||
	    p->dimension < TSP_CITIES_MIN || p->dimension > TSP_CITIES_MAX)
		return why_set(p->why, ERR_RANGE,
			       "%s: line %u: DIMENSION %s: accepted are %d to "
			       "%d cities", p->file, p->line, shown(v, s),
			       TSP_CITIES_MIN, TSP_CITIES_MAX);
	p->dimensioned = true;
	return 0;
}

static int set_name(struct parser *p, const char *v)
{
	char s[WORD_MAX], *end;

	snprintf(p->out->name, sizeof p->out->name, "%s", shown(v, s));
	end = strstr(p->out->name, ".tsp"); /* ulysses22.tsp */
	if (end)
		*end = 0;
	return 0;
}

/* Keywords that say nothing about distances, or what we accept anyway. */
static int ignore(struct parser *p, const char *v)
{
	(void)p;
	(void)v;
	return 0;
}

static const struct keyword {
	const char *name;
	int (*set)(struct parser *p, const char *value);
} keywords[] = {
	{ "NAME", set_name },
	{ "TYPE", set_type },
	{ "DIMENSION", set_dimension },
	{ "EDGE_WEIGHT_TYPE", set_metric },
	{ "COMMENT", ignore },
	{ "NODE_COORD_TYPE", ignore },
	{ "DISPLAY_DATA_TYPE", ignore },
	{ "EDGE_WEIGHT_FORMAT", ignore },
};

static int set_keyword(struct parser *p, const char *key)
{
	char value[WORD_MAX], s[WORD_MAX];

	skip_blanks(p, false);
	if (p->at < p->end && *p->at == ':')
		p->at++;
	word(p, false, 0, value);
	skip_line(p);
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (strcmp(key, keywords[i].name) == 0)
			return keywords[i].set(p, value);
	return why_set(p->why, ERR_UNSUPPORTED,
		       "%s: line %u: %s is not supported; accepted are "
		       "TSPLIB files of coordinates", p->file, p->line,
		       shown(key, s));
}

/* --- numbers ------------------------------------------------------------- */

/* A decimal number as digits · 10^-places; false when it is none, `big` when
 * it has too many digits for that. */
struct decimal {
	int64_t digits;
	int places; /* least possible */
	bool big;
};

static bool read_decimal(const char *s, struct decimal *d)
{
	bool minus = *s == '-', point = false;
	unsigned seen = 0;

	*d = (struct decimal){ 0, 0, false };
	if (*s == '-' || *s == '+')
		s++;
	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		seen++;
		if (d->digits > (1LL << 52) / 10)
			d->big = true;
		else
			d->digits = d->digits * 10 + (*s - '0');
		d->places += point;
	}
	if (seen == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		char *end;
		long e = strtol(s + 1, &end, 10);

		if (end == s + 1 || e < -400 || e > 400)
			return false;
		d->places -= (int)e;
		s = end;
	}
	while (d->digits != 0 && d->digits % 10 == 0 && d->places > 0) {
		d->digits /= 10;
		d->places--;
	}
	if (d->digits == 0)
		d->places = 0;
	if (minus)
		d->digits = -d->digits;
	return *s == 0;
}

/* d in units of 10^-places, or false when that is no integer up to 2^52. */
static bool rescale(struct decimal d, int places, int64_t *out)
{
	if (d.big || d.places > places)
		return false;
	for (; d.places < places; d.places++) {
		if (llabs(d.digits) > (1LL << 52) / 10)
			return false;
		d.digits *= 10;
	}
	*out = d.digits;
	return true;
}

/* --- the coordinates ----------------------------------------------------- */

/* First as decimals and as doubles; the finest decides how they are kept. */
struct coordinate {
	struct decimal d;
	double v;
};

static int bad_city(struct parser *p, const char *what)
{
	return why_set(p->why, ERR_MALFORMED, "%s: line %u: %s", p->file,
		       p->line, what);
}

static int read_city(struct parser *p, const char *id, bool *seen,
		     struct coordinate *c)
{
	char *end, w[WORD_MAX];
	uint64_t number;

	errno = 0;
	number = strtoull(id, &end, 10);
	if (errno || *end || !isdigit((unsigned char)*id) || number < 1 ||
	    number > p->dimension)
		return why_set(p->why, ERR_RANGE,
			       "%s: line %u: city %s; accepted are the "
			       "numbers 1 to DIMENSION, %llu", p->file,
			       p->line, shown(id, w),
			       (unsigned long long)p->dimension);
	if (seen[number - 1])
		return why_set(p->why, ERR_EXISTS,
			       "%s: line %u: city %llu for the second time",
			       p->file, p->line, (unsigned long long)number);
	seen[number - 1] = true;
	for (unsigned k = 0; k < 2; k++) {
		struct coordinate *x = &c[2 * (number - 1) + k];

		if (!word(p, false, 0, w))
			return bad_city(p, "a city needs a number and two "
					   "coordinates");
		if (!read_decimal(w, &x->d))
			return bad_city(p, "a coordinate is no number");
		x->v = strtod(w, NULL);
	}
	if (word(p, false, 0, w))
		return bad_city(p, "more than a number and two coordinates");
	return 0;
}

static int read_all(struct parser *p, bool *seen, struct coordinate *c)
{
	uint64_t count = 0;
	char w[WORD_MAX];
	int err = 0;

	while (!err && word(p, true, 0, w) && strcmp(w, "EOF") != 0) {
		if (!isdigit((unsigned char)*w) && count == p->dimension)
			break; /* another section: nothing for us */
		if (count == p->dimension)
			return why_set(p->why, ERR_RANGE,
				       "%s: line %u: more cities than "
				       "DIMENSION says, %llu", p->file,
				       p->line,
				       (unsigned long long)p->dimension);
		err = read_city(p, w, seen, c);
		count++;
	}
	if (!err && count < p->dimension)
		return why_set(p->why, ERR_TRUNCATED,
			       "%s: ends after %llu of %llu cities", p->file,
			       (unsigned long long)count,
			       (unsigned long long)p->dimension);
	return err;
}

static void choose_decimals(struct instance *in, const struct coordinate *c)
{
	int places = 0;
	int64_t raw;

	for (uint32_t i = 0; i < 2 * in->n; i++)
		if (c[i].d.places > places)
			places = c[i].d.places;
	in->decimals = METRIC_RAW_DOUBLES;
	if (places > METRIC_DECIMALS_MAX)
		return;
	for (uint32_t i = 0; i < 2 * in->n; i++)
		if (!rescale(c[i].d, places, &raw))
			return;
	in->decimals = (unsigned)places;
}

static int keep_cities(struct parser *p, const struct coordinate *c)
{
	struct instance *in = p->out;
	struct point point;

	in->metric = (enum metric)p->metric;
	in->degrees = in->metric == METRIC_GEO;
	choose_decimals(in, c);
	for (uint32_t i = 0; i < in->n; i++) {
		for (unsigned k = 0; k < 2; k++) {
			const struct coordinate *x = &c[2 * i + k];

			if (in->decimals == METRIC_RAW_DOUBLES)
				memcpy(&in->raw[i].c[k], &x->v, sizeof x->v);
			else
				rescale(x->d, (int)in->decimals,
					&in->raw[i].c[k]);
		}
		if (!metric_point(in->metric, in->decimals, &in->raw[i],
				  &point))
			return why_set(p->why, ERR_RANGE,
				       "%s: city %u lies out of range; "
				       "accepted are coordinates up to 5e8, "
				       "degrees up to 90 and 360", p->file,
				       i + 1);
		if (in->degrees)
			in->view[i] = (struct view){
				(float)(point.y * 180 / 3.141592),
				(float)(point.x * 180 / 3.141592),
			};
		else
			in->view[i] = (struct view){ (float)point.x,
						     (float)point.y };
	}
	return 0;
}

static int read_coordinates(struct parser *p)
{
	struct coordinate *c;
	bool *seen;
	int err;

	skip_line(p);
	if (!p->dimensioned)
		return why_set(p->why, ERR_MALFORMED,
			       "%s: no DIMENSION before the coordinates",
			       p->file);
	if (!p->metric)
		return why_set(p->why, ERR_MALFORMED,
			       "%s: no EDGE_WEIGHT_TYPE before the "
			       "coordinates; accepted are EUC_2D, CEIL_2D, "
			       "GEO and ATT", p->file);
	c = calloc(2 * p->dimension, sizeof *c);
	seen = calloc(p->dimension, sizeof *seen);
	if (!c || !seen || instance_init(p->out, (uint32_t)p->dimension))
		err = why_set(p->why, ERR_NOMEM, "out of memory");
	else
		err = read_all(p, seen, c);
	if (!err)
		err = keep_cities(p, c);
	p->located = true;
	free(c);
	free(seen);
	return err;
}

static int parse(struct parser *p)
{
	char key[WORD_MAX];
	int err = 0;

	while (!err && !p->located && word(p, true, ':', key)) {
		if (strcmp(key, "EOF") == 0)
			break;
		if (strcmp(key, "NODE_COORD_SECTION") == 0)
			err = read_coordinates(p);
		else
			err = set_keyword(p, key);
	}
	if (!err && !p->located)
		err = why_set(p->why, ERR_TRUNCATED,
			      "%s: has no NODE_COORD_SECTION; accepted are "
			      "TSPLIB files of coordinates", p->file);
	return err;
}

int tsplib_read(struct instance *out, const char *file, struct why *why)
{
	struct parser p = { .file = file, .line = 1, .why = why, .out = out };
	struct buf text;
	int err;

	*out = (struct instance){ 0 };
	buf_init(&text);
	err = slurp(file, &text, why);
	if (!err) {
		p.at = (const char *)text.data;
		p.end = p.at + text.len;
		err = text.len ? parse(&p)
			       : why_set(why, ERR_TRUNCATED, "%s: is empty",
					 file);
	}
	buf_deinit(&text);
	if (err)
		instance_deinit(out);
	return err;
}
