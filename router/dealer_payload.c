/* What a call holds of its message, which is gone after the turn: copied for
 * calls that wait, or that another callee may have to be asked for; counted on
 * the caller's held_bytes. */
#include "router/dealer_parts.h"

static struct bytes moved(struct bytes part, const uint8_t **at)
{
	const uint8_t *start = *at;

	if (!part.data)
		return part;
	*at += part.len;
	return bytes_of(start, part.len);
}

enum { CALL_PARTS = 3 + PASSTHRU_ATTRIBUTES };

/* All that a call borrows from its message; a stream has its own header. */
static unsigned list_parts(struct call *call, struct bytes *parts[CALL_PARTS])
{
	unsigned n = 0;

	parts[n++] = &call->payload.args;
	parts[n++] = &call->payload.kwargs;
	if (call->stream)
		return n;
	parts[n++] = &call->procedure;
	for (unsigned i = 0; i < PASSTHRU_ATTRIBUTES; i++)
		parts[n++] = &call->passthru.text[i];
	return n;
}

int call_keep_payload(struct call *call)
{
	struct session *caller = call->caller;
	struct bytes *parts[CALL_PARTS];
	unsigned count = list_parts(call, parts);
	const uint8_t *at;
	size_t len = 0;

	if (call->is_kept)
		return 0;
	for (unsigned i = 0; i < count; i++)
		len += parts[i]->len;
	if (caller->held_bytes + len > caller->limits->held_bytes)
		return ERR_LIMIT;
	buf_clear(&call->kept);
	if (buf_reserve(&call->kept, len + 1))
		return ERR_NOMEM;
	for (unsigned i = 0; i < count; i++)
		if (buf_add_bytes(&call->kept, *parts[i]))
			return ERR_NOMEM;
	at = call->kept.data;
	for (unsigned i = 0; i < count; i++)
		*parts[i] = moved(*parts[i], &at);
	call->is_kept = true;
	caller->held_bytes += len;
	return 0;
}

void call_drop_payload(struct call *call)
{
	struct bytes *parts[CALL_PARTS];
	unsigned count = list_parts(call, parts);

	if (call->stream)
		stream_drop_parts(call);
	if (call->is_kept && call->caller)
		call->caller->held_bytes -= call->kept.len;
	call->is_kept = false;
	for (unsigned i = 0; i < count; i++)
		*parts[i] = bytes_of(NULL, 0);
}
