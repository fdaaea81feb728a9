#include "router/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* --- the format ---------------------------------------------------------- */

static void family(struct buf *out, const char *name, const char *type,
		   const char *help)
{
	buf_printf(out, "# HELP manyhands_%s %s\n# TYPE manyhands_%s %s\n",
		   name, help, name, type);
}

static void plain(struct buf *out, const char *name, const char *type,
		  const char *help, uint64_t value)
{
	family(out, name, type, help);
	buf_printf(out, "manyhands_%s %" PRIu64 "\n", name, value);
}

/* key="value": backslash, quote and line feed are escaped. */
static void label(struct buf *out, const char *key, struct bytes value)
{
	buf_printf(out, "%s=\"", key);
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '\\' || c == '"')
			buf_add_u8(out, '\\');
		if (c == '\n')
			buf_add_str(out, "\\n");
		else
			buf_add_u8(out, c);
	}
	buf_add_u8(out, '"');
}

static struct bytes name_of(const struct realm *r)
{
	return bytes_str(r->config->name);
}

/* --- realms -------------------------------------------------------------- */

static uint64_t realm_sessions(const struct realm *r)
{
	return r->sessions.count;
}

static uint64_t realm_registrations(const struct realm *r)
{
	return r->dealer.by_id.count;
}

static uint64_t realm_subscriptions(const struct realm *r)
{
	return r->broker.by_id.count;
}

static uint64_t realm_calls(const struct realm *r)
{
	return r->dealer.calls_total;
}

static uint64_t realm_answered(const struct realm *r)
{
	return r->dealer.answered_total;
}

static uint64_t realm_errors(const struct realm *r)
{
	return r->dealer.errors_total;
}

static uint64_t realm_timeouts(const struct realm *r)
{
	return r->dealer.timeouts_total;
}

static uint64_t realm_canceled(const struct realm *r)
{
	return r->dealer.canceled_total;
}

static uint64_t realm_rerouted(const struct realm *r)
{
	return r->dealer.rerouted_total;
}

static uint64_t realm_open_calls(const struct realm *r)
{
	return r->dealer.call_count;
}

static uint64_t realm_queued(const struct realm *r)
{
	const struct id_map *all = &r->dealer.by_id;
	uint64_t count = 0;

	for (size_t i = 0; i < all->cap; i++)
		if (all->slots[i].id)
			count += ((const struct registration *)
					  all->slots[i].item)->queue_count;
	ring_each(at, &r->dealer.waiting)
		count += ring_item(at, struct registration,
				   of_waiting)->queue_count;
	return count;
}

static uint64_t realm_publications(const struct realm *r)
{
	return r->broker.publications_total;
}

static uint64_t realm_events(const struct realm *r)
{
	return r->broker.events_total;
}

static uint64_t realm_events_unsaid(const struct realm *r)
{
	return r->broker.events_unsaid_total;
}

static uint64_t realm_events_retained(const struct realm *r)
{
	return retained_count(&r->broker.retained);
}

static const struct {
	const char *name, *type, *help;
	uint64_t (*value)(const struct realm *r);
} of_realm[] = {
	{ "sessions", "gauge", "Sessions joined now.", realm_sessions },
	{ "registrations", "gauge", "Registrations now.",
	  realm_registrations },
	{ "subscriptions", "gauge", "Subscriptions now.",
	  realm_subscriptions },
	{ "calls_total", "counter", "Calls that were let in.", realm_calls },
	{ "calls_answered_total", "counter",
	  "Calls that ended: by result, by error, or as the caller left.",
	  realm_answered },
	{ "calls_failed_total", "counter", "Calls that ended by an error.",
	  realm_errors },
	{ "calls_timed_out_total", "counter",
	  "Calls that ended by their timeout.", realm_timeouts },
	{ "calls_canceled_total", "counter",
	  "Calls that ended at once by their caller's CANCEL.",
	  realm_canceled },
	{ "calls_rerouted_total", "counter",
	  "Times that a callee declined a call.", realm_rerouted },
	{ "calls_open", "gauge", "Calls that hold a place now.",
	  realm_open_calls },
	{ "calls_queued", "gauge", "Calls that wait for a callee now.",
	  realm_queued },
	{ "publications_total", "counter", "Publications.",
	  realm_publications },
	{ "events_total", "counter", "Events sent.", realm_events },
	{ "events_unsaid_total", "counter",
	  "Events not sent: not in the subscriber's serializer, longer than it "
	  "takes, or no memory.",
	  realm_events_unsaid },
	{ "events_retained", "gauge", "Retained events that are kept.",
	  realm_events_retained },
};

static void write_realms(struct buf *out, const struct router *r)
{
	for (unsigned i = 0; i < sizeof of_realm / sizeof *of_realm; i++) {
		family(out, of_realm[i].name, of_realm[i].type,
		       of_realm[i].help);
		for (unsigned j = 0; j < r->realm_count; j++) {
			buf_printf(out, "manyhands_%s{", of_realm[i].name);
			label(out, "realm", name_of(&r->realms[j]));
			buf_printf(out, "} %" PRIu64 "\n",
				   of_realm[i].value(&r->realms[j]));
		}
	}
}

/* --- callees ------------------------------------------------------------- */

static double callee_in_flight(const struct callee *c)
{
	return c->in_flight;
}

static double callee_concurrency(const struct callee *c)
{
	return c->concurrency;
}

static double callee_done(const struct callee *c)
{
	return (double)c->work.done;
}

static double callee_errors(const struct callee *c)
{
	return (double)c->work.errors;
}

static double callee_declined(const struct callee *c)
{
	return (double)c->work.declined;
}

