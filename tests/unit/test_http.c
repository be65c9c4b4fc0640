#include "test.h"

#include "base/clock.h"
#include "base/str.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a service ---- */

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

#define BIG_LEN ((size_t)8 << 20)

static void serve_big(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)service;
	for (size_t i = 0; i < num; i++) {
		memset(hf_buf_extend(&list[i]->answer, BIG_LEN), 'B', BIG_LEN);
		hf_exchange_done(list[i], 200, "application/octet-stream");
	}
}

static void serve_moved(void *service, struct hf_exchange *const *list, size_t num)
{
	(void)service;
	for (size_t i = 0; i < num; i++) {
		hf_exchange_answer_header(list[i], "Location", "/v1/echo/elsewhere");
		hf_exchange_answer(list[i], 302, NULL, HF_BYTES_NONE);
	}
}

static void serve_slowly(void *service, struct hf_exchange *const *list, size_t num);

static const struct hf_route routes[] = {
	{.method = "GET", .pattern = "/v1/echo/fixed", .serve = serve_length},
	{.method = "GET", .pattern = "/v1/echo/{id}", .serve = serve_echo},
	{.method = "DELETE", .pattern = "/v1/echo/{id}", .serve = serve_echo},
	{.method = "GET", .pattern = "/v1/{a}/x/{b}", .serve = serve_echo},
	{.method = "GET", .pattern = "/ocsp/{request...}", .serve = serve_echo},
	{.method = "GET", .pattern = "/", .serve = serve_echo},
	{.method = "POST", .pattern = "/v1/small", .body_max = 16, .serve = serve_length},
	{.method = "POST", .pattern = "/v1/large", .body_max = 1 << 20, .serve = serve_length},
	{.method = "POST", .pattern = "/v1/slow", .body_max = 64, .lane = 1, .serve = serve_slowly},
	{.method = "GET", .pattern = "/v1/silent", .serve = serve_nothing},
	{.method = "GET", .pattern = "/v1/silent-lane", .lane = 1, .serve = serve_nothing},
	{.method = "GET", .pattern = "/v1/big", .serve = serve_big},
	{.method = "GET", .pattern = "/v1/moved", .serve = serve_moved},
};
#define NUM_ROUTES (sizeof(routes) / sizeof(routes[0]))

/* ---- a real server on the loopback ---- */

struct house {
	struct hf_loop *loop;
	struct hf_http_server *server;
	pthread_t thread;
	atomic_uint serve_ms; /* how long a group takes */
	bool drain;           /* how the server stops when the loop has ended */
	atomic_size_t groups, most, served;
	size_t answers, refusals, batched, conns_most; /* the meter's, read when the loop has ended */
};

static void serve_slowly(void *service, struct hf_exchange *const *list, size_t num)
{
	struct house *house = service;

	atomic_fetch_add(&house->groups, 1);
	atomic_fetch_add(&house->served, num);
	if (num > atomic_load(&house->most))
		atomic_store(&house->most, num);
	(void)usleep(atomic_load(&house->serve_ms) * 1000U);
	for (size_t i = 0; i < num; i++) {
		assert_ptr_equal(list[i]->route, list[0]->route);
		hf_exchange_answer(list[i], 200, "text/plain", hf_buf_bytes(&list[i]->body));
	}
}

static void meter_answered(void *ctx, const struct hf_route *route, unsigned status, int64_t micros)
{
	struct house *house = ctx;

	(void)route;
	assert_true(micros >= 0);
	house->answers++;
	house->refusals += status >= 400;
}

static void meter_batch(void *ctx, const struct hf_route *route, size_t num)
{
	assert_true(route->lane > 0);
	((struct house *)ctx)->batched += num;
}

static void meter_connections(void *ctx, size_t num)
{
	struct house *house = ctx;

	if (num > house->conns_most)
		house->conns_most = num;
}

