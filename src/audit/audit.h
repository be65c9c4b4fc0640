/*
 * The audit trail: who did what, when, to which object, with what result (GM/T 0034 8.2.6), and the operator's own
 * signature under it. It is the journal "audit" of each service.
 *
 *     AuditRecord ::= SEQUENCE {
 *         operationId UTF8String,            -- chosen by the caller: operation.h
 *         operatorId  UTF8String,            -- 操作员; "system" for what the service does by itself
 *         role        UTF8String,
 *         code        INTEGER,               -- the operation by GM/T 0006
 *         operation   UTF8String,            -- 操作项目: "request.review", "cert.revoke", …
 *         object      UTF8String,            -- what it was done to: "request/R-1", "cert/…"; may be empty
 *         serial      [0] INTEGER OPTIONAL,  -- 证书序列号
 *         startedAt   INTEGER, endedAt INTEGER,   -- 操作起始时间, 操作终止时间: microseconds UTC
 *         result      UTF8String,            -- 操作结果: "ok" or the name of the error code
 *         text        UTF8String,            -- the error's text, or what there is to say
 *         call        [1] OCTET STRING OPTIONAL,  -- the canonical call (operation.h) that the operator signed
 *         signature   [2] OCTET STRING OPTIONAL,  -- r ‖ s
 *         certificate [3] OCTET STRING OPTIONAL } -- SM3 of the operator's certificate
 *
 * Refusals are records as well, in a transaction of their own: hf_audit_write.
 */
#ifndef HUFU_AUDIT_AUDIT_H
#define HUFU_AUDIT_AUDIT_H

#include "audit/journal.h"

#define HF_AUDIT_NAME     "audit" /* of the journal */
#define HF_AUDIT_TEXT_MAX 1024    /* octets of each text; longer ones are cut at a character */

/*
 * The operation codes of GM/T 0006.
 */
enum hf_audit_code {
	HF_AUDIT_SIGN_IN = 1,
	HF_AUDIT_SIGN_OUT = 2,
	HF_AUDIT_CREATE = 3,
	HF_AUDIT_DELETE = 4,
	HF_AUDIT_MODIFY = 5,
	HF_AUDIT_CHANGE_PASSWORD = 6,
	HF_AUDIT_AUTHORIZE = 7,
	HF_AUDIT_KEY_GENERATE = 0x101,
	HF_AUDIT_KEY_DISPENSE = 0x102,
	HF_AUDIT_KEY_IMPORT = 0x103,
	HF_AUDIT_KEY_EXPORT = 0x104,
	HF_AUDIT_KEY_DIVIDE = 0x105,
	HF_AUDIT_KEY_COMPOSE = 0x106,
	HF_AUDIT_KEY_RENEW = 0x107,
	HF_AUDIT_KEY_BACKUP = 0x108,
	HF_AUDIT_KEY_RESTORE = 0x109,
	HF_AUDIT_KEY_DESTROY = 0x10A,
	HF_AUDIT_SYSTEM_INIT = 0x201,
	HF_AUDIT_SYSTEM_START = 0x202,
	HF_AUDIT_SYSTEM_SHUT = 0x203,
	HF_AUDIT_SYSTEM_RESTART = 0x204,
	HF_AUDIT_SYSTEM_QUERY = 0x205,
	HF_AUDIT_SYSTEM_BACKUP = 0x206,
	HF_AUDIT_SYSTEM_RESTORE = 0x207,
};

/* "key-generate", …; "other" for a code that is not in GM/T 0006. */
const char *hf_audit_code_name(int64_t code);

/* A text that is not set (p NULL) is written as empty. */
struct hf_audit_record {
	struct hf_bytes operationId, operatorId, role;
	int64_t code;
	struct hf_bytes operation, object;
	struct hf_bytes serial; /* INTEGER content octets, as in the certificate; NULL: none */
	int64_t startedAt, endedAt;
	struct hf_bytes result, text;
	struct hf_bytes call, signature, certificate; /* NULL: none */
};

extern const struct hf_der_type hf_AuditRecord;

/*
 * Adds a record to the batch of a commit. Texts are made printable first (a control character or a broken octet becomes
 * '?'), because a hostile text must not be able to keep its own refusal out of the trail.
 */
HF_MUST_USE bool hf_audit_add(struct hf_journal_batch *batch, const struct hf_audit_record *record, struct hf_err *err);
/* Result and text from an error (ok when err is NULL or its code HF_OK). err must live until the record is added. */
void hf_audit_result(struct hf_audit_record *record, const struct hf_err *err);
/* One record in a transaction of its own: refusals, starts, what changes nothing else. */
HF_MUST_USE bool hf_audit_write(struct hf_store *store, const char *service, int64_t at,
	const struct hf_audit_record *record, struct hf_err *err);

HF_MUST_USE bool hf_audit_decode(struct hf_bytes der, struct hf_audit_record *record, struct hf_err *err);
/* One line for people. */
void hf_audit_print(int64_t number, const struct hf_audit_record *record, struct hf_buf *out);
/* For hf_journal_verify_options.record. */
HF_MUST_USE bool hf_audit_record_check(void *ctx, struct hf_bytes record, struct hf_err *err);

/* All that is set must match; the texts whole. */
struct hf_audit_filter {
	int64_t from, to; /* startedAt, from <= t < to; 0: any */
	const char *operator_id, *operation, *result, *object;
	int64_t after; /* frames above this number: where the page before ended */
	int64_t max;   /* stop at the end of the frame that passes this many records; 0: 1000 */
};

/*
 * Calls fn for each matching record in order; fn must not use the store. *last is the number of the last frame looked
 * at: the next page's after. A page without records and with *last unchanged is the end. fn fails to stop.
 */
HF_MUST_USE bool hf_audit_list(struct hf_store *store, const char *service, const struct hf_audit_filter *filter,
	bool (*fn)(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err), void *ctx,
	int64_t *last, struct hf_err *err);

#endif
