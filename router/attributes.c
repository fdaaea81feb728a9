#include "router/attributes.h"

#include <string.h>

static const struct {
	enum message_type message;
	const char *name;
	enum value_type type;
	const char *wrong;
} known[] = {
#define BOOL(message, type, name)                                             \
	{ MSG_##message, name, VALUE_BOOL,                                    \
	  #message "." type "." name ": a bool is wanted" }
	BOOL(PUBLISH, "Options", "acknowledge"),
	BOOL(PUBLISH, "Options", "exclude_me"),
	BOOL(PUBLISH, "Options", "disclose_me"),
	BOOL(PUBLISH, "Options", "retain"),
	BOOL(SUBSCRIBE, "Options", "get_retained"),
	BOOL(CALL, "Options", "receive_progress"),
	BOOL(CALL, "Options", "progress"),
	BOOL(CALL, "Options", "disclose_me"),
	BOOL(REGISTER, "Options", "force_reregister"),
	BOOL(REGISTER, "Options", "forward_timeout"),
	BOOL(REGISTER, "Options", "disclose_caller"),
	BOOL(YIELD, "Options", "progress"),
	{ MSG_HELLO, "authmethods", VALUE_LIST,
	  "HELLO.Details.authmethods: a list is wanted" },
	{ MSG_HELLO, "authid", VALUE_STR,
	  "HELLO.Details.authid: a text is wanted" },
	{ MSG_HELLO, "authextra", VALUE_DICT,
	  "HELLO.Details.authextra: a dict is wanted" },
};

/* Names end where a NUL is, but not in the message. */
static bool has_nul(const struct value *v)
{
	struct bytes text;

	return value_get_str(v, &text) && text.len &&
	       memchr(text.data, 0, text.len);
}

const char *attributes_wrong(const struct message *m)
{
	if (!m->options)
		return NULL;
	if (m->type == MSG_HELLO && has_nul(dict_get(m->options, "authid")))
		return "HELLO.Details.authid: no NUL is accepted";
	for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
		const struct value *v;

		if (known[i].message != m->type)
			continue;
		v = dict_get(m->options, known[i].name);
		if (v && v->type != known[i].type)
			return known[i].wrong;
	}
	return NULL;
}
