#include "net/http.h"

#include <llhttp.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const char *const header_names[HTTP_HEADER_COUNT] = {
#define X(name, text) text,
	HTTP_HEADERS(X)
#undef X
};

/* --- llhttp's callbacks -------------------------------------------------- */

struct parse {
	struct http_head *head;
	int header; /* whose value comes; HTTP_HEADER_COUNT: nobody's */
	bool twice;
};

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
	struct parse *p = parser->data;

	p->head->target = bytes_of(at, len);
	return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
	struct parse *p = parser->data;
	int i = 0;

	while (i < HTTP_HEADER_COUNT &&
	       (strlen(header_names[i]) != len ||
		strncasecmp(header_names[i], at, len) != 0))
		i++;
	p->header = i;
	if (i < HTTP_HEADER_COUNT) {
		p->twice |= p->head->has[i] && i < HTTP_FORWARDED;
		p->head->has[i] = true;
	}
	return 0;
}

/* The text is whole, so a value comes in one piece; trailing blanks are
 * llhttp's to leave, ours to cut. */
static int on_value(llhttp_t *parser, const char *at, size_t len)
{
	struct parse *p = parser->data;

	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	if (p->header < HTTP_HEADER_COUNT)
		p->head->value[p->header] = bytes_of(at, len);
	return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct parse *p = parser->data;

	p->head->keep_alive = llhttp_should_keep_alive(parser) != 0;
	return 0;
}

/* 0 or ERR_MALFORMED. */
static int parse(llhttp_type_t type, struct bytes text, struct http_head *out,
		 bool *twice)
{
	struct parse p = { .head = out, .header = HTTP_HEADER_COUNT };
	llhttp_settings_t settings;
	llhttp_errno_t err;
	llhttp_t parser;

	memset(out, 0, sizeof *out);
	llhttp_settings_init(&settings);
	settings.on_url = on_url;
	settings.on_header_field = on_field;
	settings.on_header_value = on_value;
	settings.on_headers_complete = on_headers_complete;
	llhttp_init(&parser, type, &settings);
	parser.data = &p;
	err = llhttp_execute(&parser, (const char *)text.data, text.len);
	if (err != HPE_OK && err != HPE_PAUSED_UPGRADE)
		return ERR_MALFORMED;
	out->get = parser.method == HTTP_GET;
	out->head = parser.method == HTTP_HEAD;
	out->post = parser.method == HTTP_POST || parser.method == HTTP_PUT;
	out->options = parser.method == HTTP_OPTIONS;
	out->http_1_1 = parser.http_major == 1 && parser.http_minor == 1;
	out->status = parser.status_code;
	*twice = p.twice;
	return 0;
}

/* --- heads --------------------------------------------------------------- */

size_t http_head_length(struct bytes text, size_t *seen)
{
	size_t from = *seen < 3 ? 0 : *seen - 3;
	const uint8_t *end;

	*seen = text.len;
	if (text.len < 4)
		return 0;
	end = memmem(text.data + from, text.len - from, "\r\n\r\n", 4);
	return end ? (size_t)(end - text.data) + 4 : 0;
}

/* Lines end in CRLF, do not continue on the next (obs-fold), and headers have
 * names: what others read otherwise is how requests are smuggled. */
static bool has_plain_lines(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == '\n' && (i == 0 || text.data[i - 1] != '\r'))
			return false;
		if (c == '\r' &&
		    (i + 1 == text.len || text.data[i + 1] != '\n'))
			return false;
		if (i && text.data[i - 1] == '\n' &&
		    (c == ' ' || c == '\t' || c == ':'))
			return false;
		if (c == '\0')
			return false;
	}
	return true;
}

static unsigned refuse(const char **what, unsigned status, const char *text)
{
	*what = text;
	return status;
}

/* The digits of a Content-Length. */
static bool read_length(struct bytes text, size_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' ||
		    *out > SIZE_MAX / 10 - 1)
			return false;
		*out = *out * 10 + (size_t)(text.data[i] - '0');
	}
	return text.len > 0;
}

static unsigned check_body(struct http_head *head, const char **what)
{
	if (head->has[HTTP_TRANSFER_ENCODING])
		return refuse(what, 501, "no transfer encoding is spoken here");
	if (head->has[HTTP_CONTENT_LENGTH] &&
	    !read_length(head->value[HTTP_CONTENT_LENGTH], &head->body_bytes))
		return refuse(what, 400, "a bad Content-Length");
	if (head->body_bytes && !head->post)
		return refuse(what, 400, "only a POST has a body here");
	return 0;
}

