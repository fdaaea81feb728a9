#include "wamp/bigint.h"

enum { PART = 1000000000, PART_DIGITS = 9 };
enum { LIMBS = (BIGINT_BYTES_MAX + 3) / 4 + 1 };

/* Of 32 bits, the lowest first. */
struct magnitude {
	uint32_t limbs[LIMBS];
	unsigned count; /* the highest is not 0 */
};

static void trim(struct magnitude *m)
{
	while (m->count && !m->limbs[m->count - 1])
		m->count--;
}

static void load(struct magnitude *m, struct bytes big_endian)
{
	m->count = (unsigned)(big_endian.len + 3) / 4;
	for (size_t i = 0; i < big_endian.len; i++)
		m->limbs[i / 4] |=
			(uint32_t)big_endian.data[big_endian.len - 1 - i]
			<< i % 4 * 8;
	trim(m);
}

/* m * factor + more; false: it has no room. */
static bool grow(struct magnitude *m, uint32_t factor, uint32_t more)
{
	uint64_t carry = more;

	for (unsigned i = 0; i < m->count; i++) {
		carry += (uint64_t)m->limbs[i] * factor;
		m->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (!carry)
		return true;
	if (m->count == LIMBS)
		return false;
	m->limbs[m->count++] = (uint32_t)carry;
	return true;
}

/* Divides by PART; the rest. */
static uint32_t shrink(struct magnitude *m)
{
	uint64_t rest = 0;

	for (unsigned i = m->count; i-- > 0;) {
		rest = rest << 32 | m->limbs[i];
		m->limbs[i] = (uint32_t)(rest / PART);
		rest %= PART;
	}
	trim(m);
	return (uint32_t)rest;
}

static void decrement(struct magnitude *m)
{
	unsigned i = 0;

	while (!m->limbs[i]--)
		i++;
	trim(m);
}

int bigint_decimal(struct arena *a, struct bytes argument, bool negative,
		   struct bytes *out)
{
	struct magnitude m = { .limbs = { 0 } };
	char text[BIGINT_DIGITS_MAX + PART_DIGITS + 1];
	char *p = text + sizeof text;

	load(&m, argument);
	/* It has room: there is one limb more than BIGINT_BYTES_MAX fill. */
	if (negative)
		(void)grow(&m, 1, 1);
	do {
		uint32_t part = shrink(&m);

		for (unsigned i = 0; i < PART_DIGITS; i++, part /= 10)
			*--p = (char)('0' + part % 10);
	} while (m.count);
	while (*p == '0' && p < text + sizeof text - 1)
		p++;
	if (negative)
		*--p = '-';
	*out = bytes_of(p, (size_t)(text + sizeof text - p));
	out->data = (const uint8_t *)arena_str(a, *out);
	return out->data ? 0 : ERR_NOMEM;
}

/* Nine at a time. */
static bool read_digits(struct magnitude *m, struct bytes digits)
{
	uint32_t factor = 1, part = 0;
	bool room = true;

	for (size_t i = 0; room && i < digits.len; i++) {
		factor *= 10;
		part = part * 10 + (uint32_t)(digits.data[i] - '0');
		if (factor == PART || i + 1 == digits.len) {
			room = grow(m, factor, part);
			factor = 1;
			part = 0;
		}
	}
	return room;
}

int bigint_argument(struct bytes decimal, uint8_t out[BIGINT_BYTES_MAX],
		    struct bytes *argument)
{
	struct magnitude m = { .count = 0 };
	bool negative = decimal.data[0] == '-';
	size_t at = BIGINT_BYTES_MAX;

	if (!read_digits(&m, bytes_of(decimal.data + negative,
				      decimal.len - negative)))
		return ERR_LIMIT;
	if (negative)
		decrement(&m);
	for (unsigned i = 0; i < m.count * 4; i++) {
		uint8_t byte = (uint8_t)(m.limbs[i / 4] >> i % 4 * 8);

		if (at)
			out[--at] = byte;
		else if (byte)
			return ERR_LIMIT;
	}
	while (at < BIGINT_BYTES_MAX && !out[at])
		at++;
	*argument = bytes_of(out + at, BIGINT_BYTES_MAX - at);
	return 0;
}
