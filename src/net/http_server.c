#include "net/http_server.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/listen.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG           512
#define CONNECTIONS_MAX   1024
#define IDLE_S            60
#define REQUEST_MS        30000
#define CONNECTION_MEMORY 32768 /* of libmicrohttpd: head and read buffer */
#define SWALLOW_MAX       65536 /* a refused body up to here is read and dropped, so that the answer gets through */
#define SWEEP_LEAST_US    50000 /* how often deadlines are looked at: request_ms / 4 within these two */
#define SWEEP_MOST_US     1000000
#define ARRIVED_RUNS_MAX  256 /* at a stop: a flood must not keep us */
#define LINGER_STEP_MS    20

/* One TCP connection. */
struct conn {
	struct conn *prev, *next;
	struct MHD_Connection *mhd;
	int64_t deadline_at; /* in ticks; 0: a lane has its request, so we are the slow ones */
};

/* One request on it. */
struct call {
	struct call *next; /* in the list of done ones */
	struct hf_http_server *server;
	struct MHD_Connection *mhd;
	struct conn *conn;
	struct hf_exchange *ex;
	char *target;
	bool head_seen, close, queued;
	size_t swallowed;
};

struct hf_http_server {
	struct hf_http_server_opts opts;
	struct hf_loop *loop;
	struct MHD_Daemon *daemon;
	int listen_fd;
	uint16_t port;
	struct hf_watch *watch;
	struct hf_timer *pump_timer, *sweep_timer;
	struct hf_lane *lanes[HF_HTTP_LANES_MAX];
	struct conn *conns;
	size_t num_conns, num_in_lanes, num_queued;
	bool pumping, stopping;
	pthread_mutex_t lock; /* over what follows */
	struct call *done, **done_end;
};

/* ---- libmicrohttpd's turn ---- */

static void pump(void *ctx)
{
	struct hf_http_server *server = ctx;
	MHD_UNSIGNED_LONG_LONG wait_ms;

	/* Only a stop can come here from within a callback; its own loop goes on pumping. */
	if (server->pumping || !server->daemon)
		return;
	server->pumping = true;
	(void)MHD_run(server->daemon);
	server->pumping = false;
	if (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES)
		hf_timer_set(server->pump_timer, wait_ms < 3600000 ? (int64_t)wait_ms * 1000 : HF_HOUR, 0);
	else
		hf_timer_stop(server->pump_timer);
}

static void on_ready(void *ctx, unsigned events)
{
	(void)events;
	pump(ctx);
}

/* Closes the connections that took too long, however busily they trickle. */
static void sweep(void *ctx)
{
	struct hf_http_server *server = ctx;
	const int64_t now = hf_ticks();

	for (struct conn *conn = server->conns; conn; conn = conn->next) {
		const union MHD_ConnectionInfo *info;

		if (!conn->deadline_at || conn->deadline_at > now)
			continue;
		conn->deadline_at = 0;
		info = MHD_get_connection_info(conn->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
		if (info)
			(void)shutdown(info->connect_fd, SHUT_RDWR);
	}
}

/* ---- connections ---- */

static int64_t patience(const struct hf_http_server *server, bool with_idle)
{
	return hf_ticks() + (int64_t)server->opts.request_ms * 1000 +
	       (with_idle ? (int64_t)server->opts.idle_s * HF_SECOND : 0);
}

static void open_conn(struct hf_http_server *server, struct MHD_Connection *mhd, void **slot)
{
	struct conn *conn = hf_alloc(1, sizeof(*conn));

	conn->mhd = mhd;
	conn->deadline_at = patience(server, true);
	conn->next = server->conns;
	if (conn->next)
		conn->next->prev = conn;
	server->conns = conn;
	server->num_conns++;
	*slot = conn;
}

static void close_conn(struct hf_http_server *server, void **slot)
{
	struct conn *conn = *slot;

	if (!conn)
		return;
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		server->conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	free(conn);
	server->num_conns--;
	*slot = NULL;
}

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode what)
{
	struct hf_http_server *server = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		open_conn(server, mhd, slot);
	else
		close_conn(server, slot);
	if (server->opts.meter.connections)
		server->opts.meter.connections(server->opts.meter.ctx, server->num_conns);
}

/* ---- one request: from its first line to its end ---- */

static void *on_request_line(void *ctx, const char *target, struct MHD_Connection *mhd)
{
	struct hf_http_server *server = ctx;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct call *call = hf_alloc(1, sizeof(*call));

	HF_ASSERT(info && info->socket_context);
	call->server = server;
	call->mhd = mhd;
	call->conn = info->socket_context;
	call->conn->deadline_at = patience(server, false);
	call->target = hf_strdup(target ? target : "");
	call->ex = hf_exchange_new();
	call->ex->transport = call;
	return call;
}

