#include "coordinator/op.h"

#include <stdlib.h>

void candidate_init(struct candidate *c)
{
	*c = (struct candidate){ 0 };
	buf_init(&c->input);
	buf_init(&c->expected);
}

void candidate_deinit(struct candidate *c)
{
	buf_deinit(&c->input);
	buf_deinit(&c->expected);
}

void loaded_free(struct loaded *l)
{
	if (!l)
		return;
	arena_deinit(&l->arena);
	free(l);
}

struct op *op_new(enum op_type type)
{
	struct op *op = calloc(1, sizeof *op);

	if (!op)
		return NULL;
	op->type = type;
	buf_init(&op->output);
	buf_init(&op->delta);
	buf_init(&op->snapshot);
	buf_init(&op->answer);
	candidate_init(&op->candidate);
	return op;
}

void op_free(struct op *op)
{
	if (!op)
		return;
	buf_deinit(&op->output);
	buf_deinit(&op->delta);
	buf_deinit(&op->snapshot);
	buf_deinit(&op->answer);
	candidate_deinit(&op->candidate);
	loaded_free(op->loaded);
	free(op->text);
	free(op);
}
