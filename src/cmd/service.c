#include "cmd/service.h"

#include "base/alloc.h"
#include "base/str.h"
#include "dev/remote.h"
#include "net/http_client.h"
#include "net/lane.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HEADS_EVERY_MS 200
#define PEERS_WAIT_MS  15000
#define LINGER_MS      3000

/* A thing that the clerk (or the heads' thread) does when its time has come. */
struct task {
	struct hf_lane_job job;
	struct hf_service *service;
	struct hf_lane *lane;
	struct hf_timer *timer;
	void (*fn)(struct hf_service *service);
	atomic_bool queued;
};

struct hf_service_int {
	struct hf_ipc_conn *keyd;
	struct hf_watch *wake;
	struct hf_lane *heads, *clerk;
	struct task sign_heads, keyd_back, timers[HF_SERVICE_TIMERS_MAX];
	uint8_t head_pub[HF_SERVICE_JOURNALS_MAX][HF_SM2_POINT];
	bool running; /* spec->start has been called */
};

/* ---- tasks ----------------------------------------------------------------------------------------------------- */

/* In the loop's thread. One that still waits or runs is not queued a second time. */
static void task_due(void *ctx)
{
	struct task *task = ctx;

	if (!atomic_exchange(&task->queued, true) && !hf_lane_put(task->lane, &task->job, task))
		atomic_store(&task->queued, false);
}

static void serve_tasks(void *ctx, const void *kind, struct hf_lane_job *const *jobs, size_t num)
{
	(void)ctx;
	(void)kind;
	for (size_t i = 0; i < num; i++) {
		struct task *task = (struct task *)(void *)jobs[i];

		task->fn(task->service);
		atomic_store(&task->queued, false);
	}
}

static void refuse_task(void *ctx, struct hf_lane_job *job)
{
	(void)ctx;
	(void)job;
}

static struct hf_lane *task_lane(const char *name)
{
	const struct hf_lane_opts opts = {.name = name, .serve = serve_tasks, .refuse = refuse_task};

	return hf_lane_new(&opts);
}

static void task_init(struct task *task, struct hf_service *s, struct hf_lane *lane, void (*fn)(struct hf_service *),
	int64_t period_ms)
{
	task->service = s;
	task->lane = lane;
	task->fn = fn;
	task->timer = hf_timer_new(s->loop, task_due, task);
	if (period_ms > 0)
		hf_timer_set(task->timer, period_ms * 1000, period_ms * 1000);
}

/* ---- journal heads --------------------------------------------------------------------------------------------- */

struct head {
	struct hf_journal journal;
	int64_t at;
	bool due;
	struct hf_buf der;
	uint8_t sig[1][HF_SM2_SIG];
	const uint8_t *pub;
};

static bool head_due(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct head *h = ctx;

	hf_buf_reset(&h->der);
	return hf_journal_head_due(tx, &h->journal, h->at, &h->due, &h->der, err);
}

static bool head_put(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct head *h = ctx;

	return hf_journal_head_put(tx, &h->journal, hf_buf_bytes(&h->der), h->sig[0], h->pub, err);
}

static bool sign_head(struct hf_service *s, size_t i, struct hf_err *err)
{
	struct head h = {.journal = {s->spec->service, s->spec->journals[i].name},
		.at = hf_now(s->daemon.clock),
		.pub = s->in->head_pub[i]};
	struct hf_bytes tbs;
	bool ok;

	hf_buf_init(&h.der, HF_JOURNAL_HEAD_MAX);
	ok = hf_store_read(s->store, head_due, &h, err);
	if (ok && h.due) {
		tbs = hf_buf_bytes(&h.der);
		ok = hf_dev_sign(&s->dev, s->spec->journals[i].key, &tbs, 1, h.sig, err) &&
		     hf_store_write(s->store, head_put, &h, err);
		if (ok)
			hf_metrics_add(s->daemon.metrics, HF_SERVICE_M_HEADS, 1);
	}
	hf_buf_clear(&h.der);
	return ok;
}

static void sign_heads(struct hf_service *s)
{
	struct hf_err err = {0};

	for (size_t i = 0; i < HF_SERVICE_JOURNALS_MAX && s->spec->journals[i].name; i++)
		if (!sign_head(s, i, &err))
			hf_log(&s->daemon.log, HF_LOG_WARN, "journal %s has no signed head yet: %s",
				s->spec->journals[i].name, err.text);
}

static bool load_head_keys(struct hf_service *s, struct hf_err *err)
{
	for (size_t i = 0; i < HF_SERVICE_JOURNALS_MAX && s->spec->journals[i].name; i++)
		if (!hf_dev_public_key(&s->dev, s->spec->journals[i].key, s->in->head_pub[i], err))
			return false;
	return true;
}

/* ---- the supervisor's words ------------------------------------------------------------------------------------ */

