/*
 * Signed operations. Every act of an operator is a call that the operator's own SM2 key has signed, in this form:
 *
 *     HUFU-OPERATION-1
 *     <service>                     "ra", "ca", "km", "ocsp"
 *     <METHOD> <path with query>
 *     <SM3 of the body, hex>
 *     <operation id>                8 to 64 of [A-Za-z0-9._-], chosen by the caller
 *     <time>                        2026-11-22T10:31:09Z (a fraction may follow the seconds)
 *     <operator>
 *
 * each line ended by LF, signed with SM2 and the default id. Over HTTP the last three and the signature travel in the
 * headers Hufu-Operation, Hufu-Time, Hufu-Operator, Hufu-Signature (base64 of the DER SM2Signature, GM/T 0009 7.3).
 *
 * The server's way, so that the signature is verified outside the store's lock:
 *
 *     hf_call_read(&call, &headers, err)                form
 *     read:  hf_operator_load(tx, call.operator_id, &op)   who
 *     hf_call_verify(&call, &op, roles, now, err)       signature, state, validity, role
 *     write: hf_operation_find(tx, &call, now, &found, &answer, err)
 *                known and the same: found; give the first answer again and change nothing
 *                known and another: HF_E_CONFLICT     unknown and five minutes off: HF_E_DENIED
 *            … the act, its audit record (hf_call_record) …
 *            hf_operation_remember(tx, &call, status, answer, err)
 *
 * A refusal is audited by the caller: hf_call_record, hf_audit_result, hf_audit_write. A call that only reads needs
 * hf_call_verify and hf_call_fresh.
 */
#ifndef HUFU_ACCESS_OPERATION_H
#define HUFU_ACCESS_OPERATION_H

#include "access/operator.h"
#include "audit/audit.h"
#include "base/clock.h"

#define HF_CALL_ID_MIN    8
#define HF_CALL_ID_MAX    64
#define HF_CALL_PATH_MAX  2048
#define HF_CALL_CANON_MAX 2560 /* octets of the canonical form */
#define HF_CALL_AGE_MAX   (5 * HF_MINUTE)
#define HF_CALL_SIG_TEXT  128 /* room for the base64 of a signature */

#define HF_CALL_HEADER_OPERATOR  "Hufu-Operator"
#define HF_CALL_HEADER_OPERATION "Hufu-Operation"
#define HF_CALL_HEADER_TIME      "Hufu-Time"
#define HF_CALL_HEADER_SIGNATURE "Hufu-Signature"

/* One call; all texts are borrowed. Both sides fill it: the client before it signs, the server by hf_call_read. */
struct hf_call {
	const char *service, *method, *path;
	struct hf_bytes body;
	const char *operation_id, *time, *operator_id;
	uint8_t signature[HF_SM2_SIG]; /* r ‖ s */

	/* set by hf_call_seal */
	int64_t at;
	uint8_t hash[HF_SM3_LEN]; /* SM3 of the canonical form: the call's identity */
	char canonical[HF_CALL_CANON_MAX];
	size_t canonical_len;
};

/* Checks the parts' form and makes canonical, hash and at. Errors: HF_E_INPUT naming the part and the rule. */
HF_MUST_USE bool hf_call_seal(struct hf_call *call, struct hf_err *err);
struct hf_bytes hf_call_canonical(const struct hf_call *call);
/* What the operator's key signs: e = SM3(Z ‖ canonical). */
void hf_call_digest(const struct hf_call *call, const uint8_t pub[HF_SM2_POINT], uint8_t e[HF_SM3_LEN]);
/* call->signature as the header's text, and back. Errors: HF_E_INPUT. */
void hf_call_signature_text(const uint8_t signature[HF_SM2_SIG], char out[HF_CALL_SIG_TEXT]);
HF_MUST_USE bool hf_call_signature_read(const char *text, uint8_t signature[HF_SM2_SIG], struct hf_err *err);

/*
 * The server's call: service, method, path and body are set already; the four headers as received, NULL where missing.
 * Errors: HF_E_DENIED (a header is missing), HF_E_INPUT (its form).
 */
HF_MUST_USE bool hf_call_read(struct hf_call *call, const char *operator_id, const char *operation_id, const char *time,
	const char *signature, struct hf_err *err);

/* Needs no store. roles: HF_ROLES(…) that the route allows. Errors: HF_E_DENIED, HF_E_VERIFY (the signature). */
HF_MUST_USE bool hf_call_verify(
	const struct hf_call *call, const struct hf_operator *op, uint32_t roles, int64_t now, struct hf_err *err);
/* Within five minutes of now, either way. Errors: HF_E_DENIED. */
HF_MUST_USE bool hf_call_fresh(const struct hf_call *call, int64_t now, struct hf_err *err);

/* What was answered the first time. */
struct hf_answer {
	int status; /* of HTTP */
	struct hf_buf body;
};

#define HF_ANSWER_MAX ((size_t)8 << 20)

void hf_answer_init(struct hf_answer *answer);
void hf_answer_clear(struct hf_answer *answer);

/*
 * Inside the business transaction, first. *found: answer holds what was answered; change nothing and give it again.
 * Otherwise it is a new call: do it. Errors: HF_E_CONFLICT, HF_E_DENIED, HF_E_STORE.
 */
HF_MUST_USE bool hf_operation_find(struct hf_tx *tx, const struct hf_call *call, int64_t now, bool *found,
	struct hf_answer *answer, struct hf_err *err);
/* Inside the same transaction, last. Errors: HF_E_EXISTS (find was not asked), HF_E_STORE. */
HF_MUST_USE bool hf_operation_remember(
	struct hf_tx *tx, const struct hf_call *call, int status, struct hf_bytes answer, struct hf_err *err);

/*
 * Fills what a call says of itself into an audit record: operation id, operator, role, call, signature, certificate,
 * startedAt. op may be NULL (the operator is not known): role is empty then. The record borrows from call and op.
 */
void hf_call_record(const struct hf_call *call, const struct hf_operator *op, struct hf_audit_record *record);

#endif
