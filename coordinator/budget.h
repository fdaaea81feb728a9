/*
 * budget: how long a chunk may take: 2 s for a few devices, so that little is
 * lost when one goes, up to 20 s for hundreds, so that calls are few; and
 * longer where a phone's traffic would otherwise pass 120 KB a minute (many
 * threads, large inputs: a venue's Wi-Fi is shared by all). Pure.
 */
#ifndef COORDINATOR_BUDGET_H
#define COORDINATOR_BUDGET_H

#include <stddef.h>
#include <stdint.h>

enum {
	BUDGET_MS_MIN = 2000,
	BUDGET_MS_MAX = 20000,
	DEVICES_FEW = 16,   /* up to here the budget is the least … */
	DEVICES_MANY = 300, /* … and from here on the most */
	/* A device's, both ways, of the 120 KB: the rest is pings, its rank
	 * and what TCP adds. */
	TRAFFIC_BYTES_A_MINUTE = 90 * 1000,
	/* Of a call and its answer beyond the input: names, small numbers and
	 * the output. */
	CALL_BYTES = 600,
};

struct budget {
	uint32_t threads;   /* of the device that has the most; 0: none */
	double input_bytes; /* of a chunk, a moving mean */
};

void budget_saw(struct budget *b, size_t input_bytes);
uint32_t budget_ms(const struct budget *b, uint32_t devices);

#endif
