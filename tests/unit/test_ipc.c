#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "ipc/ipc.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX 1000

/* A server whose requests are echoed; what the handler saw is kept. */
struct echo {
	struct hf_ipc_server *server;
	size_t calls, biggest, total, gone;
	char why[128];
	atomic_bool stop;
	pthread_t thread;
};

enum { T_ECHO = 1, T_REFUSE, T_FORGET, T_TOO_LONG, T_SLEEP };

static void answer_one(struct hf_ipc_server *server, struct hf_ipc_request *r)
{
	static uint8_t big[MAX + 1];
	struct hf_err err;

	switch (r->type) {
	case T_ECHO:
		hf_ipc_answer(server, r, r->payload);
		break;
	case T_SLEEP:
		usleep(300000);
		hf_ipc_answer(server, r, r->payload);
		break;
	case T_REFUSE:
		hf_fail(&err, HF_E_DENIED, "key 7: 不允许");
		hf_ipc_refuse(server, r, &err);
		break;
	case T_TOO_LONG:
		hf_ipc_answer(server, r, HF_BYTES_OF(big));
		break;
	default:
		break;
	}
}

static void echo_handle(void *ctx, struct hf_ipc_server *server, struct hf_ipc_request *requests, size_t num)
{
	struct echo *echo = ctx;

	echo->calls++;
	echo->total += num;
	if (num > echo->biggest)
		echo->biggest = num;
	for (size_t i = 0; i < num; i++)
		answer_one(server, &requests[i]);
}

static void echo_gone(void *ctx, const char *peer, uint64_t peer_id, const char *why)
{
	struct echo *echo = ctx;

	(void)peer, (void)peer_id;
	echo->gone++;
	snprintf(echo->why, sizeof(echo->why), "%s", why);
}

static void echo_init(struct echo *echo)
{
	struct hf_ipc_handler handler = {echo_handle, echo_gone, echo};

	memset(echo, 0, sizeof(*echo));
	echo->server = hf_ipc_server_new(MAX, &handler);
}

static int echo_peer(struct echo *echo, const char *name)
{
	struct hf_err err;
	int fds[2];

	assert_ok(hf_ipc_pair(fds, &err));
	hf_ipc_server_add(echo->server, fds[0], name);
	return fds[1];
}

static void run(struct echo *echo)
{
	struct hf_err err;

	assert_ok(hf_ipc_server_run(echo->server, 0, &err));
}

static void *echo_loop(void *arg)
{
	struct echo *echo = arg;
	struct hf_err err;

	while (!echo->stop)
		if (!hf_ipc_server_run(echo->server, 10, &err))
			abort();
	return NULL;
}

static void echo_start(struct echo *echo)
{
	assert_int_equal(pthread_create(&echo->thread, NULL, echo_loop, echo), 0);
}

static void echo_stop(struct echo *echo)
{
	echo->stop = true;
	pthread_join(echo->thread, NULL);
	hf_ipc_server_free(echo->server);
}

static size_t frame(uint8_t *out, uint32_t len, uint16_t type, uint64_t call, const char *payload)
{
	hf_put_u32(out, len);
	hf_put_u16(out + 4, type);
	hf_put_u64(out + 6, call);
	memcpy(out + HF_IPC_HEAD_LEN, payload, strlen(payload));
	return HF_IPC_HEAD_LEN + strlen(payload);
}

static void send_octets(int fd, const void *p, size_t len)
{
	assert_true(send(fd, p, len, MSG_NOSIGNAL) == (ssize_t)len);
}

