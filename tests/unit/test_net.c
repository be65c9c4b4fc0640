#include "test.h"

#include "base/buf.h"
#include "base/str.h"
#include "net/http.h"
#include "net/loop.h"

#include <pthread.h>
#include <unistd.h>

/* ---- the loop ---- */

struct trace {
	struct hf_loop *loop;
	struct hf_timer *victim;
	char text[64];
	size_t num;
};

static void note_a(void *ctx)
{
	struct trace *trace = ctx;

	trace->text[trace->num++] = 'a';
}

static void note_b(void *ctx)
{
	struct trace *trace = ctx;

	trace->text[trace->num++] = 'b';
	hf_timer_stop(trace->victim);
}

static void note_stop(void *ctx)
{
	struct trace *trace = ctx;

	trace->text[trace->num++] = '.';
	hf_loop_stop(trace->loop);
}

static void timers_fire_in_order_and_can_be_stopped_by_others(void **state)
{
	struct trace trace = {0};
	struct hf_timer *once, *killer, *end;
	struct hf_err err;

	(void)state;
	assert_ok(hf_loop_new(&trace.loop, &err));
	trace.victim = hf_timer_new(trace.loop, note_a, &trace);
	once = hf_timer_new(trace.loop, note_a, &trace);
	killer = hf_timer_new(trace.loop, note_b, &trace);
	end = hf_timer_new(trace.loop, note_stop, &trace);
	hf_timer_set(end, 90000, 0);
	hf_timer_set(killer, 50000, 0);
	hf_timer_set(trace.victim, 20000, 20000);
	hf_timer_set(once, 5000, 0);
	hf_loop_run(trace.loop);
	/* once, the periodic one at 20 and 40 ms, then it is stopped. */
	assert_string_equal(trace.text, "aaab.");
	hf_timer_free(once);
	hf_timer_free(killer);
	hf_timer_free(end);
	hf_timer_free(trace.victim);
	hf_loop_free(trace.loop);
}

static void *post_many(void *ctx)
{
	struct trace *trace = ctx;

	for (int i = 0; i < 10; i++)
		hf_loop_post(trace->loop, note_a, trace);
	hf_loop_post(trace->loop, note_stop, trace);
	return NULL;
}

static void posts_from_another_thread_run_in_the_loop(void **state)
{
	struct trace trace = {0}, dropped = {0};
	pthread_t thread;
	struct hf_err err;

	(void)state;
	assert_ok(hf_loop_new(&trace.loop, &err));
	hf_loop_post(trace.loop, note_a, &dropped);
	hf_loop_unpost(trace.loop, note_a, &dropped);
	assert_int_equal(pthread_create(&thread, NULL, post_many, &trace), 0);
	hf_loop_run(trace.loop);
	(void)pthread_join(thread, NULL);
	assert_string_equal(trace.text, "aaaaaaaaaa.");
	assert_int_equal(dropped.num, 0);
	hf_loop_stop(trace.loop);
	hf_loop_run(trace.loop); /* the stop before it counts */
	hf_loop_free(trace.loop);
}

struct pair_watch {
	struct hf_watch *mine, *other;
	int calls;
};

static void close_both(void *ctx, unsigned events)
{
	struct pair_watch *pair = ctx;

	assert_true(events & HF_LOOP_READ);
	pair->calls++;
	hf_watch_close(pair->mine);
	hf_watch_close(pair->other);
}

static void a_watch_closed_in_the_same_turn_is_not_called(void **state)
{
	struct pair_watch a = {0}, b = {0};
	struct hf_loop *loop;
	struct hf_err err;
	int fds[2], more[2];

	(void)state;
	assert_ok(hf_loop_new(&loop, &err));
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(more), 0);
	assert_ok(hf_loop_watch(loop, fds[0], HF_LOOP_READ, close_both, &a, &a.mine, &err));
	assert_ok(hf_loop_watch(loop, more[0], HF_LOOP_READ, close_both, &b, &b.mine, &err));
	a.other = b.mine;
	b.other = a.mine;
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(write(more[1], "x", 1), 1);
	hf_loop_turn(loop, 1000);
	hf_loop_turn(loop, 1000);
	assert_int_equal(a.calls + b.calls, 1);
	for (int i = 0; i < 2; i++) {
		(void)close(fds[i]);
		(void)close(more[i]);
	}
	hf_loop_free(loop);
}