static double callee_busy_seconds(const struct callee *c)
{
	return (double)c->work.busy_ms / 1000;
}

static double callee_mean_seconds(const struct callee *c)
{
	uint64_t calls = c->work.done + c->work.errors;

	return calls ? (double)c->work.busy_ms / 1000 / (double)calls : 0;
}

struct callee_family {
	const char *name, *type, *help;
	double (*value)(const struct callee *c);
};

static const struct callee_family of_callee[] = {
	{ "callee_calls", "gauge", "Calls that the callee has now.",
	  callee_in_flight },
	{ "callee_concurrency", "gauge",
	  "Calls that it takes at once; 0: any number.", callee_concurrency },
	{ "callee_done_total", "counter", "Results that it gave.",
	  callee_done },
	{ "callee_errors_total", "counter", "Errors that it gave.",
	  callee_errors },
	{ "callee_declined_total", "counter",
	  "Calls that it declined and that were rerouted.", callee_declined },
	{ "callee_busy_seconds_total", "counter",
	  "Time of its calls, from INVOCATION to its last word.",
	  callee_busy_seconds },
	{ "callee_mean_seconds", "gauge",
	  "That time over results and errors; 0: none yet.",
	  callee_mean_seconds },
};

static void write_callee(struct buf *out, const struct callee_family *f,
			 const struct realm *realm, const struct callee *c)
{
	buf_printf(out, "manyhands_%s{", f->name);
	label(out, "realm", name_of(realm));
	buf_add_u8(out, ',');
	label(out, "procedure", c->registration->uri);
	buf_add_u8(out, ',');
	label(out, "match",
	      bytes_str(uri_match_name(c->registration->match)));
	buf_printf(out, ",session=\"%" PRIu64 "\"} %.9g\n", c->session->id,
		   f->value(c));
}

/* Of one realm; *count is that of all so far. */
static void write_callees(struct buf *out, const struct callee_family *f,
			  const struct realm *realm, uint64_t *count)
{
	const struct id_map *all = &realm->dealer.by_id;

	for (size_t i = 0; i < all->cap; i++) {
		const struct registration *r = all->slots[i].item;

		if (!all->slots[i].id)
			continue;
		ring_each(at, &r->callees)
			if ((*count)++ < METRICS_CALLEES_MAX)
				write_callee(out, f, realm,
					     ring_item(at, struct callee,
						       in_registration));
	}
}

static void write_all_callees(struct buf *out, const struct router *r)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < sizeof of_callee / sizeof *of_callee; i++) {
		count = 0;
		family(out, of_callee[i].name, of_callee[i].type,
		       of_callee[i].help);
		for (unsigned j = 0; j < r->realm_count; j++)
			write_callees(out, &of_callee[i], &r->realms[j],
				      &count);
	}
	plain(out, "callees_left_out", "gauge",
	      "Callees beyond the number that is shown here.",
	      count > METRICS_CALLEES_MAX ? count - METRICS_CALLEES_MAX : 0);
}

/* --- the process --------------------------------------------------------- */

static uint64_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%*u %lu", &pages) != 1)
		pages = 0;
	fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!dir)
		return 0;
	while (readdir(dir))
		count++;
	closedir(dir);
	return count < 3 ? 0 : count - 3; /* ".", ".." and the folder's own */
}

static void write_process(struct buf *out, const struct metrics *m)
{
	plain(out, "connections", "gauge", "Connections that speak WAMP now.",
	      m->connections);
	plain(out, "received_messages_total", "counter", "Messages read.",
	      m->received_messages);
	plain(out, "received_bytes_total", "counter", "Their bytes.",
	      m->received_bytes);
	plain(out, "sent_messages_total", "counter", "Messages written.",
	      m->sent_messages);
	plain(out, "sent_bytes_total", "counter", "Their bytes.",
	      m->sent_bytes);
	plain(out, "loop_turn_max_microseconds", "gauge",
	      "The longest turn of the loop since this was last read.",
	      m->longest_turn_us);
	plain(out, "uptime_seconds", "gauge", "Since the start.",
	      m->up_ms / 1000);
	plain(out, "resident_bytes", "gauge", "Memory that is in use.",
	      resident_bytes());
	plain(out, "open_fds", "gauge", "Open file descriptors.", open_fds());
}

static void write_types(struct buf *out, const struct router *r)
{
	family(out, "received_by_type_total", "counter",
	       "Messages that were understood, by their type.");
	for (unsigned i = 0; i <= MSG_YIELD; i++) {
		if (!r->received[i])
			continue;
		buf_add_str(out, "manyhands_received_by_type_total{");
		label(out, "type",
		      bytes_str(message_name((enum message_type)i)));
		buf_printf(out, "} %" PRIu64 "\n", r->received[i]);
	}
}

int metrics_write(const struct metrics *m, struct buf *out)
{
	plain(out, "sessions_joined_total", "counter",
	      "Sessions that have joined.", m->router->joined_total);
	write_realms(out, m->router);
	write_all_callees(out, m->router);
	write_types(out, m->router);
	write_process(out, m);
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

int metrics_write_health(const struct metrics *m, struct buf *out)
{
	uint64_t sessions = 0;

	for (unsigned i = 0; i < m->router->realm_count; i++)
		sessions += m->router->realms[i].sessions.count;
	return buf_printf(out,
			  "{\"status\":\"%s\",\"uptime\":%" PRIu64
			  ",\"sessions\":%" PRIu64 "}\n",
			  m->stopping ? "stopping" : "ok", m->up_ms / 1000,
			  sessions);
}
