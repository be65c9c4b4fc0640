/*
 * One service calling another: an HTTP call signed as an operation (access/operation.h) by the service's own key in
 * keyd. One caller for one thread. A call that was not answered may be made again; calls whose outcome must not double
 * carry an id of their own in the body (request_id).
 */
#ifndef HUFU_API_CALLER_H
#define HUFU_API_CALLER_H

#include "access/operation.h"
#include "dev/dev.h"
#include "net/http_client.h"

/* All borrowed but http, which is opened by _open (before the jail) and closed by _close. */
struct hf_caller {
	struct hf_http_client *http;
	const struct hf_dev *dev;
	const struct hf_clock *clock;
	const char *operator_id; /* who we are at the peer: "ra" */
	const char *key;         /* keyd's: "service" */
	const char *service;     /* the peer: "ca" */
	const char *url;         /* "http://127.0.0.1:8441" */
};

HF_MUST_USE bool hf_caller_open(struct hf_caller *caller, struct hf_err *err);
void hf_caller_close(struct hf_caller *caller);

/*
 * Signs and sends; body JSON (or none for a GET). answer is replaced. An answer other than 2xx becomes an error with
 * the peer's own code and text, behind its name; HF_E_PEER when it is away, or speaks no JSON.
 */
HF_MUST_USE bool hf_caller_call(struct hf_caller *caller, const char *method, const char *path, struct hf_bytes body,
	struct hf_buf *answer, struct hf_err *err);

#endif
