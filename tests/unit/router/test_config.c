/* The configuration: what is read, and that each mistake is told with its
 * place. */
#include <unistd.h>

#include "folder.h"

#include "router/bridge_config.h"
#include "router/config.h"

/* With ' for ". */
static int load(struct config *c, const char *text, struct why *why)
{
	char path[128], copy[4096];

	snprintf(copy, sizeof copy, "%s", text);
	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	write_file("c.json", copy);
	snprintf(path, sizeof path, "%s/c.json", dir);
	return config_load(c, path, why);
}

#define ROLES "'roles':[{'name':'anonymous','permissions':[]}]"
#define REALMS "'realms':[{'name':'realm1'," ROLES "}]"
#define AUTH(ways)                                                            \
	"{" REALMS ",'transports':[{'type':'websocket'," PLACE                \
	",'auth':{" ways "}}]}"
#define TLS(members)                                                          \
	"{" REALMS ",'transports':[{'type':'websocket','endpoint':"           \
	"{'type':'tcp','port':1,'tls':{" members "}}}]}"
#define PORT(members)                                                         \
	"{" REALMS ",'transports':[{'type':'websocket','endpoint':"           \
	"{'type':'tcp'," members "}}]}"
#define TEN "/ten-bytes"
#define PLACE "'endpoint':{'type':'tcp','port':8080}"
#define BRIDGE(members)                                                       \
	"{" REALMS ",'transports':[{'type':'web'," PLACE ",'paths':{'p':"     \
	"{'type':'caller'," members "}}}]}"
#define WHO "'realm':'realm1','role':'anonymous'"
#define NEST "'paths':{'a':{'type':'path',"
#define TRANSPORTS                                                            \
	"'transports':[{'type':'web'," PLACE ",'paths':{'ws':"                \
	"{'type':'websocket'}}}]"

static void test_config__the_demos(void **state)
{
	struct config c;
	struct why why;
	const struct authn *authn;
	const struct principal *trusted;

	(void)state;
	write_file("coordinator.ticket", "one\n");
	write_file("worker.ticket", "two\n");
	write_file("host.ticket", "three\n");
	assert_int_equal(config_default(&c, false, &why), 0);
	/* Without a folder nobody has a ticket. */
	assert_int_equal(c.transports[0].authn.ways[AUTHN_TICKET].count, 0);
	assert_string_equal(c.transports[0].authn.anonymous_role, "audience");
	config_deinit(&c);
	{
		char text[16384] = "", path[128];
		FILE *f = fopen("router/manyhands.json", "r");

		assert_non_null(f);
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
		write_file("demo.json", text);
		snprintf(path, sizeof path, "%s/demo.json", dir);
		assert_int_equal(config_load(&c, path, &why), 0);
	}
	authn = &c.transports[0].authn;
	assert_int_equal(authn->ways[AUTHN_TICKET].count, 3);
	trusted = &authn->ways[AUTHN_TICKET].principals[1];
	assert_string_equal(trusted->authid, "trusted");
	assert_string_equal(trusted->secret, "two");
	/* The host's page, from any device. */
	assert_int_equal(authn->ways[AUTHN_WAMPCRA].count, 1);
	assert_string_equal(authn->ways[AUTHN_WAMPCRA].principals->secret,
			    "three");
	assert_int_equal(c.realms[0].role_count, 4);
	assert_int_equal(c.realms[0].rules[0].queue_max, 10000);
	assert_int_equal(c.realms[0].roles[3].limits.calls, 65536);
	assert_true(access_allows(&c.realms[0].roles[0].access,
				  ACTION_REGISTER, bytes_str("compute.chunk"),
				  URI_EXACT));
	assert_false(access_allows(&c.realms[0].roles[0].access,
				   ACTION_REGISTER,
				   bytes_str("compute.audit"), URI_EXACT));
	assert_false(access_allows(&c.realms[0].roles[0].access,
				   ACTION_PUBLISH, bytes_str("job.finished"),
				   URI_EXACT));
	config_deinit(&c);
}

static void test_config__open(void **state)
{
	struct config c;
	struct why why;

	(void)state;
	assert_int_equal(config_default(&c, true, &why), 0);
	assert_string_equal(c.realms[0].name, "realm1");
	assert_true(access_allows(&c.realms[0].roles[0].access, ACTION_PUBLISH,
				  bytes_str("any.thing"), URI_EXACT));
	config_deinit(&c);
}