unsigned http_parse_request(struct bytes text, struct http_head *out,
			    const char **what)
{
	unsigned status;
	bool twice;

	if (!has_plain_lines(text))
		return refuse(what, 400, "bad line ends or folded headers");
	if (parse(HTTP_REQUEST, text, out, &twice))
		return refuse(what, 400, "malformed request");
	if (twice)
		return refuse(what, 400, "a header that must not come twice");
	status = check_body(out, what);
	if (status)
		return status;
	if (!out->get && !out->head && !out->post && !out->options)
		return refuse(what, 405, HTTP_ONLY_GET);
	if (!out->value[HTTP_HOST].len && out->http_1_1)
		return refuse(what, 400, "no Host header");
	if (!out->target.len || out->target.data[0] != '/')
		return refuse(what, 400, "the target must be a path");
	return 0;
}

int http_parse_response(struct bytes text, struct http_head *out)
{
	bool twice;

	if (!has_plain_lines(text) ||
	    parse(HTTP_RESPONSE, text, out, &twice) || twice)
		return ERR_MALFORMED;
	return 0;
}

bool http_is_forwarded(const struct http_head *head)
{
	return head->has[HTTP_FORWARDED] || head->has[HTTP_FORWARDED_FOR] ||
	       head->has[HTTP_REAL_IP] || head->has[HTTP_FORWARDED_PROTO];
}

bool http_next_element(struct bytes list, size_t *pos, struct bytes *element)
{
	size_t begin = *pos, end;

	if (begin >= list.len)
		return false;
	for (end = begin; end < list.len && list.data[end] != ','; end++)
		;
	*pos = end + 1;
	while (begin < end &&
	       (list.data[begin] == ' ' || list.data[begin] == '\t'))
		begin++;
	while (end > begin &&
	       (list.data[end - 1] == ' ' || list.data[end - 1] == '\t'))
		end--;
	*element = bytes_of(list.data + begin, end - begin);
	return true;
}

bool http_has_token(struct bytes list, const char *token)
{
	struct bytes element;
	size_t pos = 0;

	while (http_next_element(list, &pos, &element)) {
		if (element.len == strlen(token) &&
		    strncasecmp((const char *)element.data, token,
				element.len) == 0)
			return true;
	}
	return false;
}

/* One character of a path, its escape undone; -1 when it may not be there. */
static int path_char(struct bytes path, size_t *i)
{
	int c = path.data[*i];

	if (c == '%') {
		c = percent_byte(path, *i);
		*i += 2;
	}
	return c < 0x20 || c == 0x7F ? -1 : c;
}

int http_split_target(struct bytes target, struct buf *path,
		      struct bytes *query)
{
	const uint8_t *mark = memchr(target.data, '?', target.len);
	struct bytes raw = target;

	*query = bytes_of(NULL, 0);
	if (mark) {
		raw.len = (size_t)(mark - target.data);
		*query = bytes_of(mark + 1, target.len - raw.len - 1);
	}
	for (size_t i = 0; i < raw.len; i++) {
		int c = path_char(raw, &i), err;

		if (c < 0)
			return ERR_MALFORMED;
		err = buf_add_u8(path, (uint8_t)c);
		if (err)
			return err;
	}
	return 0;
}

/* --- responses ----------------------------------------------------------- */

const char *http_status_text(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 304, "Not Modified" },
		{ 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Unknown";
}

static int write_date(struct buf *out)
{
	time_t now = time(NULL);
	char text[64];
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return 0;
	strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
	return buf_add_str(out, text);
}

int http_write_head(struct buf *out, unsigned status, const char *content_type,
		    size_t content_length, const char *headers, bool keep_alive)
{
	(void)buf_printf(out, "HTTP/1.1 %u %s\r\n", status,
			 http_status_text(status));
	(void)write_date(out);
	if (content_type)
		(void)buf_printf(out, "Content-Type: %s\r\n", content_type);
	if (status != 304)
		(void)buf_printf(out, "Content-Length: %zu\r\n",
				 content_length);
	if (headers)
		(void)buf_add_str(out, headers);
	(void)buf_add_str(out, keep_alive ? "Connection: keep-alive\r\n\r\n"
					  : "Connection: close\r\n\r\n");
	return buf_ok(out) ? 0 : ERR_NOMEM;
}
