#include "compute/pi/job.h"
#include "compute/pi/pi.h"

enum { DIGITS_MAX = 32 };

static bool complete(const struct job *job)
{
	return job->units_in == job->layout.units;
}

/* Upper-case digits that the lowest and the highest possible fraction share;
 * none until all units are in. Returns how many. */
static unsigned certain_digits(const struct job *job, char out[DIGITS_MAX + 1])
{
	struct u128 mid = u128_add(job->tail, job->sum);
	struct u128 high = u128_add(mid, (struct u128){ job->above, 0 });
	struct u128 low = u128_sub(mid, (struct u128){ job->below, 0 });
	unsigned n = 0;

	while (complete(job) && n < DIGITS_MAX) {
		uint64_t of_low = n < 16 ? low.high : low.low;
		uint64_t of_high = n < 16 ? high.high : high.low;
		unsigned shift = 60 - 4 * (n % 16);

		if (of_low >> shift != of_high >> shift)
			break;
		out[n++] = "0123456789ABCDEF"[of_low >> shift & 15];
	}
	out[n] = '\0';
	return n;
}

static int add_runs(const struct job *job, uint64_t since, struct buf *out)
{
	size_t count_at = out->len;
	uint16_t runs = 0;

	buf_add_u16(out, 0);
	for (uint32_t unit = 0, end; unit < job->layout.units; unit = end) {
		uint8_t colour = job->colour[unit];

		end = unit + 1;
		if (job->changed[unit] <= since)
			continue;
		while (end < job->layout.units && job->changed[end] > since &&
		       job->colour[end] == colour)
			end++;
		buf_add_u32(out, unit);
		buf_add_u16(out, (uint16_t)(end - unit));
		buf_add_u8(out, colour);
		runs++;
	}
	if (!buf_ok(out))
		return ERR_NOMEM;
	put_u16(out->data + count_at, runs);
	return 0;
}

/* One page: 7 bytes for each of less than 3,000 units at most. A revision
 * that is still to come is of an earlier life: that viewer gets everything. */
int pi_job_picture(const struct job *job, uint64_t since, unsigned page,
		   struct picture *out)
{
	char digits[DIGITS_MAX + 1];
	unsigned n = certain_digits(job, digits);

	out->revision = job->revision;
	out->more = false;
	if (page > 0)
		return 0;
	buf_add_u8(&out->data, PI_VERSION);
	buf_add_u8(&out->data, complete(job));
	buf_add_u32(&out->data, job->layout.position);
	buf_add_u32(&out->data, job->layout.block);
	buf_add_u32(&out->data, job->units_in);
	for (unsigned j = 0; j < PI_SERIES; j++)
		buf_add_u32(&out->data, job->layout.blocks[j]);
	if (add_runs(job, since <= job->revision ? since : 0, &out->data))
		return ERR_NOMEM;
	buf_add_u8(&out->data, (uint8_t)n);
	return buf_add(&out->data, digits, n);
}

int pi_job_answer(const struct job *job, struct buf *json)
{
	char digits[DIGITS_MAX + 1];
	unsigned n = certain_digits(job, digits);

	return buf_printf(json,
			  "{\"position\":%lu,\"digits\":\"%s\",\"certain\":%u}",
			  (unsigned long)job->layout.position, digits, n);
}

int pi_job_status(const struct job *job, struct buf *json)
{
	unsigned long position = job->layout.position;
	unsigned long part = (unsigned long)((uint64_t)job->units_in * 1000 /
					     job->layout.units);
	char digits[DIGITS_MAX + 1];

	certain_digits(job, digits);
	buf_printf(json, "{\"text\":\"π at hex digit %lu: ", position);
	if (complete(job))
		buf_add_str(json, digits);
	else
		buf_printf(json, "%lu.%lu %% of the sum", part / 10,
			   part % 10);
	return buf_add_str(json, "\",\"value\":null,\"over\":null,"
				 "\"over_what\":null}");
}
