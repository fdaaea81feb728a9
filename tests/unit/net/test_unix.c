/* dial and server over rs:// and unix://, and the files of unix sockets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "caller.h"

/* A world, a folder for its socket, and who dials it. */
struct place {
	struct world w;
	char folder[32];
	struct url url; /* of the unix socket */
	struct caller c;
};

/* --- the dialing side ---------------------------------------------------- */

static void dial(struct place *p, const struct url *url,
		 const struct serializer *serializer)
{
	caller_dial(&p->c, &p->w, url, serializer, NULL);
}

static void dial_up(struct place *p, const struct url *url,
		    const struct serializer *serializer)
{
	caller_connect(&p->c, &p->w, url, serializer);
}

static void echo(struct place *p, size_t len)
{
	char *data = malloc(len + 1);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)('a' + i % 23);
	caller_echo(&p->c, data, len);
	free(data);
}

static void echo_all(struct place *p)
{
	static const size_t lengths[] = { 0, 1, 125, 4096, 65535, 65536,
					  300000, 1 << 20 };

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		echo(p, lengths[i]);
}

/* --- the place ----------------------------------------------------------- */

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	char text[64];

	assert_non_null(p);
	strcpy(p->folder, "/tmp/test_unix.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(text, sizeof text, "unix://%s/s", p->folder);
	assert_int_equal(url_parse(text, &p->url, NULL), 0);
	world_init(&p->w);
	world_start(&p->w);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	world_free(&p->w);
	buf_deinit(&p->c.last);
	(void)unlink(p->url.path);
	assert_int_equal(rmdir(p->folder), 0);
	free(p);
	return 0;
}

static void listen_there(struct place *p)
{
	struct why why = { "" };

	if (server_listen(p->w.server, &p->url, NULL, &why))
		fail_msg("%s", why.text);
}

static void expect_refusal(struct place *p, const char *end)
{
	struct why why;
	char expected[sizeof p->url.path + 64];

	snprintf(expected, sizeof expected, "%s%s", p->url.path, end);
	assert_int_equal(server_listen(p->w.server, &p->url, NULL, &why),
			 ERR_IO);
	assert_string_equal(why.text, expected);
}

/* A socket bound to the path; it listens or not. */
static int bind_there(const struct place *p, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_true(strlen(p->url.path) < sizeof a.sun_path);
	strcpy(a.sun_path, p->url.path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	if (listening)
		assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* --- tests --------------------------------------------------------------- */

static void test_unix__echo(void **state)
{
	struct place *p = *state;
	struct session *s = &p->w.sessions[0];

	listen_there(p);
	dial_up(p, &p->url, &serializer_msgpack);
	echo_all(p);
	assert_true(transport_is_local(p->c.t));
	assert_true(transport_is_local(s->t));
	assert_false(transport_is_secure(s->t));
	assert_string_equal(transport_peer(s->t), "unix");
	assert_string_equal(transport_origin(s->t), "");
	caller_hang_up(&p->c);
}

static void test_unix__rawsocket_over_tcp(void **state)
{
	struct place *p = *state;
	struct url url = p->w.url;

	url.scheme = URL_RS;
	dial_up(p, &url, &serializer_json);
	echo_all(p);
	assert_true(transport_is_local(p->w.sessions[0].t));
	assert_ptr_equal(transport_serializer(p->w.sessions[0].t),
			 &serializer_json);
	caller_hang_up(&p->c);
}

static void test_unix__refusal_is_told(void **state)
{
	struct place *p = *state;
	char expected[sizeof p->url.path + 64];

	listen_there(p);
	dial(p, &p->url, &serializer_cbor); /* not offered in these tests */
	assert_true(p->c.failed);
	snprintf(expected, sizeof expected,
		 "%s: it does not speak our serializer", p->url.path);
	assert_string_equal(p->c.why, expected);
}

static void test_unix__nobody_is_there(void **state)
{
	struct place *p = *state;
	struct url url = p->url;

	dial(p, &p->url, &serializer_json);
	assert_true(p->c.failed);
	assert_non_null(strstr(p->c.why, "no such file"));
	memset(url.path, 'x', sizeof url.path - 1);
	url.path[0] = '/';
	dial(p, &url, &serializer_json);
	assert_true(p->c.failed);
	assert_non_null(strstr(p->c.why, "too long for a unix socket"));
	assert_int_equal(server_listen(p->w.server, &url, NULL, NULL),
			 ERR_USAGE);
}

static void test_unix__mode_and_removal(void **state)
{
	struct place *p = *state;
	struct stat st;

	listen_there(p);
	assert_int_equal(lstat(p->url.path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	dial_up(p, &p->url, &serializer_json);
	server_stop(p->w.server);
	assert_int_not_equal(lstat(p->url.path, &st), 0);
	echo(p, 10); /* who is connected stays */
	caller_hang_up(&p->c);
}

static void test_unix__stale_socket_is_replaced(void **state)
{
	struct place *p = *state;

	close(bind_there(p, true));
	listen_there(p);
	dial_up(p, &p->url, &serializer_json);
	echo(p, 10);
	caller_hang_up(&p->c);
}

static void test_unix__socket_in_use_is_left(void **state)
{
	struct place *p = *state;
	int fd = bind_there(p, true);
	struct stat st;

	expect_refusal(p, " is in use");
	assert_int_equal(lstat(p->url.path, &st), 0);
	close(fd);
}

static void test_unix__own_socket_is_in_use(void **state)
{
	struct place *p = *state;

	listen_there(p);
	expect_refusal(p, " is in use");
	dial_up(p, &p->url, &serializer_json);
	echo(p, 10);
	caller_hang_up(&p->c);
}

static void test_unix__other_files_are_left(void **state)
{
	struct place *p = *state;
	int fd = open(p->url.path, O_CREAT | O_WRONLY, 0600);
	struct stat st;

	assert_true(fd >= 0);
	close(fd);
	expect_refusal(p, " is there already and is not a socket");
	assert_int_equal(lstat(p->url.path, &st), 0);
	assert_int_equal(unlink(p->url.path), 0);
	/* Not even through a link. */
	assert_int_equal(symlink("/nowhere", p->url.path), 0);
	expect_refusal(p, " is there already and is not a socket");
	assert_int_equal(lstat(p->url.path, &st), 0);
}

static void test_unix__no_folder(void **state)
{
	struct place *p = *state;
	struct url url = p->url;
	struct why why;

	strcat(url.path, "/none/s");
	assert_int_equal(server_listen(p->w.server, &url, NULL, &why), ERR_IO);
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
