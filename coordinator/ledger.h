/*
 * ledger: the rows that say who earned what, each bound to all before it.
 *
 * The canonical encoding of a row, and the chain, are written in store.h. One
 * pass over the rows gives everybody's credit: see coord_restore. Base and
 * SHA-256 only.
 */
#ifndef COORDINATOR_LEDGER_H
#define COORDINATOR_LEDGER_H

#include "base/bytes.h"
#include "base/err.h"
#include "crypto/hash.h"

/* Numbers of the database, never to be changed. */
enum ledger_type {
	LEDGER_CHUNK = 1,    /* units were done; batch 0: verified at once */
	LEDGER_VERIFIED = 2, /* a batch, its credit and units */
	LEDGER_DROPPED = 3,  /* a batch that an audit did not confirm */
	LEDGER_FINISHED = 4, /* a job; output_sha256 of its answer */
	LEDGER_FROZEN = 5,   /* a donor, by the host */
	LEDGER_THAWED = 6,   /* and again; its failures are forgotten */
};

struct ledger_row {
	uint64_t seq;   /* 1, 2, 3 … */
	uint64_t at_ms; /* Unix */
	enum ledger_type type;
	uint64_t donor, job, from_unit, units, credit_us, batch; /* or 0 */
	uint8_t output_sha256[SHA256_BYTES];                     /* or 0 */
	uint8_t prev_hash[SHA256_BYTES], hash[SHA256_BYTES];
};

enum { LEDGER_ROW_BYTES = 8 * 8 + 1 + SHA256_BYTES };

void ledger_encode(const struct ledger_row *row,
		   uint8_t out[LEDGER_ROW_BYTES]);
/* From prev_hash and the rest. 0 or ERR_NOMEM. */
int ledger_hash(const struct ledger_row *row,
		uint8_t out[SHA256_BYTES]) MUST_CHECK;
/* Does `row` follow one with that seq and hash (0 and zeros before the
 * first), unchanged? 0, ERR_MALFORMED with the reason, or ERR_NOMEM. */
int ledger_follows(const struct ledger_row *row, uint64_t seq,
		   const uint8_t hash[SHA256_BYTES],
		   struct why *why) MUST_CHECK;

#endif