/* ---- lanes, without HTTP ---- */

struct lane_job {
	struct hf_lane_job job;
	char name;
};

struct lane_log {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool hold; /* the worker waits in serve() while it is set */
	char text[256];
	size_t refused;
};

static void log_group(void *ctx, const void *kind, struct hf_lane_job *const *jobs, size_t num)
{
	struct lane_log *log = ctx;
	char group[64];

	for (size_t i = 0; i < num; i++) {
		assert_ptr_equal(jobs[i]->kind, kind);
		group[i] = ((const struct lane_job *)(const void *)jobs[i])->name;
	}
	group[num] = 0;
	(void)pthread_mutex_lock(&log->lock);
	const size_t len = strlen(log->text);
	hf_fmt_cut(log->text + len, sizeof(log->text) - len, "%s|", group);
	(void)pthread_cond_broadcast(&log->moved);
	while (log->hold)
		(void)pthread_cond_wait(&log->moved, &log->lock);
	(void)pthread_mutex_unlock(&log->lock);
}

static void hold(struct lane_log *log, bool on)
{
	(void)pthread_mutex_lock(&log->lock);
	log->hold = on;
	(void)pthread_cond_broadcast(&log->moved);
	(void)pthread_mutex_unlock(&log->lock);
}

static void count_refused(void *ctx, struct hf_lane_job *job)
{
	struct lane_log *log = ctx;

	(void)job;
	log->refused++;
	hold(log, false); /* only now: the batch that is being served outlasts the refusals */
}

static void wait_text(struct lane_log *log, const char *text)
{
	(void)pthread_mutex_lock(&log->lock);
	while (strcmp(log->text, text) != 0)
		(void)pthread_cond_wait(&log->moved, &log->lock);
	(void)pthread_mutex_unlock(&log->lock);
}

static void run_lane(bool drain, const char *want, size_t want_refused)
{
	static const char names[] = "xaabbaA", kinds[] = "xaabbaa";
	struct lane_log log = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER, .hold = true};
	struct hf_lane *lane = hf_lane_new(&(struct hf_lane_opts){.name = "test",
		.queue_max = 6,
		.batch_max = 5,
		.ctx = &log,
		.serve = log_group,
		.refuse = count_refused});
	struct lane_job jobs[8] = {0};
	struct hf_err err;

	assert_ok(hf_lane_start(lane, &err));
	for (size_t i = 0; i < 7; i++) {
		jobs[i].name = names[i];
		assert_true(hf_lane_put(lane, &jobs[i].job, strchr(kinds, kinds[i])));
		if (i == 0)
			wait_text(&log, "x|"); /* the lonely first is taken at once; the rest gathers behind it */
	}
	assert_int_equal(hf_lane_waiting(lane), 6);
	assert_false(hf_lane_put(lane, &jobs[7].job, kinds)); /* full */
	if (drain)
		hold(&log, false);
	hf_lane_stop(lane, drain);
	assert_false(hf_lane_put(lane, &jobs[7].job, kinds)); /* stopped */
	assert_string_equal(log.text, want);
	assert_int_equal(log.refused, want_refused);
	hf_lane_free(lane);
}

static void a_lane_groups_neighbours_and_keeps_order(void **state)
{
	(void)state;
	run_lane(true, "x|aa|bb|a|A|", 0);
}

static void a_lane_that_stops_refuses_what_waits(void **state)
{
	(void)state;
	run_lane(false, "x|", 6);
}

/* ---- requests and routes, without a server ---- */

static void serve_echo(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)service;
	for (size_t i = 0; i < num; i++) {
		for (size_t k = 0; k < list[i]->num_params; k++)
			(void)hf_buf_printf(
				&list[i]->answer, "%s=%s;", list[i]->params[k].name, list[i]->params[k].value);
		for (size_t k = 0; k < list[i]->num_query; k++)
			(void)hf_buf_printf(
				&list[i]->answer, "%s=%s;", list[i]->query[k].name, list[i]->query[k].value);
		hf_exchange_done(list[i], 200, "text/plain");
	}
}

static void serve_length(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)service;
	for (size_t i = 0; i < num; i++) {
		(void)hf_buf_printf(&list[i]->answer, "%zu", list[i]->body.len);
		hf_exchange_done(list[i], 200, "text/plain");
	}
}