static void *run_loop(void *ctx)
{
	struct house *house = ctx;

	hf_loop_run(house->loop);
	hf_http_server_stop(house->server, house->drain, 2000);
	return NULL;
}

static void open_house(struct house *house, size_t queue_max, unsigned idle_s, unsigned request_ms)
{
	const struct hf_http_server_opts opts = {.address = "127.0.0.1",
		.routes = routes,
		.num_routes = NUM_ROUTES,
		.service = house,
		.lanes = {{.name = "slow", .queue_max = queue_max}},
		.num_lanes = 1,
		.idle_s = idle_s,
		.request_ms = request_ms,
		.meter = {.ctx = house,
			.answered = meter_answered,
			.batch = meter_batch,
			.connections = meter_connections}};
	struct hf_err err;

	assert_ok(hf_loop_new(&house->loop, &err));
	assert_ok(hf_http_server_new(&house->server, house->loop, &opts, &err));
	assert_ok(hf_http_server_start(house->server, &err));
	assert_int_equal(pthread_create(&house->thread, NULL, run_loop, house), 0);
}

static void close_house(struct house *house)
{
	hf_loop_stop(house->loop);
	(void)pthread_join(house->thread, NULL);
	hf_http_server_free(house->server);
	hf_loop_free(house->loop);
}

static int dial(const struct house *house)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(hf_http_server_port(house->server))};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void say(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Reads until the peer closes, or what was read ends with the word, or the time is over; then false. */
static bool hear(int fd, const char *until, int ms, char *out, size_t size)
{
	const int64_t end = hf_ticks() + (int64_t)ms * 1000;
	size_t len = 0;

	out[0] = 0;
	while (len < size - 1) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		const int64_t left = end - hf_ticks();
		ssize_t num;

		if (left <= 0 || poll(&ready, 1, (int)(left / 1000) + 1) <= 0)
			return false;
		num = recv(fd, out + len, size - 1 - len, 0);
		if (num <= 0)
			return true;
		len += (size_t)num;
		out[len] = 0;
		if (until && len >= strlen(until) && !strcmp(out + len - strlen(until), until))
			return true;
	}
	return true;
}

static void one_connection_serves_many_requests(void **state)
{
	struct house house = {0};
	char text[4096];
	int fd;

	(void)state;
	open_house(&house, 0, 0, 0);
	fd = dial(&house);
	for (int i = 0; i < 3; i++) {
		static const char get[] = "GET /v1/echo/7 HTTP/1.1\r\nHost: x\r\n\r\n";
		static const char lost[] = "POST /v1/lost HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
		static const char slow[] = "POST /v1/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
		static const char large[] = "POST /v1/large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
					    "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";

		say(fd, get, sizeof(get) - 1);
		assert_true(hear(fd, "id=7;", 2000, text, sizeof(text)));
		assert_non_null(strstr(text, "HTTP/1.1 200 "));
		assert_non_null(strstr(text, "X-Content-Type-Options: nosniff\r\n"));
		assert_non_null(strstr(text, "Cache-Control: no-store\r\n"));
		say(fd, lost, sizeof(lost) - 1); /* a refusal does not end the connection */
		assert_true(hear(fd, "}", 2000, text, sizeof(text)));
		assert_non_null(strstr(text, "HTTP/1.1 404 "));
		assert_non_null(strstr(text, "Content-Type: application/json\r\n"));
		say(fd, slow, sizeof(slow) - 1);
		assert_true(hear(fd, "abc", 2000, text, sizeof(text)));
		say(fd, large, sizeof(large) - 1);
		assert_true(hear(fd, "\r\n\r\n5", 2000, text, sizeof(text)));
	}
	/* Two at once (pipelined) are answered in order. */
	static const char two[] = "GET /v1/echo/1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /v1/slow HTTP/1.1\r\nHost: "
				  "x\r\nContent-Length: 3\r\n\r\nxyz";
	say(fd, two, sizeof(two) - 1);
	assert_true(hear(fd, "xyz", 2000, text, sizeof(text)));
	assert_non_null(strstr(text, "id=1;HTTP/1.1 200"));
	(void)close(fd);
	close_house(&house);
	assert_int_equal(house.answers, 14);
	assert_int_equal(house.refusals, 3);
	assert_int_equal(house.batched, 4);
	assert_int_equal(house.conns_most, 1);
}

