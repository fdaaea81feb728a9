#include "wamp/json.h"

#include <string.h>

#include "wamp/walk.h"

/* The byte at `at`, 0 behind the end: no token starts with it. */
static inline uint8_t peek(const struct walk *w, size_t at)
{
	return at < w->text.len ? w->text.data[at] : 0;
}

static inline size_t skip_space(const struct walk *w, size_t at)
{
	while (at < w->text.len) {
		uint8_t c = w->text.data[at];

		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			break;
		at++;
	}
	return at;
}

/* Something else than what is accepted: bad, or the end? */
static int unexpected(const struct walk *w, size_t at)
{
	return at < w->text.len ? ERR_MALFORMED : ERR_TRUNCATED;
}

/* --- strings ------------------------------------------------------------- */

/* Over eight bytes at a time in which nothing ends, escapes or is below 0x20;
 * what may be in a word is for the caller to look at. */
static size_t skip_plain(const struct walk *w, size_t at)
{
	const uint64_t ones = 0x0101010101010101u, high = ones << 7;
	uint64_t word, quote, slash;

	for (; at + sizeof word <= w->text.len; at += sizeof word) {
		memcpy(&word, w->text.data + at, sizeof word);
		quote = word ^ (ones * '"');
		slash = word ^ (ones * '\\');
		if ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		     ((word - ones * 0x20) & ~word)) & high)
			break;
	}
	return at;
}

/* From behind the opening quote to the closing one, *end. */
static int find_end(const struct walk *w, size_t at, size_t *end, bool *escapes)
{
	*escapes = false;
	at = skip_plain(w, at);
	while (at < w->text.len) {
		uint8_t c = w->text.data[at];

		if (c == '"') {
			*end = at;
			return 0;
		}
		if (c < 0x20)
			return ERR_MALFORMED;
		if (c == '\\') {
			*escapes = true;
			at = skip_plain(w, at + 2);
		} else {
			at++;
		}
	}
	return ERR_TRUNCATED;
}

static bool escapes_valid(struct bytes raw)
{
	size_t at = 0;

	while (at < raw.len) {
		const uint8_t *slash =
			memchr(raw.data + at, '\\', raw.len - at);

		if (!slash)
			break;
		at = (size_t)(slash - raw.data) + 1;
		if (json_escape_next(raw, &at) == UINT32_MAX)
			return false;
	}
	return true;
}

/* Appends the text of a raw string to scratch. */
static int to_scratch(struct walk *w, struct bytes raw)
{
	int err = buf_reserve(&w->scratch, raw.len);

	if (!err && raw.len)
		w->scratch.len += json_unescape(
			raw, w->scratch.data + w->scratch.len);
	return err;
}

static int check_binary(struct walk *w, struct bytes raw)
{
	size_t before = w->scratch.len;
	bool valid;
	int err;

	raw = bytes_of(raw.data + JSON_MARK_BYTES, raw.len - JSON_MARK_BYTES);
	if (!raw.len || !memchr(raw.data, '\\', raw.len))
		return json_base64_valid(raw) ? 0 : ERR_MALFORMED;
	err = to_scratch(w, raw);
	if (err)
		return err;
	valid = json_base64_valid(bytes_of(w->scratch.data + before,
					   w->scratch.len - before));
	w->scratch.len = before;
	return valid ? 0 : ERR_MALFORMED;
}

static int pass_string(struct walk *w, size_t *at, struct bytes *raw,
		       bool *escapes)
{
	size_t start = *at + 1, end;
	int err = find_end(w, start, &end, escapes);

	if (err)
		return err;
	*raw = bytes_of(w->text.data + start, end - start);
	*at = end + 1;
	if (!walk_text_valid(raw->data, raw->len) ||
	    (*escapes && !escapes_valid(*raw)))
		return ERR_MALFORMED;
	return 0;
}

