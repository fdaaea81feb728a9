/* Crossbar.io's nodes as they are: what is read of them, and which warnings
 * name what is not. */
#include "folder.h"

#include "router/config.h"

/* With ' for ". The notes are to be like the pattern. */
static void load(struct config *c, const char *text, const char *wanted)
{
	char path[128], copy[4096];
	struct why why = { "" };
	struct buf notes;
	int err;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	write_file("c.json", copy);
	snprintf(path, sizeof path, "%s/c.json", dir);
	buf_init(&notes);
	err = config_load_noted(c, path, &notes, &why);
	buf_add_u8(&notes, 0);
	if (err || !looks_like(wanted, (char *)notes.data))
		fail_msg("%d: %s", err, (char *)notes.data);
	buf_deinit(&notes);
}

#define REALM "'name':'r1','roles':[{'name':'anonymous','permissions':[]}]"
#define AT(port) "'endpoint':{'type':'tcp','port':" port "}"
#define WS(port) "{'type':'websocket'," AT(port) "}"
#define NODE(workers) "{'version':2,'workers':[" workers "]}"
#define ROUTER(realms, transports)                                            \
	"{'type':'router','realms':[" realms "],'transports':[" transports "]}"
#define KEY "'e796c2f0a51770303ee4616bc630a66774d51a55003154aff2a54ec7c4ac0e38'"
#define KEYS "'stored-key':" KEY ",'server-key':" KEY ",'role':'anonymous'"
#define PATHS(paths)                                                          \
	NODE(ROUTER("{" REALM "}",                                            \
		    "{'type':'web'," AT("1") ",'paths':{" paths "}}"))

/* Processes that share a realm, or a port. */
static void test_node__what_workers_share_is_one(void **state)
{
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{" REALM ",'rlinks':[{'id':'a'}]}", WS("1")) ","
		      ROUTER("{" REALM ",'rlinks':[]}", WS("1") "," WS("2"))),
	     "*workers[1].realms[0]: warning: r1 is a realm of workers[0], "
	     "too: here it is one*workers[1].transports[0]: warning: "
	     "workers[0] has it, too: here it is one\n");
	assert_int_equal(c.realm_count, 1);
	assert_int_equal(c.transport_count, 2);
	assert_int_equal(c.transports[1].port, 2);
	config_deinit(&c);
	load(&c, NODE("{'type':'container'}," ROUTER("", WS("1"))),
	     "*workers[0]: warning: a worker of type container is not run*"
	     "workers: warning: nobody may join: there are no realms\n"
	     "*auth.anonymous: warning: nobody may join here: *");
	assert_int_equal(c.realm_count, 0);
	config_deinit(&c);
}

static void test_node__permissions(void **state)
{
	const struct access *access;
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{'name':'r1','inventory':{},'roles':["
		      "{'name':'anonymous','permissions':["
		      "{'uri':'a.','match':'prefix','allow':{'call':true}},"
		      "{'uri':'a.','match':'prefix','allow':{'publish':true},"
		      "'validate':{'event':'x'}}]},"
		      "{'name':'all','allow-by-default':true},"
		      "{'name':'none'}]}", WS("1"))),
	     "*realms[0]: warning: without effect here: inventory\n"
	     "*permissions[1]: warning: without effect here: validate\n"
	     "*permissions[1].uri: warning: there is a permission for it "
	     "already: this one counts\n"
	     "*roles[2]: warning: nothing is allowed to it*");
	access = &c.realms[0].roles[0].access;
	assert_false(access_allows(access, ACTION_CALL, bytes_str("a.b"),
				   URI_EXACT));
	assert_true(access_allows(access, ACTION_PUBLISH, bytes_str("a.b"),
				  URI_EXACT));
	assert_true(access_allows(&c.realms[0].roles[1].access,
				  ACTION_REGISTER, bytes_str("x.y"),
				  URI_EXACT));
	assert_false(access_allows(&c.realms[0].roles[2].access, ACTION_CALL,
				   bytes_str("x.y"), URI_EXACT));
	config_deinit(&c);
}

