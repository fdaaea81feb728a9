/*
 * files: the pages, as a fixed manifest read at start: what is not in it can
 * not be asked for, whatever the path. Each file with its type, its ETag and,
 * where it helps, compressed once. The only home of zlib; may touch base,
 * crypto and the folder that it is given.
 */
#ifndef ROUTER_FILES_H
#define ROUTER_FILES_H

#include "base/bytes.h"
#include "base/err.h"

enum { ETAG_SIZE = 40 };

struct file {
	char *path; /* owned: "/stage.html" */
	const char *type;
	struct bytes body;   /* owned */
	struct bytes packed; /* owned; gzip, or empty where it does not help */
	char etag[ETAG_SIZE], packed_etag[ETAG_SIZE]; /* with the quotes */
};

struct files {
	struct file *all; /* owned, sorted by path */
	unsigned count, folders;
	size_t bytes;
	bool only_counts; /* files_check: nothing is read */
};

void files_init(struct files *f);
/* Reads a folder and those in it; names that begin with a dot are left out.
 * ERR_NOT_FOUND: there is no such folder; ERR_IO, ERR_LIMIT, ERR_NOMEM with
 * the reason. */
int files_load(struct files *f, const char *dir, struct why *why) MUST_CHECK;
/* What files_load would say, from names, sizes and rights. */
int files_check(const char *dir, struct why *why) MUST_CHECK;
void files_deinit(struct files *f);

/* NULL when not there. */
const struct file *files_find(const struct files *f, struct bytes path);

#endif
