#include "worker/core/args.h"

const struct value *args_dict(const struct client_data *data)
{
	const struct value *first = list_at(data->args, 0);

	if (value_count(data->kwargs) == 0 && value_count(data->args) == 1 &&
	    first->type == VALUE_DICT)
		return first;
	return data->kwargs;
}

/* An integer in min … KIND_INTEGER_MAX. */
static int read_int(const struct value *dict, const char *key, uint64_t min,
		    uint64_t *out, struct why *why)
{
	if (value_get_range(dict_get(dict, key), min, KIND_INTEGER_MAX, out))
		return 0;
	return why_set(why, ERR_MALFORMED,
		       "%s: wanted is an integer from %u to 2^53 - 1", key,
		       (unsigned)min);
}

/* As read_int; an absent one leaves *out alone. */
static int read_optional(const struct value *dict, const char *key,
			 uint64_t min, uint64_t *out, bool *given,
			 struct why *why)
{
	const struct value *v = dict_get(dict, key);

	*given = v && v->type != VALUE_NULL;
	return *given ? read_int(dict, key, min, out, why) : 0;
}

static int read_kind(const struct value *dict, uint32_t kinds,
		     const struct kind **out, struct why *why)
{
	const struct kind *kind;
	struct bytes name;

	if (!value_get_str(dict_get(dict, "kind"), &name))
		return why_set(why, ERR_MALFORMED, "kind: wanted is a string");
	for (unsigned i = 0; (kind = kind_at(i)) != NULL; i++)
		if (kinds >> i & 1 && bytes_equal_str(name, kind->name)) {
			*out = kind;
			return 0;
		}
	return why_set(why, ERR_NOT_FOUND,
		       "this worker does not compute this kind");
}

static int read_range(const struct value *dict, struct chunk *chunk,
		      struct why *why)
{
	int err = read_int(dict, "from", 0, &chunk->from, why);

	if (!err)
		err = read_int(dict, "count", 1, &chunk->count, why);
	if (!err && chunk->count - 1 > KIND_INTEGER_MAX - chunk->from)
		err = why_set(why, ERR_RANGE,
			      "from + count: units end at 2^53 - 1");
	if (!err)
		err = read_int(dict, "seed", 0, &chunk->seed, why);
	return err;
}

static int read_audit(const struct value *dict, struct args *out,
		      struct why *why)
{
	uint64_t units = out->chunk.count;
	bool piece;
	int err = read_optional(dict, "units", 1, &units, &out->exact, why);

	if (!err && units > out->chunk.count)
		err = why_set(why, ERR_RANGE,
			      "units: more than count, which was asked");
	out->chunk.count = units;
	out->chunk.piece = PIECE_ALL;
	if (!err)
		err = read_optional(dict, "piece", 0, &out->chunk.piece,
				    &piece, why);
	if (!err && piece && !out->exact)
		err = why_set(why, ERR_MALFORMED,
			      "piece: only together with units");
	return err;
}

int args_read(struct args *out, const struct value *dict, uint32_t kinds,
	      struct why *why)
{
	int err = read_kind(dict, kinds, &out->kind, why);

	if (!err)
		err = read_range(dict, &out->chunk, why);
	if (!err)
		err = read_audit(dict, out, why);
	if (!err)
		err = read_int(dict, "lease", 0, &out->lease, why);
	if (!err)
		err = read_int(dict, "budget_ms", 0, &out->budget_ms, why);
	if (!err && !value_get_bin(dict_get(dict, "input"), &out->chunk.input))
		err = why_set(why, ERR_MALFORMED,
			      "input: wanted is a byte string");
	out->job = bytes_of(NULL, 0);
	value_get_str(dict_get(dict, "job"), &out->job);
	return err;
}
