#include "wamp/uri.h"

#include <string.h>

/* One component of a URI, walking from left to right; `rest` becomes what is
 * after the dot, `last` says that there was none. */
struct parts {
	struct bytes rest;
	bool last;
};

static struct bytes next_part(struct parts *p)
{
	const uint8_t *start = p->rest.data;
	const uint8_t *dot =
		p->rest.len ? memchr(start, '.', p->rest.len) : NULL;
	size_t len = dot ? (size_t)(dot - start) : p->rest.len;

	p->last = !dot;
	p->rest = dot ? bytes_of(dot + 1, p->rest.len - len - 1)
		      : bytes_of(NULL, 0);
	return bytes_of(start, len);
}

static bool strict_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '_';
}

/* "URIs": no whitespace and no '#'; control characters are not for anybody. */
static bool loose_char(uint8_t c)
{
	return c > ' ' && c != '#' && c != 0x7f;
}

/* Unicode's White_Space beyond ASCII, in UTF-8: a peer that takes the
 * specification's pattern refuses it, and would break off. */
static bool starts_with_space(const uint8_t *p, size_t len)
{
	static const struct {
		uint8_t text[3], len, last; /* up to this last byte */
	} spaces[] = {
		{ { 0xc2, 0x85 }, 2, 0x85 },
		{ { 0xc2, 0xa0 }, 2, 0xa0 },
		{ { 0xe1, 0x9a, 0x80 }, 3, 0x80 },
		{ { 0xe2, 0x80, 0x80 }, 3, 0x8a },
		{ { 0xe2, 0x80, 0xa8 }, 3, 0xa9 },
		{ { 0xe2, 0x80, 0xaf }, 3, 0xaf },
		{ { 0xe2, 0x81, 0x9f }, 3, 0x9f },
		{ { 0xe3, 0x80, 0x80 }, 3, 0x80 },
	};

	for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
		size_t last = spaces[i].len - 1u;

		if (len > last && !memcmp(p, spaces[i].text, last) &&
		    p[last] >= spaces[i].text[last] &&
		    p[last] <= spaces[i].last)
			return true;
	}
	return false;
}

static bool part_valid(struct bytes part, bool strict)
{
	for (size_t i = 0; i < part.len; i++) {
		uint8_t c = part.data[i];

		if (strict ? !strict_char(c) : !loose_char(c))
			return false;
		if (c >= 0x80 &&
		    starts_with_space(part.data + i, part.len - i))
			return false;
	}
	return true;
}

bool uri_valid(struct bytes uri, enum uri_match match, bool strict)
{
	struct parts p = { .rest = uri };

	if (uri.len > URI_BYTES_MAX)
		return false;
	/* The empty prefix matches everything, the empty wildcard what has one
	 * component; the empty URI is none. */
	if (uri.len == 0)
		return match != URI_EXACT;
	do {
		struct bytes part = next_part(&p);
		bool may_be_empty = match == URI_WILDCARD ||
				    (match == URI_PREFIX && p.last);

		if ((part.len == 0 && !may_be_empty) ||
		    !part_valid(part, strict))
			return false;
	} while (!p.last);
	return true;
}

bool uri_reserved(struct bytes uri)
{
	struct parts p = { .rest = uri };

	return bytes_equal_str(next_part(&p), "wamp");
}

static bool starts_with(struct bytes text, struct bytes prefix)
{
	return text.len >= prefix.len &&
	       bytes_equal(bytes_of(text.data, prefix.len), prefix);
}

static bool wildcard_matches(struct bytes pattern, struct bytes uri)
{
	struct parts p = { .rest = pattern }, u = { .rest = uri };

	do {
		struct bytes want = next_part(&p), have = next_part(&u);

		if (want.len ? !bytes_equal(want, have) : have.len == 0)
			return false;
	} while (!p.last && !u.last);
	return p.last && u.last;
}

