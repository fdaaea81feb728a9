/* endpoint: where a transport listens. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "router/config_parts.h"
#include "router/config_tls.h"

enum { PORT_MAX = 65535 };

/* A number, or where it is in the environment. */
static void read_port(struct cfg *c, const json_t *json,
		      struct transport_config *t)
{
	const json_t *port = cfg_member(c, json, "port", true);
	unsigned long long number = 0;
	char *text = NULL, *end;
	bool is_named;

	if (!json_is_string(port)) {
		cfg_uint(c, json, "port", false, PORT_MAX, &number);
		t->port = (unsigned)number;
		return;
	}
	cfg_string(c, json, "port", true, &text);
	is_named = text && *text == '$';
	cfg_from_env(c, "port", true, &text);
	if (!text)
		return;
	number = strtoull(text, &end, 10);
	if (!is_named || *text < '0' || *text > '9' || *end ||
	    number > PORT_MAX)
		cfg_fail(c, "port", "an integer from 0 to %d is wanted, or "
				    "\"$NAME\" with one in the environment",
			 PORT_MAX);
	t->port = (unsigned)number;
	free(text);
}

/* The first that is free. */
static void read_range(struct cfg *c, const json_t *json,
		       struct transport_config *t)
{
	const json_t *range = json_object_get(json, "portrange");
	json_int_t first = json_integer_value(json_array_get(range, 0));
	json_int_t last = json_integer_value(json_array_get(range, 1));

	if (json_array_size(range) != 2 || first < 1 || last < first ||
	    last > PORT_MAX)
		cfg_fail(c, "portrange", "two integers from 1 to %d are "
					 "wanted, the second not smaller",
			 PORT_MAX);
	if (json_object_get(json, "port"))
		cfg_fail(c, "portrange", "there is a port already");
	t->port = (unsigned)first;
	t->port_last = (unsigned)last;
}

static void read_interface(struct cfg *c, const json_t *json,
			   struct transport_config *t)
{
	struct in6_addr address;

	cfg_string(c, json, "interface", false, &t->interface);
	if (!t->interface)
		t->interface = strdup("0.0.0.0");
	if (!t->interface)
		cfg_fail(c, NULL, "out of memory");
	else if (inet_pton(AF_INET, t->interface, &address) != 1 &&
		 inet_pton(AF_INET6, t->interface, &address) != 1)
		cfg_fail(c, "interface", "an address is wanted, like "
					 "127.0.0.1 or ::1");
}

static void read_tcp(struct cfg *c, const json_t *json,
		     struct transport_config *t)
{
	if (!cfg_object_but(c, json, "type port portrange interface tls",
			    "version backlog shared user_timeout"))
		return;
	if (json_object_get(json, "portrange"))
		read_range(c, json, t);
	else
		read_port(c, json, t);
	read_interface(c, json, t);
	config_read_tls(c, json, &t->tls);
}

static void read_unix(struct cfg *c, const json_t *json,
		      struct transport_config *t)
{
	const size_t size = sizeof ((struct sockaddr_un *)0)->sun_path;
	char *path = NULL;

	if (!cfg_object_but(c, json, "type path", "backlog"))
		return;
	cfg_string(c, json, "path", true, &path);
	if (path && c->dir)
		t->unix_path = config_file_name(c, "path", path);
	if (t->unix_path && strlen(t->unix_path) >= size)
		cfg_fail(c, "path", "%s: a socket's name has at most %zu "
				    "bytes", t->unix_path, size - 1);
	free(path);
}

void config_read_endpoint(struct cfg *c, const json_t *json,
			  struct transport_config *t)
{
	const json_t *endpoint = cfg_member(c, json, "endpoint", true);
	const char *type = json_string_value(json_object_get(endpoint, "type"));
	unsigned length = cfg_enter(c, "endpoint");

	if (endpoint && !json_is_object(endpoint))
		cfg_fail(c, NULL, "an object is wanted");
	else if (endpoint)
		cfg_type(c, endpoint, "tcp unix");
	if (type && !strcmp(type, "tcp"))
		read_tcp(c, endpoint, t);
	else if (type && !strcmp(type, "unix"))
		read_unix(c, endpoint, t);
	cfg_leave(c, length);
}

static bool is_any(const char *interface)
{
	return !strcmp(interface, "0.0.0.0") || !strcmp(interface, "::");
}

bool config_same_port(const struct transport_config *a,
		      const struct transport_config *b)
{
	if (a->unix_path || b->unix_path)
		return a->unix_path && b->unix_path &&
		       !strcmp(a->unix_path, b->unix_path);
	return a->port && a->port == b->port && !a->port_last &&
	       !b->port_last && a->interface && b->interface &&
	       (is_any(a->interface) || is_any(b->interface) ||
		!strcmp(a->interface, b->interface));
}
