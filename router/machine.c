#include "router/machine.h"

#include <stdio.h>
#include <string.h>

enum { ID_DIGITS = 32 };

int machine_key_of(const char *file, const char *what,
		   uint8_t out[SHA256_BYTES])
{
	char id[ID_DIGITS + 1] = "";
	FILE *f = fopen(file, "re");
	bool ok = f && fgets(id, sizeof id, f) &&
		  strspn(id, "0123456789abcdef") == ID_DIGITS;

	if (f)
		fclose(f);
	return ok ? hmac_sha256(bytes_str(id), bytes_str(what), out) : ERR_IO;
}

int machine_key(const char *what, uint8_t out[SHA256_BYTES])
{
	return machine_key_of("/etc/machine-id", what, out);
}
