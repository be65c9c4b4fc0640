/*
 * Looking certificates up: for the API's lists.
 */
#ifndef HUFU_CA_QUERY_H
#define HUFU_CA_QUERY_H

#include "ca/ca.h"

struct hf_cert_row {
	char ca[HF_DEV_NAME_MAX], kind[32], request_id[72];
	struct hf_bytes serial, der;
	const char *subject;
	int64_t not_before, not_after, state_at;
	int state, reason;
};

/* All that is set must match. */
struct hf_cert_filter {
	const char *state;      /* "good", "held", "revoked" */
	const char *request_id; /* whole */
	const char *subject;    /* part of the subject's text */
	struct hf_bytes serial; /* whole, or those above it when after is set */
	bool after;
	int64_t limit;
};

/* Calls fn for each certificate of the CA "ca" in the order of serials; fn must not use the store. */
HF_MUST_USE bool hf_ca_certs(struct hf_tx *tx, const struct hf_cert_filter *filter,
	bool (*fn)(void *ctx, const struct hf_cert_row *row, struct hf_err *err), void *ctx, struct hf_err *err);

/* The taskNO under which the KM gave the key of this dual certificate; 0 when there is none. */
HF_MUST_USE bool hf_ca_task_of(struct hf_tx *tx, const char *request_id, int64_t *task, struct hf_err *err);

#endif