static void test_node__from_the_environment(void **state)
{
	const struct authn *authn;
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{" REALM "}",
		      "{'type':'websocket'," AT("'$TEST_PORT'") ",'auth':{"
		      "'ticket':{'type':'static','principals':{"
		      "'kim':{'ticket':'${TEST_WORD}','role':'anonymous'},"
		      "'sam':{'ticket':'$TEST_WORD','role':'anonymous'}}}}},"
		      WS("'${TEST_PORT2}'"))), "");
	authn = &c.transports[0].authn;
	assert_int_equal(c.transports[0].port, 8081);
	assert_int_equal(c.transports[1].port, 8082);
	assert_string_equal(authn->ways[AUTHN_TICKET].principals[0].secret,
			    "word");
	/* A ticket may begin so. */
	assert_string_equal(authn->ways[AUTHN_TICKET].principals[1].secret,
			    "$TEST_WORD");
	config_deinit(&c);
}

static void test_node__ways_to_join(void **state)
{
	const struct authn *authn;
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{" REALM "}",
		      "{'type':'websocket'," AT("1") ",'auth':{"
		      "'anonymous':{'type':'static','authid':'all','realm':"
		      "'r1'},'anonymous-proxy':{'type':'static'},"
		      "'ticket':{'type':'function','create':'x.y'},"
		      "'cryptosign':{'type':'static','trustroots':{}},"
		      "'tls':{'type':'dynamic','authenticator':'a.b',"
		      "'authenticator-role':'trusted'}}}")),
	     "*auth: warning: without effect here: anonymous-proxy\n"
	     "*auth.ticket.type: warning: function: Python*left out*"
	     "auth.cryptosign.trustroots: warning: *left out*");
	authn = &c.transports[0].authn;
	assert_string_equal(authn->anonymous_role, "anonymous");
	assert_string_equal(authn->anonymous_authid, "all");
	assert_string_equal(authn->anonymous_realm, "r1");
	assert_false(authn->ways[AUTHN_TICKET].on);
	assert_false(authn->ways[AUTHN_CRYPTOSIGN].on);
	assert_true(authn->ways[AUTHN_TLS].on);
	config_deinit(&c);
}

/* Crossbar.io's salts are in hex; argon2's iterations may be few. */
static void test_node__scram(void **state)
{
	const struct principal *all;
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{" REALM "}",
		      "{'type':'websocket'," AT("1") ",'auth':{'scram':{"
		      "'type':'static','principals':{"
		      "'kim':{'kdf':'argon2id-13','memory':512,'iterations':3,"
		      "'salt':'3bc3ca01dd1d501ca1c22e1c5d7d16fe'," KEYS "},"
		      "'sam':{'kdf':'pbkdf2','memory':-1,"
		      "'salt':'O8PKAd0dUByhwi4cXX0W/g=='," KEYS "}}}}}")),
	     "");
	all = c.transports[0].authn.ways[AUTHN_SCRAM].principals;
	assert_string_equal(all[0].salt, "O8PKAd0dUByhwi4cXX0W/g==");
	assert_string_equal(all[1].salt, all[0].salt);
	assert_true(all[0].argon2 && !all[1].argon2);
	assert_int_equal(all[0].memory, 512);
	assert_int_equal(all[0].iterations, 3);
	config_deinit(&c);
}

static void test_node__paths(void **state)
{
	struct config c;

	(void)state;
	load(&c, PATHS("'/':{'type':'static','directory':'none'},"
		       "'p':{'type':'static','package':'x','resource':'y'},"
		       "'c':{'type':'catalog'},'ws':{'type':'websocket'},"
		       "'n':{'type':'path','paths':{'ws':{'type':'websocket'},"
		       "'more':{'type':'websocket'}}}"),
	     "*paths./.directory: warning: */none: there is no such folder*"
	     "paths.p.package: warning: *paths.c: warning: catalog is not "
	     "served here: left out\n");
	assert_string_equal(c.transports[0].ws_path, "/ws");
	assert_int_equal(c.transports[0].ws_more_count, 2);
	assert_string_equal(c.transports[0].ws_more[0], "/n/ws");
	assert_string_equal(c.transports[0].ws_more[1], "/n/more");
	assert_null(c.transports[0].ws_more[2]);
	config_deinit(&c);
}