static void test_config__crossbars_words(void **state)
{
	struct config c;
	struct why why = { "" };
	struct grant grant;

	(void)state;
	assert_int_equal(load(&c,
		"{'version':2,'realms':[{'name':'r.one','roles':["
		"{'name':'anonymous','permissions':["
		"{'uri':'com.*','allow':{'call':true,'publish':false},"
		"'disclose':{'caller':true},'cache':true,'trustlevel':3},"
		"{'uri':'org.a','match':'exact','allow':{}}]}],"
		"'store':{'type':'memory','call-queue':["
		"{'uri':'com.','match':'prefix','limit':7}]},"
		"'options':{'uri_check':'strict'}}],"
		"'transports':[{'type':'websocket','id':'t1'," PLACE ","
		"'auth':{'anonymous':{'type':'static','role':'anonymous'}},"
		"'options':{'allowed_origins':['https://example.org']}}]}",
		&why), 0);
	assert_true(c.uri_strict);
	assert_int_equal(c.realms[0].rules[0].queue_max, 7);
	assert_true(access_find(&c.realms[0].roles[0].access,
				bytes_str("com.x"))->disclose_caller);
	grant = access_grant(&c.realms[0].roles[0].access, ACTION_CALL,
			     bytes_str("com.x"));
	assert_true(grant.has_trustlevel && grant.trustlevel == 3);
	assert_false(access_grant(&c.realms[0].roles[0].access, ACTION_CALL,
				  bytes_str("org.a")).has_trustlevel);
	assert_string_equal(c.transports[0].ws_path, "/");
	assert_string_equal(c.transports[0].origins[0],
			    "https://example.org");
	config_deinit(&c);
}

/* The queue that `wait` needs may be the store's. */
static void test_config__a_limit_of_0_is_none(void **state)
{
	struct config c;
	struct why why = { "" };
	const struct role_limits *l;

	(void)state;
	assert_int_equal(load(&c,
		"{'realms':[{'name':'r.one','roles':[{'name':'anonymous',"
		"'permissions':[],'limits':{'calls':0,'held_bytes':0,"
		"'message_bytes':0,'output_bytes':0,'retained_bytes':0}},"
		"{'name':'other','permissions':[],"
		"'limits':{'calls':3}}]}]," TRANSPORTS "}",
		&why), 0);
	l = &c.realms[0].roles[0].limits;
	assert_int_equal(l->calls, 0);
	assert_int_equal(l->retained_bytes, 0);
	assert_true(l->held_bytes > SIZE_MAX / 8);
	assert_true(l->output_bytes > SIZE_MAX / 8);
	assert_int_equal(l->message_bytes, 1 << 20);
	l = &c.realms[0].roles[1].limits;
	assert_int_equal(l->calls, 3);
	assert_int_equal(l->held_bytes, limits_default.held_bytes);
	assert_int_equal(l->output_bytes, limits_default.output_bytes);
	config_deinit(&c);
}

static void test_config__procedures(void **state)
{
	struct config c;
	struct why why = { "" };
	const struct procedure_rule *rules;

	(void)state;
	assert_int_equal(load(&c,
		"{'realms':[{'name':'r.one','roles':["
		"{'name':'anonymous','permissions':[]}],"
		"'procedures':[{'uri':'q.','match':'prefix','wait':true},"
		"{'uri':'a.b','invoke':'last','concurrency_max':4,"
		"'queue':5,'force':false}],"
		"'store':{'call-queue':["
		"{'uri':'q.','match':'prefix','limit':7}]}}]," TRANSPORTS "}",
		&why), 0);
	rules = c.realms[0].rules;
	assert_true(rules[0].waits && !rules[0].denies_force);
	assert_int_equal(rules[0].queue_max, 7);
	assert_false(rules[0].pins_invoke);
	assert_true(!rules[1].waits && rules[1].denies_force);
	assert_true(rules[1].pins_invoke && rules[1].invoke == INVOKE_LAST);
	assert_int_equal(rules[1].concurrency_max, 4);
	assert_int_equal(rules[1].queue_max, 5);
	config_deinit(&c);
}