static void on_end(void *ctx, struct MHD_Connection *mhd, void **slot, enum MHD_RequestTerminationCode why)
{
	struct hf_http_server *server = ctx;
	struct call *call = *slot;

	(void)mhd;
	(void)why;
	if (!call)
		return;
	*slot = NULL;
	call->conn->deadline_at = patience(server, true);
	server->num_queued -= call->queued;
	hf_exchange_free(call->ex);
	free(call->target);
	free(call);
}

static void add_headers(const struct call *call, struct MHD_Response *response)
{
	const struct hf_exchange *ex = call->ex;
	bool cache_said = false;

	if (ex->type[0])
		(void)MHD_add_response_header(response, "Content-Type", ex->type);
	for (size_t i = 0; i < ex->num_extra; i++) {
		(void)MHD_add_response_header(response, ex->extra[i].name, ex->extra[i].value);
		cache_said |= !strcasecmp(ex->extra[i].name, "Cache-Control");
	}
	if (!cache_said)
		(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (call->close || call->server->stopping)
		(void)MHD_add_response_header(response, "Connection", "close");
}

static void meter_answer(const struct call *call)
{
	const struct hf_http_meter *meter = &call->server->opts.meter;

	if (meter->answered)
		meter->answered(meter->ctx, call->ex->route, call->ex->status, hf_ticks() - call->ex->began_at);
}

static enum MHD_Result queue_answer(struct call *call)
{
	struct hf_exchange *ex = call->ex;
	struct MHD_Response *response;
	enum MHD_Result result;

	/* The octets become the response's: libmicrohttpd frees them when they are sent. */
	response = MHD_create_response_from_buffer(ex->answer.len, ex->answer.p, MHD_RESPMEM_MUST_FREE);
	HF_ASSERT(response);
	ex->answer.p = NULL;
	hf_buf_init(&ex->answer, 0);
	add_headers(call, response);
	call->conn->deadline_at = patience(call->server, false);
	call->queued = true;
	call->server->num_queued++;
	meter_answer(call);
	result = MHD_queue_response(call->mhd, ex->status, response);
	MHD_destroy_response(response);
	return result;
}

/* ---- the head ---- */

struct head_read {
	struct call *call;
	struct hf_err *err;
	bool ok;
};

static enum MHD_Result take_header(void *ctx, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct head_read *read = ctx;

	(void)kind;
	read->ok = hf_exchange_add_header(read->call->ex, name, value ? value : "", read->err);
	return read->ok ? MHD_YES : MHD_NO;
}

static size_t count_headers(const struct hf_exchange *ex, const char *name)
{
	size_t num = 0;

	for (size_t i = 0; i < ex->num_headers; i++)
		num += !strcasecmp(ex->headers[i].name, name);
	return num;
}

/* How the body is framed must be beyond doubt: two readings of one octet stream are how requests are smuggled. */
static bool check_framing(const struct hf_exchange *ex, const char *version, int64_t *length, struct hf_err *err)
{
	const size_t num_lengths = count_headers(ex, "Content-Length"), num_te = count_headers(ex, "Transfer-Encoding");

	*length = 0;
	//= RFC 9112 6.1
	if (num_lengths && num_te)
		return hf_fail(err, HF_E_INPUT, "Content-Length together with Transfer-Encoding (RFC 9112 6.1)");
	if (num_te && (num_te > 1 || strcasecmp(hf_exchange_header(ex, "Transfer-Encoding"), "chunked") != 0))
		return hf_fail(err, HF_E_INPUT, "only Transfer-Encoding: chunked is taken, once (RFC 9112 6.1)");
	if (num_te && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
		return hf_fail(err, HF_E_INPUT, "Transfer-Encoding in %.16s (RFC 9112 6.1)", version);
	//= RFC 9112 6.3
	if (num_lengths > 1)
		return hf_fail(err, HF_E_INPUT, "Content-Length is given %zu times (RFC 9112 6.3)", num_lengths);
	if (num_lengths && !hf_parse_i64(hf_exchange_header(ex, "Content-Length"), 0, INT64_MAX, length))
		return hf_fail(err, HF_E_INPUT, "Content-Length is not a number (RFC 9112 6.3)");
	if (num_te)
		*length = -1;
	return true;
}

static bool check_version(const char *url, const char *version, size_t target_len, struct hf_err *err)
{
	if (strcmp(version, MHD_HTTP_VERSION_1_0) != 0 && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
		return hf_fail(err, HF_E_INPUT, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	/* libmicrohttpd cuts its line in place: if the version does not follow the target, a NUL stood within. */
	if ((uintptr_t)version != (uintptr_t)url + target_len + 1)
		return hf_fail(err, HF_E_INPUT, "the request line has a NUL octet");
	return true;
}

static bool read_head(struct call *call, const char *url, const char *method, const char *version, int64_t *length,
	struct hf_err *err)
{
	struct head_read read = {.call = call, .err = err, .ok = true};
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	hf_address_text(info ? info->client_addr : NULL, call->ex->peer, sizeof(call->ex->peer));
	(void)MHD_get_connection_values(call->mhd, MHD_HEADER_KIND, take_header, &read);
	return read.ok && check_version(url, version, strlen(call->target), err) &&
	       check_framing(call->ex, version, length, err) &&
	       hf_exchange_set_request(call->ex, method, call->target, err);
}

static void judge_head(struct call *call, int64_t length)
{
	const struct hf_http_server_opts *opts = &call->server->opts;
	struct hf_exchange *ex = call->ex;

	if (!hf_routes_find(opts->routes, opts->num_routes, ex))
		return;
	ex->body.max = ex->route->body_max;
	if (length > 0 && (uint64_t)length > ex->route->body_max)
		hf_exchange_refuse(ex, 413, "limit", "the body has %lld octets, here at most %zu are taken",
			(long long)length, ex->route->body_max);
}

/*
 * A refused request whose body is short is read to its end and answered then, so that the connection lives on. Before a
 * long one, or one whose framing is in doubt, the answer goes out at once and the connection closes.
 */
static enum MHD_Result on_head(struct call *call, const char *url, const char *method, const char *version)
{
	struct hf_err err = {0};
	int64_t length = 0;

	if (read_head(call, url, method, version, &length, &err)) {
		judge_head(call, length);
	} else {
		call->close = true;
		hf_exchange_refuse(
			call->ex, err.code == HF_E_LIMIT ? 431 : 400, hf_code_name(err.code), "%s", err.text);
	}
	if (call->ex->status && (call->close || length > SWALLOW_MAX)) {
		call->close = true;
		return queue_answer(call);
	}
	return MHD_YES;
}

/* ---- the body ---- */

/* In the midst of a body libmicrohttpd takes no answer: writes it past it, and has the connection closed. */
static enum MHD_Result cut(struct call *call)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const struct hf_exchange *ex = call->ex;
	struct hf_buf out;

	hf_buf_init(&out, HF_ERR_TEXT_MAX * 8);
	(void)hf_buf_printf(&out,
		"HTTP/1.1 %u Refused\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
		ex->status, ex->type, ex->answer.len);
	(void)hf_buf_put_bytes(&out, hf_buf_bytes(&ex->answer));
	if (info && hf_buf_ok(&out))
		(void)send(info->connect_fd, out.p, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	hf_buf_clear(&out);
	meter_answer(call);
	return MHD_NO;
}

static enum MHD_Result on_body(struct call *call, const char *data, size_t *len)
{
	struct hf_exchange *ex = call->ex;
	const size_t num = *len;

	*len = 0;
	if (!ex->status && hf_buf_put(&ex->body, data, num))
		return MHD_YES;
	if (!ex->status)
		hf_exchange_refuse(ex, 413, "limit", "the body is longer than the %zu octets taken here", ex->body.max);
	call->swallowed += num;
	return call->swallowed <= SWALLOW_MAX ? MHD_YES : cut(call);
}

/* ---- serving ---- */

static void ensure_answer(struct hf_exchange *ex)
{
	if (!ex->status)
		hf_exchange_refuse(ex, 500, "internal", "%s gave no answer", ex->route->pattern);
}

static enum MHD_Result into_lane(struct call *call)
{
	struct hf_http_server *server = call->server;
	struct hf_exchange *ex = call->ex;

	if (!hf_lane_put(server->lanes[ex->route->lane - 1], &ex->job, ex->route)) {
		hf_exchange_refuse(ex, 503, "limit", "too many requests wait; ask again in a second");
		return queue_answer(call);
	}
	/* Resumed by take_done in this same thread, so never before it is suspended. */
	server->num_in_lanes++;
	call->conn->deadline_at = 0;
	MHD_suspend_connection(call->mhd);
	return MHD_YES;
}

static enum MHD_Result on_whole(struct call *call)
{
	const struct hf_http_server_opts *opts = &call->server->opts;
	struct hf_exchange *ex = call->ex;

	if (!ex->status && call->server->stopping)
		hf_exchange_refuse(ex, 503, "state", "the service is stopping");
	if (!ex->status && ex->route->lane)
		return into_lane(call);
	if (!ex->status) {
		ex->route->serve(opts->service, &ex, 1);
		ensure_answer(ex);
	}
	return queue_answer(call);
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url, const char *method,
	const char *version, const char *data, size_t *len, void **slot)
{
	struct call *call = *slot;

	(void)ctx;
	(void)mhd;
	if (!call->head_seen) {
		call->head_seen = true;
		return on_head(call, url, method, version);
	}
	return *len ? on_body(call, data, len) : on_whole(call);
}

/* ---- lanes: there and back ---- */

static void take_done(void *ctx)
{
	struct hf_http_server *server = ctx;
	const struct hf_http_meter *meter = &server->opts.meter;
	struct call *call;

	(void)pthread_mutex_lock(&server->lock);
	call = server->done;
	server->done = NULL;
	server->done_end = &server->done;
	(void)pthread_mutex_unlock(&server->lock);
	while (call) {
		struct call *next = call->next;

		if (call->ex->group_num && meter->batch)
			meter->batch(meter->ctx, call->ex->route, call->ex->group_num);
		server->num_in_lanes--;
		call->conn->deadline_at = patience(server, false);
		MHD_resume_connection(call->mhd);
		call = next;
	}
	pump(server);
}

/* From any thread. */
static void put_done(struct hf_http_server *server, struct hf_exchange *const *list, size_t num)
{
	bool first;

	(void)pthread_mutex_lock(&server->lock);
	first = !server->done;
	for (size_t i = 0; i < num; i++) {
		struct call *call = list[i]->transport;

		call->next = NULL;
		*server->done_end = call;
		server->done_end = &call->next;
	}
	(void)pthread_mutex_unlock(&server->lock);
	if (first)
		hf_loop_post(server->loop, take_done, server);
}

/* In the lane's thread. */
static void serve_group(void *ctx, const void *kind, struct hf_lane_job *const *jobs, size_t num)
{
	struct hf_http_server *server = ctx;
	const struct hf_route *route = kind;
	struct hf_exchange **list = hf_alloc(num, sizeof(struct hf_exchange *));

	for (size_t i = 0; i < num; i++)
		list[i] = (struct hf_exchange *)(void *)jobs[i];
	route->serve(server->opts.service, list, num);
	for (size_t i = 0; i < num; i++)
		ensure_answer(list[i]);
	list[0]->group_num = num;
	put_done(server, list, num);
	free(list);
}

static void refuse_job(void *ctx, struct hf_lane_job *job)
{
	struct hf_exchange *ex = (struct hf_exchange *)(void *)job;

	hf_exchange_refuse(ex, 503, "state", "the service is stopping");
	put_done(ctx, &ex, 1);
}

/* ---- start and stop ---- */

static size_t keep_raw(void *ctx, struct MHD_Connection *mhd, char *text)
{
	(void)ctx;
	(void)mhd;
	return strlen(text);
}

static bool start_daemon(struct hf_http_server *server, struct hf_err *err)
{
	const struct hf_http_server_opts *opts = &server->opts;

	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, server->listen_fd, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_end, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_LIMIT, opts->connections_max,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, opts->connections_per_peer_max, MHD_OPTION_CONNECTION_TIMEOUT,
		opts->idle_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	return server->daemon ||
	       hf_fail(err, HF_E_STATE, "HTTP server on port %u: libmicrohttpd did not start", server->port);
}

static bool check_lanes(const struct hf_http_server_opts *opts, struct hf_err *err)
{
	if (opts->num_lanes > HF_HTTP_LANES_MAX)
		return hf_fail(err, HF_E_INTERNAL, "more than %d lanes", HF_HTTP_LANES_MAX);
	for (size_t i = 0; i < opts->num_routes; i++)
		if (opts->routes[i].lane > opts->num_lanes)
			return hf_fail(err, HF_E_INTERNAL, "route %s is in lane %u, there are %zu",
				opts->routes[i].pattern, opts->routes[i].lane, opts->num_lanes);
	return hf_routes_check(opts->routes, opts->num_routes, err);
}

static void take_opts(struct hf_http_server *server, const struct hf_http_server_opts *opts)
{
	server->opts = *opts;
	if (!server->opts.connections_max)
		server->opts.connections_max = CONNECTIONS_MAX;
	if (!server->opts.idle_s)
		server->opts.idle_s = IDLE_S;
	if (!server->opts.request_ms)
		server->opts.request_ms = REQUEST_MS;
	for (size_t i = 0; i < opts->num_lanes; i++)
		server->lanes[i] = hf_lane_new(&(struct hf_lane_opts){.name = opts->lanes[i].name,
			.queue_max = opts->lanes[i].queue_max,
			.batch_max = opts->lanes[i].batch_max,
			.ctx = server,
			.serve = serve_group,
			.refuse = refuse_job});
}

bool hf_http_server_new(
	struct hf_http_server **out, struct hf_loop *loop, const struct hf_http_server_opts *opts, struct hf_err *err)
{
	struct hf_http_server *server;

	if (!check_lanes(opts, err))
		return false;
	server = hf_alloc(1, sizeof(*server));
	server->loop = loop;
	server->listen_fd = -1;
	server->done_end = &server->done;
	(void)pthread_mutex_init(&server->lock, NULL);
	take_opts(server, opts);
	server->pump_timer = hf_timer_new(loop, pump, server);
	server->sweep_timer = hf_timer_new(loop, sweep, server);
	if (!hf_listen_tcp(opts->address, opts->port, BACKLOG, &server->listen_fd, &server->port, err) ||
		!start_daemon(server, err)) {
		hf_http_server_free(server);
		return false;
	}
	*out = server;
	return true;
}

uint16_t hf_http_server_port(const struct hf_http_server *server)
{
	return server->port;
}

bool hf_http_server_start(struct hf_http_server *server, struct hf_err *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int64_t every_us = (int64_t)server->opts.request_ms * 1000 / 4;

	HF_ASSERT(info && info->epoll_fd >= 0);
	for (size_t i = 0; i < server->opts.num_lanes; i++)
		if (!hf_lane_start(server->lanes[i], err))
			return false;
	if (!hf_loop_watch(server->loop, info->epoll_fd, HF_LOOP_READ, on_ready, server, &server->watch, err))
		return false;
	if (every_us < SWEEP_LEAST_US)
		every_us = SWEEP_LEAST_US;
	if (every_us > SWEEP_MOST_US)
		every_us = SWEEP_MOST_US;
	hf_timer_set(server->sweep_timer, every_us, every_us);
	pump(server);
	return true;
}

/* Lets the answers out that are queued, for at most linger_ms. */
static void linger(struct hf_http_server *server, unsigned linger_ms)
{
	const int64_t until = hf_ticks() + (int64_t)linger_ms * 1000;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd ready = {.fd = info->epoll_fd, .events = POLLIN};

	/* Resumed connections queue their answers in the first run. */
	do {
		(void)MHD_run(server->daemon);
		if (!server->num_queued)
			return;
		(void)poll(&ready, 1, LINGER_STEP_MS);
	} while (hf_ticks() < until);
}

/* Takes what has arrived already, in the backlog and in the sockets, so that it gets an answer too. */
static void take_arrived(struct hf_http_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd ready = {.fd = info->epoll_fd, .events = POLLIN};
	MHD_UNSIGNED_LONG_LONG wait_ms;
	unsigned runs = 0;

	do
		(void)MHD_run(server->daemon);
	while (++runs < ARRIVED_RUNS_MAX &&
		(poll(&ready, 1, 0) > 0 || (MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES && !wait_ms)));
}

void hf_http_server_stop(struct hf_http_server *server, bool drain, unsigned linger_ms)
{
	HF_ASSERT(!server->pumping);
	if (!server->daemon)
		return;
	server->stopping = !drain;
	if (server->watch)
		take_arrived(server);
	server->stopping = true;
	(void)MHD_quiesce_daemon(server->daemon);
	(void)close(server->listen_fd);
	server->listen_fd = -1;
	for (size_t i = 0; i < server->opts.num_lanes; i++)
		hf_lane_stop(server->lanes[i], drain);
	take_done(server);
	hf_loop_unpost(server->loop, take_done, server);
	HF_ASSERT(!server->num_in_lanes);
	linger(server, linger_ms);
	hf_watch_close(server->watch);
	server->watch = NULL;
	hf_timer_stop(server->pump_timer);
	hf_timer_stop(server->sweep_timer);
	MHD_stop_daemon(server->daemon);
	server->daemon = NULL;
}

void hf_http_server_free(struct hf_http_server *server)
{
	if (!server)
		return;
	hf_http_server_stop(server, false, 1000);
	for (size_t i = 0; i < server->opts.num_lanes; i++)
		hf_lane_free(server->lanes[i]);
	if (server->listen_fd >= 0)
		(void)close(server->listen_fd);
	hf_timer_free(server->pump_timer);
	hf_timer_free(server->sweep_timer);
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}
