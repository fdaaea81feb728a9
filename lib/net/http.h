/*
 * http: the heads of HTTP/1 messages (RFC 9110, 9112), without I/O: requests
 * for the server, responses for a client that asked for an upgrade; and the
 * writing of small responses. llhttp parses; what it is lenient about and we
 * are not (smuggling) is refused here. A body is only that of a POST or PUT,
 * as long as its Content-Length says. Touches llhttp and base only.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"

enum { HTTP_HEAD_MAX = 8192 };

/* Of 405: what to say of a path that takes no POST. */
#define HTTP_ONLY_GET "only GET and HEAD are spoken here"

/* The headers somebody here looks at. Twice the same one is refused, but for
 * those of proxies, where only their being there counts. */
#define HTTP_HEADERS(X)                                                       \
	X(HTTP_HOST, "host")                                                  \
	X(HTTP_CONNECTION, "connection")                                      \
	X(HTTP_UPGRADE, "upgrade")                                            \
	X(HTTP_ORIGIN, "origin")                                              \
	X(HTTP_CONTENT_LENGTH, "content-length")                              \
	X(HTTP_TRANSFER_ENCODING, "transfer-encoding")                        \
	X(HTTP_IF_NONE_MATCH, "if-none-match")                                \
	X(HTTP_ACCEPT_ENCODING, "accept-encoding")                            \
	X(HTTP_WS_KEY, "sec-websocket-key")                                   \
	X(HTTP_WS_VERSION, "sec-websocket-version")                           \
	X(HTTP_WS_PROTOCOL, "sec-websocket-protocol")                         \
	X(HTTP_WS_EXTENSIONS, "sec-websocket-extensions")                     \
	X(HTTP_WS_ACCEPT, "sec-websocket-accept")                             \
	X(HTTP_COOKIE, "cookie")                                              \
	X(HTTP_CONTENT_TYPE, "content-type")                                  \
	X(HTTP_EXPECT, "expect")                                              \
	X(HTTP_CORS_HEADERS, "access-control-request-headers")                \
	X(HTTP_FORWARDED, "forwarded")                                        \
	X(HTTP_FORWARDED_FOR, "x-forwarded-for")                              \
	X(HTTP_REAL_IP, "x-real-ip")                                          \
	X(HTTP_FORWARDED_PROTO, "x-forwarded-proto")

enum http_header {
#define X(name, text) name,
	HTTP_HEADERS(X)
#undef X
	HTTP_HEADER_COUNT,
};

/* Borrowed from the text it was parsed from. */
struct http_head {
	/* The method; none: one that is not spoken. PUT is a POST. */
	bool get, head, post, options;
	bool keep_alive;
	bool http_1_1;
	unsigned status; /* of a response */
	size_t body_bytes; /* of a POST's body, which follows */
	struct bytes target;
	bool has[HTTP_HEADER_COUNT];
	struct bytes value[HTTP_HEADER_COUNT]; /* empty when absent */
};

/* The length of the head that `text` begins with, its empty line included;
 * 0: not all there yet. `*seen` is where to look on; begin with 0. */
size_t http_head_length(struct bytes text, size_t *seen);

/* One whole head. 0, or the status to refuse a request with; *what says why
 * (a constant). */
unsigned http_parse_request(struct bytes text, struct http_head *out,
			    const char **what);
/* 0 or ERR_MALFORMED. */
int http_parse_response(struct bytes text, struct http_head *out);

/* A proxy says that it asks for somebody else. */
bool http_is_forwarded(const struct http_head *head);

/* Does the comma-separated list hold this token (lower case)? */
bool http_has_token(struct bytes list, const char *token);
/* The next element of the list at *pos, trimmed; false at its end. */
bool http_next_element(struct bytes list, size_t *pos, struct bytes *element);
/* The path of a target, percent-decoded and appended to `path`, and its raw
 * query. ERR_MALFORMED for bad escapes and control characters. */
int http_split_target(struct bytes target, struct buf *path,
		      struct bytes *query);

const char *http_status_text(unsigned status);
/* The head of a response. `headers`: whole lines or NULL. */
int http_write_head(struct buf *out, unsigned status, const char *content_type,
		    size_t content_length, const char *headers,
		    bool keep_alive);

#endif
