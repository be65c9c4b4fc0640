#include "access/operator.h"

#include "access/access_int.h"
#include "base/str.h"

#include <string.h>

bool hf_access_id_ok(const char *id, size_t min, size_t max)
{
	size_t len = strlen(id);

	return len >= min && len <= max &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool operator_check(const struct hf_operator *op, struct hf_bytes certificate, struct hf_err *err)
{
	struct hf_bytes name = hf_bytes_str(op->name);

	if (!hf_access_id_ok(op->id, 1, HF_OPERATOR_ID_MAX))
		return hf_fail(err, HF_E_INPUT, "operator id: expected 1 to %d of [A-Za-z0-9._-]", HF_OPERATOR_ID_MAX);
	if (name.len == 0 || !hf_utf8_is_line(name))
		return hf_fail(err, HF_E_INPUT, "operator %s: the name must be a line of UTF-8", op->id);
	if ((unsigned)op->role >= HF_NUM_ROLES || op->not_before > op->not_after)
		return hf_fail(err, HF_E_INPUT, "operator %s: role or validity out of range", op->id);
	if (certificate.len > HF_OPERATOR_CERT_MAX)
		return hf_fail(err, HF_E_LIMIT, "operator %s: a certificate of %zu octets, expected at most %d", op->id,
			certificate.len, HF_OPERATOR_CERT_MAX);
	if (!hf_sm2_point_check(op->pub, err))
		return hf_fail_in(err, "operator %s: public key", op->id);
	return true;
}

bool hf_operator_add(struct hf_tx *tx, const struct hf_operator *op, struct hf_bytes certificate, struct hf_err *err)
{
	uint8_t hash[HF_SM3_LEN] = {0};
	struct hf_query *q;

	if (!operator_check(op, certificate, err))
		return false;
	if (certificate.len > 0)
		hf_sm3(certificate, hash);
	q = hf_query(tx, "INSERT INTO operator (id, name, role, active, pub, certificate, cert_hash, not_before, "
			 "not_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
	hf_query_text(q, op->id);
	hf_query_text(q, op->name);
	hf_query_text(q, hf_role_info(op->role)->name);
	hf_query_bool(q, op->active);
	hf_query_bytes(q, HF_BYTES_OF(op->pub));
	hf_query_bytes(q, certificate.len > 0 ? certificate : HF_BYTES_NONE);
	hf_query_bytes(q, HF_BYTES_OF(hash));
	hf_query_i64(q, op->not_before);
	hf_query_i64(q, op->not_after);
	if (!hf_query_run(q, NULL, err))
		return hf_fail_in(
			err, "operator %s: its id or its key is there already (one person, one role)", op->id);
	return true;
}

#define COLUMNS "id, name, role, active, pub, cert_hash, not_before, not_after"

static bool operator_get(struct hf_query *q, struct hf_operator *op, struct hf_err *err)
{
	char role[32];

	if (!hf_query_col_copy(q, 0, op->id, sizeof(op->id), err) ||
		!hf_query_col_copy(q, 1, op->name, sizeof(op->name), err) ||
		!hf_query_col_copy(q, 2, role, sizeof(role), err) || !hf_role_named(role, &op->role, err) ||
		!hf_query_col_octets(q, 4, op->pub, sizeof(op->pub), err) ||
		!hf_query_col_octets(q, 5, op->cert_hash, sizeof(op->cert_hash), err))
		return false;
	op->active = hf_query_col_i64(q, 3) == 1;
	op->not_before = hf_query_col_i64(q, 6);
	op->not_after = hf_query_col_i64(q, 7);
	return true;
}

bool hf_operator_load(struct hf_tx *tx, const char *id, struct hf_operator *op, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT " COLUMNS " FROM operator WHERE id = ?");
	bool row, ok;

	hf_query_text(q, id);
	ok = hf_query_next(q, &row, err);
	if (ok && !row)
		ok = hf_fail(err, HF_E_MISSING, "there is no operator \"%s\" here", id);
	ok = ok && operator_get(q, op, err);
	hf_query_done(q);
	return ok;
}

bool hf_operator_certificate(struct hf_tx *tx, const char *id, struct hf_buf *der, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT certificate FROM operator WHERE id = ?");
	bool row, ok;

	hf_query_text(q, id);
	ok = hf_query_next(q, &row, err);
	if (ok && (!row || hf_query_col_null(q, 0)))
		ok = hf_fail(err, HF_E_MISSING, "there is no certificate of operator \"%s\" here", id);
	if (ok && !hf_buf_put_bytes(der, hf_query_col_bytes(q, 0)))
		ok = hf_fail(err, HF_E_LIMIT, "operator %s: the certificate does not fit", id);
	hf_query_done(q);
	return ok;
}

bool hf_operator_set_active(struct hf_tx *tx, const char *id, bool active, struct hf_err *err)
{
	struct hf_operator op;
	struct hf_query *q;

	if (!hf_operator_load(tx, id, &op, err))
		return false;
	if (op.active == active)
		return hf_fail(err, HF_E_STATE, "operator %s is %s already", id, active ? "active" : "stopped");
	q = hf_query(tx, "UPDATE operator SET active = ? WHERE id = ? AND active = ?");
	hf_query_bool(q, active);
	hf_query_text(q, id);
	hf_query_bool(q, !active);
	return hf_query_run_one(q, "operator", err);
}

bool hf_operator_list(struct hf_tx *tx, bool (*fn)(void *ctx, const struct hf_operator *op, struct hf_err *err),
	void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT " COLUMNS " FROM operator ORDER BY id");
	struct hf_operator op;
	bool row, ok;

	while ((ok = hf_query_next(q, &row, err)) && row) {
		ok = operator_get(q, &op, err) && fn(ctx, &op, err);
		if (!ok)
			break;
	}
	hf_query_done(q);
	return ok;
}
