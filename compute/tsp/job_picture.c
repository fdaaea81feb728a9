/* The tour for the stage: whole from a snapshot, later only what changed,
 * from a ring of the latest merges. tsp.h has the bytes. */
#include <stdlib.h>
#include <string.h>

#include "compute/tsp/job.h"

enum {
	PICTURE_FULL = 1,
	PICTURE_CHANGE = 2,
	CITY_BYTES = 12,
	HEAD_BYTES = 32,
	RECORD_BYTES = 20,
	EDGE_BYTES = 16, /* one removed, one added */
};

static void take_snapshot(struct job *job)
{
	memcpy(job->snapshot, job->tour.at,
	       job->in.n * sizeof *job->snapshot);
	job->snapshot_revision = job->revision;
	job->snapshot_length = job->length;
}

static struct recent *slot(struct job *job, uint64_t revision)
{
	return &job->recent[revision % RECENT_MERGES];
}

void picture_restart(struct job *job)
{
	for (unsigned i = 0; i < RECENT_MERGES; i++) {
		free(job->recent[i].edges);
		job->recent[i] = (struct recent){ 0 };
	}
	job->oldest = job->revision + 1;
	take_snapshot(job);
}

void picture_add(struct job *job, uint64_t by, uint64_t gain, uint32_t count,
		 struct edge *edges)
{
	struct recent *r = slot(job, job->revision);

	free(r->edges);
	*r = (struct recent){ by, gain, count, edges };
	if (job->revision - job->oldest >= RECENT_MERGES)
		job->oldest = job->revision - RECENT_MERGES + 1;
	/* A viewer who reads a snapshot has half the ring's time for it. */
	if (job->revision - job->snapshot_revision > RECENT_MERGES / 2)
		take_snapshot(job);
}

static void put_head(const struct job *job, struct buf *out, uint8_t type,
		     uint64_t revision, int64_t length)
{
	buf_add_u8(out, TSP_VERSION);
	buf_add_u8(out, type);
	buf_add_u8(out, job->in.degrees);
	buf_add_u8(out, 0);
	buf_add_u32(out, job->in.n);
	buf_add_u64(out, revision);
	buf_add_u64(out, (uint64_t)length);
}

static void put_f32(struct buf *out, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	buf_add_u32(out, bits);
}

static void full_page(const struct job *job, unsigned page,
		      struct picture *out)
{
	uint32_t room = (PICTURE_PAGE_BYTES - HEAD_BYTES) / CITY_BYTES;
	uint64_t first = (uint64_t)page * room;
	uint32_t n = job->in.n, count;

	if (first > n)
		first = n;
	count = n - (uint32_t)first < room ? n - (uint32_t)first : room;
	put_head(job, &out->data, PICTURE_FULL, job->snapshot_revision,
		 job->snapshot_length);
	buf_add_u32(&out->data, (uint32_t)first);
	buf_add_u32(&out->data, count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t city = job->snapshot[first + i];

		buf_add_u32(&out->data, city);
		put_f32(&out->data, job->in.view[city].x);
		put_f32(&out->data, job->in.view[city].y);
	}
	out->revision = job->snapshot_revision;
	out->more = first + count < n;
}

static uint32_t record_bytes(const struct recent *r)
{
	return RECORD_BYTES + r->count * EDGE_BYTES;
}

/* The first revision that no longer fits a page beginning with `from`. */
static uint64_t page_end(const struct job *job, uint64_t from)
{
	uint32_t used = HEAD_BYTES;

	while (from <= job->revision) {
		used += record_bytes(&job->recent[from % RECENT_MERGES]);
		if (used > PICTURE_PAGE_BYTES)
			break;
		from++;
	}
	return from;
}

static void put_record(struct buf *out, const struct recent *r)
{
	buf_add_u64(out, r->by);
	buf_add_u64(out, r->gain);
	buf_add_u32(out, r->count);
	for (uint32_t i = 0; i < 2 * r->count; i++) {
		buf_add_u32(out, r->edges[i].a);
		buf_add_u32(out, r->edges[i].b);
	}
}

static void change_page(const struct job *job, uint64_t since, unsigned page,
			struct picture *out)
{
	uint64_t from = since + 1, end = page_end(job, from);

	for (; page > 0 && from < end; page--) {
		from = end;
		end = page_end(job, from);
	}
	put_head(job, &out->data, PICTURE_CHANGE, end - 1, job->length);
	buf_add_u32(&out->data, (uint32_t)(end - from));
	for (uint64_t r = from; r < end; r++)
		put_record(&out->data, &job->recent[r % RECENT_MERGES]);
	out->revision = end - 1;
	out->more = end <= job->revision;
}

int tsp_picture(const struct job *job, uint64_t since, unsigned page,
		struct picture *out)
{
	if (since == 0 || since + 1 < job->oldest || since > job->revision)
		full_page(job, page, out);
	else
		change_page(job, since, page, out);
	return buf_ok(&out->data) ? 0 : ERR_NOMEM;
}