static void test_node__store_and_options(void **state)
{
	struct config c;

	(void)state;
	load(&c, NODE(ROUTER("{" REALM ",'options':{'enable_meta_api':true},"
		      "'store':{'type':'cfxdb','path':'x','maxsize':1}}",
		      "{'type':'websocket','endpoint':{'type':'tcp',"
		      "'portrange':[8000,8003]}}")),
	     "*realms[0].store: warning: without effect here: path, maxsize\n"
	     "*realms[0].store.type: warning: cfxdb: *"
	     "realms[0].options: warning: without effect here: "
	     "enable_meta_api\n");
	assert_int_equal(c.transports[0].port, 8000);
	assert_int_equal(c.transports[0].port_last, 8003);
	config_deinit(&c);
}

/* However many there are, each is named. */
static void test_node__every_option_is_named(void **state)
{
	static const char *const names[] = {
		"allow_null_origin", "enable_webstatus", "max_frame_size",
		"auto_fragment_size", "fail_by_drop",
		"open_handshake_timeout", "close_handshake_timeout",
		"auto_ping_size",
		"compression", "echo_close_codereason", "tcp_nodelay",
	};
	char text[1024], wanted[1024] = "*";
	struct config c;

	(void)state;
	snprintf(text, sizeof text, "{'realms':[{" REALM "}],'transports':["
		 "{'type':'websocket'," AT("1") ",'options':{");
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(text + strlen(text), sizeof text - strlen(text),
			 "%s'%s':1", i ? "," : "", names[i]);
		snprintf(wanted + strlen(wanted), sizeof wanted -
			 strlen(wanted), "%s*", names[i]);
	}
	snprintf(text + strlen(text), sizeof text - strlen(text), "}}]}");
	load(&c, text, wanted);
	config_deinit(&c);
}

static void test_node__limits_of_an_endpoint(void **state)
{
	static const char realm[] = "{'realms':[{" REALM "}],'transports':[";
	struct config c;
	char text[1024];

	(void)state;
	snprintf(text, sizeof text, "%s{'type':'universal'," AT("1") ","
		 "'websocket':{'ws':{'options':{'max_message_size':65536,"
		 "'auto_ping_interval':10000,'auto_ping_timeout':5000}}},"
		 "'rawsocket':{'max_message_size':4096}}]}", realm);
	load(&c, text, "");
	assert_int_equal(c.transports[0].limits.message_bytes, 4096);
	assert_int_equal(c.transports[0].limits.ping_ms, 10000);
	assert_int_equal(c.transports[0].limits.pong_ms, 5000);
	config_deinit(&c);
	snprintf(text, sizeof text, "%s{'type':'rawsocket'," AT("1") ","
		 "'options':{'max_message_size':0}}]}", realm);
	load(&c, text, "");
	assert_int_equal(c.transports[0].limits.message_bytes, 0);
	config_deinit(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_node__what_workers_share_is_one),
		cmocka_unit_test(test_node__permissions),
		cmocka_unit_test(test_node__from_the_environment),
		cmocka_unit_test(test_node__ways_to_join),
		cmocka_unit_test(test_node__scram),
		cmocka_unit_test(test_node__paths),
		cmocka_unit_test(test_node__store_and_options),
		cmocka_unit_test(test_node__every_option_is_named),
		cmocka_unit_test(test_node__limits_of_an_endpoint),
	};

	setenv("TEST_PORT", "8081", 1);
	setenv("TEST_PORT2", "8082", 1);
	setenv("TEST_WORD", "word", 1);
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