static void serve_nothing(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)service;
	(void)list;
	(void)num;
}

static const struct hf_route routes[] = {
	{.method = "GET", .pattern = "/v1/echo/fixed", .serve = serve_length},
	{.method = "GET", .pattern = "/v1/echo/{id}", .serve = serve_echo},
	{.method = "DELETE", .pattern = "/v1/echo/{id}", .serve = serve_echo},
	{.method = "GET", .pattern = "/v1/{a}/x/{b}", .serve = serve_echo},
	{.method = "GET", .pattern = "/ocsp/{request...}", .serve = serve_echo},
	{.method = "GET", .pattern = "/", .serve = serve_echo},
	{.method = "GET", .pattern = "/v1/silent", .serve = serve_nothing},
};
#define NUM_ROUTES (sizeof(routes) / sizeof(routes[0]))

static void targets_are_read_strictly(void **state)
{
	static const char *const bad[] = {"", "v1", "*", "http://h/", "/%", "/%4", "/%4g", "/%00", "/a%0a", "/..", "/.",
		"/a/../b", "/a/%2e%2E/b", "/a%2f..%2fb", "/a/.%2e", "/a b", "/a\"b", "/a<", "/\xE4\xBD\xA0", "/%C0%80",
		"/%E2%80%AE", "/a?b", "/a?=c", "/a?b=c&", "/a?&b=c", "/a?b=c&&d=e", "/a?b=1&b=2", "/a?b=%", "/a?b=%00",
		"/a?b=1&%62=2", "/a?b=c#d", "/a#d", NULL};
	struct hf_err err;

	(void)state;
	for (size_t i = 0; bad[i]; i++) {
		struct hf_exchange *ex = hf_exchange_new();
		if (hf_exchange_set_request(ex, "GET", bad[i], &err))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(err.code, HF_E_INPUT);
		hf_exchange_free(ex);
	}
	struct hf_exchange *ex = hf_exchange_new();
	assert_ok(hf_exchange_set_request(ex, "GET", "/%e4%bd%a0/...?a=1+2%2B&%62=x=y/?&c=", &err));
	assert_string_equal(ex->path, "/你/...");
	assert_string_equal(hf_exchange_query(ex, "a"), "1 2+");
	assert_string_equal(hf_exchange_query(ex, "b"), "x=y/?");
	assert_string_equal(hf_exchange_query(ex, "c"), "");
	assert_null(hf_exchange_query(ex, "d"));
	assert_refused(hf_exchange_add_header(ex, "A B", "", &err), HF_E_INPUT, "token");
	assert_refused(hf_exchange_add_header(ex, "A", "x\ny", &err), HF_E_INPUT, "control");
	assert_ok(hf_exchange_add_header(ex, "Content-Type", "application/JSON; charset=utf-8", &err));
	assert_string_equal(hf_exchange_header(ex, "content-type"), "application/JSON; charset=utf-8");
	assert_true(hf_exchange_is_type(ex, "application/json"));
	assert_false(hf_exchange_is_type(ex, "application/js"));
	hf_exchange_free(ex);
}

static void queries_and_headers_are_capped(void **state)
{
	struct hf_exchange *ex = hf_exchange_new();
	struct hf_buf target;
	struct hf_err err;

	(void)state;
	hf_buf_init(&target, 4096);
	(void)hf_buf_put_str(&target, "/?a0=1");
	for (int i = 1; i <= HF_HTTP_QUERY_MAX; i++)
		(void)hf_buf_printf(&target, "&a%d=1", i);
	assert_refused(hf_exchange_set_request(ex, "GET", hf_buf_cstr(&target), &err), HF_E_LIMIT, "query");
	for (int i = 0; i < HF_HTTP_HEADERS_MAX; i++)
		assert_ok(hf_exchange_add_header(ex, "A", "b", &err));
	assert_refused(hf_exchange_add_header(ex, "A", "b", &err), HF_E_LIMIT, "fields");
	hf_buf_clear(&target);
	hf_exchange_free(ex);
}