static int pass_text(struct walk *w, size_t *at)
{
	struct bytes raw;
	bool escapes;
	int err = pass_string(w, at, &raw, &escapes);

	if (!err && escapes && json_marks_binary(raw))
		err = check_binary(w, raw);
	return err;
}

/* A dict's key and its colon. */
static int pass_key(struct walk *w, size_t *at)
{
	struct bytes raw;
	bool escapes;
	size_t key;
	int err = walk_spend(w, 1);

	if (err)
		return err;
	if (peek(w, *at) != '"')
		return unexpected(w, *at);
	key = *at + 1;
	err = pass_string(w, at, &raw, &escapes);
	if (err)
		return err;
	if (escapes) {
		key = w->scratch.len;
		err = to_scratch(w, raw);
		if (!err)
			err = walk_key(w, key, w->scratch.len - key, true);
	} else {
		err = walk_key(w, key, raw.len, false);
	}
	if (err)
		return err;
	*at = skip_space(w, *at);
	if (peek(w, *at) != ':')
		return unexpected(w, *at);
	*at = skip_space(w, *at + 1);
	return 0;
}

/* --- numbers, literals --------------------------------------------------- */

/* At least one digit. */
static bool pass_digits(struct walk *w, size_t *at)
{
	size_t start = *at;

	while (peek(w, *at) >= '0' && peek(w, *at) <= '9')
		++*at;
	return *at > start;
}

static bool pass_integer_part(struct walk *w, size_t *at)
{
	if (peek(w, *at) == '-')
		++*at;
	if (peek(w, *at) == '0') {
		++*at;
		return true;
	}
	return pass_digits(w, at);
}

static bool pass_exponent(struct walk *w, size_t *at)
{
	++*at;
	if (peek(w, *at) == '+' || peek(w, *at) == '-')
		++*at;
	return pass_digits(w, at);
}

static int pass_number(struct walk *w, size_t *at)
{
	size_t start = *at;
	bool exponent;
	struct value ignored;

	if (!pass_integer_part(w, at))
		return unexpected(w, *at);
	if (peek(w, *at) == '.') {
		++*at;
		if (!pass_digits(w, at))
			return unexpected(w, *at);
	}
	exponent = (peek(w, *at) | 0x20) == 'e';
	if (exponent && !pass_exponent(w, at))
		return unexpected(w, *at);
	if (*at - start > JSON_NUMBER_BYTES_MAX)
		return ERR_LIMIT;
	/* Only such a number can be over the reals' range (1e308). */
	if (!exponent && *at - start <= 300)
		return 0;
	return json_number(bytes_of(w->text.data + start, *at - start),
			   &ignored)
		       ? 0
		       : ERR_MALFORMED;
}

static int pass_word(struct walk *w, size_t *at, const char *word)
{
	for (; *word; word++, ++*at)
		if (peek(w, *at) != (uint8_t)*word)
			return unexpected(w, *at);
	return 0;
}

static int pass_leaf(struct walk *w, size_t *at)
{
	switch (peek(w, *at)) {
	case '"':
		return pass_text(w, at);
	case 'n':
		return pass_word(w, at, "null");
	case 't':
		return pass_word(w, at, "true");
	case 'f':
		return pass_word(w, at, "false");
	default:
		return pass_number(w, at);
	}
}

/* --- the walk ------------------------------------------------------------ */

static inline uint8_t closing(struct walk *w)
{
	return walk_top(w)->dict ? '}' : ']';
}

/* Behind a comma or an opening bracket: up to the next value. */
static inline int before_value(struct walk *w, size_t *at)
{
	*at = skip_space(w, *at);
	return walk_top(w)->dict ? pass_key(w, at) : 0;
}

/* A value ended; so may those around it. On return *at is at the next value,
 * or depth is 0. */
