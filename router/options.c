#include "router/options.h"

#include <stddef.h>
#include <string.h>

#include "router/web.h"

/* An unknown argument is cut, so that what is accepted has room. */
#define NAMED "%.60s"

static const char usage[] =
	"accepted are --config FILE, --check, --listen URL (again for more), "
	"--web DIR, --public-url URL, --pages-for URL, --open, --cert FILE, "
	"--key FILE, --ca FILE";

/* --- flags with a value -------------------------------------------------- */

static bool is_ws(const struct url *u)
{
	return u->scheme == URL_WS || u->scheme == URL_WSS;
}

static int take_listen(struct options *o, const char *text, struct why *why)
{
	const char *first = options_ws_path(o);
	struct url *next = &o->listen[o->listen_count];
	struct why wrong;

	if (o->listen_count == LISTEN_MAX)
		return why_set(why, ERR_USAGE,
			       "--listen: at most %d are accepted", LISTEN_MAX);
	if (url_parse(text, next, &wrong))
		return why_set(why, ERR_USAGE, "--listen %s: %s", text,
			       wrong.text);
	if (first && is_ws(next) && strcmp(first, next->path))
		return why_set(why, ERR_USAGE,
			       "--listen %s: the path must be %s, as in the "
			       "first one",
			       text, first);
	o->listen_count++;
	return 0;
}

static int take_ca(struct options *o, const char *text, struct why *why)
{
	(void)why;
	o->ca[0] = text;
	o->tls.ca = o->ca;
	return 0;
}

static int take_public_url(struct options *o, const char *text,
			   struct why *why)
{
	if (!web_url_valid(text))
		return why_set(why, ERR_USAGE,
			       "--public-url %s: accepted is "
			       "http://host[:port]/ or https://…",
			       text);
	o->public_url = text;
	return 0;
}

static int take_pages_for(struct options *o, const char *text,
			  struct why *why)
{
	if (!web_router_valid(text))
		return why_set(why, ERR_USAGE,
			       "--pages-for %s: accepted is "
			       "ws://host[:port]/path or wss://…",
			       text);
	o->pages_for = text;
	return 0;
}

/* A flag is kept as it is written, or taken by its function. */
static const struct flag {
	const char *name;
	size_t kept_at;
	int (*take)(struct options *o, const char *text, struct why *why);
} flags[] = {
	{ "--config", offsetof(struct options, config), NULL },
	{ "--web", offsetof(struct options, web), NULL },
	{ "--cert", offsetof(struct options, tls.certificate), NULL },
	{ "--key", offsetof(struct options, tls.key), NULL },
	{ "--ca", 0, take_ca },
	{ "--listen", 0, take_listen },
	{ "--public-url", 0, take_public_url },
	{ "--pages-for", 0, take_pages_for },
};

static int take_value(struct options *o, const struct flag *f,
		      const char *text, struct why *why)
{
	if (f->take)
		return f->take(o, text, why);
	*(const char **)((char *)o + f->kept_at) = text;
	return 0;
}

/* --- the line ------------------------------------------------------------ */

static const struct flag *find(const char *name)
{
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!strcmp(name, flags[i].name))
			return &flags[i];
	return NULL;
}

/* The argument at *i, and its value. */
static int take_one(struct options *o, int *i, int argc, char **argv,
		    struct why *why)
{
	const char *name = argv[*i];
	const struct flag *f = find(name);

	if (!strcmp(name, "--check")) {
		o->check = true;
		return 0;
	}
	if (!strcmp(name, "--open")) {
		o->open = true;
		return 0;
	}
	if (!f)
		return why_set(why, ERR_USAGE, "unknown argument " NAMED "; %s",
			       name, usage);
	if (++*i == argc)
		return why_set(why, ERR_USAGE, "%s needs a value; %s", name,
			       usage);
	return take_value(o, f, argv[*i], why);
}

/* Does it fit together? */
static int check(const struct options *o, struct why *why)
{
	if (!o->tls.certificate != !o->tls.key || (o->tls.ca && !o->tls.key))
		return why_set(why, ERR_USAGE,
			       "--cert, --key: both are wanted, or neither; "
			       "--ca needs them");
	if (o->open && o->config)
		return why_set(why, ERR_USAGE,
			       "--open and --config: only one is accepted");
	return 0;
}

int options_read(struct options *o, int argc, char **argv, struct why *why)
{
	int err = 0;

	*o = (struct options){ .config = NULL };
	for (int i = 1; i < argc && !err; i++)
		err = take_one(o, &i, argc, argv, why);
	return err ? err : check(o, why);
}

const char *options_ws_path(const struct options *o)
{
	for (unsigned i = 0; i < o->listen_count; i++)
		if (is_ws(&o->listen[i]))
			return o->listen[i].path;
	return NULL;
}
