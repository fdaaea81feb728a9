#include "wamp/cbor.h"

#include "wamp/date.h"
#include "wamp/walk.h"

/* In a frame's `left`: there is no count, a break ends it. The lowest bit
 * says then, as it does in a count, whether a key or a value is next. */
#define INDEFINITE (UINT32_C(1) << 31)

size_t cbor_mark(struct bytes text)
{
	static const uint8_t mark[CBOR_MARK_BYTES] = { 0xd9, 0xd9, 0xf7 };

	return text.len >= sizeof mark &&
			       memcmp(text.data, mark, sizeof mark) == 0
		       ? sizeof mark
		       : 0;
}

static inline bool key_is_next(struct walk *w)
{
	return w->depth && walk_top(w)->dict && (walk_top(w)->left & 1) == 0;
}

/* --- strings ------------------------------------------------------------- */

/* A string of known length, or a chunk of one: its head is read already. */
static inline int pass_definite(struct walk *w, size_t *at,
				const struct cbor_head *head)
{
	const uint8_t *start = w->text.data + *at;

	if (head->argument > w->text.len - *at)
		return ERR_TRUNCATED;
	*at += (size_t)head->argument;
	return head->major == CBOR_STR &&
			       !walk_text_valid(start, (size_t)head->argument)
		       ? ERR_MALFORMED
		       : 0;
}

/* Chunks of the same kind up to a break, UTF-8 each (RFC 8949, 3.2.3). Those
 * of a key are put together, so that it can be compared with others. */
static int pass_chunks(struct walk *w, size_t *at, enum cbor_major major,
		       bool key)
{
	for (;;) {
		struct cbor_head head;
		int err = cbor_read_head(w->text, at, &head);

		if (err || cbor_is_break(&head))
			return err;
		if (head.major != major || head.info == CBOR_INDEFINITE)
			return ERR_MALFORMED;
		err = pass_definite(w, at, &head);
		if (!err && key)
			err = buf_add(&w->scratch,
				      w->text.data + *at - head.argument,
				      (size_t)head.argument);
		if (err)
			return err;
	}
}

static int pass_chunked_key(struct walk *w, size_t *at)
{
	size_t start = w->scratch.len;
	int err = pass_chunks(w, at, CBOR_STR, true);

	return err ? err : walk_key(w, start, w->scratch.len - start, true);
}

static inline int pass_string(struct walk *w, size_t *at,
			      const struct cbor_head *head)
{
	bool key = key_is_next(w);
	size_t start = *at;
	int err;

	if (key && head->major != CBOR_STR)
		return ERR_MALFORMED;
	if (head->info == CBOR_INDEFINITE)
		return key ? pass_chunked_key(w, at)
			   : pass_chunks(w, at, head->major, false);
	err = pass_definite(w, at, head);
	return err || !key ? err : walk_key(w, start, *at - start, false);
}

/* --- what is no string --------------------------------------------------- */

static int pass_bignum(struct walk *w, size_t *at,
		       const struct cbor_head *inner)
{
	if (inner->info == CBOR_INDEFINITE)
		return ERR_MALFORMED;
	if (inner->argument > CBOR_BIG_BYTES_MAX)
		return ERR_LIMIT;
	return pass_definite(w, at, inner);
}

static int pass_date(struct walk *w, size_t *at,
		     const struct cbor_head *inner)
{
	size_t start = *at;
	int err;

	if (inner->info == CBOR_INDEFINITE)
		return ERR_MALFORMED;
	err = pass_definite(w, at, inner);
	if (err)
		return err;
	return date_text_valid(bytes_of(w->text.data + start, *at - start))
		       ? 0
		       : ERR_MALFORMED;
}

static int pass_seconds(const struct cbor_head *inner)
{
	double seconds = (double)inner->argument;

	if (inner->info == CBOR_INDEFINITE)
		return ERR_MALFORMED;
	if (inner->major == CBOR_NEGATIVE)
		seconds = -1 - seconds;
	else if (inner->major == CBOR_OTHER && inner->info == CBOR_HALF)
		seconds = cbor_half(inner->argument);
	else if (inner->major == CBOR_OTHER && inner->info == CBOR_SINGLE)
		seconds = cbor_single(inner->argument);
	else if (inner->major == CBOR_OTHER && inner->info == CBOR_DOUBLE)
		seconds = cbor_double(inner->argument);
	else if (inner->major != CBOR_UINT)
		return ERR_MALFORMED;
	return date_seconds_valid(seconds) ? 0 : ERR_MALFORMED;
}

