#include "ipc/ipc_int.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct hf_ipc_conn {
	pthread_mutex_t turn; /* held during a call, and while fd is exchanged */
	atomic_int fd;
	atomic_bool poisoned;
	char peer[64];
	char why[160]; /* of the poison; under turn */
	size_t max;
	uint64_t last_call;
	struct hf_buf out;
};

static void make_usable(struct hf_ipc_conn *conn, int fd)
{
	atomic_store(&conn->fd, fd);
	bool ok = fd >= 0 && hf_ipc_set_nonblocking(fd);
	hf_fmt_cut(conn->why, sizeof(conn->why), "%s", ok ? "" : "no connection");
	atomic_store(&conn->poisoned, !ok);
}

struct hf_ipc_conn *hf_ipc_conn_new(int fd, const char *peer, size_t max)
{
	struct hf_ipc_conn *conn = hf_alloc(1, sizeof(*conn));

	pthread_mutex_init(&conn->turn, NULL);
	hf_fmt_cut(conn->peer, sizeof(conn->peer), "%s", peer);
	conn->max = max;
	hf_buf_init_secret(&conn->out, HF_IPC_HEAD_LEN + max);
	make_usable(conn, fd);
	return conn;
}

void hf_ipc_conn_free(struct hf_ipc_conn *conn)
{
	if (!conn)
		return;
	if (conn->fd >= 0)
		close(conn->fd);
	hf_buf_clear(&conn->out);
	pthread_mutex_destroy(&conn->turn);
	free(conn);
}

void hf_ipc_conn_replace(struct hf_ipc_conn *conn, int fd)
{
	/* Wakes a call that waits on the dead peer; only this function closes fd, so the number is still ours. */
	if (conn->fd >= 0)
		shutdown(conn->fd, SHUT_RDWR);
	pthread_mutex_lock(&conn->turn);
	if (conn->fd >= 0)
		close(conn->fd);
	make_usable(conn, fd);
	pthread_mutex_unlock(&conn->turn);
}

bool hf_ipc_conn_usable(struct hf_ipc_conn *conn)
{
	return !atomic_load(&conn->poisoned);
}

/* The stream is no longer in step: nothing on it may be believed. Shut, not closed: see hf_ipc_conn_replace. */
static bool poison(struct hf_ipc_conn *conn, const char *why, struct hf_err *err)
{
	hf_fmt_cut(conn->why, sizeof(conn->why), "%s", why);
	atomic_store(&conn->poisoned, true);
	if (conn->fd >= 0)
		shutdown(conn->fd, SHUT_RDWR);
	return hf_fail(err, HF_E_PEER, "%s: %s; it is not known whether the request was carried out", conn->peer, why);
}

static bool wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = deadline - hf_ticks();
		if (left <= 0)
			return false;
		int n = poll(&p, 1, (int)((left + 999) / 1000));
		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
	}
}

static bool send_all(struct hf_ipc_conn *conn, int64_t deadline, struct hf_err *err)
{
	struct hf_bytes rest = hf_buf_bytes(&conn->out);

	while (rest.len > 0) {
		ssize_t n = send(conn->fd, rest.p, rest.len, MSG_NOSIGNAL);
		if (n > 0) {
			rest.p += n;
			rest.len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(conn->fd, POLLOUT, deadline))
				return poison(conn, "too slow to take the request", err);
		} else if (n == 0 || errno != EINTR) {
			return poison(conn, "the connection is broken", err);
		}
	}
	return true;
}

static bool recv_all(struct hf_ipc_conn *conn, uint8_t *p, size_t len, int64_t deadline, struct hf_err *err)
{
	while (len > 0) {
		ssize_t n = recv(conn->fd, p, len, 0);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			if (!wait_for(conn->fd, POLLIN, deadline))
				return poison(conn, "no answer in time", err);
		} else if (n == 0 || errno != EINTR) {
			return poison(conn, "the process at the other end is gone", err);
		}
	}
	return true;
}

static bool recv_refusal(struct hf_ipc_conn *conn, size_t len, int64_t deadline, struct hf_err *err)
{
	uint8_t body[HF_IPC_REFUSAL_MAX];

	if (len > sizeof(body))
		return poison(conn, "a refusal that is too long", err);
	if (!recv_all(conn, body, len, deadline, err))
		return false;
	if (!hf_ipc_refusal_get((struct hf_bytes){body, len}, err))
		return poison(conn, "a refusal that cannot be read", err);
	return false;
}

static bool recv_reply(struct hf_ipc_conn *conn, struct hf_buf *reply, int64_t deadline, struct hf_err *err)
{
	uint8_t raw[HF_IPC_HEAD_LEN];
	size_t before = reply->len;

	if (!recv_all(conn, raw, sizeof(raw), deadline, err))
		return false;
	struct hf_ipc_head head = hf_ipc_head_get(raw);
	if (head.call != conn->last_call)
		return poison(conn, "an answer to another request", err);
	if (head.type == HF_IPC_ERROR)
		return recv_refusal(conn, head.len, deadline, err);
	if (head.type != HF_IPC_REPLY)
		return poison(conn, "an answer of an unknown type", err);
	if (head.len > conn->max)
		return poison(conn, "an answer longer than agreed", err);
	if (head.len == 0)
		return true;
	uint8_t *p = hf_buf_extend(reply, head.len);
	if (!p)
		return poison(conn, "an answer longer than the caller can take", err);
	if (recv_all(conn, p, head.len, deadline, err))
		return true;
	hf_wipe(p, head.len);
	reply->len = before;
	return false;
}

static bool call_in_turn(struct hf_ipc_conn *conn, uint16_t type, struct hf_bytes request, struct hf_buf *reply,
	int64_t deadline, struct hf_err *err)
{
	struct hf_ipc_head head = {(uint32_t)request.len, type, 0};

	if (conn->poisoned)
		return hf_fail(err, HF_E_PEER, "%s: not connected (%s); waiting for the supervisor to start it again",
			conn->peer, conn->why);
	head.call = ++conn->last_call;
	hf_buf_reset(&conn->out);
	hf_ipc_head_put(&conn->out, &head);
	hf_buf_put_bytes(&conn->out, request);
	HF_ASSERT(hf_buf_ok(&conn->out));
	return send_all(conn, deadline, err) && recv_reply(conn, reply, deadline, err);
}

bool hf_ipc_call(struct hf_ipc_conn *conn, uint16_t type, struct hf_bytes request, struct hf_buf *reply, int timeout_ms,
	struct hf_err *err)
{
	int64_t deadline = hf_ticks() + (int64_t)timeout_ms * 1000;
	struct timespec until;

	HF_ASSERT(type != HF_IPC_REPLY && type != HF_IPC_ERROR);
	if (request.len > conn->max || request.len > UINT32_MAX)
		return hf_fail(err, HF_E_LIMIT, "%s: a request of %zu octets, at most %zu are taken", conn->peer,
			request.len, conn->max);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	if (pthread_mutex_clocklock(&conn->turn, CLOCK_MONOTONIC, &until) != 0)
		return hf_fail(err, HF_E_PEER, "%s: busy with other requests for %d ms; nothing was sent", conn->peer,
			timeout_ms);
	bool ok = call_in_turn(conn, type, request, reply, deadline, err);
	pthread_mutex_unlock(&conn->turn);
	return ok;
}
