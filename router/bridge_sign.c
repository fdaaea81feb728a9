#include "router/bridge_sign.h"

#include <string.h>

#include "base/buf.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "router/rfc3339.h"

/* In the order in which they are signed. */
enum { KEY, TIMESTAMP, SEQ, NONCE, SIGNATURE, FIELDS };

struct signing {
	struct buf texts[FIELDS]; /* owned */
	bool has[FIELDS];
};

static unsigned refuse(const char **why, unsigned status, const char *text)
{
	*why = text;
	return status;
}

/* --- the query ----------------------------------------------------------- */

/* One field as forms are written. ERR_MALFORMED, ERR_NOMEM. */
static int decode(struct bytes raw, struct buf *out)
{
	for (size_t i = 0; i < raw.len; i++) {
		int c = raw.data[i], err;

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			c = percent_byte(raw, i);
			if (c < 0)
				return ERR_MALFORMED;
			i += 2;
		}
		err = buf_add_u8(out, (uint8_t)c);
		if (err)
			return err;
	}
	return 0;
}

/* Fields that nobody here knows are passed over. */
static int read_field(struct signing *s, struct bytes field)
{
	static const char *const names[FIELDS] = {
		"key", "timestamp", "seq", "nonce", "signature",
	};
	const uint8_t *equals = memchr(field.data, '=', field.len);
	struct bytes name = field;

	if (!equals)
		return 0;
	name.len = (size_t)(equals - field.data);
	for (unsigned i = 0; i < FIELDS; i++) {
		if (!bytes_equal_str(name, names[i]))
			continue;
		if (s->has[i])
			return ERR_MALFORMED;
		s->has[i] = true;
		return decode(bytes_of(equals + 1, field.len - name.len - 1),
			      &s->texts[i]);
	}
	return 0;
}

static int read_query(struct signing *s, struct bytes query)
{
	int err = 0;

	while (query.len && !err) {
		const uint8_t *end = memchr(query.data, '&', query.len);
		size_t len = end ? (size_t)(end - query.data) : query.len;

		err = read_field(s, bytes_of(query.data, len));
		len += end != NULL;
		query = bytes_of(query.data + len, query.len - len);
	}
	return err;
}

/* --- replays ------------------------------------------------------------- */

void replays_init(struct replays *r)
{
	id_map_init(&r->young);
	id_map_init(&r->old);
	r->since_ms = 0;
}

void replays_deinit(struct replays *r)
{
	id_map_deinit(&r->young);
	id_map_deinit(&r->old);
}

/* A signature is good from one window before its timestamp to one after: what
 * is in `old` when young is that old can not come again. A clock that is set
 * back lets nothing be forgotten. */
static void age(struct replays *r, uint64_t window_ms, uint64_t unix_ms)
{
	if (unix_ms < r->since_ms + 2 * window_ms)
		return;
	id_map_deinit(&r->old);
	r->old = r->young;
	id_map_init(&r->young);
	r->since_ms = unix_ms;
}

/* 0: it is the first one, and now known. */
static unsigned check_replay(struct replays *r, const uint8_t *mac,
			     uint64_t window_ms, uint64_t unix_ms,
			     const char **why)
{
	static char known;
	uint64_t id = (get_u64(mac) & ((UINT64_C(1) << 53) - 1)) | 1;

	age(r, window_ms, unix_ms);
	if (id_map_get(&r->young, id) || id_map_get(&r->old, id))
		return refuse(why, 401, "this request was made before");
	if (r->young.count >= REPLAYS_MAX)
		return refuse(why, 503, "too many signed requests");
	if (id_map_reserve(&r->young, r->young.count + 1))
		return refuse(why, 503, "out of memory");
	id_map_add(&r->young, id, &known);
	return 0;
}

/* --- checks -------------------------------------------------------------- */