static int pass_tagged(struct walk *w, size_t *at,
		       const struct cbor_head *head)
{
	struct cbor_head inner;
	int err;

	if (head->info == CBOR_INDEFINITE)
		return ERR_MALFORMED;
	err = cbor_read_head(w->text, at, &inner);
	if (err)
		return err;
	switch (head->argument) {
	case CBOR_TAG_DATE:
		return inner.major == CBOR_STR ? pass_date(w, at, &inner)
					       : ERR_MALFORMED;
	case CBOR_TAG_SECONDS:
		return pass_seconds(&inner);
	case CBOR_TAG_BIG:
	case CBOR_TAG_BIG_NEGATIVE:
		return inner.major == CBOR_BIN ? pass_bignum(w, at, &inner)
					       : ERR_MALFORMED;
	case CBOR_TAG_BYTES:
		return inner.major == CBOR_BIN ? pass_string(w, at, &inner)
					       : ERR_MALFORMED;
	default:
		return ERR_MALFORMED;
	}
}

static inline int pass_other(const struct cbor_head *head)
{
	return (head->info >= CBOR_FALSE && head->info <= CBOR_UNDEFINED) ||
			       (head->info >= CBOR_HALF &&
				head->info <= CBOR_DOUBLE)
		       ? 0
		       : ERR_MALFORMED;
}

static inline int pass_leaf(struct walk *w, size_t *at,
			    const struct cbor_head *head)
{
	if (head->major == CBOR_STR || head->major == CBOR_BIN)
		return pass_string(w, at, head);
	if (key_is_next(w))
		return ERR_MALFORMED;
	if (head->major == CBOR_TAG)
		return pass_tagged(w, at, head);
	if (head->major == CBOR_OTHER)
		return pass_other(head);
	return head->info == CBOR_INDEFINITE ? ERR_MALFORMED : 0;
}

/* --- lists and dicts ----------------------------------------------------- */

static int open_container(struct walk *w, const struct cbor_head *head)
{
	bool dict = head->major == CBOR_DICT;
	uint64_t items = head->argument;
	int err;

	if (key_is_next(w))
		return ERR_MALFORMED;
	if (head->info == CBOR_INDEFINITE)
		return walk_open(w, dict, INDEFINITE);
	if (items > INT32_MAX)
		return ERR_LIMIT;
	if (dict)
		items *= 2;
	err = walk_spend(w, items);
	/* The budget is never more than the bytes: it fits. */
	return err ? err : walk_open(w, dict, (uint32_t)items);
}

/* The innermost list or dict has had its last item. */
static int pass_break(struct walk *w)
{
	struct walk_frame *top = w->depth ? walk_top(w) : NULL;

	if (!top || !(top->left & INDEFINITE) || (top->dict && top->left & 1))
		return ERR_MALFORMED;
	top->left = 0;
	return 0;
}

/* The innermost list or dict has one item more, that ended at `at`; *more:
 * others may follow. */
static inline int count_item(struct walk *w, size_t at, bool *more)
{
	struct walk_frame *top = walk_top(w);
	int err = 0;

	if (w->depth == 1 && w->elements)
		err = walk_element_ends(w, at);
	if (!err && top->left & INDEFINITE) {
		top->left ^= 1;
		*more = true;
		return walk_spend(w, 1);
	}
	*more = --top->left != 0;
	return err;
}

/* An item ended at `at`: so do the lists and dicts of which it was the last.
 */
static inline int close_item(struct walk *w, size_t at)
{
	while (w->depth) {
		bool more = false;
		int err = 0;

		if (walk_top(w)->left)
			err = count_item(w, at, &more);
		if (err || more)
			return err;
		err = walk_close(w);
		if (err)
			return err;
	}
	return 0;
}

/* --- the walk ------------------------------------------------------------ */

static inline int pass_item(struct walk *w, size_t *at)
{
	struct cbor_head head;
	int err = cbor_read_head(w->text, at, &head);

	if (err)
		return err;
	if (head.major == CBOR_LIST || head.major == CBOR_DICT) {
		err = open_container(w, &head);
		if (!err && walk_top(w)->left)
			return 0;
	} else if (cbor_is_break(&head)) {
		err = pass_break(w);
	} else {
		err = pass_leaf(w, at, &head);
	}
	return err ? err : close_item(w, *at);
}