bool uri_matches(struct bytes pattern, enum uri_match match, struct bytes uri)
{
	switch (match) {
	case URI_EXACT:
		return bytes_equal(pattern, uri);
	case URI_PREFIX:
		return starts_with(uri, pattern);
	case URI_WILDCARD:
		return wildcard_matches(pattern, uri);
	}
	return false;
}

static bool wildcards_overlap(struct bytes a, struct bytes b)
{
	struct parts p = { .rest = a }, q = { .rest = b };

	do {
		struct bytes x = next_part(&p), y = next_part(&q);

		if (x.len && y.len && !bytes_equal(x, y))
			return false;
	} while (!p.last && !q.last);
	return p.last && q.last;
}

/* Can what a prefix says be the start of a URI that the wildcard matches?
 * Whole components must agree, the prefix's last one be a beginning. */
static bool prefix_overlaps_wildcard(struct bytes prefix, struct bytes wild)
{
	struct parts p = { .rest = prefix }, w = { .rest = wild };

	for (;;) {
		struct bytes have = next_part(&p), want = next_part(&w);

		if (p.last)
			return want.len == 0 || starts_with(want, have);
		if (want.len ? !bytes_equal(want, have) : have.len == 0)
			return false;
		if (w.last)
			return false;
	}
}

bool uri_overlap(struct bytes a, enum uri_match ma, struct bytes b,
		 enum uri_match mb)
{
	if (ma == URI_EXACT)
		return uri_matches(b, mb, a);
	if (mb == URI_EXACT)
		return uri_matches(a, ma, b);
	if (ma == URI_PREFIX && mb == URI_PREFIX)
		return starts_with(a, b) || starts_with(b, a);
	if (ma == URI_WILDCARD && mb == URI_WILDCARD)
		return wildcards_overlap(a, b);
	return ma == URI_PREFIX ? prefix_overlaps_wildcard(a, b)
				: prefix_overlaps_wildcard(b, a);
}

static bool wildcard_covers(struct bytes a, struct bytes b)
{
	struct parts p = { .rest = a }, q = { .rest = b };

	do {
		struct bytes wide = next_part(&p), narrow = next_part(&q);

		if (wide.len && !bytes_equal(wide, narrow))
			return false;
	} while (!p.last && !q.last);
	return p.last && q.last;
}

/* A prefix covers a wildcard when the wildcard's literal beginning, up to its
 * first empty component, starts with it. */
static bool prefix_covers_wildcard(struct bytes prefix, struct bytes wild)
{
	struct parts w = { .rest = wild };
	size_t literal = 0;

	for (;;) {
		struct bytes part = next_part(&w);

		if (part.len == 0)
			break;
		literal += part.len;
		if (w.last)
			break;
		literal++;
	}
	return starts_with(bytes_of(wild.data, literal), prefix);
}

bool uri_covers(struct bytes a, enum uri_match ma, struct bytes b,
		enum uri_match mb)
{
	if (mb == URI_EXACT)
		return uri_matches(a, ma, b);
	if (ma == URI_PREFIX)
		return mb == URI_PREFIX ? starts_with(b, a)
					: prefix_covers_wildcard(a, b);
	if (ma == URI_WILDCARD && mb == URI_WILDCARD)
		return wildcard_covers(a, b);
	/* What is left: an exact URI or a wildcard, which match URIs of one
	 * length only, can not cover a prefix or (exact) a wildcard, unless
	 * that has no empty component. */
	return ma == URI_EXACT && mb == URI_WILDCARD && bytes_equal(a, b) &&
	       uri_valid(b, URI_EXACT, false);
}

static const char *const match_names[] = { "exact", "prefix", "wildcard" };

bool uri_match_parse(struct bytes text, enum uri_match *out)
{
	for (unsigned i = 0; i < 3; i++) {
		if (bytes_equal_str(text, match_names[i])) {
			*out = (enum uri_match)i;
			return true;
		}
	}
	return false;
}

const char *uri_match_name(enum uri_match match)
{
	return match_names[match];
}

uint64_t wamp_id_from_random(uint64_t random)
{
	/* 2^64 is a multiple of 2^53: the top 53 bits are uniform. */
	return (random >> 11) + 1;
}
