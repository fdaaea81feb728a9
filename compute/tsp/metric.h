/*
 * metric: what a city's coordinates mean, and the integer distance of two
 * cities exactly as TSPLIB defines it (Reinelt, TSPLIB 95, section 2).
 *
 * Coordinates travel as integers in units of 10^-decimals, which give back
 * the very doubles that the file's decimals mean (one correctly rounded
 * division), or as the doubles' bits where a file has too many digits.
 * Only + − × ÷ sqrt on doubles: the same everywhere. Touches nothing.
 */
#ifndef COMPUTE_TSP_METRIC_H
#define COMPUTE_TSP_METRIC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum metric {
	METRIC_EUC_2D = 1, /* nearest integer of the plane distance */
	METRIC_CEIL_2D,    /* the same, rounded up */
	METRIC_GEO,        /* DDD.MM on the earth, kilometres */
	METRIC_ATT,        /* pseudo-Euclidean */
	METRIC_SPHERE,     /* places: degrees; the chord in units of 10 m */
};

enum {
	METRIC_DECIMALS_MAX = 9,
	METRIC_RAW_DOUBLES = 255, /* `decimals` of coordinates that are bits */
};

/* So that each distance fits 31 bits and squares stay exact enough. */
#define METRIC_COORDINATE_MAX 500000000.0
#define METRIC_EARTH_UNITS 637100.88 /* mean radius in units of 10 m */

/* Coordinates as they travel: x and y, or latitude and longitude. */
struct raw_point {
	int64_t c[2];
};

/* Coordinates as distances need them: x and y in the plane, latitude and
 * longitude in radians (METRIC_GEO), or whole x, y, z on the sphere: x towards
 * 0° N 0° E, z towards the pole, in units of 10 m (METRIC_SPHERE). */
struct point {
	double x, y, z;
};

/* The cities of a tour or of a cell. */
struct space {
	enum metric metric;
	uint32_t n;
	const struct point *points; /* borrowed */
};

bool metric_valid(unsigned metric);
/* "EUC_2D", …; METRIC_SPHERE is "sphere". */
const char *metric_name(enum metric metric);

/* False when a coordinate is not finite or beyond the limit. */
bool metric_point(enum metric metric, unsigned decimals,
		  const struct raw_point *raw, struct point *out);

/* Where the city lies in space, for the search for near ones: equal to the
 * point in the plane, on a sphere for METRIC_GEO. */
struct point metric_embed(enum metric metric, const struct point *p);

int32_t metric_geo(const struct point *a, const struct point *b);

static inline int32_t metric_distance(const struct space *s, uint32_t i,
				      uint32_t j)
{
	const struct point *a = &s->points[i], *b = &s->points[j];
	double dx = a->x - b->x, dy = a->y - b->y, dz, r;
	int32_t t;

	switch (s->metric) {
	case METRIC_EUC_2D:
		return (int32_t)(sqrt(dx * dx + dy * dy) + 0.5);
	case METRIC_SPHERE:
		dz = a->z - b->z;
		return (int32_t)(sqrt(dx * dx + dy * dy + dz * dz) + 0.5);
	case METRIC_CEIL_2D:
		r = sqrt(dx * dx + dy * dy);
		t = (int32_t)r;
		return t < r ? t + 1 : t;
	case METRIC_ATT:
		r = sqrt((dx * dx + dy * dy) / 10.0);
		t = (int32_t)(r + 0.5);
		return t < r ? t + 1 : t;
	case METRIC_GEO:
		break;
	}
	return metric_geo(a, b);
}

#endif
