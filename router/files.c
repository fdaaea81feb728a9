#include "router/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "crypto/hash.h"

enum {
	FOLDERS_DEEP_MAX = 16,
	FILES_MAX = 4000,
	FOLDERS_MAX = 1000,
	PATH_BYTES_MAX = 4096,
	PACK_FROM_BYTES = 512,
};
#define FILES_BYTES_MAX ((size_t)64 << 20)

static const struct {
	const char *ending, *type;
	bool packs;
} types[] = {
	{ ".html", "text/html; charset=utf-8", true },
	{ ".htm", "text/html; charset=utf-8", true },
	{ ".js", "text/javascript; charset=utf-8", true },
	{ ".mjs", "text/javascript; charset=utf-8", true },
	{ ".css", "text/css; charset=utf-8", true },
	{ ".json", "application/json", true },
	{ ".webmanifest", "application/manifest+json", true },
	{ ".map", "application/json", true },
	{ ".xml", "application/xml", true },
	{ ".svg", "image/svg+xml", true },
	{ ".txt", "text/plain; charset=utf-8", true },
	{ ".wasm", "application/wasm", true },
	{ ".bin", "application/octet-stream", true },
	{ ".png", "image/png", false },
	{ ".jpg", "image/jpeg", false },
	{ ".jpeg", "image/jpeg", false },
	{ ".gif", "image/gif", false },
	{ ".webp", "image/webp", false },
	{ ".ico", "image/x-icon", false },
	{ ".woff", "font/woff", false },
	{ ".woff2", "font/woff2", false },
	{ ".ttf", "font/ttf", false },
	{ ".mp3", "audio/mpeg", false },
	{ ".ogg", "audio/ogg", false },
	{ ".wav", "audio/wav", false },
	{ ".mp4", "video/mp4", false },
	{ ".webm", "video/webm", false },
	{ ".pdf", "application/pdf", false },
};

void files_init(struct files *f)
{
	*f = (struct files){ .count = 0 };
}

static void file_deinit(struct file *file)
{
	free(file->path);
	free((void *)file->body.data);
	free((void *)file->packed.data);
}

void files_deinit(struct files *f)
{
	for (unsigned i = 0; i < f->count; i++)
		file_deinit(&f->all[i]);
	free(f->all);
	files_init(f);
}

/* --- one file ------------------------------------------------------------ */

static bool set_type(struct file *file)
{
	size_t length = strlen(file->path);

	file->type = "application/octet-stream";
	for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
		size_t ending = strlen(types[i].ending);

		if (length > ending && !strcmp(file->path + length - ending,
					       types[i].ending)) {
			file->type = types[i].type;
			return types[i].packs;
		}
	}
	return false;
}

/* gzip, when that is smaller. Not having it is no error. */
static void pack(struct file *file)
{
	enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
	z_stream z = { .next_in = (z_const Bytef *)file->body.data,
		       .avail_in = (uInt)file->body.len };
	uint8_t *out = malloc(file->body.len);

	if (!out)
		return;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(out);
		return;
	}
	z.next_out = out;
	z.avail_out = (uInt)file->body.len;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END) {
		uint8_t *fit = realloc(out, z.total_out);

		file->packed = bytes_of(fit ? fit : out, z.total_out);
		out = NULL;
	}
	deflateEnd(&z);
	free(out);
}

/* Strong, and another one for the compressed form. */
static int set_etags(struct file *file)
{
	enum { ETAG_BYTES = 12 };
	uint8_t digest[SHA256_BYTES];
	char hex[2 * ETAG_BYTES + 1];

	if (sha256_of(file->body, digest))
		return ERR_NOMEM;
	bytes_hex(bytes_of(digest, ETAG_BYTES), hex);
	snprintf(file->etag, ETAG_SIZE, "\"%s\"", hex);
	snprintf(file->packed_etag, ETAG_SIZE, "\"%s-gzip\"", hex);
	return 0;
}

static int read_body(struct file *file, const char *name, size_t size)
{
	FILE *f = fopen(name, "re");
	uint8_t *data = malloc(size + 1);
	size_t got;

	if (!f || !data) {
		if (f)
			fclose(f);
		free(data);
		return f ? ERR_NOMEM : ERR_IO;
	}
	got = fread(data, 1, size, f);
	fclose(f);
	file->body = bytes_of(data, got);
	return got == size ? 0 : ERR_IO;
}