static void payloads_come_back_as_they_went(void **state)
{
	struct hf_buf out;
	struct hf_err err;
	uint8_t hash[4] = {1, 2, 3, 4}, got[4];
	char text[16];

	(void)state;
	hf_buf_init(&out, 200);
	hf_ipc_put_u8(&out, 0xFE);
	hf_ipc_put_bool(&out, true);
	hf_ipc_put_u16(&out, 0xFFFE);
	hf_ipc_put_u32(&out, 0xFFFFFFFE);
	hf_ipc_put_u64(&out, UINT64_MAX - 1);
	hf_ipc_put_i64(&out, INT64_MIN);
	hf_ipc_put_str(&out, "密钥");
	hf_ipc_put_bytes(&out, HF_BYTES_OF(hash));
	hf_ipc_put_bytes(&out, HF_BYTES_NONE);
	assert_true(hf_buf_ok(&out));
	/* Cut at every octet: a failure each time, and never a read past the end. */
	for (size_t len = 0; len <= out.len; len++) {
		uint8_t *copy = hf_alloc(len, 1);
		memcpy(copy, out.p, len);
		struct hf_ipc_reader in = hf_ipc_reader((struct hf_bytes){copy, len});
		bool whole = len == out.len;
		assert_int_equal(hf_ipc_get_u8(&in), len >= 1 ? 0xFE : 0);
		assert_true(hf_ipc_get_bool(&in) == (len >= 2));
		assert_true(hf_ipc_get_u16(&in) == (len >= 4 ? 0xFFFE : 0));
		assert_true(hf_ipc_get_u32(&in) == (len >= 8 ? 0xFFFFFFFE : 0));
		assert_true(hf_ipc_get_u64(&in) == (len >= 16 ? UINT64_MAX - 1 : 0));
		assert_true(hf_ipc_get_i64(&in) == (len >= 24 ? INT64_MIN : 0));
		hf_ipc_get_str(&in, text, sizeof(text));
		hf_ipc_get_exact(&in, got, sizeof(got));
		assert_int_equal(hf_ipc_get_bytes(&in, 0).len, 0);
		if (whole)
			assert_ok(hf_ipc_get_end(&in, "test", &err));
		else
			assert_refused(hf_ipc_get_end(&in, "test", &err), HF_E_INPUT, "test: the message is cut");
		assert_string_equal(text, len >= 34 ? "密钥" : "");
		assert_int_equal(got[3], len >= 42 ? 4 : 0);
		free(copy);
	}
	struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&out));
	hf_ipc_get_u8(&in);
	assert_refused(hf_ipc_get_end(&in, "test", &err), HF_E_INPUT, "left over");
	hf_buf_clear(&out);
}

static void fields_out_of_range_fail(void **state)
{
	const struct {
		struct hf_bytes in;
		char kind;
	} bad[] = {
		{HF_BYTES_LIT("\2"), 'b'}, {HF_BYTES_LIT("\0\0\0\4abcd"), 's'}, /* does not fit with its NUL */
		{HF_BYTES_LIT("\0\0\0\2a\0"), 's'},                             /* NUL inside */
		{HF_BYTES_LIT("\0\0\0\1\xFF"), 's'},                            /* not UTF-8 */
		{HF_BYTES_LIT("\0\0\0\3abc"), 'x'},                             /* 2 were due */
		{HF_BYTES_LIT("\0\0\0\1a"), 'x'},                               /* 2 were due */
		{HF_BYTES_LIT("\0\0\0\4abcd"), 'y'},                            /* longer than 3 */
		{HF_BYTES_LIT("\xFF\xFF\xFF\xFF"), 'y'},
		{HF_BYTES_LIT("\0\0\0\3abc"), 'n'}, /* 3 items of 2 octets in 3 octets */
		{HF_BYTES_LIT("\0\0\0\x0A"), 'n'},  /* more than 9 */
	};
	char text[4];
	uint8_t two[2];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hf_ipc_reader in = hf_ipc_reader(bad[i].in);
		switch (bad[i].kind) {
		case 'b':
			assert_false(hf_ipc_get_bool(&in));
			break;
		case 's':
			hf_ipc_get_str(&in, text, sizeof(text));
			break;
		case 'x':
			hf_ipc_get_exact(&in, two, sizeof(two));
			break;
		case 'y':
			assert_int_equal(hf_ipc_get_bytes(&in, 3).len, 0);
			break;
		default:
			assert_int_equal(hf_ipc_get_count(&in, 9, 2), 0);
		}
		assert_true(in.failed);
	}
}

static void a_frame_may_be_cut_at_every_octet(void **state)
{
	struct echo echo;
	uint8_t raw[100], back[100];
	size_t len = frame(raw, 5, T_ECHO, 77, "hello");

	(void)state;
	echo_init(&echo);
	int fd = echo_peer(&echo, "cad");
	for (size_t cut = 1; cut < len; cut++) {
		send_octets(fd, raw, cut);
		run(&echo);
		assert_int_equal(recv(fd, back, sizeof(back), MSG_DONTWAIT), -1);
		send_octets(fd, raw + cut, len - cut);
		run(&echo);
		assert_int_equal(recv(fd, back, sizeof(back), MSG_DONTWAIT), (int)len);
		hf_put_u16(back + 4, T_ECHO);
		assert_memory_equal(back, raw, len);
	}
	assert_int_equal(echo.calls, len - 1);
	hf_ipc_server_free(echo.server);
	close(fd);
}

