#include "ra/ra.h"

#include "base/str.h"

bool hf_ra_is_soft(const struct hf_err *err)
{
	return err->code == HF_E_MISSING || err->code == HF_E_STATE || err->code == HF_E_DENIED;
}

bool hf_ra_act_put(struct hf_tx *tx, const struct hf_ra_actor *actor, struct hf_err *err)
{
	struct hf_query *q = hf_query(
		tx, "INSERT INTO act (operator_id, operation_id, at, call, signature, body) VALUES (?, ?, ?, ?, ?, ?)");

	hf_query_text(q, actor->operator_id);
	hf_query_text(q, actor->operation_id);
	hf_query_i64(q, actor->at);
	hf_query_bytes(q, actor->call);
	hf_query_bytes(q, actor->signature);
	hf_query_bytes(q, actor->body);
	return hf_query_run(q, NULL, err);
}

static bool item_put(struct hf_tx *tx, const struct hf_ra_actor *actor, size_t position, const char *id,
	const char *event, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "INSERT INTO act_item (operator_id, operation_id, position, application, "
					  "event) VALUES (?, ?, ?, ?, ?)");

	hf_query_text(q, actor->operator_id);
	hf_query_text(q, actor->operation_id);
	hf_query_i64(q, (int64_t)position);
	hf_query_text(q, id);
	hf_query_text(q, event);
	return hf_query_run(q, NULL, err);
}

static bool record(struct hf_journal_batch *audit, const char *operator_id, const char *role, const char *operation_id,
	const char *operation, const char *id, int64_t at, const char *text, struct hf_err *err)
{
	char object[64];
	struct hf_audit_record rec = {.operationId = hf_bytes_str(operation_id),
		.operatorId = hf_bytes_str(operator_id),
		.role = hf_bytes_str(role),
		.code = HF_AUDIT_MODIFY,
		.operation = hf_bytes_str(operation),
		.startedAt = at,
		.endedAt = at,
		.result = HF_BYTES_LIT("ok"),
		.text = hf_bytes_str(text)};

	hf_fmt_cut(object, sizeof(object), "request/%s", id);
	rec.object = hf_bytes_str(object);
	return hf_audit_add(audit, &rec, err);
}

bool hf_ra_act_item(struct hf_tx *tx, const struct hf_ra_actor *actor, size_t position, const char *id,
	const char *event, const char *text, struct hf_err *err)
{
	char operation[32];

	hf_fmt_cut(operation, sizeof(operation), "request.%s", event);
	return item_put(tx, actor, position, id, event, err) &&
	       record(actor->audit, actor->operator_id, actor->role, actor->operation_id, operation, id, actor->at,
		       text, err);
}

bool hf_ra_record(struct hf_journal_batch *audit, const char *operator_id, const char *role, const char *operation,
	const char *id, int64_t at, const char *text, struct hf_err *err)
{
	return record(audit, operator_id, role, "", operation, id, at, text, err);
}