static void routes_are_found_or_refused(void **state)
{
	static const struct {
		const char *method, *target;
		unsigned status;
		const char *body;
	} cases[] = {
		{"GET", "/v1/echo/7", 200, "id=7;"},
		{"HEAD", "/v1/echo/7", 200, "id=7;"},
		{"DELETE", "/v1/echo/%E4%BD%A0?x=1", 200, "id=你;x=1;"},
		{"GET", "/v1/echo/fixed", 200, "0"},
		{"GET", "/v1/p/%78/q", 200, "a=p;b=q;"},
		{"GET", "/", 200, ""},
		{"GET", "/ocsp/MFEw//8+a%2Fb%3D=", 200, "request=MFEw//8+a/b==;"},
		{"GET", "/ocsp/", 404, "{\"error\":\"missing\",\"text\":\"nothing is served at /ocsp/\"}"},
		{"GET", "/v1/echo/a%2Fb", 404, NULL},
		{"GET", "/v1/echo/", 404, NULL},
		{"GET", "/v1/echo/a/", 404, NULL},
		{"GET", "//v1/echo/a", 404, NULL},
		{"GET", "/V1/echo/a", 404, NULL},
		{"GET", "/nowhere/%22%5C", 404,
			"{\"error\":\"missing\",\"text\":\"nothing is served at /nowhere/\\\"\\\\\"}"},
		{"POST", "/v1/echo/7", 405,
			"{\"error\":\"method\",\"text\":\"POST is not served here, only GET, HEAD, DELETE\"}"},
		{"GET", "/v1/silent", 500, NULL},
	};
	struct hf_err err;

	(void)state;
	assert_ok(hf_routes_check(routes, NUM_ROUTES, &err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_exchange *ex = hf_exchange_new();
		assert_ok(hf_exchange_set_request(ex, cases[i].method, cases[i].target, &err));
		hf_routes_serve(routes, NUM_ROUTES, NULL, ex);
		if (ex->status != cases[i].status)
			fail_msg("%s %s: %u", cases[i].method, cases[i].target, ex->status);
		if (cases[i].body)
			assert_string_equal(hf_buf_cstr(&ex->answer), cases[i].body);
		if (ex->status == 405) {
			assert_string_equal(ex->extra[0].name, "Allow");
			assert_string_equal(ex->extra[0].value, "GET, HEAD, DELETE");
		}
		hf_exchange_free(ex);
	}
}

static void a_route_table_with_holes_is_refused(void **state)
{
	static const struct hf_route bad[] = {
		{.method = "GET", .pattern = "v1", .serve = serve_echo},
		{.method = "get", .pattern = "/v1", .serve = serve_echo},
		{.method = "GET", .pattern = "/v1"},
		{.method = "GET", .pattern = "/v1//x", .serve = serve_echo},
		{.method = "GET", .pattern = "/v1/a{id}", .serve = serve_echo},
		{.method = "GET", .pattern = "/v1/{rest...}/x", .serve = serve_echo},
		{.method = "GET", .pattern = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", .serve = serve_echo},
	};
	const struct hf_route twice[] = {routes[0], routes[1], routes[0]};
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(hf_routes_check(&bad[i], 1, &err), HF_E_INTERNAL, "route");
	assert_refused(hf_routes_check(twice, 3, &err), HF_E_INTERNAL, "twice");
}

static void every_error_code_has_a_status(void **state)
{
	(void)state;
	for (int code = HF_E_INPUT; code < HF_NUM_CODES; code++) {
		const unsigned status = hf_http_status_of((enum hf_code)code);
		struct hf_err err = {.code = (enum hf_code)code, .text = "x\n\xFF"};
		struct hf_exchange *ex = hf_exchange_new();

		assert_in_range(status, 400, 599);
		hf_exchange_refuse_err(ex, &err);
		assert_int_equal(ex->status, status);
		assert_non_null(strstr(hf_buf_cstr(&ex->answer), "\"text\":\"x\\u000a?\""));
		hf_exchange_free(ex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_fire_in_order_and_can_be_stopped_by_others),
		cmocka_unit_test(posts_from_another_thread_run_in_the_loop),
		cmocka_unit_test(a_watch_closed_in_the_same_turn_is_not_called),
		cmocka_unit_test(a_lane_groups_neighbours_and_keeps_order),
		cmocka_unit_test(a_lane_that_stops_refuses_what_waits),
		cmocka_unit_test(targets_are_read_strictly),
		cmocka_unit_test(queries_and_headers_are_capped),
		cmocka_unit_test(routes_are_found_or_refused),
		cmocka_unit_test(a_route_table_with_holes_is_refused),
		cmocka_unit_test(every_error_code_has_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
