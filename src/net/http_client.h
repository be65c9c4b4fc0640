/*
 * A small HTTP/1.1 client on libcurl: one connection kept alive per struct hf_http_client, used by one thread at a
 * time. Only http:// URLs with numeric addresses; no redirects, no proxy (whatever the environment says), no cookies,
 * no decompression; caps on time and size.
 *
 * The order at start: hf_http_setup once in main, before any thread; hf_http_client_new before the jail.
 */
#ifndef HUFU_NET_HTTP_CLIENT_H
#define HUFU_NET_HTTP_CLIENT_H

#include "base/buf.h"

/* Zero means the default in brackets. */
struct hf_http_client_opts {
	unsigned connect_ms; /* [3000] */
	unsigned total_ms;   /* [30000] from the call to the last octet of the answer */
};

struct hf_http_client;

struct hf_http_request {
	const char *method, *url;
	const char *const *headers; /* "Name: value" …, NULL at the end; or NULL */
	const char *type;           /* Content-Type of the body, or NULL */
	struct hf_bytes body;
};

struct hf_http_answer {
	unsigned status;
	char type[96];        /* Content-Type as it came; "" if none */
	unsigned retry_after; /* seconds, 0 if not said */
};

HF_MUST_USE bool hf_http_setup(struct hf_err *err);
HF_MUST_USE bool hf_http_client_new(
	struct hf_http_client **client, const struct hf_http_client_opts *opts, struct hf_err *err);
void hf_http_client_free(struct hf_http_client *client);

/*
 * One request, one answer of whatever status (a 4xx or 5xx is an answer, not an error). body is emptied, then filled
 * with at most its maximum. Errors: HF_E_INPUT (URL or header is not acceptable), HF_E_PEER (no connection, time-out,
 * nonsense; the text names the method, the URL without its query, and what failed), HF_E_LIMIT (the answer is longer
 * than body's maximum). After an error it is not known whether the peer acted: ask again with the same operation id.
 */
HF_MUST_USE bool hf_http_call(struct hf_http_client *client, const struct hf_http_request *request,
	struct hf_http_answer *answer, struct hf_buf *body, struct hf_err *err);

/*
 * Many connections in one process: num threads, each with its own client, call work(ctx, n, client) again and again
 * until it returns false (nothing left to do for this one). n is 0 … num - 1; ctx is shared, work() must lock what it
 * changes. Returns when all have ended. Errors: HF_E_STATE (no thread or client could be made; those that
 * run are still waited for).
 */
struct hf_http_many {
	size_t num;
	struct hf_http_client_opts client;
	void *ctx;
	bool (*work)(void *ctx, size_t n, struct hf_http_client *client);
};
HF_MUST_USE bool hf_http_many_run(const struct hf_http_many *many, struct hf_err *err);

#endif
