/* store.event-history: which subscriptions have a history. */
#include <stdlib.h>

#include "router/config_parts.h"

static void read_limit(struct cfg *c, const json_t *json, uint32_t *limit)
{
	unsigned long long number;

	if (!cfg_uint(c, json, "limit", false, HISTORY_EVENTS_MAX, &number))
		return;
	if (!number)
		cfg_fail(c, "limit", "an integer from 1 to %d is wanted",
			 HISTORY_EVENTS_MAX);
	*limit = (uint32_t)number;
}

/* ctx: the store's own limit, for those that have none. */
static void read_rule(struct cfg *c, const json_t *json, void *item, void *ctx)
{
	struct history_rule *rule = item;
	char *uri = NULL;

	rule->limit = *(const uint32_t *)ctx;
	if (!cfg_object(c, json, "uri match limit"))
		return;
	config_read_pattern(c, json, &uri, &rule->match);
	rule->uri = uri ? bytes_str(uri) : bytes_of(NULL, 0);
	read_limit(c, json, &rule->limit);
}

static void check_twice(struct cfg *c, const struct realm_config *r)
{
	for (unsigned i = 0; i < r->history_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (r->histories[i].match == r->histories[j].match &&
			    bytes_equal(r->histories[i].uri,
					r->histories[j].uri))
				cfg_fail(c, "event-history",
					 "%s is there twice",
					 (const char *)r->histories[i]
						 .uri.data);
}

void config_read_histories(struct cfg *c, const json_t *store,
			   struct realm_config *r)
{
	uint32_t limit = HISTORY_EVENTS_DEFAULT;
	void *items = NULL;

	read_limit(c, store, &limit);
	cfg_list(c, store, "event-history", false, read_rule, &limit,
		 sizeof *r->histories, &items, &r->history_count);
	r->histories = items;
	if (!c->err)
		check_twice(c, r);
}
