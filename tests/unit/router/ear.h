/*
 * ear: a fake connection that allocates nothing, for tests in which the n-th
 * allocation fails: it keeps the last messages in JSON, as they were said.
 */
#ifndef TEST_ROUTER_EAR_H
#define TEST_ROUTER_EAR_H

#include "room.h"

enum { EAR_HEARD_MAX = 8, EAR_TEXT_SIZE = 2048 };

struct ear {
	struct room *room;
	struct session *session; /* NULL: lost, or never there */
	char heard[EAR_HEARD_MAX][EAR_TEXT_SIZE];
	unsigned count;
	bool closed;
};

UNUSED_OK static int ear_send(void *ctx, struct bytes message)
{
	struct ear *e = ctx;

	if (e->closed)
		return ERR_CLOSED;
	assert_true(e->count < EAR_HEARD_MAX);
	assert_true(message.len < EAR_TEXT_SIZE);
	memcpy(e->heard[e->count], message.data, message.len);
	e->heard[e->count++][message.len] = '\0';
	return 0;
}

UNUSED_OK static void ear_close(void *ctx, unsigned code, const char *why)
{
	(void)code;
	(void)why;
	((struct ear *)ctx)->closed = true;
}

UNUSED_OK static void ear_pause(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

UNUSED_OK static void ear_limit(void *ctx, const struct role_limits *limits)
{
	(void)ctx;
	(void)limits;
}

UNUSED_OK static size_t ear_output(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct link_ops ear_ops UNUSED_OK = {
	ear_send, ear_close, ear_pause, ear_limit, ear_output,
};

/* What net would tell: a connection that was closed is lost. */
UNUSED_OK static void ear_mind(struct ear *e)
{
	if (e->session && e->closed) {
		router_lost(&e->room->router, e->session);
		e->session = NULL;
	}
}

UNUSED_OK static void ear_connect(struct ear *e, struct room *room,
				  const char *cookie, const char *cert_sha1)
{
	struct link link = { .ops = &ear_ops, .ctx = e,
			     .serializer = &serializer_json,
			     .confidential = true, .transport = "fake" };

	*e = (struct ear){ .room = room };
	snprintf(link.cookie, sizeof link.cookie, "%s", cookie);
	snprintf(link.cert_sha1, sizeof link.cert_sha1, "%s", cert_sha1);
	e->session = router_connect(&room->router, &link, &room->authn);
}

/* With ' for ". */
UNUSED_OK static void ear_tell(struct ear *e, const char *said)
{
	static char text[EAR_TEXT_SIZE];

	if (!e->session)
		return;
	snprintf(text, sizeof text, "%s", said);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	router_receive(&e->room->router, e->session, bytes_str(text));
	ear_mind(e);
}

UNUSED_OK static void ear_lose(struct ear *e)
{
	e->closed = true;
	ear_mind(e);
}

/* The last that was heard; "" when nothing was. */
UNUSED_OK static const char *ear_last(const struct ear *e)
{
	return e->count ? e->heard[e->count - 1] : "";
}

#endif
