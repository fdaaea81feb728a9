#include "compute/tsp/geo.h"

#include <math.h>

static const double pi = 0x1.921fb54442d18p+1;
static const double half_pi = 0x1.921fb54442d18p+0;
/* π/2 in two parts; k times the first, of 33 bits, is exact for small k
 * (Cody and Waite's reduction). */
static const double half_pi_head = 0x1.921fb544p+0;
static const double half_pi_tail = 0x1.0b4611a626331p-34;

/* Taylor's series, whose next term is below 1e-17 for |r| <= π/4. */
static double cos_near(double r)
{
	static const double c[] = {
		1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320,
		-1.0 / 3628800, 1.0 / 479001600, -1.0 / 87178291200,
		1.0 / 20922789888000,
	};
	double z = r * r, sum = 0;

	for (int i = 8; i >= 0; i--)
		sum = sum * z + c[i];
	return sum;
}

static double sin_near(double r)
{
	static const double c[] = {
		1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880,
		-1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000,
		1.0 / 355687428096000,
	};
	double z = r * r, sum = 0;

	for (int i = 8; i >= 0; i--)
		sum = sum * z + c[i];
	return sum * r;
}

/* The cosine of x − quarters · π/2. */
static double cos_turned(double x, int quarters)
{
	double k = floor(x / half_pi + 0.5);
	double r = (x - k * half_pi_head) - k * half_pi_tail;

	switch (((int)k - quarters) & 3) {
	case 0:
		return cos_near(r);
	case 1:
		return -sin_near(r);
	case 2:
		return -cos_near(r);
	default:
		return sin_near(r);
	}
}

double geo_cos(double x)
{
	return cos_turned(x, 0);
}

double geo_sin(double x)
{
	return cos_turned(x, 1);
}

/* The arc sine of 0 <= s <= 1/2: its series, sum of (2k)! / (4^k k!^2)
 * s^(2k+1) / (2k+1); the ratios are taken from the far end. */
static double asin_near(double s)
{
	double z = s * s, sum = 0;

	for (int k = 26; k > 0; k--) {
		double odd = 2 * k - 1;

		sum = (1 / (odd + 2) + sum) * z * (odd / (odd + 1));
	}
	return s + s * sum;
}

double geo_acos(double x)
{
	if (x >= 1)
		return 0;
	if (x <= -1)
		return pi;
	if (x > 0.5)
		return 2 * asin_near(sqrt((1 - x) / 2));
	if (x < -0.5)
		return pi - 2 * asin_near(sqrt((1 + x) / 2));
	return x < 0 ? half_pi + asin_near(-x) : half_pi - asin_near(x);
}
