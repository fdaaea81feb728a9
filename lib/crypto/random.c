#include "crypto/random.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/openssl.h"
#include "wamp/uri.h"

void random_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	while (len) {
		int n = len > 4096 ? 4096 : (int)len;

		if (RAND_bytes(p, n) != 1) {
			log_line(LOG_ERROR, "no source of random numbers");
			abort();
		}
		p += n;
		len -= (size_t)n;
	}
}

uint64_t random_u64(void)
{
	uint64_t r;

	random_bytes(&r, sizeof r);
	return r;
}

uint64_t random_wamp_id(void)
{
	return wamp_id_from_random(random_u64());
}
