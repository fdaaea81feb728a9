#include "wamp/msgpack.h"

#include "wamp/date.h"
#include "wamp/walk.h"

enum head_kind {
	HEAD_BAD,
	HEAD_SCALAR,
	HEAD_STR,
	HEAD_BIN,
	HEAD_LIST,
	HEAD_DICT,
	HEAD_EXT,  /* with a length field */
	HEAD_FIXED /* extension of fixed length */
};

/* What the bytes 0xc0 … 0xdf begin: the kind, the bytes of its length field
 * (of its value where that has none). WAMP has no use for extension types:
 * they are cut over, but never passed - but for dates, and one of one byte, by
 * which JavaScript's encoder (msgpackr, wampy's) says undefined. */
static const struct {
	uint8_t kind, bytes;
} heads[32] = {
	[0x00] = { HEAD_SCALAR, 0 },                     /* nil */
	[0x02] = { HEAD_SCALAR, 0 },                     /* false */
	[0x03] = { HEAD_SCALAR, 0 },                     /* true */
	[0x04] = { HEAD_BIN, 1 },    [0x05] = { HEAD_BIN, 2 },
	[0x06] = { HEAD_BIN, 4 },
	[0x07] = { HEAD_EXT, 1 },    [0x08] = { HEAD_EXT, 2 },
	[0x09] = { HEAD_EXT, 4 },
	[0x0a] = { HEAD_SCALAR, 4 }, [0x0b] = { HEAD_SCALAR, 8 }, /* float */
	[0x0c] = { HEAD_SCALAR, 1 }, [0x0d] = { HEAD_SCALAR, 2 }, /* uint */
	[0x0e] = { HEAD_SCALAR, 4 }, [0x0f] = { HEAD_SCALAR, 8 },
	[0x10] = { HEAD_SCALAR, 1 }, [0x11] = { HEAD_SCALAR, 2 }, /* int */
	[0x12] = { HEAD_SCALAR, 4 }, [0x13] = { HEAD_SCALAR, 8 },
	[0x14] = { HEAD_FIXED, 2 },  [0x15] = { HEAD_FIXED, 3 },
	[0x16] = { HEAD_FIXED, 5 },  [0x17] = { HEAD_FIXED, 9 },
	[0x18] = { HEAD_FIXED, 17 },
	[0x19] = { HEAD_STR, 1 },    [0x1a] = { HEAD_STR, 2 },
	[0x1b] = { HEAD_STR, 4 },
	[0x1c] = { HEAD_LIST, 2 },   [0x1d] = { HEAD_LIST, 4 },
	[0x1e] = { HEAD_DICT, 2 },   [0x1f] = { HEAD_DICT, 4 },
};

struct head {
	enum head_kind kind;
	uint32_t length; /* bytes of a scalar, str or bin; items; pairs */
};

/* Reads the head at *at and moves *at behind it. */
static inline int read_head(struct bytes text, size_t *at, struct head *head)
{
	const uint8_t *p = text.data + *at;
	uint8_t first, bytes;

	if (*at == text.len)
		return ERR_TRUNCATED;
	first = *p++;
	++*at;
	if (first < 0x80 || first >= 0xe0) {
		*head = (struct head){ HEAD_SCALAR, 0 };
		return 0;
	}
	if (first < 0xc0) {
		if (first >= 0xa0)
			*head = (struct head){ HEAD_STR, first & 0x1f };
		else
			*head = (struct head){
				first >= 0x90 ? HEAD_LIST : HEAD_DICT,
				first & 0x0f
			};
		return 0;
	}
	head->kind = (enum head_kind)heads[first & 0x1f].kind;
	bytes = heads[first & 0x1f].bytes;
	head->length = bytes;
	if (head->kind == HEAD_BAD)
		return ERR_MALFORMED;
	if (head->kind == HEAD_SCALAR || head->kind == HEAD_FIXED)
		return 0;
	if (bytes > text.len - *at)
		return ERR_TRUNCATED;
	*at += bytes;
	for (head->length = 0; bytes; bytes--)
		head->length = head->length << 8 | *p++;
	return 0;
}

static inline bool key_is_next(struct walk *w)
{
	return w->depth && walk_top(w)->dict && (walk_top(w)->left & 1) == 0;
}

/* An extension, its type and `len` bytes of data. */
static int pass_extension(struct walk *w, size_t *at, uint64_t len)
{
	const uint8_t *type = w->text.data + *at;

	if (len >= w->text.len - *at)
		return ERR_TRUNCATED;
	*at += (size_t)len + 1;
	if (key_is_next(w))
		return ERR_MALFORMED;
	if (msgpack_is_date(type))
		return date_timestamp_valid(type + 1, (size_t)len)
			       ? 0
			       : ERR_MALFORMED;
	/* d4 00 00: of type 0, the byte 0. */
	return len == 1 && !type[0] && !type[1] ? 0 : ERR_MALFORMED;
}

