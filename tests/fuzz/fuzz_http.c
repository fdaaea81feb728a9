/* Heads of requests and responses, and what is made of them. */
#include <assert.h>

#include "net/handshake.h"
#include "net/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request(struct bytes text)
{
	static const char *const offered[] = { "wamp.2.json", NULL };
	const char *subprotocol = NULL, *what = NULL;
	struct http_head head;
	struct bytes query;
	struct buf out;

	if (http_parse_request(text, &head, &what)) {
		assert(what);
		return;
	}
	assert(head.get + head.head + head.post + head.options <= 1);
	assert(head.target.len && head.target.data[0] == '/');
	buf_init(&out);
	(void)http_split_target(head.target, &out, &query);
	assert(out.len + query.len <= head.target.len);
	buf_clear(&out);
	if (handshake_is_upgrade(&head) &&
	    handshake_check(&head, offered, &subprotocol, &what) == 0)
		(void)handshake_answer(&out, &head, subprotocol,
				       head.value[HTTP_COOKIE]);
	buf_deinit(&out);
}

static void response(struct bytes text)
{
	struct http_head head;
	struct why why;

	if (http_parse_response(text, &head) == 0)
		(void)handshake_confirm(&head, "dGhlIHNhbXBsZSBub25jZQ==",
					"wamp.2.json", &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);
	size_t seen = 0, length = http_head_length(text, &seen);

	assert(length <= size);
	if (length)
		text.len = length;
	request(text);
	response(text);
	return 0;
}
