#include "router/passthru.h"

static const char *const names[PASSTHRU_ATTRIBUTES] = {
	"ppt_scheme", "ppt_serializer", "ppt_cipher", "ppt_keyid",
};

bool passthru_is_on(const struct passthru *p)
{
	return p->text[PASSTHRU_SCHEME].len > 0;
}

bool passthru_asked(const struct value *options)
{
	struct bytes scheme;

	return value_get_str(dict_get(options, names[PASSTHRU_SCHEME]),
			     &scheme) && scheme.len;
}

/* Absent is fine; an empty text is there, and is kept so. */
static bool read_text(const struct value *v, struct bytes *out)
{
	if (!v)
		return true;
	if (!value_get_str(v, out))
		return false;
	if (!out->data)
		*out = bytes_of("", 0);
	return true;
}

bool passthru_read(const struct value *options, struct passthru *out,
		   const char **wrong)
{
	*out = (struct passthru){ .text = { { .len = 0 } } };
	if (!read_text(dict_get(options, names[PASSTHRU_SCHEME]),
		       &out->text[PASSTHRU_SCHEME])) {
		*wrong = "ppt_scheme: a text is wanted";
		return false;
	}
	if (!passthru_is_on(out)) {
		out->text[PASSTHRU_SCHEME] = bytes_of(NULL, 0);
		return true;
	}
	for (unsigned i = PASSTHRU_SERIALIZER; i < PASSTHRU_ATTRIBUTES; i++)
		if (!read_text(dict_get(options, names[i]), &out->text[i])) {
			*wrong = "ppt_serializer, ppt_cipher, ppt_keyid: "
				 "texts are wanted";
			return false;
		}
	return true;
}

int passthru_add(struct arena *a, struct value *details,
		 const struct passthru *p)
{
	int err = 0;

	if (!passthru_is_on(p))
		return 0;
	for (unsigned i = 0; !err && i < PASSTHRU_ATTRIBUTES; i++)
		if (p->text[i].data)
			err = dict_set(a, details, names[i],
				       value_text(p->text[i]));
	return err;
}
