/* Patterns of URIs. The input is words between spaces: those that begin with
 * !, ^ and * are patterns (exact, prefix, wildcard), the others URIs. What the
 * map finds is what a rule says that goes through all patterns, and of two
 * patterns, covering and overlapping agree with each URI. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/uri_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS_MAX = 12 };

struct pattern {
	struct bytes uri;
	enum uri_match match;
	unsigned found;
};

struct words {
	struct pattern patterns[WORDS_MAX];
	struct bytes uris[WORDS_MAX];
	unsigned pattern_count, uri_count;
};

/* --- the rules, simply ---------------------------------------------------- */

static size_t part_end(struct bytes uri, size_t at)
{
	while (at < uri.len && uri.data[at] != '.')
		at++;
	return at;
}

/* Part by part; an empty one of the pattern is any one that is not. */
static bool wild(struct bytes pattern, struct bytes uri)
{
	size_t p = 0, u = 0;

	for (;; p++, u++) {
		size_t p_end = part_end(pattern, p), u_end = part_end(uri, u);

		if (p_end == p ? u_end == u
			       : p_end - p != u_end - u ||
					 memcmp(pattern.data + p, uri.data + u,
						p_end - p))
			return false;
		if (p_end == pattern.len || u_end == uri.len)
			return p_end == pattern.len && u_end == uri.len;
		p = p_end;
		u = u_end;
	}
}

static bool matches(const struct pattern *p, struct bytes uri)
{
	switch (p->match) {
	case URI_EXACT:
		return p->uri.len == uri.len &&
		       !memcmp(p->uri.data, uri.data, uri.len);
	case URI_PREFIX:
		return p->uri.len <= uri.len &&
		       (!p->uri.len ||
			!memcmp(p->uri.data, uri.data, p->uri.len));
	default:
		return wild(p->uri, uri);
	}
}

/* Exact before prefix before wildcard; a longer prefix; the wildcard with the
 * longest first portion without a gap, and so on: the first part that only one
 * of them leaves open decides. */
static bool beats(const struct pattern *a, const struct pattern *b)
{
	if (a->match != b->match)
		return a->match < b->match;
	if (a->match == URI_PREFIX)
		return a->uri.len > b->uri.len;
	for (size_t i = 0, j = 0; i <= a->uri.len && j <= b->uri.len;) {
		size_t i_end = part_end(a->uri, i), j_end = part_end(b->uri, j);

		if ((i == i_end) != (j == j_end))
			return j == j_end;
		i = i_end + 1;
		j = j_end + 1;
	}
	return false;
}

/* --- the input ------------------------------------------------------------ */

static bool is_there(const struct words *w, struct pattern p)
{
	for (unsigned i = 0; i < w->pattern_count; i++)
		if (w->patterns[i].match == p.match &&
		    bytes_equal(w->patterns[i].uri, p.uri))
			return true;
	return false;
}

static void take_word(struct words *w, struct bytes word)
{
	static const char marks[] = "!^*";
	const char *mark = word.len ? memchr(marks, word.data[0], 3) : NULL;
	struct pattern p;

	if (!mark) {
		if (w->uri_count < WORDS_MAX &&
		    uri_valid(word, URI_EXACT, false))
			w->uris[w->uri_count++] = word;
		return;
	}
	p = (struct pattern){ .uri = bytes_of(word.data + 1, word.len - 1),
			      .match = (enum uri_match)(mark - marks) };
	if (w->pattern_count < WORDS_MAX && uri_valid(p.uri, p.match, false) &&
	    !is_there(w, p))
		w->patterns[w->pattern_count++] = p;
}

static void take_words(struct words *w, struct bytes text)
{
	size_t begin = 0;

	for (size_t i = 0; i <= text.len; i++)
		if (i == text.len || text.data[i] == ' ') {
			take_word(w, bytes_of(text.data + begin, i - begin));
			begin = i + 1;
		}
}

/* --- the checks ----------------------------------------------------------- */

static void find(void *ctx, void *item)
{
	(void)ctx;
	((struct pattern *)item)->found++;
}

static void check_uri(struct words *w, const struct uri_map *map,
		      struct bytes uri)
{
	const struct pattern *best = NULL;

	for (unsigned i = 0; i < w->pattern_count; i++)
		w->patterns[i].found = 0;
	uri_map_matching(map, uri, find, NULL);
	for (unsigned i = 0; i < w->pattern_count; i++) {
		const struct pattern *p = &w->patterns[i];
		bool fits = matches(p, uri);

		assert(p->found == fits);
		assert(uri_matches(p->uri, p->match, uri) == fits);
		if (fits && (!best || beats(p, best)))
			best = p;
	}
	assert(uri_map_best(map, uri) == best);
	assert(uri_map_matches_any(map, uri) == (best != NULL));
}

static void check_pair(const struct words *w, const struct pattern *a,
		       const struct pattern *b)
{
	bool covers = uri_covers(a->uri, a->match, b->uri, b->match);
	bool overlap = uri_overlap(a->uri, a->match, b->uri, b->match);

	assert(overlap == uri_overlap(b->uri, b->match, a->uri, a->match));
	assert(a != b || (covers && overlap));
	for (unsigned i = 0; i < w->uri_count; i++) {
		bool in_a = matches(a, w->uris[i]), in_b = matches(b, w->uris[i]);

		assert(!covers || !in_b || in_a);
		assert(!in_a || !in_b || overlap);
	}
}

static void check(struct words *w, struct uri_map *map)
{
	for (unsigned i = 0; i < w->uri_count; i++)
		check_uri(w, map, w->uris[i]);
	for (unsigned i = 0; i < w->pattern_count; i++)
		for (unsigned j = 0; j < w->pattern_count; j++)
			check_pair(w, &w->patterns[i], &w->patterns[j]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words w = { 0 };
	struct uri_map map;

	take_words(&w, bytes_of(data, size));
	uri_map_init(&map, 7);
	for (unsigned i = 0; i < w.pattern_count; i++)
		if (uri_map_add(&map, w.patterns[i].match, w.patterns[i].uri,
				&w.patterns[i]))
			abort();
	check(&w, &map);
	while (w.pattern_count) { /* fewer and fewer */
		const struct pattern *p = &w.patterns[--w.pattern_count];

		assert(uri_map_remove(&map, p->match, p->uri) == p);
		check(&w, &map);
	}
	assert(!map.count);
	uri_map_deinit(&map);
	return 0;
}