static void requests_that_wait_together_are_one_list(void **state)
{
	struct echo echo;
	uint8_t raw[10000], back[10000];
	size_t len = 0;

	(void)state;
	echo_init(&echo);
	int a = echo_peer(&echo, "cad"), b = echo_peer(&echo, "kmd");
	for (uint64_t i = 0; i < 20; i++)
		len += frame(raw + len, 3, T_ECHO, i, "abc");
	send_octets(a, raw, len);
	send_octets(b, raw, len - 1);
	run(&echo);
	assert_int_equal(echo.calls, 1);
	assert_int_equal(echo.biggest, 39);
	assert_int_equal(recv(a, back, sizeof(back), MSG_DONTWAIT), (int)len);
	assert_int_equal(recv(b, back, sizeof(back), MSG_DONTWAIT), (int)(len - len / 20));
	send_octets(b, raw + len - 1, 1);
	run(&echo);
	assert_int_equal(echo.calls, 2);
	assert_int_equal(recv(b, back, sizeof(back), MSG_DONTWAIT), (int)len / 20);
	hf_ipc_server_free(echo.server);
	close(a);
	close(b);
}

static void more_than_a_batch_is_several_lists_and_nothing_stays(void **state)
{
	struct echo echo;
	size_t num = HF_IPC_BATCH_MAX + 10, one = HF_IPC_HEAD_LEN;
	uint8_t *raw = hf_alloc(num, one);

	(void)state;
	echo_init(&echo);
	int fds[4];
	for (size_t i = 0; i < num; i++)
		frame(raw + i * one, 0, T_REFUSE, i, "");
	/* Several peers, so that all of it is in memory before the first round ends. */
	for (size_t i = 0; i < 4; i++) {
		fds[i] = echo_peer(&echo, "cad");
		send_octets(fds[i], raw, num / 4 * one);
	}
	run(&echo);
	assert_int_equal(echo.total, num / 4 * 4);
	assert_true(echo.biggest <= HF_IPC_BATCH_MAX);
	hf_ipc_server_free(echo.server);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
	free(raw);
}

static void nonsense_ends_the_connection_and_only_that(void **state)
{
	static const struct {
		uint32_t len;
		uint16_t type;
		const char *why;
	} bad[] = {
		{MAX + 1, T_ECHO, "at most 1000"},
		{UINT32_MAX, T_ECHO, "at most 1000"},
		{0, HF_IPC_REPLY, "an answer where"},
		{0, HF_IPC_ERROR, "an answer where"},
	};
	struct echo echo;
	uint8_t raw[100], back[100];

	(void)state;
	echo_init(&echo);
	int good = echo_peer(&echo, "kmd");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = echo_peer(&echo, "cad");
		send_octets(fd, raw, frame(raw, bad[i].len, bad[i].type, 1, ""));
		run(&echo);
		assert_int_equal(echo.gone, i + 1);
		assert_non_null(strstr(echo.why, bad[i].why));
		assert_int_equal(recv(fd, back, sizeof(back), 0), 0);
		close(fd);
	}
	assert_int_equal(echo.calls, 0);
	send_octets(good, raw, frame(raw, 0, T_ECHO, 1, ""));
	run(&echo);
	assert_int_equal(echo.calls, 1);
	hf_ipc_server_free(echo.server);
	close(good);
}

static void a_peer_that_does_not_take_answers_is_not_read(void **state)
{
	struct echo echo;
	uint8_t raw[HF_IPC_HEAD_LEN + MAX] = {0}, back[HF_IPC_HEAD_LEN + MAX];
	size_t sent = 0, got = 0;

	(void)state;
	echo_init(&echo);
	int fd = echo_peer(&echo, "cad");
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	frame(raw, MAX, T_ECHO, 1, "");
	for (int round = 0; round < 10000; round++) {
		if (send(fd, raw, sizeof(raw), MSG_NOSIGNAL) != (ssize_t)sizeof(raw))
			break;
		sent++;
		run(&echo);
	}
	assert_true(sent < 9999); /* it came to a stop */
	struct pollfd watched = {.fd = hf_ipc_server_fd(echo.server), .events = POLLIN};
	assert_int_equal(poll(&watched, 1, 0), 0); /* and does not spin meanwhile */
	for (int round = 0; round < 100000 && got < sent * sizeof(raw); round++) {
		ssize_t n = recv(fd, back, sizeof(back), 0);
		if (n > 0)
			got += (size_t)n;
		if (poll(&watched, 1, 0) == 1)
			run(&echo);
	}
	assert_true(got >= sent * sizeof(raw)); /* and nothing was lost */
	hf_ipc_server_free(echo.server);
	close(fd);
}

