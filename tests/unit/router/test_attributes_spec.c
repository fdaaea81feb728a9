/* Attributes of Options and Details: unknown ones, null, and those of a wrong
 * type. Spec: "Messages", "Extensibility" (basic). */
#include "callees.h"

/* --- what is unknown is ignored ------------------------------------------ */

static void test_attributes__unknown_ones_are_ignored(void **state)
{
	static const char x[] =
		"'x_custom':1,'_mine':{'a':[1.5]},'z':'','nonsense':[{}],"
		"'acknowledges':1,'Match':7,'forward_for':[{'session':1}]";
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, x, "a.b");
	say(&t.caller, "[48,1,{%s},'a.b']", x);
	hears(&t.a, "[68,1,*,{}]");
	say(&t.caller, "[49,1,{%s}]", x);
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled']");
	say(&t.a, "[70,1,{%s}]", x);
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	say(&t.a, "[32,3,{%s},'a.b']", x);
	hears(&t.a, "[33,3,*]");
	say(&t.caller, "[16,2,{'acknowledge':true,%s},'a.b']", x);
	hears(&t.a, "[36,*,*,{}]");
	hears(&t.caller, "[17,2,*]");
	say(&t.caller, "[6,{%s},'wamp.close.close_realm']", x);
	hears(&t.caller, "[6,{},'wamp.close.goodbye_and_out']");
	trio_deinit(&t);
}

/* What another message knows is unknown here, of whichever type. */
static void test_attributes__of_another_message(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'acknowledge':1,'timeout':'x','mode':7", "a.b");
	say(&t.caller, "[48,1,{'acknowledge':1,'match':7,'invoke':[],"
		       "'force_reregister':0,'concurrency':-1},'a.b']");
	hears(&t.a, "[68,1,*,{}]");
	trio_deinit(&t);
}

/* As if it were not there. */
static void test_attributes__null_is_absent(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'match':null,'invoke':null,"
			       "'concurrency':null,'force_reregister':null,"
			       "'disclose_caller':null", "a.b");
	say(&t.caller, "[48,1,{'timeout':null,'receive_progress':null,"
		       "'progress':null,'disclose_me':null,'rkey':null,"
		       "'runmode':null,'ppt_scheme':null},'a.b']");
	hears(&t.a, "[68,1,*,{}]");
	say(&t.a, "[70,1,{'progress':null,'ppt_scheme':null}]");
	hears(&t.caller, "[50,1,{}]");
	say(&t.caller, "[16,2,{'acknowledge':null,'exclude':null},'a.b']");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

/* --- of a wrong type ----------------------------------------------------- */

static const char *const call_options[] = {
	"'timeout':'5'", "'timeout':-1", "'timeout':1.5", "'timeout':true",
	"'timeout':[]", "'timeout':9007199254740993",
	"'receive_progress':1", "'receive_progress':'true'",
	"'disclose_me':0", "'disclose_me':{}",
	"'progress':1", "'progress':'false'",
	"'runmode':7", "'runmode':'all'", "'runmode':'partition'",
	"'runmode':'partition','rkey':7",
};
static const char *const register_options[] = {
	"'match':7", "'match':'Prefix'", "'match':''", "'match':true",
	"'invoke':7", "'invoke':'all'", "'invoke':[]",
	"'concurrency':0", "'concurrency':-1", "'concurrency':'2'",
	"'concurrency':1.5", "'concurrency':true",
	"'force_reregister':1", "'forward_timeout':'yes'",
	"'disclose_caller':1",
};
static const char *const subscribe_options[] = {
	"'match':7", "'match':'regex'", "'get_retained':1",
};
static const char *const publish_options[] = {
	"'exclude_me':0", "'disclose_me':1", "'retain':'yes'",
	"'exclude':7", "'eligible':'x'", "'exclude_authid':{}",
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static void check_wrong(struct trio *t, unsigned type, const char *extra,
			const char *const *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char want[80];

		say(&t->caller, "[%u,%llu,{%s%s},'a.b']", type,
		    (unsigned long long)t->caller.session->last_request + 1,
		    extra, options[i]);
		snprintf(want, sizeof want,
			 "[8,%u,*,{},'wamp.error.invalid_argument',['*']]",
			 type);
		hears(&t->caller, want);
	}
	assert_false(t->caller.closed);
}

/* Each request is answered, and nothing of it was done. */
static void test_attributes__of_a_wrong_type(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	say(&t.b, "[32,1,{},'a.b']");
	hears(&t.b, "[33,*");
	check_wrong(&t, 48, "", call_options, COUNT(call_options));
	check_wrong(&t, 64, "", register_options, COUNT(register_options));
	check_wrong(&t, 32, "", subscribe_options, COUNT(subscribe_options));
	check_wrong(&t, 16, "'acknowledge':true,", publish_options,
		    COUNT(publish_options));
	hears_nothing(&t.a);
	hears_nothing(&t.b);
	assert_int_equal(t.caller.session->registration_count, 0);
	assert_int_equal(t.caller.session->subscription_count, 0);
	trio_deinit(&t);
}

