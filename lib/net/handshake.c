#include "net/handshake.h"

#include <ctype.h>
#include <string.h>

#include "crypto/random.h"

/* Section 1.3: the number that says "I understood the request". */
static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

static int accept_value(struct bytes key, char out[HANDSHAKE_ACCEPT_SIZE])
{
	const struct bytes parts[] = { key, bytes_str(guid) };
	uint8_t digest[SHA1_BYTES];
	int err = sha1(parts, 2, digest);

	if (!err)
		base64_encode(bytes_of(digest, sizeof digest), out);
	return err;
}

/* --- server -------------------------------------------------------------- */

bool handshake_is_upgrade(const struct http_head *request)
{
	return http_has_token(request->value[HTTP_UPGRADE], "websocket") &&
	       http_has_token(request->value[HTTP_CONNECTION], "upgrade");
}

/* 16 bytes in base64: 22 digits and "==". */
static bool is_key(struct bytes key)
{
	if (key.len != HANDSHAKE_KEY_SIZE - 1)
		return false;
	for (size_t i = 0; i < 22; i++) {
		uint8_t c = key.data[i];

		if (!isalnum(c) && c != '+' && c != '/')
			return false;
	}
	return key.data[22] == '=' && key.data[23] == '=';
}

static const char *choose(struct bytes wanted, const char *const *offered)
{
	struct bytes element;
	size_t pos = 0;

	while (http_next_element(wanted, &pos, &element)) {
		for (size_t i = 0; offered && offered[i]; i++) {
			if (bytes_equal_str(element, offered[i]))
				return offered[i];
		}
	}
	return NULL;
}

unsigned handshake_check(const struct http_head *request,
			 const char *const *offered, const char **subprotocol,
			 const char **what)
{
	if (!request->get || !request->http_1_1) {
		*what = "a WebSocket begins with GET in HTTP/1.1";
		return 400;
	}
	if (!bytes_equal_str(request->value[HTTP_WS_VERSION], "13")) {
		*what = "version 13 of WebSocket is spoken here";
		return 426;
	}
	if (!is_key(request->value[HTTP_WS_KEY])) {
		*what = "no valid Sec-WebSocket-Key";
		return 400;
	}
	*subprotocol = choose(request->value[HTTP_WS_PROTOCOL], offered);
	if (!*subprotocol) {
		*what = "no subprotocol in common";
		return 400;
	}
	return 0;
}

int handshake_answer(struct buf *out, const struct http_head *request,
		     const char *subprotocol, struct bytes headers)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];
	int err = accept_value(request->value[HTTP_WS_KEY], accept);

	if (err)
		return err;
	buf_printf(out,
		   "HTTP/1.1 101 Switching Protocols\r\n"
		   "Upgrade: websocket\r\n"
		   "Connection: Upgrade\r\n"
		   "Sec-WebSocket-Accept: %s\r\n"
		   "Sec-WebSocket-Protocol: %s\r\n",
		   accept, subprotocol);
	buf_add_bytes(out, headers);
	return buf_add_str(out, "\r\n");
}

/* --- client -------------------------------------------------------------- */

int handshake_request(struct buf *out, const struct url *where,
		      const char *subprotocol, char key[HANDSHAKE_KEY_SIZE])
{
	bool v6 = strchr(where->host, ':') != NULL;
	uint8_t number[HANDSHAKE_KEY_BYTES];

	random_bytes(number, sizeof number);
	base64_encode(bytes_of(number, sizeof number), key);
	return buf_printf(out,
			  "GET %s HTTP/1.1\r\n"
			  "Host: %s%s%s:%u\r\n"
			  "Upgrade: websocket\r\n"
			  "Connection: Upgrade\r\n"
			  "Sec-WebSocket-Key: %s\r\n"
			  "Sec-WebSocket-Version: 13\r\n"
			  "Sec-WebSocket-Protocol: %s\r\n\r\n",
			  where->path, v6 ? "[" : "", where->host,
			  v6 ? "]" : "", where->port, key, subprotocol);
}

int handshake_confirm(const struct http_head *response, const char *key,
		      const char *subprotocol, struct why *why)
{
	char accept[HANDSHAKE_ACCEPT_SIZE];

	if (response->status != 101)
		return why_set(why, ERR_DENIED,
			       "it answered %u %s, not with a WebSocket",
			       response->status,
			       http_status_text(response->status));
	if (!handshake_is_upgrade(response) ||
	    accept_value(bytes_str(key), accept) ||
	    !bytes_equal_str(response->value[HTTP_WS_ACCEPT], accept))
		return why_set(why, ERR_DENIED,
			       "its answer is not WebSocket's");
	if (!bytes_equal_str(response->value[HTTP_WS_PROTOCOL], subprotocol))
		return why_set(why, ERR_DENIED, "it does not speak %s",
			       subprotocol);
	if (response->has[HTTP_WS_EXTENSIONS])
		return why_set(why, ERR_DENIED,
			       "it wants extensions that were not offered");
	return 0;
}