static void nothing_is_begun_for_a_peer_that_is_gone_or_dropped(void **state)
{
	struct echo echo;
	uint8_t raw[100];

	(void)state;
	echo_init(&echo);
	int fd = echo_peer(&echo, "cad");
	send_octets(fd, raw, frame(raw, 0, T_ECHO, 1, ""));
	close(fd);
	run(&echo);
	assert_int_equal(echo.calls, 0);
	assert_int_equal(echo.gone, 1);
	fd = echo_peer(&echo, "cad");
	send_octets(fd, raw, frame(raw, 0, T_ECHO, 1, ""));
	hf_ipc_server_drop(echo.server, "cad");
	assert_int_equal(hf_ipc_server_count(echo.server), 0);
	run(&echo);
	assert_int_equal(echo.calls, 0);
	hf_ipc_server_free(echo.server);
	close(fd);
}

static void calls_are_answered_refused_and_capped(void **state)
{
	static uint8_t big[MAX + 1];
	struct echo echo;
	struct hf_buf reply;
	struct hf_err err;

	(void)state;
	echo_init(&echo);
	struct hf_ipc_conn *conn = hf_ipc_conn_new(echo_peer(&echo, "cad"), "keyd-ca", MAX);
	echo_start(&echo);
	hf_buf_init(&reply, MAX);
	assert_ok(hf_ipc_call(conn, T_ECHO, HF_BYTES_LIT("tbs"), &reply, 1000, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&reply), HF_BYTES_LIT("tbs")));
	assert_refused(hf_ipc_call(conn, T_REFUSE, HF_BYTES_NONE, &reply, 1000, &err), HF_E_DENIED, "key 7: 不允许");
	assert_refused(hf_ipc_call(conn, T_FORGET, HF_BYTES_NONE, &reply, 1000, &err), HF_E_INTERNAL, "not answered");
	assert_refused(hf_ipc_call(conn, T_TOO_LONG, HF_BYTES_NONE, &reply, 1000, &err), HF_E_LIMIT, "1001");
	assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_OF(big), &reply, 1000, &err), HF_E_LIMIT, "keyd-ca");
	assert_true(hf_ipc_conn_usable(conn));
	hf_buf_reset(&reply);
	assert_ok(hf_ipc_call(conn, T_ECHO, (struct hf_bytes){big, MAX}, &reply, 1000, &err));
	assert_int_equal(reply.len, MAX);
	hf_buf_clear(&reply);
	hf_ipc_conn_free(conn);
	echo_stop(&echo);
}

struct caller {
	struct hf_ipc_conn *conn;
	int wrong;
	pthread_t thread;
};

static void *call_often(void *arg)
{
	struct caller *caller = arg;
	struct hf_buf reply;
	struct hf_err err;

	hf_buf_init(&reply, MAX);
	for (int i = 0; i < 100; i++) {
		char text[32];
		snprintf(text, sizeof(text), "%p %d", arg, i);
		hf_buf_reset(&reply);
		if (!hf_ipc_call(caller->conn, T_ECHO, hf_bytes_str(text), &reply, 5000, &err) ||
			!hf_bytes_equal(hf_buf_bytes(&reply), hf_bytes_str(text)))
			caller->wrong++;
	}
	hf_buf_clear(&reply);
	return NULL;
}

