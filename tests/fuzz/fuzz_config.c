/* A configuration file: it loads, or says what is wrong with it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "router/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(const char *file)
{
	struct config config;
	struct buf notes;
	struct why why = { 0 };

	buf_init(&notes);
	if (config_load_noted(&config, file, &notes, &why)) {
		assert(*why.text && strlen(why.text) < sizeof why.text);
	} else {
		assert(config.transport_count);
		config_deinit(&config);
	}
	buf_deinit(&notes);
	if (config_load(&config, file, &why) == 0)
		config_deinit(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char file[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
	load(file);
	close(fd);
	return 0;
}
