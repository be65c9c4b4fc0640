#include "ipc/ipc_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_CHUNK  65536
#define EVENTS_MAX  32
#define ROUND_READS 16 /* chunks a peer may send in one round before the others have their turn */

struct conn {
	struct conn *next;
	int fd;
	uint64_t id;
	char peer[64];
	struct hf_buf in, out;
	size_t used;     /* octets of in that the current list of requests covers */
	size_t sent;     /* octets of out that were written */
	uint32_t events; /* what epoll watches now */
	bool ended;      /* no more is read; freed at the end of the round */
	char why[96];
};

struct hf_ipc_server {
	struct hf_ipc_handler handler;
	size_t max;
	int epoll;
	struct conn *conns;
	uint64_t last_id;
	struct hf_ipc_request *list;
	size_t num, cap;
};

struct hf_ipc_server *hf_ipc_server_new(size_t max, const struct hf_ipc_handler *handler)
{
	struct hf_ipc_server *server = hf_alloc(1, sizeof(*server));

	server->handler = *handler;
	server->max = max;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	HF_ASSERT(server->epoll >= 0);
	return server;
}

static void free_conn(struct conn *conn)
{
	close(conn->fd);
	hf_buf_clear(&conn->in);
	hf_buf_clear(&conn->out);
	free(conn);
}

void hf_ipc_server_free(struct hf_ipc_server *server)
{
	if (!server)
		return;
	for (struct conn *c = server->conns, *next; c; c = next) {
		next = c->next;
		free_conn(c);
	}
	close(server->epoll);
	free(server->list);
	free(server);
}

static void end_conn(struct conn *conn, const char *why)
{
	if (!conn->ended)
		hf_fmt_cut(conn->why, sizeof(conn->why), "%s", why);
	conn->ended = true;
}

uint64_t hf_ipc_server_add(struct hf_ipc_server *server, int fd, const char *peer)
{
	struct conn *conn = hf_alloc(1, sizeof(*conn));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};

	conn->fd = fd;
	conn->id = ++server->last_id;
	conn->events = EPOLLIN;
	hf_fmt_cut(conn->peer, sizeof(conn->peer), "%s", peer);
	/* Room for one frame of the largest size and for what was read together with it. */
	hf_buf_init_secret(&conn->in, HF_IPC_HEAD_LEN + server->max + READ_CHUNK);
	hf_buf_init_secret(&conn->out, SIZE_MAX / 2);
	conn->next = server->conns;
	server->conns = conn;
	if (!hf_ipc_set_nonblocking(fd) || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		end_conn(conn, "not a socket");
	return conn->id;
}

/* Frees what has ended, telling the handler. */
static void sweep(struct hf_ipc_server *server)
{
	for (struct conn **link = &server->conns; *link;) {
		struct conn *conn = *link;
		if (!conn->ended) {
			link = &conn->next;
			continue;
		}
		*link = conn->next;
		if (server->handler.gone)
			server->handler.gone(server->handler.ctx, conn->peer, conn->id, conn->why);
		free_conn(conn);
	}
}

void hf_ipc_server_drop(struct hf_ipc_server *server, const char *peer)
{
	for (struct conn *c = server->conns; c; c = c->next)
		if (hf_str_equal(c->peer, peer))
			end_conn(c, "replaced");
	if (server->num == 0) /* inside the handler the list still points into the buffers: the round sweeps */
		sweep(server);
}

size_t hf_ipc_server_count(const struct hf_ipc_server *server)
{
	size_t num = 0;

	for (const struct conn *c = server->conns; c; c = c->next)
		num += !c->ended;
	return num;
}

int hf_ipc_server_fd(const struct hf_ipc_server *server)
{
	return server->epoll;
}

/* Is a whole frame at this place of in? Ends the connection when its head breaks a rule. */
static bool frame_at(struct hf_ipc_server *server, struct conn *conn, size_t at, struct hf_ipc_head *head)
{
	if (conn->in.len - at < HF_IPC_HEAD_LEN)
		return false;
	*head = hf_ipc_head_get(conn->in.p + at);
	if (head->len > server->max) {
		hf_fmt_cut(conn->why, sizeof(conn->why), "a frame of %u octets, at most %zu are taken", head->len,
			server->max);
		conn->ended = true;
		return false;
	}
	if (head->type == HF_IPC_REPLY || head->type == HF_IPC_ERROR) {
		end_conn(conn, "an answer where a request was due");
		return false;
	}
	return conn->in.len - at - HF_IPC_HEAD_LEN >= head->len;
}

