/*
 * The client of the four services: signed calls (access/operation.h) over HTTP, told through to their end.
 *
 *     struct hf_client client;
 *     hf_client_open(&client, home, skf, pin_file, err)         settings, HTTP; no token yet
 *     hf_client_operator(&client, "luru", err)                   whose token signs from now on
 *     struct hf_client_ask ask = {.service = "ra", .method = "GET", .path = "/v1/requests?limit=100"};
 *     hf_client_call(&client, &ask, &answer, err)                signed by that operator
 *
 * A lost answer is not a refusal: when the service is away (HF_E_PEER) or answers 5xx, the identical signed call, with
 * the same operation id, time and signature, is sent again with growing pauses for up to HF_CLIENT_PATIENCE_MS. Rule 16
 * of the design makes that safe: a known call gets its first answer again.
 *
 * A refusal becomes an error with the service's own code and text. One thread a client, except where said.
 */
#ifndef HUFU_CMD_CLIENT_H
#define HUFU_CMD_CLIENT_H

#include "cmd/desk.h"
#include "cmd/settings.h"
#include "net/http_client.h"

#define HF_CLIENT_PATIENCE_MS 10000
#define HF_CLIENT_ANSWER_MAX  ((size_t)64 << 20)
#define HF_CLIENT_PATH_MAX    2048
#define HF_CLIENT_OPERATION   33 /* 32 hex digits */

struct hf_client {
	struct hf_settings settings;
	char home[HF_PATH_MAX];
	char urls[4][160]; /* ca, ra, km, ocsp */
	struct hf_desk desk;
	bool desk_open;
	const char *skf, *pin_file;
	int64_t patience_ms; /* HF_CLIENT_PATIENCE_MS; a test may want less */
	/* Told once a call when its service has not answered for a second; by any thread. NULL: nobody is. */
	void (*waiting)(void *ctx, const char *service, const struct hf_err *why);
	void *waiting_ctx;

	struct hf_http_client *http;
	char operator_id[65]; /* who signs; "" nobody */
	struct hf_token *token;
	uint8_t pub[HF_SM2_POINT];
};

/* Errors: HF_E_MISSING (no home), HF_E_INPUT. client is all zero or as hf_client_close leaves it. */
HF_MUST_USE bool hf_client_open(
	struct hf_client *client, const char *home, const char *skf, const char *pin_file, struct hf_err *err);
void hf_client_close(struct hf_client *client);
/* The workstation, opened at the first need. */
HF_MUST_USE bool hf_client_desk(struct hf_client *client, struct hf_err *err);
/* The operator's token signs the calls that follow; the one before is closed. */
HF_MUST_USE bool hf_client_operator(struct hf_client *client, const char *name, struct hf_err *err);

/* "http://127.0.0.1:8442" of "ra"; NULL when there is no such service. */
const char *hf_client_url(const struct hf_client *client, const char *service);

struct hf_client_ask {
	const char *service, *method, *path; /* path with its query, encoded */
	const char *type;                    /* of the body; NULL: application/json */
	struct hf_bytes body;
	const char *operation_id; /* NULL: a fresh one */
	bool unsigned_call;       /* open routes and those that a ticket authorises */
	/* Refusals with this code (409) are waited for as well: "being issued". HF_OK: none. */
	enum hf_code wait_code;
};

/*
 * answer is emptied, then holds the body of a 2xx answer. Errors: the service's own code and text, HF_E_PEER when it
 * stayed away, those of the token.
 */
HF_MUST_USE bool hf_client_call(
	struct hf_client *client, const struct hf_client_ask *ask, struct hf_buf *answer, struct hf_err *err);
/*
 * The same over another connection, for the threads of hf_http_many_run: signs nothing (ask->unsigned_call must be
 * set) and changes nothing in client.
 */
HF_MUST_USE bool hf_client_call_on(const struct hf_client *client, struct hf_http_client *http,
	const struct hf_client_ask *ask, struct hf_buf *answer, struct hf_err *err);

/* Appends "?name=value" or "&name=value" with the value percent-encoded; nothing when value is NULL. */
void hf_query_add(struct hf_buf *path, const char *name, const char *value);

#endif
