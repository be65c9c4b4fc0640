/*
 * What cad, rad, kmd and ocspd share: from main to the last answer.
 *
 *     options, home, settings ─► store ─► listener ─► spec->open ─► jail ─► keyd's channel ─► spec->start ─► lanes,
 * HTTP ─► ready ─► loop: HTTP, supervisor, timers ─► stop: HTTP drained, spec->stop, store closed
 *
 * Threads: the loop's (HTTP, lane 0, the supervisor's words; never blocks), one a lane (the routes' work), "heads"
 * (signs the journals' heads within a second after a commit) and "clerk" (the role's timers and on_keyd, one at a
 * time; may block).
 *
 *     int main(int argc, char **argv) { return hf_service_main(argc, argv, &spec); }
 */
#ifndef HUFU_CMD_SERVICE_H
#define HUFU_CMD_SERVICE_H

#include "api/call.h"
#include "cmd/settings.h"
#include "dev/dev.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "proc/daemon.h"
#include "store/store.h"

struct hf_service;

/* Called in the clerk's thread every period_ms, the first time one period after the start. */
struct hf_service_timer {
	const char *name;
	int64_t period_ms;
	void (*fn)(struct hf_service *service);
};

/* A journal whose heads this service signs, with which of keyd's keys. */
struct hf_service_journal {
	const char *name; /* "audit", "feed" */
	const char *key;  /* "audit", "feed" */
};

#define HF_SERVICE_PORTS_MAX    4
#define HF_SERVICE_TIMERS_MAX   8
#define HF_SERVICE_JOURNALS_MAX 2
#define HF_SERVICE_SCHEMAS_MAX  8

struct hf_service_spec {
	const char *name, *service; /* "rad", "ra" */
	const char *program;        /* "hufu-rad" */
	const char *manual;         /* the one-screen page */
	size_t port;                /* offsetof(struct hf_settings, ra_port) */

	const struct hf_schema *const *schemas; /* beside journal and access, which every service has */
	size_t num_schemas;
	const struct hf_route *routes;
	size_t num_routes;
	struct hf_http_lane lanes[HF_HTTP_LANES_MAX]; /* lane 1 is the first; up to the first without a name */
	const struct hf_metric *metrics;              /* begins with HF_SERVICE_METRICS */
	size_t num_metrics;
	struct hf_service_journal journals[HF_SERVICE_JOURNALS_MAX]; /* up to the first without a name */
	struct hf_service_timer timers[HF_SERVICE_TIMERS_MAX];       /* the same */
	/* Where a timer's period is a setting: its offsetof(struct hf_settings, …). 0: the timer's period_ms. */
	size_t timer_settings[HF_SERVICE_TIMERS_MAX];

	/* Ports of other services that it connects to (Landlock); NULL: none. Gives their number. */
	size_t (*connects)(const struct hf_settings *settings, uint16_t ports[HF_SERVICE_PORTS_MAX]);
	/* Before the jail, the store open: HTTP clients, files, service->api.role. No key can be used yet. */
	bool (*open)(struct hf_service *service, struct hf_err *err);
	/* In the jail, keyd there, nobody served yet: reconcile, load keys. May be NULL, as all below. */
	bool (*start)(struct hf_service *service, struct hf_err *err);
	/* keyd was started anew and its channel is usable again. In the clerk's thread. */
	void (*on_keyd)(struct hf_service *service);
	/* Can it work? Beside "keyd is there". In the loop's thread: must not block. */
	bool (*healthy)(void *role, struct hf_err *err);
	/* No thread but this one runs any more. Frees what open and start made. */
	void (*stop)(struct hf_service *service);
};

struct hf_service_int;

struct hf_service {
	const struct hf_service_spec *spec;
	struct hf_daemon daemon;
	struct hf_settings settings;
	struct hf_store *store;
	struct hf_loop *loop;
	struct hf_http_server *http;
	struct hf_dev dev; /* keyd; usable from spec->start on, from any thread */
	struct hf_api api; /* .role is what spec->open has put there */
	struct hf_service_int *in;
};

/* The whole life. Gives the exit status. */
int hf_service_main(int argc, char **argv, const struct hf_service_spec *spec);

/* The metrics that every service has; a service's own rows follow, from HF_SERVICE_NUM_METRICS on. */
enum hf_service_metric {
	HF_SERVICE_M_OK,
	HF_SERVICE_M_REFUSED,
	HF_SERVICE_M_FAILED,
	HF_SERVICE_M_TIME,
	HF_SERVICE_M_BATCHES,
	HF_SERVICE_M_BATCHED,
	HF_SERVICE_M_CONNECTIONS,
	HF_SERVICE_M_HEADS,
	HF_SERVICE_NUM_METRICS
};
/* clang-format off */
#define HF_SERVICE_METRICS \
	[HF_SERVICE_M_OK] = {"hufu_http_answers_total", "Answers by kind", HF_METRIC_COUNTER, "kind=\"ok\""}, \
	[HF_SERVICE_M_REFUSED] = {"hufu_http_answers_total", "Answers by kind", HF_METRIC_COUNTER, "kind=\"refused\""}, \
	[HF_SERVICE_M_FAILED] = {"hufu_http_answers_total", "Answers by kind", HF_METRIC_COUNTER, "kind=\"failed\""}, \
	[HF_SERVICE_M_TIME] = {"hufu_http_seconds", "From a request's head to its answer", HF_METRIC_HISTOGRAM, NULL}, \
	[HF_SERVICE_M_BATCHES] = {"hufu_batches_total", "Groups of requests served together", HF_METRIC_COUNTER, NULL}, \
	[HF_SERVICE_M_BATCHED] = {"hufu_batched_requests_total", "Requests served in groups", HF_METRIC_COUNTER, NULL}, \
	[HF_SERVICE_M_CONNECTIONS] = {"hufu_http_connections", "Open connections", HF_METRIC_GAUGE, NULL}, \
	[HF_SERVICE_M_HEADS] = {"hufu_journal_heads_total", "Journal heads signed", HF_METRIC_COUNTER, NULL}
/* clang-format on */

#endif