static void threads_share_a_connection(void **state)
{
	struct caller callers[4] = {0};
	struct echo echo;

	(void)state;
	echo_init(&echo);
	struct hf_ipc_conn *conn = hf_ipc_conn_new(echo_peer(&echo, "cad"), "keyd-ca", MAX);
	echo_start(&echo);
	for (size_t i = 0; i < 4; i++) {
		callers[i].conn = conn;
		assert_int_equal(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(callers[i].thread, NULL);
		assert_int_equal(callers[i].wrong, 0);
	}
	hf_ipc_conn_free(conn);
	echo_stop(&echo);
	assert_int_equal(echo.total, 400);
}

static void a_dead_or_slow_peer_poisons_until_replaced(void **state)
{
	struct echo echo;
	struct hf_buf reply;
	struct hf_err err;
	int fds[2];

	(void)state;
	echo_init(&echo);
	hf_buf_init(&reply, MAX);
	assert_ok(hf_ipc_pair(fds, &err));
	struct hf_ipc_conn *conn = hf_ipc_conn_new(fds[1], "keyd-ca", MAX);
	int64_t start = hf_ticks();
	assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 50, &err), HF_E_PEER, "no answer in time");
	assert_true(hf_ticks() - start >= 50000 && hf_ticks() - start < 2000000);
	assert_false(hf_ipc_conn_usable(conn));
	assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 50, &err), HF_E_PEER, "not connected");
	close(fds[0]);

	assert_ok(hf_ipc_pair(fds, &err));
	hf_ipc_conn_replace(conn, fds[1]);
	assert_true(hf_ipc_conn_usable(conn));
	close(fds[0]);
	assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 5000, &err), HF_E_PEER, "keyd-ca");

	hf_ipc_conn_replace(conn, echo_peer(&echo, "cad"));
	echo_start(&echo);
	assert_ok(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 1000, &err));
	hf_ipc_conn_free(conn);
	hf_buf_clear(&reply);
	echo_stop(&echo);
}

static void broken_answers_poison(void **state)
{
	static const struct {
		uint32_t len;
		uint16_t type;
		uint64_t call;
		const char *payload, *why;
	} bad[] = {
		{0, HF_IPC_REPLY, 2, "", "another request"},
		{0, T_ECHO, 1, "", "unknown type"},
		{MAX + 1, HF_IPC_REPLY, 1, "", "longer than agreed"},
		{MAX, HF_IPC_REPLY, 1, "", "longer than the caller"},
		{5, HF_IPC_ERROR, 1, "abcde", "cannot be read"},
		{0xFFFFFF, HF_IPC_ERROR, 1, "", "too long"},
		{5, HF_IPC_REPLY, 1, "abc", "no answer in time"},
	};
	struct hf_buf reply;
	struct hf_err err;

	(void)state;
	hf_buf_init(&reply, 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t raw[100];
		int fds[2];
		assert_ok(hf_ipc_pair(fds, &err));
		struct hf_ipc_conn *conn = hf_ipc_conn_new(fds[1], "keyd-ca", MAX);
		send_octets(fds[0], raw, frame(raw, bad[i].len, bad[i].type, bad[i].call, bad[i].payload));
		assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 50, &err), HF_E_PEER, bad[i].why);
		assert_int_equal(reply.len, 0);
		assert_false(hf_ipc_conn_usable(conn));
		hf_ipc_conn_free(conn);
		close(fds[0]);
		reply.failed = false;
	}
	hf_buf_clear(&reply);
}

static void *replace_soon(void *arg)
{
	int fds[2];

	usleep(50000);
	if (!hf_ipc_pair(fds, NULL))
		abort();
	hf_ipc_conn_replace(arg, fds[0]);
	close(fds[1]);
	return NULL;
}

static void replacing_wakes_the_caller_that_waits(void **state)
{
	struct hf_buf reply;
	struct hf_err err;
	pthread_t thread;
	int fds[2];

	(void)state;
	hf_buf_init(&reply, MAX);
	assert_ok(hf_ipc_pair(fds, &err));
	struct hf_ipc_conn *conn = hf_ipc_conn_new(fds[1], "keyd-ca", MAX);
	assert_int_equal(pthread_create(&thread, NULL, replace_soon, conn), 0);
	int64_t start = hf_ticks();
	assert_refused(hf_ipc_call(conn, T_ECHO, HF_BYTES_NONE, &reply, 10000, &err), HF_E_PEER, "gone");
	assert_true(hf_ticks() - start < 5 * HF_SECOND);
	pthread_join(thread, NULL);
	hf_ipc_conn_free(conn);
	hf_buf_clear(&reply);
	close(fds[0]);
}