static const struct {
	const char *text, *wanted; /* a pattern with * */
} mistakes[] = {
	{ "{'a': ", "*c.json: line 1: *" },
	{ "{" REALMS ",'transports':[{'type':'websocket'," PLACE ","
	  "'options':{'max_message_size':100}}]}",
	  "*options.max_message_size: accepted are 0 and numbers from 512" },
	{ "[]", "*c.json: an object is wanted*" },
	{ "{'version':2,'workerz':[]}", "*workerz: unknown key; *realms*" },
	{ "{'version':1," REALMS "," TRANSPORTS "}", "*version: accepted is 2; *" },
	{ "{" REALMS "}", "*transports: is missing" },
	{ "{" TRANSPORTS "}", "*realms: is missing" },
	{ "{'realms':[]," TRANSPORTS "}", "*realms: at least one*" },
	{ "{'realms':{}," TRANSPORTS "}", "*realms: a list is wanted" },
	{ "{'realms':[{'name':'a'," ROLES "},{'name':'a'," ROLES "}],"
	  TRANSPORTS "}", "*realms: a is there twice" },
	{ "{'realms':[{'name':'a','rolls':[]}]," TRANSPORTS "}",
	  "*realms[0].rolls: unknown key*" },
	{ "{'realms':[{'name':'a b'," ROLES "}]," TRANSPORTS "}",
	  "*realms[0].name: not a valid URI" },
	{ "{'realms':[{'name':7," ROLES "}]," TRANSPORTS "}",
	  "*realms[0].name: a text is wanted" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':["
	  "{'uri':'a.b'},{'uri':'a..b'}]}]}]," TRANSPORTS "}",
	  "*realms[0].roles[0].permissions[1].uri: not a valid URI*" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':["
	  "{'uri':'a.b','allow':{'cal':true}}]}]}]," TRANSPORTS "}",
	  "*permissions[0].allow.cal: unknown key*" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':["
	  "{'uri':'a.b','allow':{'call':1}}]}]}]," TRANSPORTS "}",
	  "*permissions[0].allow.call: true or false is wanted" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':["
	  "{'uri':'a.b','trustlevel':-1}]}]}]," TRANSPORTS "}",
	  "*permissions[0].trustlevel: an integer from 0 *" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':["
	  "{'uri':'a.b','match':'regex'}]}]}]," TRANSPORTS "}",
	  "*permissions[0].match: accepted are exact, prefix, wildcard" },
	{ "{'realms':[{'name':'a','roles':[{'name':'x','permissions':[],"
	  "'limits':{'calls':-1}}]}]," TRANSPORTS "}",
	  "*roles[0].limits.calls: an integer from 0 *" },
	{ "{'realms':[{'name':'a'," ROLES ",'store':{'event-history':["
	  "{'uri':'a.b','limit':0}]}}]," TRANSPORTS "}",
	  "*store.event-history[0].limit: an integer from 1 *" },
	{ "{'realms':[{'name':'a'," ROLES ",'store':{'event-history':["
	  "{'uri':'a.b'},{'uri':'a.b'}]}}]," TRANSPORTS "}",
	  "*store.event-history: a.b is there twice" },
	{ "{'realms':[{'name':'a'," ROLES ",'procedures':[{'uri':'a.b',"
	  "'wait':1}]}]," TRANSPORTS "}",
	  "*procedures[0].wait: true or false is wanted" },
	{ "{'realms':[{'name':'a'," ROLES ",'procedures':[{'uri':'a.b',"
	  "'wait':true}]}]," TRANSPORTS "}",
	  "*procedures: wait: a.b has no queue to wait in*" },
	{ "{'realms':[{'name':'a'," ROLES ",'procedures':[{'uri':'a.b',"
	  "'invoke':'best'}]}]," TRANSPORTS "}",
	  "*procedures[0].invoke: accepted are single*" },
	{ "{" REALMS ",'transports':[{'type':'smoke'," PLACE "}]}",
	  "*transports[0].type: accepted are: *" },
	{ "{" REALMS ",'transports':[{'type':'websocket'}]}",
	  "*transports[0].endpoint: is missing" },
	{ "{" REALMS ",'transports':[{'type':'websocket',"
	  "'endpoint':{'type':'tcp','port':65536}}]}",
	  "*endpoint.port: an integer from 0 to 65535 is wanted" },
	{ PORT("'port':'80'"), "*endpoint.port: an integer from 0 *" },
	{ PORT("'port':'$TEST_WORD'"), "*endpoint.port: an integer from 0 *" },
	{ PORT("'port':'$TEST_NONE'"),
	  "*endpoint.port: there is no TEST_NONE in the environment" },
	{ PORT("'port':1,'interface':'eth0'"),
	  "*endpoint.interface: an address is *" },
	{ PORT("'portrange':[9,8]"), "*endpoint.portrange: two integers *" },
	{ PORT("'portrange':[8,9],'port':1"),
	  "*endpoint.portrange: there is a port already" },
	{ "{" REALMS ",'transports':[{'type':'rawsocket'," PLACE "},"
	  "{'type':'websocket'," PLACE "}]}",
	  "*transports[1].endpoint: transports[0] listens at port 8080 *" },
	{ "{" REALMS ",'transports':[{'type':'rawsocket','endpoint':{'type':"
	  "'unix','path':'" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "'}}]}",
	  "*endpoint.path: *: a socket*s name has at most 107 bytes" },
	{ "{" REALMS ",'transports':[{'type':'web'," PLACE ",'paths':{"
	  "'/':{'type':'static','directory':'c.json'}}}]}",
	  "*paths./.directory: */c.json: not a folder that can be read" },
	{ "{" REALMS ",'transports':[{'type':'web'," PLACE ",'paths':{"
	  "'a':{'type':'websocket'},'b':{'type':'websocket','serializers':"
	  "['json']}}}]}",
	  "*paths.b: all websockets of an endpoint have the *one at /a" },
	{ "{'workers':[{'type':'router'," REALMS "," TRANSPORTS "},"
	  "{'type':'router','realms':[{'name':'realm1','roles':[]}]}]}",
	  "*workers[1].realms[0]: realm1 is a realm of workers[0]*not the *" },
	{ AUTH("'anonymous':{'type':'static','realm':'none'}"),
	  "*auth.anonymous.realm: there is no realm none" },
	{ AUTH("'ticket':{'type':'static','principals':{'kim':{'ticket':"
	       "'${TEST_NONE}','role':'anonymous'}}}"),
	  "*kim.ticket: there is no TEST_NONE in the environment" },
	{ TLS("'certificate':'none.pem','key':'c.json'"),
	  "*endpoint.tls: */none.pem: No such file or directory" },
	{ TLS("'certificate':'c.json','key':'c.json'"),
	  "*endpoint.tls: */c.json: not a PEM certificate" },
	{ TLS("'certificate':'c.json'"), "*endpoint.tls.key: is missing" },
	{ TLS("'certificate':'a','key':'b','chain_certificates':'c'"),
	  "*endpoint.tls.chain_certificates: a list is wanted" },
	{ TLS("'certificate':'a','key':'b','ca_certificates':['c',1]"),
	  "*endpoint.tls.ca_certificates[1]: a file*name is wanted" },
	{ TLS("'certificate':'a','key':'b','ciphers':'ROT13'"),
	  "*endpoint.tls: ciphers ROT13: accepted is a list of *" },
	{ TLS("'cert':'a'"), "*endpoint.tls.cert: unknown key*" },
	{ "{" REALMS ",'transports':[{'type':'rawsocket','endpoint':"
	  "{'type':'unix','path':'x','tls':{}}}]}",
	  "*endpoint.tls: unknown key*" },
	{ "{" REALMS ",'transports':[{'type':'web'," PLACE ",'paths':{}}]}",
	  "*transports[0].paths: at least one is wanted" },
	{ "{" REALMS ",'transports':[{'type':'websocket'," PLACE ","
	  "'auth':{'anonymous':{'type':'static','role':'ghost'}}}]}",
	  "*auth.anonymous.role: no realm has a role ghost" },
	{ "{" REALMS ",'transports':[{'type':'websocket'," PLACE ","
	  "'auth':{'ticket':{'type':'static','principals':{'kim':"
	  "{'role':'anonymous','ticket_file':'none'}}}}}]}",
	  "*auth.ticket.principals.kim.ticket_file: */none: can not be read" },
	{ "{" REALMS ",'transports':[{'type':'websocket'," PLACE ","
	  "'auth':{'ticket':{'type':'static','principals':{'kim':"
	  "{'role':'anonymous','ticket':''}}}}}]}",
	  "*principals.kim: a ticket or ticket_file is wanted*" },
	{ AUTH("'wampcra':{'type':'static','users':{'joe':{'secret':'x',"
	       "'role':'anonymous','iterations':5}}}"),
	  "*wampcra.users.joe.salt: iterations and keylen belong to a *" },
	{ AUTH("'wampcra':{'type':'static','users':{'joe':{'secret':'x',"
	       "'role':'anonymous','salt':'s','iterations':0}}}"),
	  "*joe.iterations: accepted are 1 to 1000000" },
	{ AUTH("'wampcra':{'type':'static','users':{'joe':{'secret':'x',"
	       "'role':'ghost'}}}"),
	  "*auth.wampcra.users: joe: no realm has a role ghost" },
	{ AUTH("'scram':{'type':'static','principals':{'sam':"
	       "{'role':'anonymous','kdf':'argon2id-13'}}}"),
	  "*sam.memory: is missing, in KiB" },
	{ AUTH("'scram':{'type':'static','principals':{'sam':"
	       "{'role':'anonymous','kdf':'scrypt'}}}"),
	  "*sam.kdf: accepted are pbkdf2, argon2id-13" },
	{ AUTH("'scram':{'type':'static','principals':{'sam':"
	       "{'role':'anonymous','salt':'c2hvcnQ='}}}"),
	  "*sam.salt: wanted are 8 to 64 bytes, in base64 or hex" },
	{ AUTH("'scram':{'type':'static','principals':{'sam':"
	       "{'role':'anonymous','salt':'aBc+fx0NAVA=',"
	       "'stored-key':'00'}}}"),
	  "*sam.stored-key: wanted are 32 bytes, in hex or base64" },
	{ AUTH("'cryptosign':{'type':'static','principals':{'kim':"
	       "{'role':'anonymous','authorized_keys':['xy']}}}"),
	  "*kim.authorized_keys[0]: *" },
	{ AUTH("'tls':{'type':'static','principals':{'kim':"
	       "{'role':'anonymous','certificate-sha1':'AB:CD'}}}"),
	  "*kim.certificate-sha1: wanted are 20 bytes as in AB:CD:*" },
	{ AUTH("'cookie':{'max_age':0}"),
	  "*auth.cookie.max_age: accepted are 1 to *" },
	{ AUTH("'ticket':{'type':'dynamic'}"),
	  "*auth.ticket.authenticator: is missing" },
	{ AUTH("'ticket':{'type':'dynamic','authenticator':'a b'}"),
	  "*auth.ticket.authenticator: not a valid URI" },
	{ AUTH("'ticket':{'type':'dynamic','authenticator':'a.b',"
	       "'authenticator-realm':'none'}"),
	  "*auth.ticket.authenticator-realm: there is no realm none" },
	{ AUTH("'anonymous':{'type':'dynamic','authenticator':'a.b',"
	       "'authenticator-role':'ghost'}"),
	  "*auth.anonymous.authenticator-role: no realm has a role ghost" },
	{ AUTH("'ticket':{'type':'static','principals':{'kim':{'ticket':'x',"
	       "'role':'anonymous','realm':'none'}}}"),
	  "*auth.ticket.principals: kim: there is no realm none" },
	{ BRIDGE("'realm':'none','role':'anonymous'"),
	  "*transports[0].paths./p.realm: there is no realm none" },
	{ BRIDGE("'realm':'realm1','role':'ghost'"),
	  "*paths./p.role: realm realm1 has no role ghost" },
	{ BRIDGE("'role':'anonymous'"), "*paths.p.realm: is missing" },
	{ BRIDGE("'realm':'realm1'"), "*paths.p.role: is missing" },
	{ BRIDGE(WHO ",'options':{'key':'k'}"),
	  "*paths.p.options.secret: is missing*" },
	{ BRIDGE(WHO ",'options':{'secret':'k'}"),
	  "*paths.p.options.key: is missing*" },
	{ BRIDGE(WHO ",'options':{'key':'k','secret':''}"),
	  "*options.secret: must not be empty" },
	{ BRIDGE(WHO ",'options':{'post_body_limit':2000000}"),
	  "*options.post_body_limit: an integer from 0 to 1048576 *" },
	{ BRIDGE(WHO ",'options':{'timestamp_delta_limit':-1}"),
	  "*options.timestamp_delta_limit: an integer from 0 *" },
	{ BRIDGE(WHO ",'options':{'require_ip':['::1','1.2.3']}"),
	  "*options.require_ip[1]: an address or a network is wanted*" },
	{ BRIDGE(WHO ",'options':{'require_tls':1}"),
	  "*options.require_tls: true or false is wanted" },
	{ "{" REALMS ",'transports':[{'type':'web'," PLACE "," NEST NEST NEST
	  NEST NEST NEST NEST NEST NEST "'paths':{'b':{'type':'nodeinfo'}}"
	  "}}}}}}}}}}}}}}}}}}}]}",
	  "*a.paths.a.paths.a: at most 8 levels of paths are accepted" },
	{ AUTH("'magic':{}"), "*transports[0].auth.magic: *" },
	{ AUTH("'':{}"), "*transports[0].auth.: unknown key*" },
	{ AUTH("'ticket wampcra':{}"), "*auth.ticket wampcra: unknown key*" },
	{ "{" REALMS "," REALMS "," TRANSPORTS "}",
	  "*c.json: line 1: duplicate*" },
};

