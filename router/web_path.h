/*
 * web_path: what the configuration puts at a path beside WebSockets. Data
 * only; web.c answers for it.
 */
#ifndef ROUTER_WEB_PATH_H
#define ROUTER_WEB_PATH_H

#include <stdbool.h>

struct bridge_config;

enum web_path_type {
	PATH_STATIC,
	PATH_REDIRECT,
	PATH_JSON,
	PATH_NODEINFO,
	PATH_METRICS,
	PATH_HEALTH,
	PATH_PUBLISHER,
	PATH_CALLER,
};

struct web_path {
	enum web_path_type type;
	char *path; /* owned: "/info"; "/" is the root */
	char *text; /* owned: the folder, the target, the JSON; or NULL */
	struct bridge_config *bridge; /* owned: publisher, caller; or NULL */
	bool open;  /* metrics, health: anybody may read them */
};

#endif