/* Not acknowledged, nobody is answered; but 1 means that somebody waits. */
static void test_attributes__of_a_publication(void **state)
{
	static const char *const asking[] = { "1", "'true'", "0", "[]" };
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	say(&t.b, "[32,1,{},'a.b']");
	hears(&t.b, "[33,*");
	say(&t.caller, "[16,1,{'retain':1},'a.b']");
	say(&t.caller, "[16,2,{'acknowledge':false,'retain':1},'a.b']");
	hears_nothing(&t.caller);
	for (unsigned i = 0; i < COUNT(asking); i++) {
		say(&t.caller, "[16,%u,{'acknowledge':%s},'a.b']", i + 3,
		    asking[i]);
		hears(&t.caller, "[8,16,*,{},'wamp.error.invalid_argument',"
				 "['PUBLISH.Options.acknowledge: a bool is "
				 "wanted']]");
	}
	hears_nothing(&t.b);
	trio_deinit(&t);
}

/* There is no answer to CANCEL: that the call is not wanted is clear. */
static void test_attributes__of_cancel(void **state)
{
	static const char *const modes[] = { "7", "'Kill'", "''", "true",
					     "[]", "null" };
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	for (unsigned i = 0; i < COUNT(modes); i++) {
		say(&t.caller, "[48,%u,{},'a.b']", i + 1);
		hears(&t.a, "[68,*");
		say(&t.caller, "[49,%u,{'mode':%s}]", i + 1, modes[i]);
		hears(&t.a, "[69,*,{'mode':'killnowait'}]");
		hears(&t.caller, "[8,48,*,{},'wamp.error.canceled']");
	}
	trio_deinit(&t);
}

/* The call ends: its caller is told why. */
static void test_attributes__of_yield(void **state)
{
	static const char *const wrong[] = { "'progress':1",
					     "'progress':'true'" };
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'concurrency':1", "a.b");
	for (unsigned i = 0; i < COUNT(wrong); i++) {
		say(&t.caller, "[48,%u,{'receive_progress':true},'a.b']",
		    i + 1);
		hears(&t.a, "[68,*");
		say(&t.a, "[70,%u,{%s},[1]]", i + 1, wrong[i]);
		hears(&t.caller, "[8,48,*,{},'wamp.error.invalid_argument',"
				 "['YIELD.Options.progress: a bool is "
				 "wanted']]");
	}
	hears_nothing(&t.a);
	assert_false(t.a.closed);
	trio_deinit(&t);
}

#define STREAMS                                                               \
	"'progressive_call_invocations':true,'call_canceling':true"

/* Of the parts that follow the first, all else is ignored; what is no part
 * for one side or the other violates the protocol. */
static void test_attributes__of_a_part(void **state)
{
	struct trio t;
	struct peer from, to;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_with(&from, &t.room, STREAMS);
	peer_join_with(&to, &t.room, STREAMS);
	peer_register(&to, 1, "", "a.b");
	say(&from, "[48,1,{'progress':true},'a.b']");
	hears(&to, "[68,1,*,{'progress':true}]");
	say(&from, "[48,1,{'progress':true,'disclose_me':1,'timeout':'x',"
		   "'receive_progress':7},'a.b',[2]]");
	hears(&to, "[68,1,*,{'progress':true},[2]]");
	say(&from, "[48,1,{'progress':1},'a.b',[3]]");
	hears(&from, "[3,{'message':'CALL.Options.progress: a bool is wanted'}"
		     ",'wamp.error.protocol_violation']");
	hears(&to, "[69,1,{'mode':'killnowait'}]");
	peer_deinit(&from);
	peer_deinit(&to);
	trio_deinit(&t);
}

/* HELLO is no request: it is refused whole. */
static void test_attributes__of_hello(void **state)
{
	static const char *const wrong[] = {
		"'authmethods':'ticket'", "'authmethods':{}", "'authid':7",
		"'authextra':[]", "'authextra':'x'",
		"'authid':'kim\\u0000x'", "'authid':'x\\u0000'",
	};
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	for (unsigned i = 0; i < COUNT(wrong); i++) {
		struct peer p;

		peer_init(&p, &t.room);
		say(&p, "[1,'realm1',{%s," ALL_ROLES "}]", wrong[i]);
		hears(&p, "[3,{'message':'HELLO.Details.auth*'},"
			  "'wamp.error.protocol_violation']");
		assert_true(p.closed);
		peer_deinit(&p);
	}
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes__unknown_ones_are_ignored),
		cmocka_unit_test(test_attributes__of_another_message),
		cmocka_unit_test(test_attributes__null_is_absent),
		cmocka_unit_test(test_attributes__of_a_wrong_type),
		cmocka_unit_test(test_attributes__of_a_publication),
		cmocka_unit_test(test_attributes__of_cancel),
		cmocka_unit_test(test_attributes__of_yield),
		cmocka_unit_test(test_attributes__of_a_part),
		cmocka_unit_test(test_attributes__of_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
