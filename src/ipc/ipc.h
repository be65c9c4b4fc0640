/*
 * Framed messages between our own processes, over a connected AF_UNIX socket pair that the supervisor handed to both.
 *
 *     frame = length u32 | type u16 | call u64 | payload            big-endian; length counts the payload only
 *
 * A client asks and waits; the server takes every whole frame that waits, from all its clients, as ONE list, so that
 * requests that wait together share one signing batch and one commit; a lonely request is a list of one and waits for
 * nobody. Each request gets exactly one frame back with the same call number: HF_IPC_REPLY or HF_IPC_ERROR.
 *
 * The peer is another process of ours and still not trusted: lengths are capped before memory is taken, a payload is
 * read with a reader that fails softly and must end exactly at its end.
 */
#ifndef HUFU_IPC_IPC_H
#define HUFU_IPC_IPC_H

#include "base/buf.h"

#define HF_IPC_HEAD_LEN 14
/* The two types of an answer. Requests take any other type: each channel's protocol numbers its own from 1. */
#define HF_IPC_REPLY    0
#define HF_IPC_ERROR    0xFFFF

/* ---- payloads -------------------------------------------------------------------------------------------------- */

/*
 * Writing: append to a buffer whose maximum is the cap; check hf_buf_ok() once at the end. Numbers are big-endian,
 * bytes and str are a u32 length and the octets.
 */
void hf_ipc_put_u8(struct hf_buf *out, uint8_t v);
void hf_ipc_put_bool(struct hf_buf *out, bool v);
void hf_ipc_put_u16(struct hf_buf *out, uint16_t v);
void hf_ipc_put_u32(struct hf_buf *out, uint32_t v);
void hf_ipc_put_u64(struct hf_buf *out, uint64_t v);
void hf_ipc_put_i64(struct hf_buf *out, int64_t v);
void hf_ipc_put_bytes(struct hf_buf *out, struct hf_bytes v);
void hf_ipc_put_str(struct hf_buf *out, const char *v);

/*
 * Reading: each get takes the next field, or marks the reader as failed and gives zeros from then on. What is read may
 * be used only after hf_ipc_get_end() said yes.
 *
 *     struct hf_ipc_reader in = hf_ipc_reader(payload);
 *     uint32_t key = hf_ipc_get_u32(&in);
 *     struct hf_bytes tbs = hf_ipc_get_bytes(&in, HF_TBS_MAX);
 *     if (!hf_ipc_get_end(&in, "keyd sign", err)) return false;
 */
struct hf_ipc_reader {
	struct hf_bytes rest;
	bool failed;
};

struct hf_ipc_reader hf_ipc_reader(struct hf_bytes payload);
uint8_t hf_ipc_get_u8(struct hf_ipc_reader *in);
bool hf_ipc_get_bool(struct hf_ipc_reader *in); /* 0 or 1, nothing else */
uint16_t hf_ipc_get_u16(struct hf_ipc_reader *in);
uint32_t hf_ipc_get_u32(struct hf_ipc_reader *in);
uint64_t hf_ipc_get_u64(struct hf_ipc_reader *in);
int64_t hf_ipc_get_i64(struct hf_ipc_reader *in);
/* A view into the payload, of at most max octets. */
struct hf_bytes hf_ipc_get_bytes(struct hf_ipc_reader *in, size_t max);
/* Exactly len octets (a hash, a point) into out, which is zeroed on failure. */
void hf_ipc_get_exact(struct hf_ipc_reader *in, void *out, size_t len);
/* UTF-8 without NUL into out[size], terminated; one that does not fit is a failure, not a cut. */
void hf_ipc_get_str(struct hf_ipc_reader *in, char *out, size_t size);
/* A u32 number of items, at most max and no more than the rest can hold at least_each octets an item: safe to allocate.
 */
uint32_t hf_ipc_get_count(struct hf_ipc_reader *in, uint32_t max, size_t least_each);
/* Everything was there and nothing is left over. Errors: HF_E_INPUT, naming what. */
HF_MUST_USE bool hf_ipc_get_end(const struct hf_ipc_reader *in, const char *what, struct hf_err *err);

/* ---- sockets --------------------------------------------------------------------------------------------------- */

/* A connected stream pair, close-on-exec. Errors: HF_E_INTERNAL. */
HF_MUST_USE bool hf_ipc_pair(int fds[2], struct hf_err *err);

/*
 * The control channel between supervisor and child: SOCK_SEQPACKET, one packet a message, of at most HF_IPC_PACKET_MAX
 * octets, with at most one descriptor (SCM_RIGHTS) beside it.
 */
