/*
 * door: a room into which one method leads, kim who may come in, and who
 * knocks: for the tests of authn.
 */
#ifndef TEST_ROUTER_DOOR_H
#define TEST_ROUTER_DOOR_H

#include "room.h"

#include "crypto/cra.h"
#include "crypto/cryptosign.h"

#define SALT "aBc+fx0NAVA="

UNUSED_OK static const uint8_t seed_of_kim[CRYPTOSIGN_KEY_BYTES] = { 1, 2, 3 };

struct door {
	struct room room;
	struct principal kim;
	uint8_t key[CRYPTOSIGN_KEY_BYTES];
	struct arena arena;
	struct peer peer;
};

UNUSED_OK static void door_open(struct door *d, enum authn_method method)
{
	memset(d, 0, sizeof *d);
	room_init_two(&d->room);
	arena_init(&d->arena, 1024);
	d->kim.authid = (char *)"kim";
	d->kim.role = (char *)"keeper";
	d->room.authn.anonymous_role = NULL;
	d->room.authn.ways[AUTHN_TICKET].on = false;
	d->room.authn.ways[method] = (struct authn_way){
		.on = true, .principals = &d->kim, .count = 1,
	};
}

UNUSED_OK static void door_close(struct door *d)
{
	peer_deinit(&d->peer);
	arena_deinit(&d->arena);
	room_deinit(&d->room);
}

UNUSED_OK static void knock(struct door *d, const char *method,
			    const char *authid, const char *extra)
{
	if (d->peer.session)
		peer_deinit(&d->peer);
	peer_init(&d->peer, &d->room);
	say(&d->peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['%s'],"
		      "'authid':'%s','authextra':{%s}}]",
	    method, authid, extra);
}

/* CHALLENGE.Extra of the message that was heard last. */
UNUSED_OK static const struct value *challenge(struct door *d,
					       const char *method)
{
	const char *text = heard(&d->peer);
	struct value *v;
	struct bytes said;
	int64_t type = 0;

	assert_non_null(text);
	assert_int_equal(serializer_json.decode(&d->arena, bytes_str(text),
						&wamp_limits_default, &v), 0);
	assert_true(value_get_int(list_at(v, 0), &type));
	assert_int_equal(type, MSG_CHALLENGE);
	assert_true(value_get_str(list_at(v, 1), &said));
	assert_true(bytes_equal_str(said, method));
	return list_at(v, 2);
}

UNUSED_OK static void answer(struct door *d, struct buf *signature)
{
	buf_add_u8(signature, 0);
	say(&d->peer, "[5,'%s',{}]", (const char *)signature->data);
	buf_deinit(signature);
}

#define DENIED "[3,*'wamp.error.authentication_denied']"

UNUSED_OK static void try_cra(struct door *d, const char *authid,
			      const char *secret)
{
	struct buf signature;
	const struct value *extra;

	buf_init(&signature);
	knock(d, "wampcra", authid, "");
	extra = challenge(d, "wampcra");
	assert_int_equal(cra_answer(bytes_str(secret), extra, &signature,
				    NULL), 0);
	answer(d, &signature);
}

UNUSED_OK static void scram_door(struct door *d)
{
	door_open(d, AUTHN_SCRAM);
	d->kim.salt = (char *)SALT;
	d->kim.iterations = 4096;
	assert_int_equal(scram_derive(bytes_str("s3cret"), bytes_str(SALT),
				      4096, &d->kim.scram, NULL), 0);
}

/* Leaves the client for a look at the verifier. */
UNUSED_OK static void try_scram(struct door *d, struct scram_client *c,
				const char *authid, const char *password)
{
	static const uint8_t random[SCRAM_RANDOM_BYTES] = { 9, 8, 7 };
	char extra[96];
	struct buf signature;

	buf_init(&signature);
	scram_client_init(c, bytes_str(authid), bytes_str(password), random);
	snprintf(extra, sizeof extra, "'nonce':'%s'", c->nonce);
	knock(d, "wamp-scram", authid, extra);
	assert_int_equal(scram_answer(c, challenge(d, "wamp-scram"),
				      &signature, NULL), 0);
	answer(d, &signature);
}

UNUSED_OK static void try_sign(struct door *d, const char *authid,
			       const uint8_t seed[CRYPTOSIGN_KEY_BYTES])
{
	uint8_t key[CRYPTOSIGN_KEY_BYTES];
	char extra[96] = "'pubkey':'";
	struct buf signature;

	assert_int_equal(cryptosign_public_key(seed, key), 0);
	for (unsigned i = 0; i < sizeof key; i++)
		snprintf(extra + strlen(extra), 3, "%02x", key[i]);
	strcat(extra, "'");
	buf_init(&signature);
	knock(d, "cryptosign", authid, extra);
	assert_int_equal(cryptosign_answer(seed, challenge(d, "cryptosign"),
					   &signature, NULL), 0);
	answer(d, &signature);
}

#endif