static void read_conn(struct hf_ipc_server *server, struct conn *conn)
{
	for (int i = 0; i < ROUND_READS && !conn->ended; i++) {
		struct hf_ipc_head head;
		size_t room = conn->in.max - conn->in.len;
		size_t want = room < READ_CHUNK ? room : READ_CHUNK;
		if (want == 0)
			return; /* full of whole frames: they are handed out first */
		size_t before = conn->in.len;
		uint8_t *p = hf_buf_extend(&conn->in, want);
		HF_ASSERT(p);
		ssize_t n = recv(conn->fd, p, want, 0);
		conn->in.len = before + (n > 0 ? (size_t)n : 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			end_conn(conn, "the process at the other end is gone");
		else
			frame_at(server, conn, 0, &head); /* a head that breaks a rule takes no more memory */
	}
}

static void list_add(struct hf_ipc_server *server, struct conn *conn, const struct hf_ipc_head *head, const uint8_t *p)
{
	if (server->num == server->cap) {
		server->cap = server->cap > 0 ? server->cap * 2 : 16;
		server->list = hf_resize(server->list, server->cap, sizeof(*server->list));
	}
	server->list[server->num++] = (struct hf_ipc_request){
		.peer = conn->peer,
		.peer_id = conn->id,
		.type = head->type,
		.call = head->call,
		.payload = {p, head->len},
	};
}

/* Every whole frame of every connection becomes one list. A peer that owes us reading is left out. */
static void gather(struct hf_ipc_server *server)
{
	for (struct conn *c = server->conns; c; c = c->next) {
		struct hf_ipc_head head;
		if (c->ended || c->sent < c->out.len)
			continue; /* nothing is begun for a peer that is gone */
		while (frame_at(server, c, c->used, &head)) {
			if (server->num == HF_IPC_BATCH_MAX)
				return;
			list_add(server, c, &head, c->in.p + c->used + HF_IPC_HEAD_LEN);
			c->used += HF_IPC_HEAD_LEN + head.len;
		}
	}
}

static void write_conn(struct conn *conn)
{
	while (conn->sent < conn->out.len) {
		ssize_t n = send(conn->fd, conn->out.p + conn->sent, conn->out.len - conn->sent, MSG_NOSIGNAL);
		if (n > 0) {
			conn->sent += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else if (n == 0 || errno != EINTR) {
			end_conn(conn, "the process at the other end is gone");
			break;
		}
	}
	hf_buf_reset(&conn->out);
	conn->sent = 0;
}

/* Back-pressure: as long as answers wait to be taken, only that is watched. */
static void watch(struct hf_ipc_server *server, struct conn *conn)
{
	uint32_t want = conn->sent < conn->out.len ? EPOLLOUT : EPOLLIN;
	struct epoll_event event = {.events = want, .data.ptr = conn};

	if (want == conn->events || conn->ended)
		return;
	conn->events = want;
	if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, conn->fd, &event) != 0)
		end_conn(conn, "epoll refused it");
}

static void hand_out(struct hf_ipc_server *server)
{
	struct hf_err forgotten;

	if (server->num == 0)
		return;
	server->handler.handle(server->handler.ctx, server, server->list, server->num);
	hf_fail(&forgotten, HF_E_INTERNAL, "the request was not answered");
	for (size_t i = 0; i < server->num; i++)
		if (!server->list[i].answered)
			hf_ipc_refuse(server, &server->list[i], &forgotten);
	server->num = 0;
}

/* After a list: forgets what it covered and writes the answers. True if another whole frame can be handed out now. */
static bool settle(struct hf_ipc_server *server)
{
	bool more = false;

	for (struct conn *c = server->conns; c; c = c->next) {
		struct hf_ipc_head head;
		hf_buf_drop(&c->in, c->used);
		c->used = 0;
		if (!c->ended)
			write_conn(c);
		watch(server, c);
		more = more || (!c->ended && c->out.len == 0 && frame_at(server, c, 0, &head));
	}
	return more;
}

bool hf_ipc_server_run(struct hf_ipc_server *server, int timeout_ms, struct hf_err *err)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(server->epoll, events, EVENTS_MAX, timeout_ms);

	if (n < 0 && errno != EINTR)
		return hf_fail(err, HF_E_INTERNAL, "epoll_wait: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct conn *conn = events[i].data.ptr;
		if (conn->sent < conn->out.len)
			write_conn(conn);
		else
			read_conn(server, conn);
	}
	/* Nothing whole may stay behind unseen: the descriptor that the caller watches does not tell of it. */
	do {
		gather(server);
		hand_out(server);
	} while (settle(server));
	sweep(server);
	return true;
}

static void put_answer(
	struct hf_ipc_server *server, struct hf_ipc_request *request, uint16_t type, struct hf_bytes body)
{
	struct hf_ipc_head head = {(uint32_t)body.len, type, request->call};

	HF_ASSERT(!request->answered);
	request->answered = true;
	for (struct conn *c = server->conns; c; c = c->next)
		if (c->id == request->peer_id && !c->ended) {
			hf_ipc_head_put(&c->out, &head);
			hf_buf_put_bytes(&c->out, body);
		}
}

void hf_ipc_answer(struct hf_ipc_server *server, struct hf_ipc_request *request, struct hf_bytes payload)
{
	struct hf_err err;

	if (payload.len <= server->max && payload.len <= UINT32_MAX) {
		put_answer(server, request, HF_IPC_REPLY, payload);
		return;
	}
	hf_fail(&err, HF_E_LIMIT, "the answer has %zu octets, at most %zu can be sent", payload.len, server->max);
	hf_ipc_refuse(server, request, &err);
}

void hf_ipc_refuse(struct hf_ipc_server *server, struct hf_ipc_request *request, const struct hf_err *err)
{
	struct hf_buf body;

	hf_buf_init(&body, HF_IPC_REFUSAL_MAX);
	hf_ipc_refusal_put(&body, err);
	put_answer(server, request, HF_IPC_ERROR, hf_buf_bytes(&body));
	hf_buf_clear(&body);
}
