/*
 * From an HTTP exchange to a signed operation that was checked (access/operation.h), and back to an answer that was
 * remembered. Every service's routes go through here; hf_route.extra points to the route's struct hf_api_rule, and the
 * `service` of the HTTP server is its struct hf_api.
 *
 *     write: hf_api_check ─► [ one transaction: known call? ─► act ─► audit record ─► remember ] ─► answer
 *     read:  hf_api_check (freshness too) ─► read ─► answer
 *     refused anywhere: nothing happened ─► audit record in a transaction of its own ─► answer {"error","text"}
 *
 * Most writing routes are one hf_api_write with an act. A route whose work is longer than one transaction (the CA's
 * issuing) or that commits many exchanges together uses the pieces: hf_api_find, hf_api_done, hf_api_refuse.
 */
#ifndef HUFU_API_CALL_H
#define HUFU_API_CALL_H

#include "access/operation.h"
#include "audit/audit.h"
#include "base/log.h"
#include "net/http.h"
#include "proc/metrics.h"

enum hf_api_kind {
	HF_API_OPEN,  /* unsigned: health, metrics, CRLs; or authorised by what the body carries (a ticket) */
	HF_API_READ,  /* signed and fresh; not remembered */
	HF_API_WRITE, /* signed, once, remembered */
};

/* What hf_route.extra points to. */
struct hf_api_rule {
	enum hf_api_kind kind;
	uint32_t roles;        /* HF_ROLES(…); not for OPEN */
	const char *operation; /* of the audit record: "request.review" */
	int64_t code;          /* of GM/T 0006: enum hf_audit_code */
};

/* What a service's routes work with: the first argument of every serve(). */
struct hf_api {
	const char *service; /* "ra", "ca", "km", "ocsp" */
	struct hf_store *store;
	const struct hf_clock *clock;
	const struct hf_log *log;
	struct hf_metrics *metrics; /* may be NULL */
	void *role;                 /* the role's own: struct hf_ra *, … */
	/* For /v1/health, in the loop's thread: is the service able to work? May be NULL. */
	bool (*healthy)(const struct hf_api *api, struct hf_err *err);
	void *service_ctx; /* the main's, for healthy */
};

/* One exchange on its way. About 3 KiB: lanes take theirs from the heap. */
struct hf_api_call {
	struct hf_api *api;
	struct hf_exchange *ex;
	const struct hf_api_rule *rule;
	int64_t at;    /* when it was looked at */
	bool sealed;   /* the four headers are there and well formed */
	bool known;    /* op is filled: the operator is registered here */
	bool verified; /* signature, role, state and (reads) freshness are right */
	struct hf_call call;
	struct hf_operator op;
};

/*
 * Fills c and checks what the route's rule asks, outside any transaction. False: ex has been answered and the refusal
 * audited; the caller is done with it.
 */
HF_MUST_USE bool hf_api_check(struct hf_api_call *c, struct hf_api *api, struct hf_exchange *ex);

/*
 * What an act does inside the transaction. It writes its answer (JSON) into answer and may add records of its own to
 * audit; the record of the call itself is added by hf_api_write, with object and text as the act has set them. It may
 * be run again from its start.
 */
struct hf_api_done {
	struct hf_buf *answer;
	struct hf_journal_batch *audit;
	char object[128];       /* "batch/B1" … of the call's own record */
	char text[256];         /* what there is to say: "20 approved, 1 refused" */
	unsigned status;        /* 200 */
	const char *type;       /* "application/json"; static */
	struct hf_bytes serial; /* of the certificate, INTEGER content octets, or NONE */
};

/* The whole of a writing route for a call that passed hf_api_check. ex is answered afterwards. */
void hf_api_write(struct hf_api_call *c,
	bool (*act)(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err),
	void *ctx);
/* A reading one: fn fills answer (JSON) in one consistent view. */
void hf_api_read(struct hf_api_call *c,
	bool (*fn)(struct hf_tx *tx, struct hf_api_call *c, struct hf_buf *answer, void *ctx, struct hf_err *err),
	void *ctx);

/* ---- the pieces ------------------------------------------------------------------------------------------------ */

/* First in the transaction. *found: c->ex->answer holds the first answer and *status its status; change nothing. */
HF_MUST_USE bool hf_api_find(
	struct hf_tx *tx, struct hf_api_call *c, bool *found, unsigned *status, struct hf_err *err);
/* Last in it: adds the call's audit record to done->audit and remembers done->answer. The caller appends the batch:
 * one frame a commit, however many calls it holds. */
HF_MUST_USE bool hf_api_done(
	struct hf_tx *tx, struct hf_api_call *c, const struct hf_api_done *done, struct hf_err *err);
/* Appends the batch to the service's audit journal. An empty batch is fine (nothing happened). */
HF_MUST_USE bool hf_api_append(
	struct hf_tx *tx, const struct hf_api *api, const struct hf_journal_batch *batch, struct hf_err *err);
/* Audits the refusal (object may be NULL) in a transaction of its own and answers with it. */
void hf_api_refuse(struct hf_api_call *c, const char *object, const struct hf_err *why);
/* Fills a record with what the call says of itself: for acts that write one record an item. */
void hf_api_record(const struct hf_api_call *c, struct hf_audit_record *record);

/* The number in a query parameter, dflt when it is missing. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_api_query_i64(const struct hf_exchange *ex, const char *name, int64_t min, int64_t max,
	int64_t dflt, int64_t *out, struct hf_err *err);

/* ---- what every service serves --------------------------------------------------------------------------------- */

void hf_api_serve_health(void *api, struct hf_exchange *const *list, size_t num);
void hf_api_serve_metrics(void *api, struct hf_exchange *const *list, size_t num);
void hf_api_serve_audit(void *api, struct hf_exchange *const *list, size_t num);
void hf_api_serve_journal(void *api, struct hf_exchange *const *list, size_t num);
extern const struct hf_api_rule hf_api_rule_health, hf_api_rule_metrics, hf_api_rule_audit, hf_api_rule_journal;

/* clang-format off */
/* Rows for a service's route table; the audit rows are served in this lane. */
#define HF_API_COMMON_ROUTES(audit_lane) \
	{"GET", "/v1/health", 0, 0, hf_api_serve_health, "Is the service able to work?", &hf_api_rule_health}, \
	{"GET", "/metrics", 0, 0, hf_api_serve_metrics, "Counters, for Prometheus", &hf_api_rule_metrics}, \
	{"GET", "/v1/audit", 0, (audit_lane), hf_api_serve_audit, "Audit records, by filter and page", \
		&hf_api_rule_audit}, \
	{"GET", "/v1/audit/journal", 0, (audit_lane), hf_api_serve_journal, \
		"The audit journal's frames and signed heads (DER), to verify elsewhere", &hf_api_rule_journal}
/* clang-format on */

#endif