/* A scalar, string or byte string, its head read already. */
static inline int pass_leaf(struct walk *w, size_t *at, const struct head *head)
{
	size_t start = *at;

	if (head->kind == HEAD_EXT)
		return pass_extension(w, at, head->length);
	if (head->kind == HEAD_FIXED)
		return pass_extension(w, at, head->length - 1);
	if (head->length > w->text.len - start)
		return ERR_TRUNCATED;
	*at += head->length;
	if (head->kind == HEAD_STR &&
	    !walk_text_valid(w->text.data + start, head->length))
		return ERR_MALFORMED;
	if (!key_is_next(w))
		return 0;
	if (head->kind != HEAD_STR)
		return ERR_MALFORMED;
	return walk_key(w, start, head->length, false);
}

static int open_container(struct walk *w, const struct head *head)
{
	uint64_t items = head->length;
	int err;

	if (key_is_next(w))
		return ERR_MALFORMED;
	if (head->kind == HEAD_DICT)
		items *= 2;
	err = walk_spend(w, items);
	/* The budget is never more than the bytes: it fits. */
	return err ? err
		   : walk_open(w, head->kind == HEAD_DICT, (uint32_t)items);
}

/* An item ended at `at`: so do the lists and dicts of which it was the last.
 */
static inline int close_item(struct walk *w, size_t at)
{
	while (w->depth) {
		struct walk_frame *top = walk_top(w);
		int err = 0;

		if (top->left) {
			if (w->depth == 1 && w->elements)
				err = walk_element_ends(w, at);
			if (err || --top->left)
				return err;
		}
		err = walk_close(w);
		if (err)
			return err;
	}
	return 0;
}

static int walk_item(struct walk *w, size_t *at)
{
	int err;

	do {
		struct head head;

		if (w->depth == 1)
			walk_element_starts(w, *at);
		err = read_head(w->text, at, &head);
		if (err)
			return err;
		if (head.kind != HEAD_LIST && head.kind != HEAD_DICT) {
			err = pass_leaf(w, at, &head);
		} else {
			err = open_container(w, &head);
			if (!err && head.length)
				continue;
		}
		if (!err)
			err = close_item(w, *at);
	} while (!err && w->depth);
	return err;
}

static int walk_all(struct walk *w)
{
	size_t at = 0;
	int err = walk_item(w, &at);

	return !err && at != w->text.len ? ERR_MALFORMED : err;
}

int msgpack_check(struct bytes item, const struct wamp_limits *limits)
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
	uint8_t first = message.len ? message.data[0] : 0;

	return (first & 0xf0) == 0x90 || first == 0xdc || first == 0xdd;
}

int msgpack_split(struct bytes message, const struct wamp_limits *limits,
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

/* One item, whatever it is: a count of items still to come takes the place of
 * a stack. */
static int skip_item(struct bytes text, size_t *at)
{
	uint64_t to_come = 1;

	while (to_come) {
		struct head head;
		int err = read_head(text, at, &head);

		if (err)
			return err;
		to_come--;
		if (head.kind == HEAD_LIST) {
			to_come += head.length;
		} else if (head.kind == HEAD_DICT) {
			to_come += 2 * (uint64_t)head.length;
		} else {
			uint64_t bytes = head.length;

			bytes += head.kind == HEAD_EXT; /* its type */
			if (bytes > text.len - *at)
				return ERR_TRUNCATED;
			*at += (size_t)bytes;
		}
		if (to_come > text.len - *at)
			return ERR_TRUNCATED;
	}
	return 0;
}

int msgpack_cut(struct bytes message, const struct wamp_limits *limits,
		struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count)
{
	struct head head;
	size_t at = 0;
	int err;

	if (message.len > limits->bytes_max)
		return ERR_LIMIT;
	err = read_head(message, &at, &head);
	if (err)
		return err;
	if (head.kind != HEAD_LIST || head.length == 0 ||
	    head.length > MESSAGE_ELEMENTS_MAX)
		return ERR_MALFORMED;
	for (*count = 0; !err && *count < head.length; ++*count) {
		size_t start = at;

		err = skip_item(message, &at);
		elements[*count] = bytes_of(message.data + start, at - start);
	}
	return !err && at != message.len ? ERR_MALFORMED : err;
}
