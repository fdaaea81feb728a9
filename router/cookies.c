#include "router/cookies.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

#define COOKIE_NAME "cbtid"

struct cookie {
	struct ring in_all;
	uint64_t until_ms;
	char text[COOKIE_SIZE];
	char *realm, *authid, *role; /* owned */
};

void cookies_init(struct cookies *c)
{
	*c = (struct cookies){ .count = 0 };
	ring_init(&c->all);
}

static void drop(struct cookies *c, struct cookie *k)
{
	ring_remove(&k->in_all);
	c->count--;
	free(k->realm);
	free(k->authid);
	free(k->role);
	explicit_bzero(k->text, sizeof k->text);
	free(k);
}

static struct cookie *oldest(const struct cookies *c)
{
	return ring_item(c->all.next, struct cookie, in_all);
}

void cookies_deinit(struct cookies *c)
{
	while (c->count)
		drop(c, oldest(c));
}

/* --- texts --------------------------------------------------------------- */

void cookie_make(struct turn *turn, char out[COOKIE_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < COOKIE_SIZE - 1; i += 16) {
		uint64_t n = turn_random(turn);

		for (unsigned j = 0; j < 16; j++, n >>= 4)
			out[i + j] = digits[n & 15];
	}
	out[COOKIE_SIZE - 1] = '\0';
}

static bool is_ours(struct bytes text)
{
	if (text.len != COOKIE_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789abcdef", text.data[i], 16))
			return false;
	return true;
}

bool cookie_read(struct bytes header, char out[COOKIE_SIZE])
{
	static const char name[] = COOKIE_NAME "=";
	size_t at = 0, skip = sizeof name - 1;

	while (at < header.len) {
		const uint8_t *from = header.data + at;
		const uint8_t *end = memchr(from, ';', header.len - at);
		size_t len = end ? (size_t)(end - from) : header.len - at;

		if (len > skip && !memcmp(from, name, skip) &&
		    is_ours(bytes_of(from + skip, len - skip))) {
			memcpy(out, from + skip, COOKIE_SIZE - 1);
			out[COOKIE_SIZE - 1] = '\0';
			return true;
		}
		at += len + 1;
		while (at < header.len && header.data[at] == ' ')
			at++;
	}
	return false;
}

int cookie_write(struct buf *out, const char *cookie, uint64_t max_age_ms,
		 bool secure)
{
	return buf_printf(out,
			  "Set-Cookie: " COOKIE_NAME "=%s; HttpOnly; "
			  "SameSite=Strict; Path=/; Max-Age=%" PRIu64 "%s\r\n",
			  cookie, max_age_ms / 1000,
			  secure ? "; Secure" : "");
}

/* --- who ----------------------------------------------------------------- */

/* All are as old as the time they last: the first to expire is not always the
 * first in the list when places differ, so that all are looked at. */
static void expire(struct cookies *c, uint64_t now_ms)
{
	ring_each_safe(at, &c->all) {
		struct cookie *k = ring_item(at, struct cookie, in_all);

		if (k->until_ms <= now_ms)
			drop(c, k);
	}
}

static struct cookie *find(struct cookies *c, const char *cookie,
			   uint64_t now_ms)
{
	struct cookie *found = NULL;

	if (!cookie[0])
		return NULL;
	expire(c, now_ms);
	ring_each(at, &c->all) {
		struct cookie *k = ring_item(at, struct cookie, in_all);

		if (secret_equal(bytes_str(k->text), bytes_str(cookie)))
			found = k;
	}
	return found;
}

void cookies_keep(struct cookies *c, const char *cookie, const char *realm,
		  const char *authid, const char *role, uint64_t now_ms,
		  uint64_t max_age_ms)
{
	struct cookie *k = find(c, cookie, now_ms);

	if (k)
		drop(c, k);
	if (!cookie[0])
		return;
	if (c->count == COOKIES_MAX)
		drop(c, oldest(c));
	k = calloc(1, sizeof *k);
	if (!k)
		return;
	ring_add(&c->all, &k->in_all);
	c->count++;
	k->until_ms = now_ms + max_age_ms;
	memcpy(k->text, cookie, COOKIE_SIZE);
	k->realm = strdup(realm);
	k->authid = strdup(authid);
	k->role = strdup(role);
	if (!k->realm || !k->authid || !k->role)
		drop(c, k);
}

bool cookies_has(struct cookies *c, const char *cookie, uint64_t now_ms)
{
	return find(c, cookie, now_ms) != NULL;
}

int cookie_open(struct cookies *c, struct turn *turn, struct bytes header,
		uint64_t max_age_ms, bool secure, struct buf *headers,
		char out[COOKIE_SIZE])
{
	if (cookie_read(header, out) && cookies_has(c, out, turn->now_ms))
		return 0;
	cookie_make(turn, out);
	return cookie_write(headers, out, max_age_ms, secure);
}

bool cookies_known(struct cookies *c, const char *cookie, const char *realm,
		   uint64_t now_ms)
{
	const struct cookie *k = find(c, cookie, now_ms);

	return k && !strcmp(k->realm, realm);
}

int cookies_principal(struct cookies *c, const char *cookie,
		      const char *realm, uint64_t now_ms,
		      struct principal *out)
{
	const struct cookie *k = find(c, cookie, now_ms);

	if (!k || strcmp(k->realm, realm))
		return ERR_NOT_FOUND;
	out->authid = strdup(k->authid);
	out->role = strdup(k->role);
	return out->authid && out->role ? 0 : ERR_NOMEM;
}