#define H " HTTP/1.1\r\nHost: x\r\n"

static void malformed_requests_are_refused(void **state)
{
	static const struct {
		const char *request;
		size_t len;   /* 0: strlen */
		int status;   /* 0: closed without an answer is fine too */
		bool closing; /* the connection must be closed behind the answer */
	} cases[] = {
		{"POST /v1/small" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 0, 400, true},
		{"POST /v1/small" H "Content-Length: 3\r\ncontent-length: 3\r\n\r\nabc", 0, 400, true},
		{"POST /v1/small" H "Content-Length: 3, 3\r\n\r\nabc", 0, 400, true},
		{"POST /v1/small" H "Content-Length: +3\r\n\r\nabc", 0, 400, true},
		{"POST /v1/small" H "Content-Length: 003\r\n\r\nabc", 0, 400, true},
		{"POST /v1/small" H "Content-Length: -1\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Content-Length: 99999999999999999999\r\n\r\n", 0, 413, true},
		{"POST /v1/small" H "Transfer-Encoding: gzip\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400,
			true},
		{"POST /v1/small HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "Content-Length : 3\r\n\r\nabc", 0, 400, true},
		{"POST /v1/small" H "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 0, 400, true},
		{"POST /v1/small" H "A b: c\r\n\r\n", 0, 400, true},
		{"POST /v1/small" H "A: c\x01\r\n\r\n", 0, 400, true},
		{"GET /v1/echo/%zz" H "\r\n", 0, 400, true},
		{"GET /v1/echo/%00" H "\r\n", 0, 400, true},
		{"GET /v1/echo/../x" H "\r\n", 0, 400, true},
		{"GET /v1/echo/%2e%2e/x" H "\r\n", 0, 400, true},
		{"GET http://x/v1/echo/7" H "\r\n", 0, 400, true},
		{"GET /v1/echo/7\0x" H "\r\n", sizeof("GET /v1/echo/7\0x" H "\r\n") - 1, 400, true},
		{"GET /v1/echo/7?a=1&a=2" H "\r\n", 0, 400, true},
		{"GET /v1/echo/7 HTTP/1.1\r\n\r\n", 0, 400, true}, /* no Host */
		{"GET /v1/echo/7 HTTP/2.0\r\nHost: x\r\n\r\n", 0, 0, true},
		{"GET /v1/echo/7\r\nHost: x\r\n\r\n", 0, 0, true},
		{"\x16\x03\x01\x02\r\n\r\n", 0, 0, true}, /* TLS */
		{"GET /nowhere" H "\r\n", 0, 404, false},
		{"POST /v1/echo/7" H "Content-Length: 0\r\n\r\n", 0, 405, false},
		{"PROPFIND /v1/echo/7" H "\r\n", 0, 405, false},
		{"POST /v1/small" H "Content-Length: 17\r\n\r\n12345678901234567", 0, 413, false},
		{"POST /v1/small" H "Content-Length: 70000\r\n\r\n", 0, 413, true}, /* before any of it is sent */
		{"POST /v1/echo/7" H "Content-Length: 70000\r\n\r\n", 0, 405, true},
		{"GET /v1/silent" H "\r\n", 0, 500, false},
		{"GET /v1/silent-lane" H "\r\n", 0, 500, false},
	};
	struct house house = {0};
	char text[4096], want[32];

	(void)state;
	open_house(&house, 0, 0, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int fd = dial(&house);
		bool ended;

		say(fd, cases[i].request, cases[i].len ? cases[i].len : strlen(cases[i].request));
		ended = hear(fd, cases[i].closing ? NULL : "}", 2000, text, sizeof(text));
		hf_fmt_cut(want, sizeof(want), "HTTP/1.1 %d ", cases[i].status);
		if (!ended ||
			(cases[i].status ? strncmp(text, want, strlen(want)) != 0 : strstr(text, " 200 ") != NULL))
			fail_msg("case %zu (%s): %s", i, cases[i].request, text);
		(void)close(fd);
	}
	close_house(&house);
}

static void a_body_beyond_the_cap_is_refused_without_reading_it_all(void **state)
{
	static const char head[] = "POST /v1/small" H "Transfer-Encoding: chunked\r\n\r\n";
	static char chunk[4096 + 8];
	struct house house = {0};
	size_t sent = 0;
	char text[4096];
	int fd;

	(void)state;
	open_house(&house, 0, 0, 0);
	fd = dial(&house);
	say(fd, head, sizeof(head) - 1);
	memset(chunk, 'x', sizeof(chunk));
	memcpy(chunk, "1000\r\n", 6);
	memcpy(chunk + 4096 + 6, "\r\n", 2);
	while (sent < (4U << 20) && send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk)) {
		sent += sizeof(chunk);
		(void)usleep(200);
	}
	assert_in_range(sent, 1, (4U << 20) - 1);
	(void)hear(fd, NULL, 2000, text, sizeof(text));
	assert_non_null(strstr(text, "HTTP/1.1 413 "));
	(void)close(fd);
	close_house(&house);
}

static void long_heads_are_refused(void **state)
{
	struct house house = {0};
	char text[4096];

	(void)state;
	open_house(&house, 0, 0, 0);
	for (int kind = 0; kind < 3; kind++) {
		struct hf_buf out;
		const int fd = dial(&house);

		hf_buf_init(&out, 1 << 20);
		(void)hf_buf_put_str(&out, "GET /v1/echo/");
		for (int i = 0; kind == 0 && i < 9000; i++)
			(void)hf_buf_put_u8(&out, 'a');
		(void)hf_buf_put_str(&out, H);
		for (int i = 0; kind == 1 && i < 100; i++)
			(void)hf_buf_put_str(&out, "A: b\r\n");
		for (int i = 0; kind == 2 && i < 60000; i++)
			(void)hf_buf_put_str(&out, i ? "b" : "A: ");
		(void)hf_buf_put_str(&out, "\r\n\r\n");
		say(fd, (const char *)out.p, out.len);
		(void)hear(fd, NULL, 2000, text, sizeof(text));
		assert_true(strstr(text, "HTTP/1.1 431 ") || strstr(text, "HTTP/1.1 414 "));
		hf_buf_clear(&out);
		(void)close(fd);
	}
	close_house(&house);
}

/* ---- crowds ---- */

struct crowd {
	struct house *house;
	char url[64];
	atomic_int left;
	atomic_size_t ok, failed;
};

static bool ask_once(void *ctx, size_t n, struct hf_http_client *client)
{
	struct crowd *crowd = ctx;
	struct hf_http_answer answer;
	struct hf_buf body;
	struct hf_err err;
	char text[16];

	if (atomic_fetch_sub(&crowd->left, 1) <= 0)
		return false;
	hf_fmt_cut(text, sizeof(text), "job %zu", n);
	hf_buf_init(&body, 1024);
	if (!hf_http_call(client,
		    &(struct hf_http_request){
			    .method = "POST", .url = crowd->url, .type = "text/plain", .body = hf_bytes_str(text)},
		    &answer, &body, &err))
		atomic_fetch_add(&crowd->failed, 1);
	else if (answer.status == 200 && !strcmp(hf_buf_cstr(&body), text))
		atomic_fetch_add(&crowd->ok, 1);
	hf_buf_clear(&body);
	return true;
}

static void send_crowd(struct crowd *crowd, size_t clients, int requests)
{
	struct hf_http_many many = {.num = clients, .ctx = crowd, .work = ask_once};
	struct hf_err err;

	hf_fmt_cut(crowd->url, sizeof(crowd->url), "http://127.0.0.1:%u/v1/slow",
		hf_http_server_port(crowd->house->server));
	atomic_store(&crowd->left, requests);
	assert_ok(hf_http_many_run(&many, &err));
}

static void a_crowd_shares_batches(void **state)
{
	struct house house = {0};
	struct crowd crowd = {.house = &house};

	(void)state;
	atomic_store(&house.serve_ms, 5);
	open_house(&house, 0, 0, 0);
	send_crowd(&crowd, 64, 640);
	assert_int_equal(crowd.ok, 640);
	close_house(&house);
	assert_int_equal(house.served, 640);
	assert_int_equal(house.batched, 640);
	assert_true(house.most > 8);
	assert_true(house.groups < 160);
	assert_in_range(house.conns_most, 16, 64); /* the last may find nothing left to do */
}

static void a_lonely_request_does_not_wait(void **state)
{
	struct house house = {0};
	struct crowd crowd = {.house = &house};
	int64_t best = INT64_MAX;

	(void)state;
	open_house(&house, 0, 0, 0);
	for (int i = 0; i < 5; i++) {
		const int64_t began = hf_ticks();
		send_crowd(&crowd, 1, 1);
		if (hf_ticks() - began < best)
			best = hf_ticks() - began;
	}
	assert_int_equal(crowd.ok, 5);
	assert_true(best < 20000);
	close_house(&house);
}

static bool call(const struct house *house, const char *method, const char *path, struct hf_http_answer *answer,
	struct hf_buf *body, struct hf_err *err)
{
	struct hf_http_client *client;
	char url[128];
	bool ok;

	hf_fmt_cut(url, sizeof(url), "http://127.0.0.1:%u%s", hf_http_server_port(house->server), path);
	assert_true(hf_http_client_new(&client, NULL, err));
	ok = hf_http_call(client, &(struct hf_http_request){.method = method, .url = url}, answer, body, err);
	hf_http_client_free(client);
	return ok;
}

#define SLOW_POST "POST /v1/slow" H "Content-Length: 3\r\n\r\nabc"

/* Sends num whole requests, the later ones while the first is being served. */
static void send_waiting(struct house *house, int *fds, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		fds[i] = dial(house);
		say(fds[i], SLOW_POST, sizeof(SLOW_POST) - 1);
		while (!atomic_load(&house->served))
			(void)usleep(1000);
	}
}