static void test_config__each_mistake_has_its_place(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		struct config c;
		struct why why = { "" };

		if (load(&c, mistakes[i].text, &why) != ERR_USAGE)
			fail_msg("%s: is accepted", mistakes[i].text);
		if (!looks_like(mistakes[i].wanted, why.text))
			fail_msg("%s: %s", mistakes[i].text, why.text);
	}
}

static void test_config__a_node_as_it_is(void **state)
{
	struct config c;
	struct why why = { "" };

	(void)state;
	assert_int_equal(load(&c,
		"{'version':2,'controller':{},'workers':[{'type':'guest'},"
		"{'type':'router','components':[],'realms':[{'name':'r.one',"
		"'roles':[{'name':'anonymous','permissions':[{'uri':'*',"
		"'call':true,'publish':true}]}]}],'transports':["
		"{'type':'mqtt'},{'type':'universal'," PLACE ","
		"'rawsocket':{'serializers':['cbor']},'websocket':{'ws':"
		"{'type':'websocket','serializers':['json','cbor']}},"
		"'web':{'paths':{'/':{'type':'nodeinfo'},'a':{'type':'path',"
		"'paths':{'b':{'type':'json','value':[1]}}}}}},"
		"{'type':'rawsocket','endpoint':{'type':'unix',"
		"'path':'/x/y'}}]}]}", &why), 0);
	assert_int_equal(c.transport_count, 2);
	assert_string_equal(c.transports[0].ws_path, "/ws");
	assert_int_equal(c.transports[0].serializers,
			 SPEAKS_JSON | SPEAKS_CBOR);
	assert_string_equal(c.transports[0].paths[1].path, "/a/b");
	assert_string_equal(c.transports[0].paths[1].text, "[1]");
	assert_string_equal(c.transports[1].unix_path, "/x/y");
	assert_null(c.transports[1].ws_path);
	assert_true(access_allows(&c.realms[0].roles[0].access, ACTION_CALL,
				  bytes_str("any.thing"), URI_EXACT));
	assert_false(access_allows(&c.realms[0].roles[0].access,
				   ACTION_REGISTER, bytes_str("any.thing"),
				   URI_EXACT));
	config_deinit(&c);
}

