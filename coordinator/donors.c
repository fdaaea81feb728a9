#include "coordinator/donors.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void donors_init(struct donors *d)
{
	*d = (struct donors){ 0 };
	map_init(&d->by_id);
	map_init(&d->by_token);
	map_init(&d->by_pass);
	map_init(&d->sessions);
}

void donors_deinit(struct donors *d)
{
	map_free_values(&d->by_id);
	map_deinit(&d->by_token);
	map_deinit(&d->by_pass);
	map_free_values(&d->sessions);
}

/* --- secrets ------------------------------------------------------------- */

void secret_make(uint64_t a, uint64_t b, char out[SECRET_BYTES])
{
	uint8_t raw[16];

	put_u64(raw, a);
	put_u64(raw + 8, b);
	bytes_hex(bytes_of(raw, sizeof raw), out);
}

int secret_pass(const char *token, char out[SECRET_BYTES])
{
	const struct bytes parts[] = { bytes_str("manyhands-pass-v1"),
				       bytes_str(token) };
	uint8_t hash[SHA256_BYTES];
	int err = sha256(parts, 2, hash);

	if (!err)
		bytes_hex(bytes_of(hash, (SECRET_BYTES - 1) / 2), out);
	return err;
}

/* --- donors -------------------------------------------------------------- */

static int put_all(struct donors *d, struct donor *donor)
{
	const struct donor_record *r = &donor->record;

	if (map_put(&d->by_id, r->id, donor) != 0)
		return ERR_NOMEM;
	if (map_put(&d->by_token, get_u64(r->token_sha256), donor) != 0) {
		map_del(&d->by_id, r->id);
		return ERR_NOMEM;
	}
	if (map_put(&d->by_pass, get_u64(r->pass_sha256), donor) != 0) {
		map_del(&d->by_id, r->id);
		map_del(&d->by_token, get_u64(r->token_sha256));
		return ERR_NOMEM;
	}
	return 0;
}

struct donor *donors_add(struct donors *d, const struct donor_record *record)
{
	struct donor *donor;

	if (map_get(&d->by_id, record->id) ||
	    map_get(&d->by_token, get_u64(record->token_sha256)) ||
	    map_get(&d->by_pass, get_u64(record->pass_sha256)))
		return NULL;
	donor = calloc(1, sizeof *donor);
	if (!donor)
		return NULL;
	donor->record = *record;
	if (put_all(d, donor) != 0) {
		free(donor);
		return NULL;
	}
	if (record->id > d->last_id)
		d->last_id = record->id;
	return donor;
}

struct donor *donors_by_id(const struct donors *d, uint64_t id)
{
	return map_get(&d->by_id, id);
}

struct donor *donors_by_token(const struct donors *d, struct bytes token)
{
	uint8_t hash[SHA256_BYTES];
	struct donor *donor;

	if (sha256_of(token, hash) != 0)
		return NULL;
	donor = map_get(&d->by_token, get_u64(hash));
	if (donor && !secret_equal(bytes_of(hash, SHA256_BYTES),
				   bytes_of(donor->record.token_sha256,
					    SHA256_BYTES)))
		return NULL;
	return donor;
}

struct donor *donors_by_pass(const struct donors *d, struct bytes pass)
{
	uint8_t hash[SHA256_BYTES];
	struct donor *donor;

	if (sha256_of(pass, hash) != 0)
		return NULL;
	donor = map_get(&d->by_pass, get_u64(hash));
	if (donor && !secret_equal(bytes_of(hash, SHA256_BYTES),
				   bytes_of(donor->record.pass_sha256,
					    SHA256_BYTES)))
		return NULL;
	return donor;
}

struct donor *donors_next(const struct donors *d, size_t *at)
{
	return map_next(&d->by_id, at);
}

/* --- sessions ------------------------------------------------------------ */

static uint32_t slots_of(const struct session *s)
{
	uint32_t slots = SLOTS_A_THREAD * s->threads;

	return slots < SLOTS_MAX ? slots : SLOTS_MAX;
}

/* Adds (or takes away) what the session gives. */
static void count(struct donors *d, const struct session *s, bool add)
{
	uint32_t sign = add ? 1 : UINT32_MAX; /* modulo 2^32: minus one */

	if (!s->donor)
		return;
	if (s->chunk) {
		d->devices += sign;
		d->threads += sign * s->threads;
		d->slots += sign * slots_of(s);
	}
	if (s->audit)
		d->audit_slots += sign * s->threads;
}

struct session *session_find(const struct donors *d, uint64_t id)
{
	return map_get(&d->sessions, id);
}

static struct session *make(struct donors *d, uint64_t id)
{
	struct session *s = map_get(&d->sessions, id);

	if (s)
		return s;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->id = id;
	if (map_put(&d->sessions, id, s) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

struct session *session_join(struct donors *d, uint64_t id,
			     struct donor *donor, uint32_t threads)
{
	struct session *s = make(d, id);

	assert(threads >= 1 && threads <= THREADS_MAX);
	if (!s)
		return NULL;
	count(d, s, false);
	if (s->donor)
		s->donor->sessions--;
	donor->sessions++;
	s->donor = donor;
	s->threads = threads;
	count(d, s, true);
	return s;
}

int session_register(struct donors *d, uint64_t id, bool audit,
		     bool registered)
{
	struct session *s = registered ? make(d, id) : session_find(d, id);

	if (!s)
		return registered ? ERR_NOMEM : 0;
	count(d, s, false);
	if (audit)
		s->audit = registered;
	else
		s->chunk = registered;
	count(d, s, true);
	if (!s->donor && !s->chunk && !s->audit) {
		map_del(&d->sessions, id);
		free(s);
	}
	return 0;
}

void session_leave(struct donors *d, uint64_t id)
{
	struct session *s = map_del(&d->sessions, id);

	if (!s)
		return;
	count(d, s, false);
	if (s->donor)
		s->donor->sessions--;
	free(s);
}

struct session *session_next(const struct donors *d, size_t *at)
{
	return map_next(&d->sessions, at);
}

uint32_t donors_threads_most(const struct donors *d)
{
	uint32_t most = 0;
	size_t at = 0;
	struct session *s;

	while ((s = session_next(d, &at)) != NULL)
		if (s->chunk && s->donor && !s->donor->record.trusted &&
		    s->threads > most)
			most = s->threads;
	return most;
}
