#include "router/descriptors.h"

#include <sys/resource.h>

uint64_t descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return DESCRIPTORS_OWN + CONNECTIONS_MAX + HALF_OPEN_MAX;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

static unsigned at_most(uint64_t value, unsigned max)
{
	return value < max ? (unsigned)value : max;
}

int descriptors_share(uint64_t files, unsigned listeners,
		      struct descriptors *out, struct why *why)
{
	/* Its own socket is a listener's, too. */
	const uint64_t wanted =
		DESCRIPTORS_OWN + (DESCRIPTORS_MIN + 1) * (uint64_t)listeners;
	uint64_t share;

	if (files < wanted)
		return why_set(why, ERR_USAGE,
			       "%llu files may be open (ulimit -n): at least "
			       "%llu are wanted",
			       (unsigned long long)files,
			       (unsigned long long)wanted);
	share = (files - DESCRIPTORS_OWN) / listeners - 1;
	out->half_open_max = at_most(share / 4, HALF_OPEN_MAX);
	out->connections_max = at_most(share - out->half_open_max,
				       CONNECTIONS_MAX);
	return 0;
}
