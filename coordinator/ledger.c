#include "coordinator/ledger.h"

#include <string.h>

void ledger_encode(const struct ledger_row *row, uint8_t out[LEDGER_ROW_BYTES])
{
	const uint64_t after[] = { row->donor, row->job,       row->from_unit,
				   row->units, row->credit_us, row->batch };
	uint8_t *p = out;

	put_u64(p, row->seq);
	put_u64(p + 8, row->at_ms);
	p[16] = (uint8_t)row->type;
	p += 17;
	for (size_t i = 0; i < sizeof after / sizeof after[0]; i++, p += 8)
		put_u64(p, after[i]);
	memcpy(p, row->output_sha256, SHA256_BYTES);
}

int ledger_hash(const struct ledger_row *row, uint8_t out[SHA256_BYTES])
{
	uint8_t raw[LEDGER_ROW_BYTES];
	const struct bytes parts[] = {
		bytes_of(row->prev_hash, SHA256_BYTES),
		bytes_of(raw, sizeof raw),
	};

	ledger_encode(row, raw);
	return sha256(parts, 2, out);
}

int ledger_follows(const struct ledger_row *row, uint64_t seq,
		   const uint8_t hash[SHA256_BYTES], struct why *why)
{
	uint8_t want[SHA256_BYTES];

	if (row->seq != seq + 1)
		return why_set(why, ERR_MALFORMED,
			       "ledger row %llu follows row %llu",
			       (unsigned long long)row->seq,
			       (unsigned long long)seq);
	if (ledger_hash(row, want) != 0)
		return why_set(why, ERR_NOMEM, "out of memory");
	if (memcmp(row->prev_hash, hash, SHA256_BYTES) != 0 ||
	    memcmp(row->hash, want, SHA256_BYTES) != 0)
		return why_set(why, ERR_MALFORMED,
			       "the ledger's hash chain breaks at row %llu",
			       (unsigned long long)row->seq);
	return 0;
}
