/*
 * The HTTP/1.1 server of a service: libmicrohttpd, driven by our loop (no thread of its own), the router and the lanes.
 *
 *     socket ─► libmicrohttpd ─► checks ─► route ─┬─ lane 0: served at once, in the loop's thread
 *                                                 └─ lane n: connection suspended, exchange queued; the worker serves
 *                                                    a group; back in the loop's thread the connection is resumed
 *
 * The order at start: hf_http_server_new (listens; then jail) → hf_http_server_start (threads, first accept) →
 * hf_loop_run → hf_http_server_stop (from the loop's thread) → hf_http_server_free.
 *
 * Refused before a service sees it: a body over the route's maximum (413: by its Content-Length at once, chunked as
 * soon as it passes), Content-Length with Transfer-Encoding, a Content-Length given twice, a Transfer-Encoding other
 * than chunked or in HTTP/1.0 (400; RFC 9112 6.1, 6.3), malformed field names, too many or too long fields (431), a
 * full lane (503 with Retry-After). Every connection has a deadline for each request that a trickle of octets does not
 * move. What libmicrohttpd itself cannot parse it answers by itself, with a small HTML body, and closes.
 *
 * Bodies and header values are never logged.
 */
#ifndef HUFU_NET_HTTP_SERVER_H
#define HUFU_NET_HTTP_SERVER_H

#include "net/http.h"
#include "net/loop.h"

/* What a metrics module wants to know. Any may be NULL; all are called in the loop's thread. */
struct hf_http_meter {
	void *ctx;
	/* An answer was handed to the socket; route is NULL when none was found. */
	void (*answered)(void *ctx, const struct hf_route *route, unsigned status, int64_t micros);
	/* A lane served num exchanges of route together. */
	void (*batch)(void *ctx, const struct hf_route *route, size_t num);
	/* The number of open connections changed. */
	void (*connections)(void *ctx, size_t num);
};

#define HF_HTTP_LANES_MAX 8

struct hf_http_lane {
	const char *name; /* of its thread, at most 15 characters */
	size_t queue_max; /* 0: 1024 */
	size_t batch_max; /* 0: 256 */
};

/* Zero means the default in brackets. */
struct hf_http_server_opts {
	const char *address; /* numeric, IPv4 or IPv6 */
	uint16_t port;       /* 0: any free one, see hf_http_server_port */
	const struct hf_route *routes;
	size_t num_routes;
	void *service;                                /* first argument of serve() */
	struct hf_http_lane lanes[HF_HTTP_LANES_MAX]; /* lanes[0] is lane 1 */
	size_t num_lanes;
	unsigned connections_max;          /* [1024] more wait in the backlog */
	unsigned connections_per_peer_max; /* [0: no limit of its own] */
	unsigned idle_s;                   /* [60] without any octet, a connection is closed */
	unsigned request_ms; /* [30000] beyond idle_s, the longest time to send a request or take an answer */
	struct hf_http_meter meter;
};

struct hf_http_server;

/* Checks the table, listens, prepares everything but threads. Errors: HF_E_INTERNAL (table), HF_E_INPUT (address),
 * HF_E_EXISTS (address in use), HF_E_DENIED, HF_E_STATE. */
HF_MUST_USE bool hf_http_server_new(struct hf_http_server **server, struct hf_loop *loop,
	const struct hf_http_server_opts *opts, struct hf_err *err);
uint16_t hf_http_server_port(const struct hf_http_server *server);
HF_MUST_USE bool hf_http_server_start(struct hf_http_server *server, struct hf_err *err);
/*
 * Accepts no more connections, ends the lanes (drain: waiting exchanges are served; else they get a 503), gives every
 * whole request that has arrived its answer (those that reach no lane any more: 503), and takes at most linger_ms to
 * get the answers out. Then all connections are closed. A serve() that runs in a lane is waited for: it must not itself
 * wait for the loop's thread.
 */
void hf_http_server_stop(struct hf_http_server *server, bool drain, unsigned linger_ms);
/* Stops (without draining, 1 s) if that has not happened. NULL is fine. */
void hf_http_server_free(struct hf_http_server *server);

#endif