static void a_full_lane_says_when_to_come_back(void **state)
{
	struct house house = {0};
	struct hf_http_answer answer;
	size_t ok = 0, busy = 0;
	struct hf_buf body;
	struct hf_err err;
	char text[1024];
	int fds[12];

	(void)state;
	atomic_store(&house.serve_ms, 500);
	open_house(&house, 4, 0, 0);
	send_waiting(&house, fds, 12);
	hf_buf_init(&body, 1024);
	assert_ok(call(&house, "POST", "/v1/slow", &answer, &body, &err));
	assert_int_equal(answer.status, 503);
	assert_int_equal(answer.retry_after, 1);
	assert_string_equal(answer.type, "application/json");
	hf_buf_clear(&body);
	for (size_t i = 0; i < 12; i++) {
		(void)hear(fds[i], i < 5 ? "abc" : "}", 3000, text, sizeof(text));
		ok += strstr(text, "HTTP/1.1 200 ") != NULL;
		busy += strstr(text, "HTTP/1.1 503 ") && strstr(text, "Retry-After: 1\r\n");
		(void)close(fds[i]);
	}
	assert_int_equal(ok, 5); /* one served, four waiting */
	assert_int_equal(busy, 7);
	close_house(&house);
}

static void stop_while_they_wait(bool drain)
{
	struct house house = {.drain = drain};
	size_t ok = 0, refused = 0;
	char text[1024];
	int fds[16];

	atomic_store(&house.serve_ms, 100);
	open_house(&house, 0, 0, 0);
	send_waiting(&house, fds, 16);
	hf_loop_stop(house.loop);
	(void)pthread_join(house.thread, NULL);
	for (size_t i = 0; i < 16; i++) {
		(void)hear(fds[i], NULL, 2000, text, sizeof(text));
		assert_non_null(strstr(text, "Connection: close\r\n"));
		ok += strstr(text, "HTTP/1.1 200 ") && strstr(text, "\r\n\r\nabc");
		refused += strstr(text, "HTTP/1.1 503 ") && strstr(text, "Retry-After: 1\r\n");
		(void)close(fds[i]);
	}
	assert_int_equal(ok + refused, 16);
	assert_int_equal(ok, atomic_load(&house.served));
	assert_true(drain ? ok == 16 : refused > 0);
	hf_http_server_free(house.server);
	hf_loop_free(house.loop);
}

