#include "access/operation.h"

#include "access/access_int.h"
#include "base/str.h"

#include <string.h>

void hf_answer_init(struct hf_answer *answer)
{
	answer->status = 0;
	hf_buf_init(&answer->body, HF_ANSWER_MAX);
}

void hf_answer_clear(struct hf_answer *answer)
{
	hf_buf_clear(&answer->body);
}

bool hf_call_verify(
	const struct hf_call *call, const struct hf_operator *op, uint32_t roles, int64_t now, struct hf_err *err)
{
	uint8_t e[HF_SM3_LEN];
	struct hf_err local = {.code = HF_OK};

	if (!hf_str_equal(call->operator_id, op->id))
		return hf_fail(err, HF_E_INTERNAL, "a call of %s was checked against %s", call->operator_id, op->id);
	hf_call_digest(call, op->pub, e);
	if (!hf_sm2_verify(op->pub, e, call->signature, &local))
		return hf_fail(
			err, HF_E_VERIFY, "operator %s: the signature does not fit the call: %s", op->id, local.text);
	if (!op->active)
		return hf_fail(err, HF_E_DENIED, "operator %s is stopped", op->id);
	if (now < op->not_before || now > op->not_after)
		return hf_fail(err, HF_E_DENIED, "operator %s: the certificate is not valid at this time", op->id);
	if (!(roles & HF_ROLES(op->role)))
		return hf_fail(err, HF_E_DENIED, "operator %s: role %s may not %s %s", op->id,
			hf_role_info(op->role)->name, call->method, call->path);
	return true;
}

bool hf_call_fresh(const struct hf_call *call, int64_t now, struct hf_err *err)
{
	if (call->at < now - HF_CALL_AGE_MAX || call->at > now + HF_CALL_AGE_MAX)
		return hf_fail(err, HF_E_DENIED,
			"operation %s: signed at %s, more than five minutes from now: sign it again, or set the clock",
			call->operation_id, call->time);
	return true;
}

static bool answer_get(struct hf_query *q, const struct hf_call *call, struct hf_answer *answer, struct hf_err *err)
{
	if (!hf_bytes_equal(hf_query_col_bytes(q, 0), HF_BYTES_OF(call->hash)))
		return hf_fail(err, HF_E_CONFLICT,
			"operation %s is known with other content: a new act needs a new operation id",
			call->operation_id);
	answer->status = (int)hf_query_col_i64(q, 1);
	hf_buf_reset(&answer->body);
	return hf_buf_put_bytes(&answer->body, hf_query_col_bytes(q, 2)) ||
	       hf_fail(err, HF_E_LIMIT, "operation %s: the answer is too long", call->operation_id);
}

bool hf_operation_find(struct hf_tx *tx, const struct hf_call *call, int64_t now, bool *found, struct hf_answer *answer,
	struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT hash, status, answer FROM operation WHERE id = ?");
	bool ok;

	hf_query_text(q, call->operation_id);
	ok = hf_query_next(q, found, err);
	if (ok && *found)
		ok = answer_get(q, call, answer, err);
	else if (ok)
		ok = hf_call_fresh(call, now, err);
	hf_query_done(q);
	return ok;
}

bool hf_operation_remember(
	struct hf_tx *tx, const struct hf_call *call, int status, struct hf_bytes answer, struct hf_err *err)
{
	struct hf_query *q = hf_query(
		tx, "INSERT INTO operation (id, operator, at, hash, status, answer) VALUES (?, ?, ?, ?, ?, ?)");

	if (answer.len > HF_ANSWER_MAX) {
		hf_query_done(q);
		return hf_fail(
			err, HF_E_LIMIT, "operation %s: an answer of %zu octets", call->operation_id, answer.len);
	}
	hf_query_text(q, call->operation_id);
	hf_query_text(q, call->operator_id);
	hf_query_i64(q, call->at);
	hf_query_bytes(q, HF_BYTES_OF(call->hash));
	hf_query_i64(q, status);
	hf_query_bytes(q, answer.len > 0 ? answer : HF_BYTES_LIT(""));
	return hf_query_run(q, NULL, err);
}

void hf_call_record(const struct hf_call *call, const struct hf_operator *op, struct hf_audit_record *record)
{
	record->operationId = hf_bytes_str(call->operation_id ? call->operation_id : "");
	record->operatorId = hf_bytes_str(call->operator_id ? call->operator_id : "");
	record->role = hf_bytes_str(op ? hf_role_info(op->role)->name : "");
	record->startedAt = call->at;
	/* A call that never had its form has no canonical text that anybody could have signed. */
	if (call->canonical_len == 0)
		return;
	record->call = hf_call_canonical(call);
	record->signature = HF_BYTES_OF(call->signature);
	if (op)
		record->certificate = HF_BYTES_OF(op->cert_hash);
}
