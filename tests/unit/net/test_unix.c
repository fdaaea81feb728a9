/* dial and server over rs:// and unix://, and the files of unix sockets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/dial.h"
#include "net_test.h"

struct fixture {
	struct world w;
	char folder[32];
	struct url url; /* of the unix socket */
	struct dial *dial;
	struct transport *t;
	bool connected, failed, closed;
	char why[1024];
	unsigned messages;
	struct buf last;
};

/* --- the dialing side ---------------------------------------------------- */

static void on_message(void *ctx, struct bytes message)
{
	struct fixture *f = ctx;

	f->messages++;
	buf_clear(&f->last);
	assert_int_equal(buf_add_bytes(&f->last, message), 0);
}

static void on_closed(void *ctx, const char *why)
{
	struct fixture *f = ctx;

	f->closed = true;
	f->t = NULL;
	snprintf(f->why, sizeof f->why, "%s", why);
}

static const struct transport_handler handler = { on_message, on_closed,
						  NULL };

static void on_connected(void *ctx, struct transport *t)
{
	struct fixture *f = ctx;

	f->connected = true;
	f->t = t;
	transport_handle(t, &handler, f);
}

static void on_failed(void *ctx, const char *why)
{
	struct fixture *f = ctx;

	f->failed = true;
	snprintf(f->why, sizeof f->why, "%s", why);
}

static const struct dial_handler dial_handler = { on_connected, on_failed };

static bool is_decided(void *ctx)
{
	struct fixture *f = ctx;

	return f->connected || f->failed;
}

static void dial(struct fixture *f, const struct url *url,
		 const struct serializer *serializer)
{
	f->connected = f->failed = f->closed = false;
	f->dial = dial_start(f->w.loop, url, serializer,
			     &transport_limits_default, NULL, &dial_handler, f);
	assert_non_null(f->dial);
	assert_false(is_decided(f)); /* in a later turn */
	until(&f->w, is_decided, f);
}

static void dial_up(struct fixture *f, const struct url *url,
		    const struct serializer *serializer)
{
	dial(f, url, serializer);
	if (f->failed)
		fail_msg("%s", f->why);
}

static bool is_closed(void *ctx)
{
	return ((struct fixture *)ctx)->closed;
}

static void hang_up(struct fixture *f)
{
	if (f->t)
		transport_close(f->t, 1000, "done");
	until(&f->w, is_closed, f);
}

static bool has_message(void *ctx)
{
	struct fixture *f = ctx;

	return f->messages || f->closed;
}

static void echo(struct fixture *f, size_t len)
{
	char *data = malloc(len + 1);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)('a' + i % 23);
	f->messages = 0;
	assert_int_equal(transport_send2(f->t, bytes_of(data, len / 3),
					 bytes_of(data + len / 3,
						  len - len / 3)), 0);
	until(&f->w, has_message, f);
	assert_int_equal(f->messages, 1);
	assert_int_equal(f->last.len, len);
	if (len)
		assert_memory_equal(f->last.data, data, len);
	free(data);
}

