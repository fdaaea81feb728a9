#include "compute/kind.h"

#include "compute/pi/pi.h"
#include "compute/tsp/tsp.h"

/* The worker alone (WebAssembly) is built without GMP and without jobs. */
#ifdef KINDS_WITHOUT_JOBS
#define JOB(ops) NULL
#else
#define JOB(ops) (&(ops))
#endif

static const struct kind kinds[] = {
	{ "tsp", "kick", &tsp_compute, JOB(tsp_job) },
	{ "pi", "block of terms", &pi_compute, JOB(pi_job) },
};

const struct kind *kind_at(unsigned i)
{
	return i < sizeof kinds / sizeof kinds[0] ? &kinds[i] : NULL;
}

const struct kind *kind_find(struct bytes name)
{
	const struct kind *kind;

	for (unsigned i = 0; (kind = kind_at(i)) != NULL; i++)
		if (bytes_equal_str(name, kind->name))
			return kind;
	return NULL;
}
