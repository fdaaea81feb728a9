#include "wamp/date.h"

enum { NANOSECONDS = 1000000000 };

#define SECONDS_MIN (-62135596800.0) /* 0001-01-01T00:00:00Z */
#define SECONDS_MAX 253402300799.0   /* 9999-12-31T23:59:59Z */

/* --- RFC 3339 ------------------------------------------------------------ */

/* `count` digits at *at, and *at behind them; -1 when they are none. */
static int take_number(struct bytes text, size_t *at, unsigned count)
{
	int n = 0;

	for (; count; count--, ++*at) {
		if (*at >= text.len || text.data[*at] < '0' ||
		    text.data[*at] > '9')
			return -1;
		n = n * 10 + (text.data[*at] - '0');
	}
	return n;
}

static bool take(struct bytes text, size_t *at, char c)
{
	if (*at >= text.len || text.data[*at] != (uint8_t)c)
		return false;
	++*at;
	return true;
}

static int days_in(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool take_day(struct bytes text, size_t *at)
{
	int year = take_number(text, at, 4), month, day;

	if (year < 1 || !take(text, at, '-'))
		return false;
	month = take_number(text, at, 2);
	if (month < 1 || month > 12 || !take(text, at, '-'))
		return false;
	day = take_number(text, at, 2);
	return day >= 1 && day <= days_in(year, month);
}

static bool take_hours(struct bytes text, size_t *at)
{
	int hours = take_number(text, at, 2), minutes;

	if (hours < 0 || hours > 23 || !take(text, at, ':'))
		return false;
	minutes = take_number(text, at, 2);
	return minutes >= 0 && minutes <= 59;
}

/* Seconds, and their fraction. */
static bool take_seconds(struct bytes text, size_t *at)
{
	int seconds = take_number(text, at, 2);
	unsigned digits = 0;

	if (seconds < 0 || seconds > 59)
		return false;
	if (!take(text, at, '.'))
		return true;
	while (take_number(text, at, 1) >= 0)
		digits++;
	return digits > 0;
}

bool date_text_valid(struct bytes text)
{
	size_t at = 0;

	if (!take_day(text, &at) || !take(text, &at, 'T') ||
	    !take_hours(text, &at) || !take(text, &at, ':') ||
	    !take_seconds(text, &at))
		return false;
	if (take(text, &at, 'Z'))
		return at == text.len;
	return (take(text, &at, '+') || take(text, &at, '-')) &&
	       take_hours(text, &at) && at == text.len;
}

/* --- numbers ------------------------------------------------------------- */

bool date_seconds_valid(double seconds)
{
	return seconds >= SECONDS_MIN && seconds <= SECONDS_MAX;
}

static uint64_t big_endian(const uint8_t *p, unsigned len)
{
	uint64_t n = 0;

	while (len--)
		n = n << 8 | *p++;
	return n;
}

bool date_timestamp_valid(const uint8_t *data, size_t len)
{
	if (len == 8) /* 30 bits of nanoseconds, 34 of seconds */
		return big_endian(data, 8) >> 34 < NANOSECONDS;
	if (len == 12)
		return big_endian(data, 4) < NANOSECONDS &&
		       date_seconds_valid(
			       (double)(int64_t)big_endian(data + 4, 8));
	return len == 4;
}
