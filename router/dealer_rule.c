/* What the configuration or an authorised procedure fixes for procedures, and
 * its change at run time. */
#include "router/dealer_parts.h"

#include <stdlib.h>
#include <string.h>

static const struct procedure_rule *find_exactly(
	const struct procedure_rule *rules, unsigned count,
	enum uri_match match, struct bytes uri)
{
	for (unsigned i = 0; i < count; i++)
		if (rules[i].match == match && bytes_equal(rules[i].uri, uri))
			return &rules[i];
	return NULL;
}

static const struct procedure_rule *find_matching(
	const struct procedure_rule *rules, unsigned count, struct bytes uri)
{
	for (unsigned i = 0; i < count; i++)
		if (uri_matches(rules[i].uri, rules[i].match, uri))
			return &rules[i];
	return NULL;
}

const struct procedure_rule *dealer_rule(const struct dealer *d,
					 enum uri_match match,
					 struct bytes uri)
{
	const struct procedure_rule *rule;

	rule = find_exactly(d->set, d->set_count, match, uri);
	if (!rule)
		rule = find_exactly(d->rules, d->rule_count, match, uri);
	if (!rule && match == URI_EXACT)
		rule = find_matching(d->set, d->set_count, uri);
	if (!rule && match == URI_EXACT)
		rule = find_matching(d->rules, d->rule_count, uri);
	return rule;
}

void rules_deinit(struct dealer *d)
{
	for (unsigned i = 0; i < d->set_count; i++)
		free((void *)d->set[i].uri.data);
	free(d->set);
}

/* A place for it; NULL when out of memory. */
static struct procedure_rule *add(struct dealer *d, struct bytes uri)
{
	struct procedure_rule *more =
		realloc(d->set, (d->set_count + 1) * sizeof *more);
	uint8_t *copy = malloc(uri.len + 1);

	if (more)
		d->set = more;
	if (!more || !copy) {
		free(copy);
		return NULL;
	}
	if (uri.len)
		memcpy(copy, uri.data, uri.len);
	more[d->set_count] = (struct procedure_rule){
		.uri = bytes_of(copy, uri.len) };
	return &more[d->set_count++];
}

static void limit_queue(struct registration *r, uint32_t max)
{
	if (max < r->queue_max)
		r->queue_carried = r->queue_count - r->declined_count;
	r->queue_max = max;
}

static void apply(struct dealer *d, struct registration *r,
		  const struct procedure_rule *rule)
{
	if (rule->pins_invoke)
		r->invoke = rule->invoke;
	limit_queue(r, rule->queue_max);
	r->concurrency_max = rule->concurrency_max;
	ring_each(at, &r->callees)
		callee_limit(ring_item(at, struct callee, in_registration));
	queue_drain(d, r);
}

/* Where calls wait for a callee. */
static void apply_to_waiting(struct dealer *d,
			     const struct procedure_rule *rule)
{
	ring_each_safe(at, &d->waiting) {
		struct registration *r = ring_item(at, struct registration,
						   of_waiting);

		if (dealer_rule(d, r->match, r->uri) != rule)
			continue;
		limit_queue(r, rule->queue_max);
		if (!rule->waits)
			queue_fail(d, r, "wamp.error.no_such_procedure",
				   "calls do not wait for a callee any more");
	}
}

int dealer_set_rule(struct dealer *d, const struct procedure_rule *rule)
{
	struct procedure_rule *place = (struct procedure_rule *)find_exactly(
		d->set, d->set_count, rule->match, rule->uri);
	struct bytes uri;

	if (!place && d->set_count >= RULES_SET_MAX)
		return ERR_LIMIT;
	if (!place)
		place = add(d, rule->uri);
	if (!place)
		return ERR_NOMEM;
	uri = place->uri;
	*place = *rule;
	place->uri = uri;
	for (size_t i = 0; i < d->by_id.cap; i++) {
		struct registration *r = d->by_id.slots[i].item;

		if (d->by_id.slots[i].id &&
		    dealer_rule(d, r->match, r->uri) == place)
			apply(d, r, place);
	}
	apply_to_waiting(d, place);
	return 0;
}
