/*
 * The registration authority's logic, by what an operator does:
 *
 *     batch.h     录入: a file of applicants, or one            review.h   审核: approve, reject
 *     produce.h   制证: claim, certification request, receipt   sweep.h    what was issued and never installed
 *
 * Nothing here knows HTTP or JSON. What an operator has signed comes in as struct hf_ra_actor, inside the transaction
 * in which the act, its audit records and the remembered answer become durable together; the CA is a port.
 */
#ifndef HUFU_RA_RA_H
#define HUFU_RA_RA_H

#include "audit/audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "ra/application.h"
#include "ra/csv.h"
#include "store/store.h"

#define HF_RA_SERVICE  "ra"
#define HF_RA_LIST_MAX 10000 /* applications in one act */

/* One application that the CA is asked to certify, and what it said. */
struct hf_ra_ask {
	const char *id; /* the request id: asking again with it gives the same certificates */
	const struct hf_applicant *applicant;
	struct hf_bytes subject, pkcs10;

	bool ok;
	struct hf_ra_issued *issued; /* filled when ok */
	struct hf_err err;           /* when not */
};

struct hf_ca_port {
	void *ctx;
	/* All asks in one request. False: it is not known what the CA did with any of them (HF_E_PEER, …). */
	bool (*issue)(void *ctx, struct hf_ra_ask *asks, size_t num, struct hf_err *err);
	/* Revokes the serials (hex); done[i]: it is revoked now, by this call or an earlier one. */
	bool (*revoke)(void *ctx, const char *const *serials, bool *done, size_t num, struct hf_err *err);
};

struct hf_ra {
	struct hf_store *store;
	const struct hf_clock *clock;
	const struct hf_log *log;
	struct hf_gb18030 *gb; /* for one thread: the lane of entry */
	struct hf_ca_port ca;
	int64_t max_days;     /* longest validity that is entered */
	int64_t receipt_days; /* issued without a receipt for longer: revoked */
};

/* Who acts, with the signed call; inside the transaction of the act. */
struct hf_ra_actor {
	const char *operator_id, *role, *operation_id;
	int64_t at;
	struct hf_bytes call, signature; /* the canonical form and r ‖ s */
	struct hf_bytes body;            /* whose hash is in the call */
	struct hf_journal_batch *audit;
};

/* Keeps the signed act. */
HF_MUST_USE bool hf_ra_act_put(struct hf_tx *tx, const struct hf_ra_actor *actor, struct hf_err *err);
/* Keeps that it was about this application, number position of its list, and adds the audit record of it. */
HF_MUST_USE bool hf_ra_act_item(struct hf_tx *tx, const struct hf_ra_actor *actor, size_t position, const char *id,
	const char *event, const char *text, struct hf_err *err);

/* What became of one application of a list. code HF_OK: done. */
struct hf_ra_result {
	char id[HF_APP_ID_LEN + 1];
	struct hf_err err;
};

/* A refusal of one item that leaves the others alone (not there, wrong state, not allowed); all else ends the act. */
bool hf_ra_is_soft(const struct hf_err *err);

/* An audit record of what the service does by itself or by a ticket; object is "request/ID". */
HF_MUST_USE bool hf_ra_record(struct hf_journal_batch *audit, const char *operator_id, const char *role,
	const char *operation, const char *id, int64_t at, const char *text, struct hf_err *err);

#endif