static void a_server_that_stops_answers_all_who_wait(void **state)
{
	(void)state;
	stop_while_they_wait(true);
	stop_while_they_wait(false);
}

/* ---- slow peers ---- */

static void a_trickling_client_is_cut_off(void **state)
{
	static const char head[] = "POST /v1/small" H "Content-Length: 16\r\n\r\n";
	struct house house = {0};
	const char *text =
		"GET /v1/echo/7 HTTP/1.1\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	const int64_t began = hf_ticks();
	int body_fd, head_fd;
	char answer[512];
	size_t at = 0;

	(void)state;
	open_house(&house, 0, 1, 300);
	body_fd = dial(&house);
	head_fd = dial(&house);
	say(body_fd, head, sizeof(head) - 1);
	/* An octet each 50 ms: never idle for a second, never done. */
	while (at < strlen(text) && send(head_fd, text + at, 1, MSG_NOSIGNAL) == 1) {
		at++;
		if (at < 12)
			(void)send(body_fd, "x", 1, MSG_NOSIGNAL);
		(void)usleep(50000);
	}
	assert_true(at < strlen(text));
	assert_in_range(hf_ticks() - began, 300000, 3000000);
	assert_true(hear(body_fd, NULL, 100, answer, sizeof(answer))); /* closed long ago */
	(void)close(body_fd);
	(void)close(head_fd);
	close_house(&house);
}

