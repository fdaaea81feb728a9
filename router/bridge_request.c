#include "router/bridge_request.h"

#include <string.h>
#include <strings.h>

static unsigned refuse(const char **why, unsigned status, const char *text)
{
	*why = text ? text : "out of memory";
	return text ? status : 503;
}

/* --- its type ------------------------------------------------------------ */

static struct bytes trim(struct bytes b)
{
	while (b.len && (*b.data == ' ' || *b.data == '\t'))
		b = bytes_of(b.data + 1, b.len - 1);
	while (b.len && (b.data[b.len - 1] == ' ' ||
			 b.data[b.len - 1] == '\t'))
		b.len--;
	return b;
}

/* Up to the next semicolon, and what is behind it. */
static struct bytes cut(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->data, ';', rest->len);
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	struct bytes part = bytes_of(rest->data, len);

	len += end != NULL;
	*rest = bytes_of(rest->data + len, rest->len - len);
	return trim(part);
}

static bool is_word(struct bytes text, const char *word)
{
	return text.len == strlen(word) &&
	       !strncasecmp((const char *)text.data, word, text.len);
}

unsigned bridge_check_type(struct bytes content_type, const char **why)
{
	struct bytes rest = content_type, part;

	if (!trim(content_type).len)
		return 0;
	if (!is_word(cut(&rest), "application/json"))
		return refuse(why, 400, "Content-Type: accepted is "
					"application/json");
	while (rest.len) {
		part = cut(&rest);
		if (part.len >= 8 && is_word(bytes_of(part.data, 8),
					     "charset=") &&
		    !is_word(part, "charset=utf-8") &&
		    !is_word(part, "charset=utf8") &&
		    !is_word(part, "charset=\"utf-8\""))
			return refuse(why, 400, "charset: accepted is utf-8");
	}
	return 0;
}

/* --- its members --------------------------------------------------------- */

/* Empty when absent, or as empty as Python says (null, false, 0, ""). */
static bool read_payload(const struct value *dict, const char *key,
			 enum value_type type, struct value *out)
{
	const struct value *v = dict_get(dict, key);
	struct bytes text;
	int64_t n;
	bool b;

	*out = type == VALUE_LIST ? value_list() : value_dict();
	if (!v || v->type == VALUE_NULL ||
	    (value_get_bool(v, &b) && !b) || (value_get_int(v, &n) && !n) ||
	    (value_get_str(v, &text) && !text.len))
		return true;
	if (v->type != type)
		return false;
	*out = *v;
	return true;
}

/* Others would change what a bridge waits for. */
static int copy_options(struct arena *a, const struct value *from, bool calls,
			struct value *out)
{
	static const char *const publish[] = {
		"retain", "exclude_me", "exclude", "exclude_authid",
		"exclude_authrole", "eligible", "eligible_authid",
		"eligible_authrole", "disclose_me", NULL,
	};
	static const char *const call[] = { "timeout", "disclose_me", NULL };
	const char *const *names = calls ? call : publish;
	int err = 0;

	*out = value_dict();
	for (; *names && !err; names++) {
		const struct value *v = dict_get(from, *names);

		if (v && v->type != VALUE_NULL)
			err = dict_set(a, out, *names, *v);
	}
	return err;
}

static unsigned read_uri(struct arena *a, const struct value *dict,
			 const char *key, const char **out, const char **why)
{
	struct bytes text;

	if (!dict_get(dict, key))
		return refuse(why, 400, arena_printf(a, "%s: is missing",
						     key));
	if (!value_get_str(dict_get(dict, key), &text) ||
	    memchr(text.data ? text.data : (const uint8_t *)"", 0, text.len))
		return refuse(why, 400, arena_printf(a, "%s: a text is wanted",
						     key));
	*out = arena_str(a, text);
	return *out ? 0 : refuse(why, 503, NULL);
}

unsigned bridge_read_request(struct arena *a, struct bytes body,
			     const struct wamp_limits *limits, bool calls,
			     struct bridge_request *out, const char **why)
{
	struct value *dict, options;
	unsigned status;
	int err = serializer_json.decode(a, body, limits, &dict);

	if (err == ERR_NOMEM)
		return refuse(why, 503, NULL);
	if (err == ERR_LIMIT)
		return refuse(why, 400, "the body is too deep, or has too "
					"many elements");
	if (err)
		return refuse(why, 400, "the body is not JSON in UTF-8");
	if (dict->type != VALUE_DICT)
		return refuse(why, 400, "the body: an object is wanted");
	status = read_uri(a, dict, calls ? "procedure" : "topic", &out->uri,
			  why);
	if (status)
		return status;
	if (!read_payload(dict, "args", VALUE_LIST, &out->args))
		return refuse(why, 400, "args: a list is wanted");
	if (!read_payload(dict, "kwargs", VALUE_DICT, &out->kwargs))
		return refuse(why, 400, "kwargs: an object is wanted");
	if (!read_payload(dict, "options", VALUE_DICT, &options))
		return refuse(why, 400, "options: an object is wanted");
	return copy_options(a, &options, calls, &out->options) ?
		       refuse(why, 503, NULL) : 0;
}