static void echo_all(struct fixture *f)
{
	static const size_t lengths[] = { 0, 1, 125, 4096, 65535, 65536,
					  300000, 1 << 20 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		echo(f, lengths[i]);
}

/* --- fixture ------------------------------------------------------------- */

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	char text[64];

	assert_non_null(f);
	strcpy(f->folder, "/tmp/test_unix.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(text, sizeof text, "unix://%s/s", f->folder);
	assert_int_equal(url_parse(text, &f->url, NULL), 0);
	world_init(&f->w);
	world_start(&f->w);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	world_free(&f->w);
	buf_deinit(&f->last);
	(void)unlink(f->url.path);
	assert_int_equal(rmdir(f->folder), 0);
	free(f);
	return 0;
}

static void listen_there(struct fixture *f)
{
	struct why why = { "" };

	if (server_listen(f->w.server, &f->url, NULL, &why))
		fail_msg("%s", why.text);
}

static void expect_refusal(struct fixture *f, const char *end)
{
	struct why why;
	char expected[sizeof f->url.path + 64];

	snprintf(expected, sizeof expected, "%s%s", f->url.path, end);
	assert_int_equal(server_listen(f->w.server, &f->url, NULL, &why),
			 ERR_IO);
	assert_string_equal(why.text, expected);
}

/* A socket bound to the path; it listens or not. */
static int bind_there(const struct fixture *f, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_true(strlen(f->url.path) < sizeof a.sun_path);
	strcpy(a.sun_path, f->url.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	if (listening)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* --- tests --------------------------------------------------------------- */

static void test_unix__echo(void **state)
{
	struct fixture *f = *state;
	struct session *s = &f->w.sessions[0];

	listen_there(f);
	dial_up(f, &f->url, &serializer_msgpack);
	echo_all(f);
	assert_true(transport_is_local(f->t));
	assert_true(transport_is_local(s->t));
	assert_false(transport_is_secure(s->t));
	assert_string_equal(transport_peer(s->t), "unix");
	assert_string_equal(transport_origin(s->t), "");
	hang_up(f);
}

static void test_unix__rawsocket_over_tcp(void **state)
{
	struct fixture *f = *state;
	struct url url = f->w.url;

	url.scheme = URL_RS;
	dial_up(f, &url, &serializer_json);
	echo_all(f);
	assert_true(transport_is_local(f->w.sessions[0].t));
	assert_ptr_equal(transport_serializer(f->w.sessions[0].t),
			 &serializer_json);
	hang_up(f);
}

static void test_unix__refusal_is_told(void **state)
{
	struct fixture *f = *state;
	char expected[sizeof f->url.path + 64];

	listen_there(f);
	dial(f, &f->url, &serializer_cbor); /* not offered in these tests */
	assert_true(f->failed);
	snprintf(expected, sizeof expected,
		 "%s: it does not speak our serializer", f->url.path);
	assert_string_equal(f->why, expected);
}

static void test_unix__nobody_is_there(void **state)
{
	struct fixture *f = *state;
	struct url url = f->url;

	dial(f, &f->url, &serializer_json);
	assert_true(f->failed);
	assert_non_null(strstr(f->why, "no such file"));
	memset(url.path, 'x', sizeof url.path - 1);
	url.path[0] = '/';
	dial(f, &url, &serializer_json);
	assert_true(f->failed);
	assert_non_null(strstr(f->why, "too long for a unix socket"));
	assert_int_equal(server_listen(f->w.server, &url, NULL, NULL),
			 ERR_USAGE);
}

static void test_unix__mode_and_removal(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	listen_there(f);
	assert_int_equal(lstat(f->url.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	dial_up(f, &f->url, &serializer_json);
	server_stop(f->w.server);
	assert_int_not_equal(lstat(f->url.path, &st), 0);
	echo(f, 10); /* who is connected stays */
	hang_up(f);
}

static void test_unix__stale_socket_is_replaced(void **state)
{
	struct fixture *f = *state;

	close(bind_there(f, true));
	listen_there(f);
	dial_up(f, &f->url, &serializer_json);
	echo(f, 10);
	hang_up(f);
}

static void test_unix__socket_in_use_is_left(void **state)
{
	struct fixture *f = *state;
	int fd = bind_there(f, true);
	struct stat st;

	expect_refusal(f, " is in use");
	assert_int_equal(lstat(f->url.path, &st), 0);
	close(fd);
}

static void test_unix__own_socket_is_in_use(void **state)
{
	struct fixture *f = *state;

	listen_there(f);
	expect_refusal(f, " is in use");
	dial_up(f, &f->url, &serializer_json);
	echo(f, 10);
	hang_up(f);
}

static void test_unix__other_files_are_left(void **state)
{
	struct fixture *f = *state;
	int fd = open(f->url.path, O_CREAT | O_WRONLY, 0600);
	struct stat st;

	assert_true(fd >= 0);
	close(fd);
	expect_refusal(f, " is there already and is not a socket");
	assert_int_equal(lstat(f->url.path, &st), 0);
	assert_int_equal(unlink(f->url.path), 0);
	/* Not even through a link. */
	assert_int_equal(symlink("/nowhere", f->url.path), 0);
	expect_refusal(f, " is there already and is not a socket");
	assert_int_equal(lstat(f->url.path, &st), 0);
}

static void test_unix__no_folder(void **state)
{
	struct fixture *f = *state;
	struct url url = f->url;
	struct why why;

	strcat(url.path, "/none/s");
	assert_int_equal(server_listen(f->w.server, &url, NULL, &why), ERR_IO);
	assert_non_null(strstr(why.text, url.path));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unix__echo),
		TEST(test_unix__rawsocket_over_tcp),
		TEST(test_unix__refusal_is_told),
		TEST(test_unix__nobody_is_there),
		TEST(test_unix__mode_and_removal),
		TEST(test_unix__stale_socket_is_replaced),
		TEST(test_unix__socket_in_use_is_left),
		TEST(test_unix__own_socket_is_in_use),
		TEST(test_unix__other_files_are_left),
		TEST(test_unix__no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
