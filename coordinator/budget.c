#include "coordinator/budget.h"

enum { MEAN_OVER = 16 };

void budget_saw(struct budget *b, size_t input_bytes)
{
	double bytes = (double)input_bytes;

	b->input_bytes += b->input_bytes > 0 ?
				  (bytes - b->input_bytes) / MEAN_OVER :
				  bytes;
}

static uint32_t by_devices(uint32_t n)
{
	if (n <= DEVICES_FEW)
		return BUDGET_MS_MIN;
	if (n >= DEVICES_MANY)
		return BUDGET_MS_MAX;
	return BUDGET_MS_MIN + (BUDGET_MS_MAX - BUDGET_MS_MIN) *
				       (n - DEVICES_FEW) /
				       (DEVICES_MANY - DEVICES_FEW);
}

/* A device asks for `threads` chunks in each budget. */
static double by_traffic(const struct budget *b)
{
	return b->threads * (b->input_bytes + CALL_BYTES) * 60000 /
	       TRAFFIC_BYTES_A_MINUTE;
}

uint32_t budget_ms(const struct budget *b, uint32_t devices)
{
	uint32_t ms = by_devices(devices);
	double traffic_ms = by_traffic(b);

	if (traffic_ms >= BUDGET_MS_MAX)
		return BUDGET_MS_MAX;
	return traffic_ms > ms ? (uint32_t)traffic_ms : ms;
}