static void an_idle_connection_is_closed(void **state)
{
	struct house house = {0};
	char text[64];
	int fd;

	(void)state;
	open_house(&house, 0, 1, 300);
	fd = dial(&house);
	assert_true(hear(fd, NULL, 3500, text, sizeof(text)));
	assert_string_equal(text, "");
	(void)close(fd);
	close_house(&house);
}

static void a_reader_that_stops_reading_is_cut_off(void **state)
{
	static const char get[] = "GET /v1/big" H "\r\n";
	static char text[65536];
	struct house house = {0};
	const int64_t began = hf_ticks();
	ssize_t num;
	size_t total = 0;
	int fd;

	(void)state;
	open_house(&house, 0, 30, 500);
	fd = dial(&house);
	say(fd, get, sizeof(get) - 1);
	(void)usleep(1000000);
	while ((num = recv(fd, text, sizeof(text), 0)) > 0)
		total += (size_t)num;
	assert_true(total < BIG_LEN);
	assert_in_range(hf_ticks() - began, 0, 3000000);
	(void)close(fd);
	close_house(&house);
}

/* ---- the client ---- */

static void the_client_keeps_to_what_it_was_told(void **state)
{
	struct house house = {0};
	struct hf_http_answer answer;
	struct hf_buf body, tiny;
	struct hf_err err;

	(void)state;
	/* A proxy that would break every call if it were asked. */
	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:9", 1), 0);
	open_house(&house, 0, 0, 0);
	hf_buf_init(&body, BIG_LEN);
	hf_buf_init(&tiny, 100);
	assert_ok(call(&house, "GET", "/v1/echo/7?x=%E4%BD%A0", &answer, &body, &err));
	assert_int_equal(answer.status, 200);
	assert_string_equal(answer.type, "text/plain");
	assert_string_equal(hf_buf_cstr(&body), "id=7;x=你;");
	assert_ok(call(&house, "DELETE", "/v1/echo/8", &answer, &body, &err));
	assert_string_equal(hf_buf_cstr(&body), "id=8;");
	assert_ok(call(&house, "HEAD", "/v1/echo/8", &answer, &body, &err));
	assert_int_equal(answer.status, 200);
	assert_int_equal(body.len, 0);
	assert_ok(call(&house, "POST", "/v1/echo/8", &answer, &body, &err));
	assert_int_equal(answer.status, 405);
	assert_ok(call(&house, "GET", "/v1/moved", &answer, &body, &err));
	assert_int_equal(answer.status, 302); /* told, not followed */
	assert_ok(call(&house, "GET", "/v1/big", &answer, &body, &err));
	assert_int_equal(body.len, BIG_LEN);
	assert_refused(call(&house, "GET", "/v1/big?q=secret", &answer, &tiny, &err), HF_E_LIMIT, "longer than 100");
	assert_null(strstr(err.text, "secret"));
	hf_buf_clear(&body);
	hf_buf_clear(&tiny);
	close_house(&house);
}

