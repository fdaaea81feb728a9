#include "base/utf8.h"

#include <string.h>

static unsigned sequence_length(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

uint32_t utf8_next(struct bytes text, size_t *pos)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = text.data + *pos;
	uint32_t code;
	unsigned n;

	if (*pos >= text.len)
		return UINT32_MAX;
	n = sequence_length(*p);
	if (n == 0 || n > text.len - *pos)
		return UINT32_MAX;
	code = n == 1 ? *p : *p & (0x7fu >> n);
	for (unsigned i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < smallest[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return UINT32_MAX;
	*pos += n;
	return code;
}

bool utf8_valid(struct bytes text)
{
	size_t pos = 0;

	while (pos < text.len) {
		uint64_t word;

		if (text.len - pos >= sizeof word) {
			memcpy(&word, text.data + pos, sizeof word);
			if (!(word & 0x8080808080808080u)) {
				pos += sizeof word;
				continue;
			}
		}
		if (utf8_next(text, &pos) == UINT32_MAX)
			return false;
	}
	return true;
}
