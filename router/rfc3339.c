#include "router/rfc3339.h"

/* Numbers of a fixed width, and what stands between them. */
static bool digits(struct reader *r, unsigned count, int64_t *out)
{
	*out = 0;
	while (count--) {
		uint8_t c = read_u8(r);

		if (c < '0' || c > '9')
			return false;
		*out = *out * 10 + (c - '0');
	}
	return true;
}

static bool is_next(struct reader *r, char lower, char upper)
{
	uint8_t c = read_u8(r);

	return c == (uint8_t)lower || c == (uint8_t)upper;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_of(int64_t year, int64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from the first of January of the year 0 to that of `year`. */
static int64_t days_before(int64_t year)
{
	return 365 * year + (year + 3) / 4 - (year + 99) / 100 +
	       (year + 399) / 400;
}

static bool read_date(struct reader *r, int64_t *days)
{
	int64_t year, month, day;

	if (!digits(r, 4, &year) || !is_next(r, '-', '-') ||
	    !digits(r, 2, &month) || !is_next(r, '-', '-') ||
	    !digits(r, 2, &day) || month < 1 || month > 12 || day < 1 ||
	    day > days_of(year, month))
		return false;
	*days = days_before(year) - days_before(1970) + day - 1;
	while (--month)
		*days += days_of(year, month);
	return true;
}

/* A leap second is one more. */
static bool read_time(struct reader *r, int64_t *seconds)
{
	int64_t hour, minute, second;

	if (!digits(r, 2, &hour) || !is_next(r, ':', ':') ||
	    !digits(r, 2, &minute) || !is_next(r, ':', ':') ||
	    !digits(r, 2, &second) || hour > 23 || minute > 59 || second > 60)
		return false;
	*seconds = (hour * 60 + minute) * 60 + second;
	return true;
}

static bool read_fraction(struct reader *r, uint8_t *next, int64_t *us)
{
	int64_t unit = 1000000;
	unsigned count = 0;

	*us = 0;
	*next = read_u8(r);
	if (*next != '.')
		return true;
	for (*next = read_u8(r); *next >= '0' && *next <= '9'; count++) {
		unit /= 10;
		*us += unit * (*next - '0');
		*next = read_u8(r);
	}
	return count > 0;
}

static bool read_offset(struct reader *r, uint8_t sign, int64_t *seconds)
{
	int64_t hour, minute;

	*seconds = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if ((sign != '+' && sign != '-') || !digits(r, 2, &hour) ||
	    !is_next(r, ':', ':') || !digits(r, 2, &minute) || hour > 23 ||
	    minute > 59)
		return false;
	*seconds = (hour * 60 + minute) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

bool rfc3339_parse(struct bytes text, int64_t *us)
{
	struct reader r = reader_of(text);
	int64_t days, seconds, fraction, offset;
	uint8_t next;

	if (!read_date(&r, &days) || !is_next(&r, 't', 'T') ||
	    !read_time(&r, &seconds) ||
	    !read_fraction(&r, &next, &fraction) ||
	    !read_offset(&r, next, &offset) || !reader_done(&r))
		return false;
	*us = (days * 86400 + seconds - offset) * 1000000 + fraction;
	return true;
}
