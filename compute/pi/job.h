/*
 * job: what a job of pi knows, shared by its two halves: job.c, which parses,
 * plans, checks, merges and saves, and job_view.c, which shows. Nobody outside
 * this folder includes it.
 */
#ifndef COMPUTE_PI_JOB_H
#define COMPUTE_PI_JOB_H

#include "compute/kind.h"
#include "compute/pi/series.h"
#include "compute/pi/u128.h"

struct job {
	struct layout layout;
	struct u128 tail, sum; /* sum: of the units that are in */
	/* The true fraction lies above tail + sum by less than `above`, or
	 * below it by less than `below` (in units of 2^-128). */
	uint64_t above, below;
	uint32_t units_in;
	uint64_t revision;
	uint64_t *changed; /* owned; a unit: the revision of its change */
	uint8_t *colour;   /* owned; a unit: 0 while it is not in */
};

/* Members of pi_job; see kind.h. */
int pi_job_picture(const struct job *job, uint64_t since, unsigned page,
		   struct picture *out);
int pi_job_answer(const struct job *job, struct buf *json);
int pi_job_status(const struct job *job, struct buf *json);

#endif
