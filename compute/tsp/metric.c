#include "compute/tsp/metric.h"

#include <string.h>

#include "compute/tsp/geo.h"

static const char *const names[] = {
	[METRIC_EUC_2D] = "EUC_2D", [METRIC_CEIL_2D] = "CEIL_2D",
	[METRIC_GEO] = "GEO",       [METRIC_ATT] = "ATT",
	[METRIC_SPHERE] = "sphere",
};

bool metric_valid(unsigned metric)
{
	return metric >= METRIC_EUC_2D && metric <= METRIC_SPHERE;
}

const char *metric_name(enum metric metric)
{
	return metric_valid(metric) ? names[metric] : "unknown";
}

static double from_raw(int64_t c, unsigned decimals)
{
	double unit = 1, v;

	if (decimals == METRIC_RAW_DOUBLES) {
		memcpy(&v, &c, sizeof v);
		return v;
	}
	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	return (double)c / unit;
}

/* TSPLIB's DDD.MM to radians, with its own π; degrees are cut, not rounded,
 * as in the code with which the optima were computed. */
static double geo_radians(double x)
{
	double degrees = x < 0 ? -floor(-x) : floor(x);
	double minutes = x - degrees;

	return 3.141592 * (degrees + 5.0 * minutes / 3.0) / 180.0;
}

static double to_unit(double v)
{
	return floor(v * METRIC_EARTH_UNITS + 0.5);
}

static struct point on_sphere(double latitude, double longitude)
{
	const double radian = 3.14159265358979323846 / 180;
	double lat = latitude * radian, lon = longitude * radian;
	double ring = geo_cos(lat);

	return (struct point){ to_unit(ring * geo_cos(lon)),
			       to_unit(ring * geo_sin(lon)),
			       to_unit(geo_sin(lat)) };
}

bool metric_point(enum metric metric, unsigned decimals,
		  const struct raw_point *raw, struct point *out)
{
	double x = from_raw(raw->c[0], decimals);
	double y = from_raw(raw->c[1], decimals);
	bool earth = metric == METRIC_GEO || metric == METRIC_SPHERE;

	if (!(fabs(x) <= (earth ? 90 : METRIC_COORDINATE_MAX)) ||
	    !(fabs(y) <= (earth ? 360 : METRIC_COORDINATE_MAX)))
		return false;
	if (metric == METRIC_GEO)
		*out = (struct point){ geo_radians(x), geo_radians(y), 0 };
	else if (metric == METRIC_SPHERE)
		*out = on_sphere(x, y);
	else
		*out = (struct point){ x, y, 0 };
	return true;
}

struct point metric_embed(enum metric metric, const struct point *p)
{
	double ring;

	if (metric != METRIC_GEO)
		return *p;
	ring = geo_cos(p->x);
	return (struct point){ ring * geo_cos(p->y), ring * geo_sin(p->y),
			       geo_sin(p->x) };
}

int32_t metric_geo(const struct point *a, const struct point *b)
{
	double q1 = geo_cos(a->y - b->y), q2 = geo_cos(a->x - b->x);
	double q3 = geo_cos(a->x + b->x);

	return (int32_t)(6378.388 * geo_acos(0.5 * ((1.0 + q1) * q2 -
						    (1.0 - q1) * q3)) +
			 1.0);
}
