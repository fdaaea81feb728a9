/*
 * geo: cosine and arc cosine from + − × ÷ sqrt only, so that they come out
 * the same natively and in WebAssembly. Within a few units in the last place
 * of the true value; tests compare the distances made from them with libm's.
 * Touches nothing.
 */
#ifndef COMPUTE_TSP_GEO_H
#define COMPUTE_TSP_GEO_H

/* Radians; for |x| <= 100. */
double geo_cos(double x);
double geo_sin(double x);
/* −1 <= x <= 1, clamped; result 0 … π. */
double geo_acos(double x);

#endif