static int walk_all(struct walk *w)
{
	size_t at = cbor_mark(w->text);
	int err;

	do {
		if (w->depth == 1)
			walk_element_starts(w, at);
		err = pass_item(w, &at);
	} while (!err && w->depth);
	return !err && at != w->text.len ? ERR_MALFORMED : err;
}

int cbor_check(struct bytes item, const struct wamp_limits *limits)
{
	struct walk w WALK_UNINITIALIZED;
	int err = walk_init(&w, item, limits, NULL);

	if (!err)
		err = walk_all(&w);
	walk_deinit(&w);
	return err;
}

static bool starts_list(struct bytes message)
{
	size_t at = cbor_mark(message);

	return at < message.len && message.data[at] >> 5 == CBOR_LIST;
}

int cbor_split(struct bytes message, const struct wamp_limits *limits,
	       struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count)
{
	struct walk w WALK_UNINITIALIZED;
	int err = walk_init(&w, message, limits, elements);

	if (!err)
		err = starts_list(message) ? walk_all(&w) : ERR_MALFORMED;
	walk_deinit(&w);
	*count = w.element_count;
	return !err && !*count ? ERR_MALFORMED : err;
}

/* --- cutting ------------------------------------------------------------- */

/* Going over one item, whatever it is: the count of items still to come takes
 * the place of a stack; only what a break ends needs one, and is bounded. */
struct skip {
	uint64_t to_come; /* in the innermost that a break ends */
	unsigned open;
	uint64_t outer[VALUE_DEPTH_MAX + 1]; /* to_come of those around it */
};

static int skip_break(struct skip *s)
{
	if (!s->open || s->to_come)
		return ERR_MALFORMED;
	s->to_come = s->outer[--s->open];
	return 0;
}

static int skip_indefinite(struct skip *s, enum cbor_major major)
{
	if (major < CBOR_BIN || major > CBOR_DICT)
		return ERR_MALFORMED;
	if (s->open > VALUE_DEPTH_MAX)
		return ERR_LIMIT;
	s->outer[s->open++] = s->to_come;
	s->to_come = 0;
	return 0;
}

static int skip_definite(struct skip *s, struct bytes text, size_t *at,
			 const struct cbor_head *head)
{
	uint64_t left = text.len - *at, n = head->argument;

	switch (head->major) {
	case CBOR_TAG:
		n = 1;
		break;
	case CBOR_BIN:
	case CBOR_STR:
	case CBOR_LIST:
	case CBOR_DICT:
		if (n > left)
			return ERR_TRUNCATED;
		break;
	default:
		return 0;
	}
	if (head->major == CBOR_BIN || head->major == CBOR_STR)
		*at += (size_t)n;
	else
		s->to_come += head->major == CBOR_DICT ? 2 * n : n;
	return s->to_come > text.len - *at ? ERR_TRUNCATED : 0;
}

static int skip_item(struct bytes text, size_t *at)
{
	struct skip s WALK_UNINITIALIZED;
	int err = 0;

	s.to_come = 1;
	s.open = 0;
	while (!err && (s.to_come || s.open)) {
		struct cbor_head head;

		err = cbor_read_head(text, at, &head);
		if (err)
			break;
		if (cbor_is_break(&head)) {
			err = skip_break(&s);
			continue;
		}
		s.to_come -= s.to_come != 0;
		err = head.info == CBOR_INDEFINITE
			      ? skip_indefinite(&s, head.major)
			      : skip_definite(&s, text, at, &head);
	}
	return err;
}

/* Is the break of the outer list here? Then *at moves behind it. */
static bool list_ends(struct bytes message, size_t *at)
{
	if (*at == message.len || message.data[*at] != 0xff)
		return false;
	++*at;
	return true;
}

int cbor_cut(struct bytes message, const struct wamp_limits *limits,
	     struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count)
{
	struct cbor_head head;
	size_t at = cbor_mark(message);
	bool counted;
	int err;

	if (message.len > limits->bytes_max)
		return ERR_LIMIT;
	err = cbor_read_head(message, &at, &head);
	if (err)
		return err;
	if (head.major != CBOR_LIST)
		return ERR_MALFORMED;
	counted = head.info != CBOR_INDEFINITE;
	for (*count = 0; !err; ++*count) {
		size_t start = at;

		if (counted ? *count == head.argument
			    : list_ends(message, &at))
			break;
		if (*count == MESSAGE_ELEMENTS_MAX)
			return ERR_MALFORMED;
		err = skip_item(message, &at);
		elements[*count] = bytes_of(message.data + start, at - start);
	}
	return !err && (at != message.len || !*count) ? ERR_MALFORMED : err;
}