static void descriptors_pass_with_a_packet(void **state)
{
	struct hf_buf packet;
	struct hf_err err;
	int fds[2], pipes[2], passed;
	char octet;

	(void)state;
	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	assert_ok(hf_ipc_packet_pair(fds, &err));
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(hf_ipc_packet_recv(fds[1], &packet, &passed), HF_IPC_GOT_NOTHING);
	assert_ok(hf_ipc_packet_send(fds[0], HF_BYTES_LIT("PEER"), pipes[1], &err));
	assert_ok(hf_ipc_packet_send(fds[0], HF_BYTES_LIT("STOP"), -1, &err));
	close(pipes[1]);
	assert_int_equal(hf_ipc_packet_recv(fds[1], &packet, &passed), HF_IPC_GOT_PACKET);
	assert_true(hf_bytes_equal(hf_buf_bytes(&packet), HF_BYTES_LIT("PEER")));
	assert_true(passed >= 0 && (fcntl(passed, F_GETFD) & FD_CLOEXEC));
	assert_int_equal(write(passed, "x", 1), 1);
	assert_int_equal(read(pipes[0], &octet, 1), 1);
	close(passed);
	assert_int_equal(read(pipes[0], &octet, 1), 0); /* no copy is left anywhere */
	assert_int_equal(hf_ipc_packet_recv(fds[1], &packet, &passed), HF_IPC_GOT_PACKET);
	assert_int_equal(passed, -1);
	assert_true(hf_bytes_equal(hf_buf_bytes(&packet), HF_BYTES_LIT("STOP")));
	int n = 0;
	while (hf_ipc_packet_send(fds[0], HF_BYTES_LIT("STATUS"), -1, &err))
		assert_true(++n < 100000);
	assert_int_equal(err.code, HF_E_LIMIT);
	close(fds[0]);
	while (hf_ipc_packet_recv(fds[1], &packet, &passed) == HF_IPC_GOT_PACKET)
		n--;
	assert_int_equal(n, 0);
	assert_refused(hf_ipc_packet_send(fds[1], HF_BYTES_LIT("x"), -1, &err), HF_E_PEER, "control channel");
	close(fds[1]);
	close(pipes[0]);
	hf_buf_clear(&packet);
}

static void two_descriptors_or_a_cut_packet_are_the_end(void **state)
{
	union {
		char room[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	static uint8_t big[HF_IPC_PACKET_MAX + 1];
	struct iovec iov = {big, 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
	struct hf_buf packet;
	struct hf_err err;
	int fds[2], pipes[2], passed;
	char octet;

	(void)state;
	hf_buf_init(&packet, HF_IPC_PACKET_MAX);
	assert_ok(hf_ipc_packet_pair(fds, &err));
	assert_int_equal(pipe(pipes), 0);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), (int[]){pipes[1], pipes[1]}, 2 * sizeof(int));
	assert_int_equal(sendmsg(fds[0], &msg, 0), 1);
	close(pipes[1]);
	assert_int_equal(hf_ipc_packet_recv(fds[1], &packet, &passed), HF_IPC_GOT_END);
	assert_int_equal(passed, -1);
	assert_int_equal(read(pipes[0], &octet, 1), 0);
	assert_int_equal(send(fds[0], big, sizeof(big), 0), (int)sizeof(big));
	assert_int_equal(hf_ipc_packet_recv(fds[1], &packet, &passed), HF_IPC_GOT_END);
	close(fds[0]);
	close(fds[1]);
	close(pipes[0]);
	hf_buf_clear(&packet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_come_back_as_they_went),
		cmocka_unit_test(fields_out_of_range_fail),
		cmocka_unit_test(a_frame_may_be_cut_at_every_octet),
		cmocka_unit_test(requests_that_wait_together_are_one_list),
		cmocka_unit_test(more_than_a_batch_is_several_lists_and_nothing_stays),
		cmocka_unit_test(nonsense_ends_the_connection_and_only_that),
		cmocka_unit_test(a_peer_that_does_not_take_answers_is_not_read),
		cmocka_unit_test(nothing_is_begun_for_a_peer_that_is_gone_or_dropped),
		cmocka_unit_test(calls_are_answered_refused_and_capped),
		cmocka_unit_test(threads_share_a_connection),
		cmocka_unit_test(a_dead_or_slow_peer_poisons_until_replaced),
		cmocka_unit_test(broken_answers_poison),
		cmocka_unit_test(replacing_wakes_the_caller_that_waits),
		cmocka_unit_test(descriptors_pass_with_a_packet),
		cmocka_unit_test(two_descriptors_or_a_cut_packet_are_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