static int after_value(struct walk *w, size_t *at)
{
	int err = 0;

	while (!err && w->depth) {
		uint8_t c;

		if (w->depth == 1 && w->elements)
			err = walk_element_ends(w, *at);
		if (err)
			break;
		*at = skip_space(w, *at);
		c = peek(w, *at);
		if (c == ',') {
			++*at;
			return before_value(w, at);
		}
		if (c != closing(w))
			return unexpected(w, *at);
		++*at;
		err = walk_close(w);
	}
	return err;
}

/* One value, or the beginning of one: *inside says that another must follow
 * before anything ends. */
static int begin_value(struct walk *w, size_t *at, bool *inside)
{
	uint8_t c = peek(w, *at);
	int err = w->depth ? walk_spend(w, 1) : 0;

	*inside = false;
	if (err)
		return err;
	if (c != '[' && c != '{')
		return pass_leaf(w, at);
	err = walk_open(w, c == '{', 0);
	if (err)
		return err;
	*at = skip_space(w, *at + 1);
	if (peek(w, *at) == closing(w)) {
		++*at;
		return walk_close(w);
	}
	*inside = true;
	return before_value(w, at);
}

static int walk_text(struct walk *w)
{
	size_t at = skip_space(w, 0);
	int err;

	do {
		bool inside;

		if (w->depth == 1)
			walk_element_starts(w, at);
		err = begin_value(w, &at, &inside);
		if (!err && !inside)
			err = after_value(w, &at);
	} while (!err && w->depth);
	if (err)
		return err;
	return skip_space(w, at) == w->text.len ? 0 : ERR_MALFORMED;
}

int json_check(struct bytes item, const struct wamp_limits *limits)
{
	struct walk w WALK_UNINITIALIZED;
	int err = walk_init(&w, item, limits, NULL);

	if (!err)
		err = walk_text(&w);
	walk_deinit(&w);
	return err;
}

int json_split(struct bytes message, const struct wamp_limits *limits,
	       struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count)
{
	struct walk w WALK_UNINITIALIZED;
	int err = walk_init(&w, message, limits, elements);

	if (!err && peek(&w, skip_space(&w, 0)) != '[')
		err = ERR_MALFORMED;
	if (!err)
		err = walk_text(&w);
	walk_deinit(&w);
	*count = w.element_count;
	return !err && !*count ? ERR_MALFORMED : err;
}

/* --- cutting without checking -------------------------------------------- */

/* Up to the comma or bracket that ends the element of the outer list at *at;
 * strings are passed over, brackets only counted. */
static int skip_element(const struct walk *w, size_t *at)
{
	size_t depth = 0;

	for (; *at < w->text.len; ++*at) {
		uint8_t c = w->text.data[*at];
		bool escapes;
		int err;

		if (c == '"') {
			err = find_end(w, *at + 1, at, &escapes);
			if (err)
				return err;
		} else if (c == '[' || c == '{') {
			depth++;
		} else if (depth == 0 && (c == ',' || c == ']')) {
			return 0;
		} else if (c == ']' || c == '}') {
			if (depth == 0)
				return ERR_MALFORMED;
			depth--;
		}
	}
	return ERR_TRUNCATED;
}

static int cut_elements(struct walk *w)
{
	size_t at = skip_space(w, 0);
	uint8_t c = peek(w, at);

	if (c != '[')
		return ERR_MALFORMED;
	do {
		int err;

		at = skip_space(w, at + 1);
		walk_element_starts(w, at);
		err = skip_element(w, &at);
		if (!err)
			err = walk_element_ends(w, at);
		if (err)
			return err;
		c = peek(w, at);
	} while (c == ',');
	return skip_space(w, at + 1) == w->text.len ? 0 : ERR_MALFORMED;
}

int json_cut(struct bytes message, const struct wamp_limits *limits,
	     struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count)
{
	struct walk w WALK_UNINITIALIZED;
	int err = walk_init(&w, message, limits, elements);

	if (!err)
		err = cut_elements(&w);
	walk_deinit(&w);
	*count = w.element_count;
	return err;
}
