#include "crypto/channel.h"

enum { NAME_SHOWN_MAX = 40 };

int channel_refuse(const char *method, const struct value *dict,
		   struct why *why)
{
	const struct value *binding = dict_get(dict, "channel_binding");
	struct bytes name = bytes_str("(not a string)");

	if (!binding || binding->type == VALUE_NULL)
		return 0;
	(void)value_get_str(binding, &name);
	if (name.len > NAME_SHOWN_MAX)
		name = bytes_str("(a long name)");
	return why_set(why, ERR_UNSUPPORTED,
		       "%s: channel binding %.*s is not supported: accepted "
		       "is none", method, (int)name.len,
		       (const char *)name.data);
}