/* Also when the websocket is one of web's paths, its auth is the one. */
static void test_config__rawsocket_beside_a_path_that_is_a_websocket(
	void **state)
{
	struct config c;
	struct why why = { "" };

	(void)state;
	assert_int_equal(load(&c,
		"{" REALMS ",'transports':[{'type':'universal'," PLACE ","
		"'rawsocket':{'serializers':['cbor']},'web':{'paths':{'ws':"
		"{'type':'websocket','serializers':['json'],'auth':"
		"{'anonymous':{'type':'static','role':'anonymous'}}}}}}]}",
		&why), 0);
	assert_string_equal(c.transports[0].ws_path, "/ws");
	assert_int_equal(c.transports[0].serializers, SPEAKS_JSON);
	assert_string_equal(c.transports[0].authn.anonymous_role, "anonymous");
	config_deinit(&c);
	assert_int_equal(load(&c,
		"{" REALMS ",'transports':[{'type':'universal'," PLACE ","
		"'rawsocket':{'auth':{}},'web':{'paths':{'ws':"
		"{'type':'websocket'}}}}]}", &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "all of an endpoint have one"));
}

/* All mistakes and warnings, not only the first; what was meant. */
static void test_config__bridges(void **state)
{
	const struct bridge_config *b;
	struct config c;
	struct why why = { "" };

	(void)state;
	assert_int_equal(load(&c,
		"{" REALMS ",'transports':[{'type':'web'," PLACE ",'paths':{"
		"'publish':{'type':'publisher'," WHO "},'call':{'type':"
		"'caller'," WHO ",'options':{'key':'k','secret':'s',"
		"'timestamp_delta_limit':0,'post_body_limit':9,'require_ip':"
		"['10.0.0.0/8'],'require_tls':true,'debug':true}}}}]}",
		&why), 0);
	assert_int_equal(c.transports[0].path_count, 2);
	assert_int_equal(c.transports[0].paths[0].type, PATH_PUBLISHER);
	b = c.transports[0].paths[0].bridge;
	assert_null(b->secret);
	assert_int_equal(b->window_s, 300);
	assert_int_equal(b->body_max, 1 << 20);
	assert_false(b->require_tls);
	assert_int_equal(c.transports[0].paths[1].type, PATH_CALLER);
	b = c.transports[0].paths[1].bridge;
	assert_string_equal(b->key, "k");
	assert_string_equal(b->secret, "s");
	assert_int_equal(b->window_s, 0);
	assert_int_equal(b->body_max, 9);
	assert_true(network_has(b->networks, "10.1.1.1:1"));
	assert_true(b->require_tls);
	config_deinit(&c);
}