static void keyd_back(struct hf_service *s)
{
	s->spec->on_keyd(s);
}

static void on_peer(void *ctx, const struct hf_peer *peer)
{
	struct hf_service *s = ctx;

	if (!s->in->keyd) {
		s->in->keyd = hf_ipc_conn_new(peer->fd, peer->process, HF_REMOTE_PAYLOAD_MAX);
		s->dev = hf_dev_remote(s->in->keyd);
		return;
	}
	hf_ipc_conn_replace(s->in->keyd, peer->fd);
	hf_log(&s->daemon.log, HF_LOG_INFO, "%s was started anew", peer->process);
	if (s->in->running && s->spec->on_keyd)
		task_due(&s->in->keyd_back);
}

static void on_wake(void *ctx, unsigned events)
{
	struct hf_service *s = ctx;

	(void)events;
	if (!hf_daemon_poll(&s->daemon))
		hf_loop_stop(s->loop);
}

/* ---- metrics and health ---------------------------------------------------------------------------------------- */

static void answered(void *ctx, const struct hf_route *route, unsigned status, int64_t micros)
{
	struct hf_service *s = ctx;

	(void)route;
	hf_metrics_add(s->daemon.metrics,
		status < 400   ? HF_SERVICE_M_OK
		: status < 500 ? HF_SERVICE_M_REFUSED
			       : HF_SERVICE_M_FAILED,
		1);
	hf_metrics_time(s->daemon.metrics, HF_SERVICE_M_TIME, micros);
}

static void batch(void *ctx, const struct hf_route *route, size_t num)
{
	struct hf_service *s = ctx;

	(void)route;
	hf_metrics_add(s->daemon.metrics, HF_SERVICE_M_BATCHES, 1);
	hf_metrics_add(s->daemon.metrics, HF_SERVICE_M_BATCHED, num);
}

static void connections(void *ctx, size_t num)
{
	struct hf_service *s = ctx;

	hf_metrics_set(s->daemon.metrics, HF_SERVICE_M_CONNECTIONS, (int64_t)num);
}

static bool healthy(const struct hf_api *api, struct hf_err *err)
{
	const struct hf_service *s = api->service_ctx;

	if (!hf_ipc_conn_usable(s->in->keyd))
		return hf_fail(err, HF_E_PEER, "keyd-%s is away", s->spec->service);
	return !s->spec->healthy || s->spec->healthy(s->api.role, err);
}

/* ---- the life -------------------------------------------------------------------------------------------------- */

static bool open_store(struct hf_service *s, struct hf_err *err)
{
	const struct hf_schema *schemas[HF_SERVICE_SCHEMAS_MAX] = {&hf_journal_schema, &hf_access_schema};
	char path[HF_PATH_MAX];
	struct hf_store_options options = {.path = path, .schemas = schemas, .num_schemas = 2};

	HF_ASSERT(s->spec->num_schemas + 2 <= HF_SERVICE_SCHEMAS_MAX);
	for (size_t i = 0; i < s->spec->num_schemas; i++)
		schemas[options.num_schemas++] = s->spec->schemas[i];
	if (!hf_fmt(path, sizeof(path), "%s/db.sqlite", s->daemon.folder))
		return hf_fail(err, HF_E_LIMIT, "%s: the path is too long", s->daemon.folder);
	return hf_store_open(&options, &s->store, err);
}

static bool open_http(struct hf_service *s, struct hf_err *err)
{
	struct hf_http_server_opts opts = {.address = s->settings.address,
		.routes = s->spec->routes,
		.num_routes = s->spec->num_routes,
		.service = &s->api,
		.meter = {s, answered, batch, connections}};
	int64_t port;

	memcpy(&port, (const char *)&s->settings + s->spec->port, sizeof(port));
	opts.port = (uint16_t)port;
	while (opts.num_lanes < HF_HTTP_LANES_MAX && s->spec->lanes[opts.num_lanes].name) {
		opts.lanes[opts.num_lanes] = s->spec->lanes[opts.num_lanes];
		opts.num_lanes++;
	}
	return hf_http_server_new(&s->http, s->loop, &opts, err);
}

static bool open_all(struct hf_service *s, struct hf_err *err)
{
	if (!hf_settings_read(s->daemon.home, &s->settings, err) || !hf_http_setup(err) || !open_store(s, err) ||
		!hf_loop_new(&s->loop, err))
		return false;
	s->api = (struct hf_api){.service = s->spec->service,
		.store = s->store,
		.clock = s->daemon.clock,
		.log = &s->daemon.log,
		.metrics = s->daemon.metrics,
		.service_ctx = s};
	if (!open_http(s, err))
		return false;
	return !s->spec->open || s->spec->open(s, err);
}