static bool is_integer(struct bytes text)
{
	enum { DIGITS_MAX = 20 };
	size_t i = text.len && text.data[0] == '-';

	if (text.len == i || text.len > DIGITS_MAX)
		return false;
	for (; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static unsigned check_time(struct bytes text, unsigned window_s,
			   uint64_t unix_ms, const char **why)
{
	int64_t us, off;

	if (!rfc3339_parse(text, &us))
		return refuse(why, 400, "timestamp: wanted is UTC as in "
					"2011-10-14T16:59:51.123Z");
	off = us / 1000 - (int64_t)unix_ms;
	if (window_s && (off > window_s * INT64_C(1000) ||
			 off < window_s * INT64_C(-1000)))
		return refuse(why, 400, "timestamp: too far from the router's "
					"clock");
	return 0;
}

static unsigned check_fields(const struct signing *s, const char **why)
{
	static const char *const missing[FIELDS] = {
		"a signed request is wanted: no key",
		"a signed request is wanted: no timestamp",
		"a signed request is wanted: no seq",
		"a signed request is wanted: no nonce",
		"a signed request is wanted: no signature",
	};

	for (unsigned i = 0; i < FIELDS; i++)
		if (!s->has[i])
			return refuse(why, 400, missing[i]);
	if (!is_integer(buf_bytes(&s->texts[SEQ])))
		return refuse(why, 400, "seq: an integer is wanted");
	if (!is_integer(buf_bytes(&s->texts[NONCE])))
		return refuse(why, 400, "nonce: an integer is wanted");
	return 0;
}

static int compute(const struct bridge_config *c, const struct signing *s,
		   struct bytes body, uint8_t mac[SHA256_BYTES])
{
	struct buf all;
	int err;

	buf_init(&all);
	for (unsigned i = 0; i < SIGNATURE; i++)
		(void)buf_add_bytes(&all, buf_bytes(&s->texts[i]));
	(void)buf_add_bytes(&all, body);
	err = buf_ok(&all) ? hmac_sha256(bytes_str(c->secret),
					 buf_bytes(&all), mac)
			   : ERR_NOMEM;
	buf_deinit(&all);
	return err;
}

/* As base64url, with its padding. */
static bool is_signature(struct bytes text, const uint8_t mac[SHA256_BYTES])
{
	char want[BASE64_SIZE(SHA256_BYTES)];

	base64_encode(bytes_of(mac, SHA256_BYTES), want);
	for (char *at = want; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	return secret_equal(text, bytes_str(want));
}

static unsigned check(const struct bridge_config *c, struct replays *r,
		      const struct signing *s, struct bytes body,
		      uint64_t unix_ms, const char **why)
{
	uint64_t window_s = c->window_s ? c->window_s : BRIDGE_WINDOW_S;
	uint8_t mac[SHA256_BYTES];
	unsigned status = check_fields(s, why);

	if (!status)
		status = check_time(buf_bytes(&s->texts[TIMESTAMP]),
				    c->window_s, unix_ms, why);
	if (status)
		return status;
	if (!bytes_equal_str(buf_bytes(&s->texts[KEY]), c->key))
		return refuse(why, 401, "unknown key");
	if (compute(c, s, body, mac))
		return refuse(why, 503, "out of memory");
	if (!is_signature(buf_bytes(&s->texts[SIGNATURE]), mac))
		return refuse(why, 401, "the signature is wrong");
	return check_replay(r, mac, window_s * 1000, unix_ms, why);
}

unsigned bridge_check_signature(const struct bridge_config *c,
				struct replays *r, struct bytes query,
				struct bytes body, uint64_t unix_ms,
				const char **why)
{
	struct signing s = { .has = { false } };
	unsigned status;
	int err;

	if (!c->secret)
		return 0;
	for (unsigned i = 0; i < FIELDS; i++)
		buf_init(&s.texts[i]);
	err = read_query(&s, query);
	if (err == ERR_NOMEM)
		status = refuse(why, 503, "out of memory");
	else if (err)
		status = refuse(why, 400, "a malformed query");
	else
		status = check(c, r, &s, body, unix_ms, why);
	for (unsigned i = 0; i < FIELDS; i++)
		buf_deinit(&s.texts[i]);
	return status;
}