static void test_config__every_mistake_is_told(void **state)
{
	struct config c;
	struct why why = { "" };
	struct buf notes;
	char path[128];

	(void)state;
	assert_int_equal(load(&c,
		"{'controler':1,'realms':[{'name':'a','rolls':[]},{'name':7,"
		"'roles':[{'name':'x','permissions':[{'uri':'a..b'},"
		"{'uri':'a b'}]}]}],'transports':[{'type':'web'," PLACE ","
		"'paths':{'x':{'type':'longpoll'},'y':{'type':'smoke'}}}]}",
		&why), ERR_USAGE);
	snprintf(path, sizeof path, "%s/c.json", dir);
	buf_init(&notes);
	assert_int_equal(config_load_noted(&c, path, &notes, &why),
			 ERR_USAGE);
	buf_add_u8(&notes, 0);
	assert_true(looks_like("*realms[0].rolls: unknown key; is roles meant?*"
			       "realms[0].roles: warning: there are none*"
			       "realms[1].name: a text*permissions[0].uri: *"
			       "permissions[1].uri: *"
			       "paths.x: warning: longpoll*"
			       "paths.y.type: accepted are: static *",
			       (char *)notes.data));
	buf_deinit(&notes);
}

static void test_config__missing_file(void **state)
{
	struct config c;
	struct why why = { "" };

	(void)state;
	assert_int_equal(config_load(&c, "/nowhere/c.json", &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "/nowhere/c.json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config__the_demos),
		cmocka_unit_test(test_config__open),
		cmocka_unit_test(test_config__crossbars_words),
		cmocka_unit_test(test_config__a_limit_of_0_is_none),
		cmocka_unit_test(test_config__procedures),
		cmocka_unit_test(test_config__each_mistake_has_its_place),
		cmocka_unit_test(test_config__a_node_as_it_is),
		cmocka_unit_test(
			test_config__rawsocket_beside_a_path_that_is_a_websocket),
		cmocka_unit_test(test_config__bridges),
		cmocka_unit_test(test_config__every_mistake_is_told),
		cmocka_unit_test(test_config__missing_file),
	};

	setenv("TEST_WORD", "word", 1);
	unsetenv("TEST_NONE");
	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
