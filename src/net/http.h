/*
 * HTTP as the services see it: an exchange is one request and its answer, a route says who serves which requests.
 * Nothing here knows sockets or libmicrohttpd: a test can make an exchange by hand and route it.
 *
 * Strict on the way in (RFC 9110, RFC 3986): the target is origin-form, only the characters of RFC 3986, percent
 * signs are followed by two hex digits, the decoded text is UTF-8 without control characters (so no NUL), "." and ".."
 * segments are refused, not resolved. A query is name=value pairs joined by '&'; a name is given once and is not
 * empty; '+' in a query is a blank (as browsers' forms write it).
 *
 * Refusals are application/json: {"error":"<code>","text":"<for people>"}.
 */
#ifndef HUFU_NET_HTTP_H
#define HUFU_NET_HTTP_H

#include "base/buf.h"
#include "net/lane.h"

struct hf_exchange;

/*
 * One row of a service's route table. Patterns: "/v1/requests/{id}/review"; {id} takes one whole, not empty segment
 * without a '/', {id...} as the last segment takes the rest, slashes too (OCSP by GET). The first row that fits wins.
 * HEAD is served by the GET row.
 */
struct hf_route {
	const char *method, *pattern;
	size_t body_max; /* longest request body in octets; 0: none is taken */
	unsigned lane;   /* 0: in the loop thread at once, must not block; n: in the server's lane n, grouped */
	/* Answers every one of list; what it leaves unanswered gets a 500. list is of this route only. */
	void (*serve)(void *service, struct hf_exchange *const *list, size_t num);
	const char *summary; /* one line, for the OpenAPI document and --help */
	const void *extra;   /* the api layer's own facts about the route: roles, schemas */
};

#define HF_HTTP_PARAMS_MAX  8
#define HF_HTTP_QUERY_MAX   32
#define HF_HTTP_HEADERS_MAX 64
#define HF_HTTP_EXTRA_MAX   8
#define HF_HTTP_TARGET_MAX  8192
#define HF_HTTP_ANSWER_MAX  (64U << 20)

struct hf_http_pair {
	char *name, *value;
};

/* Read its fields, write only answer and user; all else goes through the functions below. */
struct hf_exchange {
	struct hf_lane_job job; /* first: the lanes' link */

	/* the request */
	char method[16];
	char *path;   /* decoded */
	char *target; /* the path as it came, without the query: what the router splits */
	char *whole;  /* path and query as they came: what an operator signs (access/operation.h) */
	struct hf_http_pair params[HF_HTTP_PARAMS_MAX], query[HF_HTTP_QUERY_MAX], headers[HF_HTTP_HEADERS_MAX];
	size_t num_params, num_query, num_headers;
	struct hf_buf body;
	char peer[64]; /* "127.0.0.1:4711", "[::1]:4711" */
	const struct hf_route *route;
	int64_t began_at; /* hf_ticks() when its head had arrived */

	/* the answer */
	unsigned status; /* 0: none yet */
	char type[96];
	struct hf_buf answer; /* serve() may write here and then call hf_exchange_done */
	struct hf_http_pair extra[HF_HTTP_EXTRA_MAX];
	size_t num_extra;

	size_t group_num; /* for the first of a group served together: how many they were; else 0 */
	void *user;       /* the service's; not freed here */
	void *transport;  /* the server's */
};

/* An exchange with an empty request. Free with hf_exchange_free (NULL is fine). */
struct hf_exchange *hf_exchange_new(void);
void hf_exchange_free(struct hf_exchange *ex);

/*
 * Takes the method and the raw target ("/v1/x?name=value") of a request. Errors: HF_E_INPUT (not what the rules above
 * ask), HF_E_LIMIT (too long, too many parts).
 */
HF_MUST_USE bool hf_exchange_set_request(
	struct hf_exchange *ex, const char *method, const char *target, struct hf_err *err);
HF_MUST_USE bool hf_exchange_add_header(
	struct hf_exchange *ex, const char *name, const char *value, struct hf_err *err);

/* Borrowed values, NULL when absent. Header names in any case; of a header given twice, the first. */
const char *hf_exchange_param(const struct hf_exchange *ex, const char *name);
const char *hf_exchange_query(const struct hf_exchange *ex, const char *name);
const char *hf_exchange_header(const struct hf_exchange *ex, const char *name);
/* The media type of the body, without parameters, is this one ("application/json"). */
bool hf_exchange_is_type(const struct hf_exchange *ex, const char *type);

/* Answers with a copy of body (type NULL: no body and no Content-Type). The first answer counts; a second is a bug. */
void hf_exchange_answer(struct hf_exchange *ex, unsigned status, const char *type, struct hf_bytes body);
/* Answers with what was written into ex->answer; if that overflowed, with a 500. */
void hf_exchange_done(struct hf_exchange *ex, unsigned status, const char *type);
/* Answers {"error":code,"text":…}; whatever was in ex->answer is dropped. */
void hf_exchange_refuse(struct hf_exchange *ex, unsigned status, const char *code, const char *fmt, ...)
	HF_PRINTF(4, 5);
/* The same from an error: its code's name, its text, and the status of hf_http_status_of. */
void hf_exchange_refuse_err(struct hf_exchange *ex, const struct hf_err *err);
/* One more header of the answer (a refusal with 503 has its Retry-After already). name and value are our own constants
 * or numbers, never a peer's text. */
void hf_exchange_answer_header(struct hf_exchange *ex, const char *name, const char *value);

/* 400, 404, 409, 413, 403, 503, 500 … for each code. */
unsigned hf_http_status_of(enum hf_code code);

/*
 * Finds the route (ex->route, ex->params). If none fits, ex is answered (404, or 405 with Allow) and it is false.
 */
HF_MUST_USE bool hf_routes_find(const struct hf_route *routes, size_t num_routes, struct hf_exchange *ex);
/* Routes and serves one exchange in this thread, without any server: for tests. It is answered afterwards. */
void hf_routes_serve(const struct hf_route *routes, size_t num_routes, void *service, struct hf_exchange *ex);
/* The table is well formed: patterns parse, methods are known, no two rows are the same. Errors: HF_E_INTERNAL. */
HF_MUST_USE bool hf_routes_check(const struct hf_route *routes, size_t num_routes, struct hf_err *err);

/* Appends text as a JSON string with its quotes; what is not UTF-8 becomes '?'. */
bool hf_json_put_string(struct hf_buf *out, const char *text);

#endif