static void the_client_gives_up_in_time(void **state)
{
	const struct hf_http_client_opts opts = {.connect_ms = 300, .total_ms = 300};
	struct hf_http_client *client;
	struct hf_http_answer answer;
	struct hf_buf body;
	struct hf_err err;
	uint16_t port;
	char url[64];
	int64_t began;
	int fd;

	(void)state;
	hf_buf_init(&body, 100);
	assert_ok(hf_listen_tcp("127.0.0.1", 0, 8, &fd, &port, &err));
	assert_ok(hf_http_client_new(&client, &opts, &err));
	hf_fmt_cut(url, sizeof(url), "http://127.0.0.1:%u/", port);
	began = hf_ticks();
	/* The kernel takes the connection, nobody answers. */
	assert_refused(
		hf_http_call(client, &(struct hf_http_request){.method = "GET", .url = url}, &answer, &body, &err),
		HF_E_PEER, "GET http://127.0.0.1");
	assert_in_range(hf_ticks() - began, 250000, 1500000);
	(void)close(fd);
	assert_refused(
		hf_http_call(client, &(struct hf_http_request){.method = "GET", .url = url}, &answer, &body, &err),
		HF_E_PEER, "connect");
	hf_http_client_free(client);
	hf_buf_clear(&body);
}

static void the_client_refuses_other_urls_and_forged_headers(void **state)
{
	static const char *const bad[] = {"https://127.0.0.1/", "file:///etc/passwd", "http://example.com/",
		"127.0.0.1", "http://", "http://user@127.0.0.1/", "http://127.0.0.1@h/", "http://127.0.0.1/a b",
		"http://127.0.0.1/\r\nX: y", "http://127.0.0.1.example.com/", "http://[::1", "ftp://127.0.0.1/", NULL};
	static const char *const forged[] = {"X: a\r\nHost: evil", NULL};
	struct hf_http_client *client;
	struct hf_http_answer answer;
	struct hf_buf body;
	struct hf_err err;

	(void)state;
	hf_buf_init(&body, 100);
	assert_ok(hf_http_client_new(&client, NULL, &err));
	for (size_t i = 0; bad[i]; i++)
		assert_refused(hf_http_call(client, &(struct hf_http_request){.method = "GET", .url = bad[i]}, &answer,
				       &body, &err),
			HF_E_INPUT, "URL");
	assert_refused(
		hf_http_call(client,
			&(struct hf_http_request){.method = "GET", .url = "http://127.0.0.1:1/", .headers = forged},
			&answer, &body, &err),
		HF_E_INPUT, "control");
	hf_http_client_free(client);
	hf_buf_clear(&body);
}