static int read_file(struct files *f, const char *name, const char *path,
		     size_t size, struct why *why)
{
	struct file *more, *file;
	int err;

	more = realloc(f->all, (f->count + 1) * sizeof *more);
	if (!more)
		return why_set(why, ERR_NOMEM, "out of memory");
	f->all = more;
	file = &more[f->count];
	*file = (struct file){ .path = strdup(path) };
	if (!file->path)
		return why_set(why, ERR_NOMEM, "out of memory");
	f->count++;
	err = read_body(file, name, size);
	if (!err)
		err = set_etags(file);
	if (err)
		return why_set(why, err, "%s: %s", name, err_text(err));
	if (set_type(file) && size >= PACK_FROM_BYTES)
		pack(file);
	return 0;
}

static int add_file(struct files *f, const char *name, const char *path,
		    size_t size, struct why *why)
{
	if (f->count >= FILES_MAX || size > FILES_BYTES_MAX - f->bytes)
		return why_set(why, ERR_LIMIT, "%s: more than %d files or "
			       "64 MiB in this folder", name, FILES_MAX);
	f->bytes += size;
	if (!f->only_counts)
		return read_file(f, name, path, size, why);
	f->count++;
	return access(name, R_OK) ? why_set(why, ERR_IO,
					    "%s: can not be read", name) :
				    0;
}

/* --- the folder ---------------------------------------------------------- */

static int add_folder(struct files *f, const char *dir, const char *path,
		      unsigned deep, struct why *why);

static int add_entry(struct files *f, const char *dir, const char *path,
		     const char *entry, unsigned deep, struct why *why)
{
	char name[PATH_BYTES_MAX], below[PATH_BYTES_MAX];
	struct stat st;

	if (snprintf(name, sizeof name, "%s/%s", dir, entry) >=
		    (int)sizeof name ||
	    snprintf(below, sizeof below, "%s/%s", path, entry) >=
		    (int)sizeof below)
		return why_set(why, ERR_LIMIT, "%s: path too long", dir);
	if (stat(name, &st))
		return why_set(why, ERR_IO, "%s: can not be read", name);
	if (S_ISDIR(st.st_mode))
		return add_folder(f, name, below, deep + 1, why);
	return S_ISREG(st.st_mode) ?
		       add_file(f, name, below, (size_t)st.st_size, why) :
		       0;
}

/* `failed`: errno of opening it. */
static int no_folder(const char *dir, unsigned deep, int failed,
		     struct why *why)
{
	if (!deep && failed == ENOENT)
		return why_set(why, ERR_NOT_FOUND, "%s: there is no such "
			       "folder", dir);
	return why_set(why, ERR_IO, "%s: not a folder that can be read", dir);
}

static int add_folder(struct files *f, const char *dir, const char *path,
		      unsigned deep, struct why *why)
{
	struct dirent *entry;
	int err = 0;
	DIR *d;

	if (deep == FOLDERS_DEEP_MAX || f->folders++ == FOLDERS_MAX)
		return why_set(why, ERR_LIMIT, "%s: more than %d folders, or "
			       "%d of them in each other", dir, FOLDERS_MAX,
			       FOLDERS_DEEP_MAX);
	d = opendir(dir);
	if (!d)
		return no_folder(dir, deep, errno, why);
	while (!err && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			err = add_entry(f, dir, path, entry->d_name, deep,
					why);
	closedir(d);
	return err;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path,
		      ((const struct file *)b)->path);
}

int files_load(struct files *f, const char *dir, struct why *why)
{
	int err = add_folder(f, dir, "", 0, why);

	if (err) {
		files_deinit(f);
		return err;
	}
	if (f->count)
		qsort(f->all, f->count, sizeof *f->all, by_path);
	return 0;
}

int files_check(const char *dir, struct why *why)
{
	struct files f = { .only_counts = true };

	return add_folder(&f, dir, "", 0, why);
}

static int by_bytes(const void *key, const void *file)
{
	return bytes_compare(*(const struct bytes *)key,
			     bytes_str(((const struct file *)file)->path));
}

const struct file *files_find(const struct files *f, struct bytes path)
{
	return f->count ? bsearch(&path, f->all, f->count, sizeof *f->all,
				  by_bytes)
			: NULL;
}
