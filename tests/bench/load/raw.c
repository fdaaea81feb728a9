/*
 * Raw: the same hops and bytes as a call, without WAMP, through tests/bench/
 * relay: each member says with one byte what it is and gets it back; callers
 * send, callees give back what they get. A message starts with its slot's
 * number, and is text, as JSON's frames have to be.
 */
#include <stdio.h>
#include <string.h>

#include "net/dial.h"
#include "net/transport_private.h"
#include "tests/bench/load/load.h"

/* What the four messages of a call have around the payload on average, with a
 * procedure's name of 14 characters in one of them. */
enum { AROUND = 20 };

static unsigned members(const struct load *l)
{
	return l->options->callers + l->options->callees;
}

static int send_raw(struct load *l, struct slot *slot)
{
	char head[AROUND + 1];

	snprintf(head, sizeof head, "%0*x", AROUND, slot->number);
	return transport_send2(slot->caller->transport,
			       bytes_of(head, AROUND),
			       list_at(&l->args, 0)->str);
}

static void on_message(void *ctx, struct bytes message)
{
	struct member *m = ctx;
	struct load *l = m->load;
	unsigned number = 0;
	char head[AROUND + 1] = "";

	if (message.len == 1) {
		load_ready(m);
	} else if (m->answers) {
		if (transport_send(m->transport, message))
			load_fail(l, "a message could not be sent", "");
	} else {
		memcpy(head, message.data,
		       message.len < AROUND ? message.len : AROUND);
		if (sscanf(head, "%x", &number) != 1 ||
		    number >= l->options->inflight || !l->slots[number].open)
			load_fail(l, "a message that", "was not sent");
		else
			load_answered(&l->slots[number],
				      (struct bytes){ NULL, 0 });
	}
}

static void on_closed(void *ctx, const char *why)
{
	struct member *m = ctx;

	m->transport = NULL;
	if (!m->load->stopping)
		load_fail(m->load, "lost:", why);
}

static void on_connected(void *ctx, struct transport *t)
{
	static const struct transport_handler handler = {
		.message = on_message,
		.closed = on_closed,
	};
	struct member *m = ctx;

	m->dial = NULL;
	m->transport = t;
	transport_handle(t, &handler, m);
	if (transport_send(t, bytes_of(m->answers ? "e" : "r", 1)))
		load_fail(m->load, "a message could not be sent", "");
}

static void on_failed(void *ctx, const char *why)
{
	struct member *m = ctx;

	m->dial = NULL;
	m->load->usage = true;
	load_fail(m->load, "not there; accepted is the URL of a relay that "
			   "runs:", why);
}

/* As long as the payload is on the wire: in JSON a binary value is base64. */
static int make_text(struct load *l)
{
	unsigned len = l->options->payload;
	uint8_t *text;

	if (!strcmp(l->options->serializer->name, "json"))
		len = 8 + (len + 2) / 3 * 4;
	text = arena_alloc(&l->arena, len);
	if (!text)
		return ERR_NOMEM;
	memset(text, 'x', len);
	l->args = value_list();
	return list_add(&l->arena, &l->args, value_bin(bytes_of(text, len)));
}

static int make(struct load *l, struct member *m)
{
	static const struct dial_handler handler = { on_connected, on_failed };

	if (!m->number && make_text(l))
		return ERR_NOMEM;
	m->dial = dial_start(l->loop, &l->where, l->options->serializer,
			     &transport_limits_default, l->options->tls,
			     &handler, m);
	if (m->dial && l->options->batched)
		dial_batched(m->dial);
	return m->dial ? 0 : ERR_NOMEM;
}

static void unmake(struct member *m)
{
	if (m->dial)
		dial_cancel(m->dial);
	if (m->transport)
		transport_drop(m->transport, "no longer wanted");
}

const struct mode mode_raw = { "calls", members, make, send_raw, unmake };