static bool enter_jail(struct hf_service *s, struct hf_err *err)
{
	uint16_t ports[HF_SERVICE_PORTS_MAX];
	const size_t num = s->spec->connects ? s->spec->connects(&s->settings, ports) : 0;
	const struct hf_jail_extra extra = {.connect_ports = ports, .num_connect_ports = num};

	return hf_daemon_jail(&s->daemon, NULL, &extra, err);
}

static int64_t timer_period(const struct hf_service *s, size_t i)
{
	int64_t period_ms = s->spec->timers[i].period_ms;

	if (s->spec->timer_settings[i] != 0)
		memcpy(&period_ms, (const char *)&s->settings + s->spec->timer_settings[i], sizeof(period_ms));
	return period_ms;
}

static void make_tasks(struct hf_service *s)
{
	struct hf_service_int *in = s->in;

	task_init(&in->sign_heads, s, in->heads, sign_heads, HEADS_EVERY_MS);
	task_init(&in->keyd_back, s, in->clerk, keyd_back, 0);
	for (size_t i = 0; i < HF_SERVICE_TIMERS_MAX && s->spec->timers[i].name; i++)
		task_init(&in->timers[i], s, in->clerk, s->spec->timers[i].fn, timer_period(s, i));
}

static bool audit_start(struct hf_service *s, struct hf_err *err)
{
	const int64_t at = hf_now(s->daemon.clock);
	const struct hf_audit_record record = {.operatorId = HF_BYTES_LIT("system"),
		.code = HF_AUDIT_SYSTEM_START,
		.operation = HF_BYTES_LIT("service.start"),
		.object = hf_bytes_str(s->daemon.name),
		.startedAt = at,
		.endedAt = at,
		.result = HF_BYTES_LIT("ok"),
		.text = hf_bytes_str(s->daemon.jail.text)};

	return hf_audit_write(s->store, s->spec->service, at, &record, err);
}

static bool start_all(struct hf_service *s, struct hf_err *err)
{
	if (!hf_daemon_wait_peers(&s->daemon, PEERS_WAIT_MS, err) || !load_head_keys(s, err) || !audit_start(s, err))
		return false;
	s->api.healthy = healthy;
	if (s->spec->start && !s->spec->start(s, err))
		return false;
	s->in->running = true;
	s->in->heads = task_lane("heads");
	s->in->clerk = task_lane("clerk");
	make_tasks(s);
	return hf_lane_start(s->in->heads, err) && hf_lane_start(s->in->clerk, err) &&
	       hf_http_server_start(s->http, err) &&
	       hf_loop_watch(s->loop, s->daemon.wake_fd, HF_LOOP_READ, on_wake, s, &s->in->wake, err);
}

static void close_all(struct hf_service *s)
{
	struct hf_service_int *in = s->in;

	if (in->running) {
		hf_http_server_stop(s->http, true, LINGER_MS);
		hf_lane_stop(in->clerk, false);
		hf_lane_stop(in->heads, false);
		sign_heads(s);
	}
	hf_http_server_free(s->http);
	hf_timer_free(in->sign_heads.timer);
	hf_timer_free(in->keyd_back.timer);
	for (size_t i = 0; i < HF_SERVICE_TIMERS_MAX; i++)
		hf_timer_free(in->timers[i].timer);
	hf_watch_close(in->wake);
	hf_lane_free(in->clerk);
	hf_lane_free(in->heads);
	if (s->spec->stop)
		s->spec->stop(s);
	if (s->loop)
		hf_loop_free(s->loop);
	hf_store_close(s->store);
	hf_ipc_conn_free(in->keyd);
}

static bool live(struct hf_service *s, int argc, char **argv, const struct hf_daemon_spec *daemon, struct hf_err *err)
{
	if (!hf_daemon_init(&s->daemon, argc, argv, daemon, err) || !open_all(s, err) || !enter_jail(s, err) ||
		!start_all(s, err))
		return false;
	hf_daemon_ready(&s->daemon);
	hf_loop_run(s->loop);
	return true;
}

int hf_service_main(int argc, char **argv, const struct hf_service_spec *spec)
{
	struct hf_service *s = hf_alloc(1, sizeof(*s));
	const struct hf_daemon_spec daemon = {.program = spec->program,
		.manual = spec->manual,
		.profile = spec->name,
		.service = spec->service,
		.name = spec->name,
		.metrics = spec->metrics,
		.num_metrics = spec->num_metrics,
		.on_peer = on_peer,
		.ctx = s};
	struct hf_err err = {0};
	int status = 0;

	s->spec = spec;
	s->in = hf_alloc(1, sizeof(*s->in));
	if (!live(s, argc, argv, &daemon, &err))
		status = hf_daemon_fail(&s->daemon, &err);
	close_all(s);
	hf_daemon_clear(&s->daemon);
	free(s->in);
	free(s);
	return status;
}