static void a_server_is_refused_a_taken_port_or_a_bad_address(void **state)
{
	struct hf_http_server_opts opts = {.address = "127.0.0.1", .routes = routes, .num_routes = 1};
	struct hf_http_server *server;
	struct hf_loop *loop;
	struct hf_err err;
	uint16_t port;
	int fd;

	(void)state;
	assert_ok(hf_loop_new(&loop, &err));
	assert_ok(hf_listen_tcp("127.0.0.1", 0, 8, &fd, &port, &err));
	opts.port = port;
	assert_refused(hf_http_server_new(&server, loop, &opts, &err), HF_E_EXISTS, "cannot listen");
	opts.address = "localhost";
	assert_refused(hf_http_server_new(&server, loop, &opts, &err), HF_E_INPUT, "numeric");
	opts.num_routes = NUM_ROUTES; /* lane 1 is missing */
	assert_refused(hf_http_server_new(&server, loop, &opts, &err), HF_E_INTERNAL, "lane");
	(void)close(fd);
	hf_loop_free(loop);
}

static void a_server_listens_on_ipv6_too(void **state)
{
	const struct hf_http_server_opts opts = {.address = "::1", .routes = routes, .num_routes = 2};
	struct house house = {0};
	struct hf_http_client *client;
	struct hf_http_answer answer;
	struct hf_buf body;
	struct hf_err err;
	char url[64];

	(void)state;
	assert_ok(hf_loop_new(&house.loop, &err));
	if (!hf_http_server_new(&house.server, house.loop, &opts, &err)) {
		hf_loop_free(house.loop);
		skip(); /* this machine has no IPv6 */
	}
	assert_ok(hf_http_server_start(house.server, &err));
	assert_int_equal(pthread_create(&house.thread, NULL, run_loop, &house), 0);
	hf_buf_init(&body, 100);
	hf_fmt_cut(url, sizeof(url), "http://[::1]:%u/v1/echo/6", hf_http_server_port(house.server));
	assert_ok(hf_http_client_new(&client, NULL, &err));
	assert_ok(hf_http_call(client, &(struct hf_http_request){.method = "GET", .url = url}, &answer, &body, &err));
	assert_string_equal(hf_buf_cstr(&body), "id=6;");
	hf_http_client_free(client);
	hf_buf_clear(&body);
	close_house(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_connection_serves_many_requests),
		cmocka_unit_test(malformed_requests_are_refused),
		cmocka_unit_test(a_body_beyond_the_cap_is_refused_without_reading_it_all),
		cmocka_unit_test(long_heads_are_refused),
		cmocka_unit_test(a_crowd_shares_batches),
		cmocka_unit_test(a_lonely_request_does_not_wait),
		cmocka_unit_test(a_full_lane_says_when_to_come_back),
		cmocka_unit_test(a_server_that_stops_answers_all_who_wait),
		cmocka_unit_test(a_trickling_client_is_cut_off),
		cmocka_unit_test(an_idle_connection_is_closed),
		cmocka_unit_test(a_reader_that_stops_reading_is_cut_off),
		cmocka_unit_test(the_client_keeps_to_what_it_was_told),
		cmocka_unit_test(the_client_gives_up_in_time),
		cmocka_unit_test(the_client_refuses_other_urls_and_forged_headers),
		cmocka_unit_test(a_server_is_refused_a_taken_port_or_a_bad_address),
		cmocka_unit_test(a_server_listens_on_ipv6_too),
	};
	struct hf_err err;

	if (!hf_http_setup(&err))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