#define HF_IPC_PACKET_MAX 4096
HF_MUST_USE bool hf_ipc_packet_pair(int fds[2], struct hf_err *err);
/* Never blocks. pass is a descriptor that stays the caller's, or -1. Errors: HF_E_LIMIT (full), HF_E_PEER (gone). */
HF_MUST_USE bool hf_ipc_packet_send(int fd, struct hf_bytes packet, int pass, struct hf_err *err);
enum hf_ipc_got { HF_IPC_GOT_NOTHING, HF_IPC_GOT_PACKET, HF_IPC_GOT_END };
/*
 * Never blocks. Replaces the content of packet (maximum at least HF_IPC_PACKET_MAX); *passed is a new close-on-exec
 * descriptor of the caller's, or -1. A packet that is cut or carries more than one descriptor counts as the end.
 */
enum hf_ipc_got hf_ipc_packet_recv(int fd, struct hf_buf *packet, int *passed);

/* ---- client ---------------------------------------------------------------------------------------------------- */

struct hf_ipc_conn;

/* Takes fd. peer names the other side in error texts. max caps a payload, both ways. */
struct hf_ipc_conn *hf_ipc_conn_new(int fd, const char *peer, size_t max);
/* NULL is fine. No call may be running. */
void hf_ipc_conn_free(struct hf_ipc_conn *conn);
/*
 * The supervisor sent a new pair: takes fd in place of the old one and ends the poison. A call that is still waiting on
 * the old one fails with HF_E_PEER. One thread (the event loop) may do this while others call.
 */
void hf_ipc_conn_replace(struct hf_ipc_conn *conn, int fd);
/* False when the peer is gone, answered nonsense or was too slow, until hf_ipc_conn_replace(). */
bool hf_ipc_conn_usable(struct hf_ipc_conn *conn);

/*
 * Sends a request and waits for its answer, at most timeout_ms; appends the answer's payload to reply. Threads may call
 * at once, one at a time goes through (waiting for one's turn counts as waiting). reply must be able to take max more.
 * Errors: the remote refusal as it was given (code and text); HF_E_LIMIT (request longer than max, nothing sent);
 * HF_E_PEER: dead peer, time-out or a broken frame. Then nobody knows whether the request was carried out, the
 * connection is poisoned, and every call is HF_E_PEER until hf_ipc_conn_replace().
 */
HF_MUST_USE bool hf_ipc_call(struct hf_ipc_conn *conn, uint16_t type, struct hf_bytes request, struct hf_buf *reply,
	int timeout_ms, struct hf_err *err);

/* ---- server ---------------------------------------------------------------------------------------------------- */

struct hf_ipc_server;

struct hf_ipc_request {
	const char *peer; /* the name given with hf_ipc_server_add; borrowed */
	uint64_t peer_id; /* of this connection, never used again for another */
	uint16_t type;
	uint64_t call;
	struct hf_bytes payload; /* valid until the handler returns */
	bool answered;
};

struct hf_ipc_handler {
	/*
	 * All requests that wait now, in the order of arrival of each peer. Each must be answered with hf_ipc_answer or
	 * hf_ipc_refuse before the handler returns; one that was forgotten is refused with HF_E_INTERNAL.
	 */
	void (*handle)(void *ctx, struct hf_ipc_server *server, struct hf_ipc_request *requests, size_t num);
	/* A connection ended, by its peer or because it sent nonsense (why). Must not add or drop. May be NULL. */
	void (*gone)(void *ctx, const char *peer, uint64_t peer_id, const char *why);
	void *ctx;
};

#define HF_IPC_BATCH_MAX 4096 /* requests handed out at once; the rest waits for the next round */

/* max caps a payload, both ways. handler is copied. */
struct hf_ipc_server *hf_ipc_server_new(size_t max, const struct hf_ipc_handler *handler);
/* Closes all connections. NULL is fine. */
void hf_ipc_server_free(struct hf_ipc_server *server);
/* Takes fd; peer is copied. Gives the connection's peer_id. */
uint64_t hf_ipc_server_add(struct hf_ipc_server *server, int fd, const char *peer);
/* Closes every connection of that peer: its process was restarted and its unfinished work must be dropped. */
void hf_ipc_server_drop(struct hf_ipc_server *server, const char *peer);
size_t hf_ipc_server_count(const struct hf_ipc_server *server);
/* An epoll descriptor, readable when there is work: watch it in the process's own loop. */
int hf_ipc_server_fd(const struct hf_ipc_server *server);
/*
 * One round: waits at most timeout_ms (0: not at all, -1: without end) for something to do, reads what is there, calls
 * handle with all of it (again only if more than HF_IPC_BATCH_MAX wait), writes what can be written. A peer that does
 * not take its answers is not read from until it does; for a peer that is gone nothing is begun. Errors: HF_E_INTERNAL
 * (epoll itself failed).
 */
HF_MUST_USE bool hf_ipc_server_run(struct hf_ipc_server *server, int timeout_ms, struct hf_err *err);

/* The two answers. A payload longer than max becomes an HF_E_LIMIT refusal. */
void hf_ipc_answer(struct hf_ipc_server *server, struct hf_ipc_request *request, struct hf_bytes payload);
void hf_ipc_refuse(struct hf_ipc_server *server, struct hf_ipc_request *request, const struct hf_err *err);

#endif
