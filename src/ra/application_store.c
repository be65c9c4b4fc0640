#include "ra/application.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* ---- entering -------------------------------------------------------------------------------------------------- */

bool hf_application_put(struct hf_tx *tx, const struct hf_application *app, struct hf_err *err)
{
	const struct hf_applicant *a = &app->applicant;
	const char *const texts[] = {a->template, a->common_name, a->id_type, a->id_number, a->organization,
		a->organizational_unit, a->state, a->locality, a->uscc, a->email, a->phone};
	char key[HF_APPLICANT_KEY_MAX];
	struct hf_query *q = hf_query(tx,
		"INSERT INTO application (id, state, batch, row_number, template, common_name, id_type, id_number,"
		" organization, organizational_unit, province, locality, uscc, email, phone, validity_days,"
		" key_algorithm, open_key, entered_by, entered_at, changed_at)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	hf_applicant_key(a, key);
	hf_query_text(q, app->id);
	hf_query_text(q, hf_application_state_name(HF_APP_ENTERED));
	hf_query_text(q, app->batch[0] ? app->batch : NULL);
	hf_query_i64(q, app->row);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hf_query_text(q, texts[i]);
	hf_query_i64(q, a->days);
	hf_query_text(q, a->key_algorithm);
	hf_query_text(q, key);
	hf_query_text(q, app->entered_by);
	hf_query_i64(q, app->entered_at);
	hf_query_i64(q, app->entered_at);
	return hf_query_run(q, NULL, err);
}

static bool let_go(struct hf_tx *tx, const char *id, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE application SET open_key = NULL WHERE id = ?");

	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}

bool hf_application_rival(
	struct hf_tx *tx, const struct hf_applicant *a, int64_t now, char id[HF_APP_ID_LEN + 1], struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, state, not_after FROM application WHERE open_key = ?");
	char key[HF_APPLICANT_KEY_MAX];
	bool there = false, expired = false, ok;

	id[0] = '\0';
	hf_applicant_key(a, key);
	hf_query_text(q, key);
	ok = hf_query_next(q, &there, err) && (!there || hf_query_col_copy(q, 0, id, HF_APP_ID_LEN + 1, err));
	if (ok && there)
		expired = hf_str_equal(hf_query_col_text(q, 1), hf_application_state_name(HF_APP_INSTALLED)) &&
			  hf_query_col_i64(q, 2) < now;
	hf_query_done(q);
	if (ok && expired) {
		ok = let_go(tx, id, err);
		id[0] = '\0';
	}
	return ok;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

#define COLUMNS                                                                                                        \
	"id, state, batch, row_number, template, common_name, id_type, id_number, organization,"                       \
	" organizational_unit, province, locality, uscc, email, phone, key_algorithm, entered_by, reviewed_by,"        \
	" claimed_by, reason, sign_serial, enc_serial, token, validity_days, entered_at, changed_at, issued_at,"       \
	" installed_at, not_after, ticket, csr_key"

static bool read_texts(struct hf_query *q, struct hf_application *app, struct hf_err *err)
{
	struct hf_applicant *a = &app->applicant;
	const struct {
		int col;
		char *out;
		size_t size;
	} texts[] = {
		{0, app->id, sizeof(app->id)},
		{2, app->batch, sizeof(app->batch)},
		{4, a->template, sizeof(a->template)},
		{5, a->common_name, sizeof(a->common_name)},
		{6, a->id_type, sizeof(a->id_type)},
		{7, a->id_number, sizeof(a->id_number)},
		{8, a->organization, sizeof(a->organization)},
		{9, a->organizational_unit, sizeof(a->organizational_unit)},
		{10, a->state, sizeof(a->state)},
		{11, a->locality, sizeof(a->locality)},
		{12, a->uscc, sizeof(a->uscc)},
		{13, a->email, sizeof(a->email)},
		{14, a->phone, sizeof(a->phone)},
		{15, a->key_algorithm, sizeof(a->key_algorithm)},
		{16, app->entered_by, sizeof(app->entered_by)},
		{17, app->reviewed_by, sizeof(app->reviewed_by)},
		{18, app->claimed_by, sizeof(app->claimed_by)},
		{19, app->reason, sizeof(app->reason)},
		{20, app->sign_serial, sizeof(app->sign_serial)},
		{21, app->enc_serial, sizeof(app->enc_serial)},
		{22, app->token, sizeof(app->token)},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!hf_query_col_copy(q, texts[i].col, texts[i].out, texts[i].size, err))
			return false;
	return hf_application_state_named(hf_query_col_text(q, 1), &app->state, err);
}

static bool read_row(struct hf_query *q, struct hf_application *app, struct hf_err *err)
{
	memset(app, 0, sizeof(*app));
	if (!read_texts(q, app, err))
		return false;
	app->row = hf_query_col_i64(q, 3);
	app->applicant.days = hf_query_col_i64(q, 23);
	hf_fmt_cut(app->applicant.validity_days, sizeof(app->applicant.validity_days), "%lld",
		(long long)app->applicant.days);
	app->entered_at = hf_query_col_i64(q, 24);
	app->changed_at = hf_query_col_i64(q, 25);
	app->issued_at = hf_query_col_i64(q, 26);
	app->installed_at = hf_query_col_i64(q, 27);
	app->not_after = hf_query_col_i64(q, 28);
	app->has_ticket = !hf_query_col_null(q, 29);
	app->has_csr = !hf_query_col_null(q, 30);
	return (!app->has_ticket || hf_query_col_octets(q, 29, app->ticket, sizeof(app->ticket), err)) &&
	       (!app->has_csr || hf_query_col_octets(q, 30, app->csr_key, sizeof(app->csr_key), err));
}

bool hf_application_load(struct hf_tx *tx, const char *id, struct hf_application *app, struct hf_err *err)
{
	struct hf_query *q;
	bool there = false, ok;

	if (!hf_application_id_ok(id))
		return hf_fail(
			err, HF_E_MISSING, "there is no such application: an id has %d hex digits", HF_APP_ID_LEN);
	q = hf_query(tx, "SELECT " COLUMNS " FROM application WHERE id = ?");
	hf_query_text(q, id);
	ok = hf_query_next(q, &there, err) && (!there || read_row(q, app, err));
	hf_query_done(q);
	if (ok && !there)
		return hf_fail(err, HF_E_MISSING, "application %s is not there", id);
	return ok;
}

bool hf_application_list(struct hf_tx *tx, const struct hf_application_filter *filter,
	bool (*fn)(void *ctx, const struct hf_application *app, struct hf_err *err), void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"SELECT " COLUMNS " FROM application WHERE id > ? AND (? = '' OR state = ?) AND (? = '' OR batch = ?)"
		" ORDER BY id LIMIT ?");
	struct hf_application app;
	bool there = false, ok;

	hf_query_text(q, filter->after);
	hf_query_text(q, filter->state);
	hf_query_text(q, filter->state);
	hf_query_text(q, filter->batch);
	hf_query_text(q, filter->batch);
	hf_query_i64(q, filter->limit);
	ok = hf_query_next(q, &there, err);
	while (ok && there)
		ok = read_row(q, &app, err) && fn(ctx, &app, err) && hf_query_next(q, &there, err);
	hf_query_done(q);
	return ok;
}

bool hf_application_count(struct hf_tx *tx, enum hf_application_state state, int64_t *num, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT COUNT(*) FROM application WHERE state = ?");
	bool there = false, ok;

	hf_query_text(q, hf_application_state_name(state));
	ok = hf_query_next(q, &there, err);
	*num = ok && there ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	return ok;
}

bool hf_application_stale(struct hf_tx *tx, enum hf_application_state state, int64_t before,
	char (*ids)[HF_APP_ID_LEN + 1], size_t max, size_t *num, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT id FROM application WHERE state = ? AND changed_at < ? AND csr_key IS NOT NULL"
			     " ORDER BY changed_at LIMIT ?");
	bool there = false, ok;

	*num = 0;
	hf_query_text(q, hf_application_state_name(state));
	hf_query_i64(q, before);
	hf_query_i64(q, (int64_t)max);
	ok = hf_query_next(q, &there, err);
	while (ok && there && *num < max)
		ok = hf_query_col_copy(q, 0, ids[(*num)++], HF_APP_ID_LEN + 1, err) && hf_query_next(q, &there, err);
	hf_query_done(q);
	return ok;
}

/* ---- moving ---------------------------------------------------------------------------------------------------- */

bool hf_application_move(
	struct hf_tx *tx, struct hf_application *app, enum hf_application_event event, int64_t at, struct hf_err *err)
{
	struct hf_query *q;
	int next;

	if (!hf_lifecycle_next(&hf_application_lifecycle, (int)app->state, (int)event, &next, err))
		return false;
	q = hf_query(tx, "UPDATE application SET state = ?, changed_at = ? WHERE id = ? AND state = ?");
	hf_query_text(q, hf_application_state_name((enum hf_application_state)next));
	hf_query_i64(q, next == (int)app->state ? app->changed_at : at);
	hf_query_text(q, app->id);
	hf_query_text(q, hf_application_state_name(app->state));
	if (!hf_query_run_one(q, app->id, err))
		return false;
	app->state = (enum hf_application_state)next;
	return (next != HF_APP_REJECTED && next != HF_APP_REVOKED) || let_go(tx, app->id, err);
}

bool hf_application_set_review(
	struct hf_tx *tx, const char *id, const char *by, int64_t at, const char *reason, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "UPDATE application SET reviewed_by = ?, reviewed_at = ?, reason = ? WHERE id = ?");

	hf_query_text(q, by);
	hf_query_i64(q, at);
	hf_query_text(q, reason);
	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}

bool hf_application_set_claim(struct hf_tx *tx, const char *id, const char *by, int64_t at,
	const uint8_t ticket[HF_SM3_LEN], struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "UPDATE application SET claimed_by = ?, claimed_at = ?, ticket = ? WHERE id = ?");

	hf_query_text(q, by);
	hf_query_i64(q, at);
	hf_query_bytes(q, (struct hf_bytes){ticket, HF_SM3_LEN});
	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}

bool hf_application_set_csr(struct hf_tx *tx, const char *id, struct hf_bytes csr, const uint8_t key[HF_SM2_POINT],
	int64_t at, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"UPDATE application SET csr = ?, csr_key = ?, csr_at = ?, changed_at = ? WHERE id = ? AND state = ?");

	hf_query_bytes(q, csr);
	hf_query_bytes(q, (struct hf_bytes){key, HF_SM2_POINT});
	hf_query_i64(q, at);
	hf_query_i64(q, at);
	hf_query_text(q, id);
	hf_query_text(q, hf_application_state_name(HF_APP_CLAIMED));
	return hf_query_run_one(q, id, err);
}

bool hf_application_csr(struct hf_tx *tx, const char *id, struct hf_buf *csr, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT csr FROM application WHERE id = ?");
	bool there = false, ok;

	hf_buf_reset(csr);
	hf_query_text(q, id);
	ok = hf_query_next(q, &there, err);
	if (ok && there)
		(void)hf_buf_put_bytes(csr, hf_query_col_bytes(q, 0));
	hf_query_done(q);
	if (ok && csr->len == 0)
		return hf_fail(err, HF_E_STATE, "application %s has no certification request", id);
	return ok;
}

/* ---- what was issued ------------------------------------------------------------------------------------------- */

bool hf_application_set_issued(struct hf_tx *tx, const char *id, const struct hf_ra_issued *issued,
	const struct hf_ra_serials *serials, int64_t at, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"UPDATE application SET sign_cert = ?, enc_cert = ?, chain = ?, envelope = ?, enc_public = ?,"
		" sign_serial = ?, enc_serial = ?, not_after = ?, issued_at = ? WHERE id = ?");

	hf_query_bytes(q, hf_buf_bytes(&issued->sign_cert));
	hf_query_bytes(q, hf_buf_bytes(&issued->enc_cert));
	hf_query_bytes(q, hf_buf_bytes(&issued->chain));
	hf_query_bytes(q, hf_buf_bytes(&issued->envelope));
	hf_query_bytes(q, HF_BYTES_OF(issued->enc_public));
	hf_query_text(q, serials->sign);
	hf_query_text(q, serials->enc);
	hf_query_i64(q, serials->not_after);
	hf_query_i64(q, at);
	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}

bool hf_application_issued(struct hf_tx *tx, const char *id, struct hf_ra_issued *issued, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT sign_cert, enc_cert, chain, envelope, enc_public FROM application WHERE id = ?");
	struct hf_buf *const bufs[] = {&issued->sign_cert, &issued->enc_cert, &issued->chain, &issued->envelope};
	bool there = false, ok;

	hf_query_text(q, id);
	ok = hf_query_next(q, &there, err);
	if (ok && (!there || hf_query_col_null(q, 0)))
		ok = hf_fail(err, HF_E_STATE, "application %s: nothing was issued yet", id);
	for (int i = 0; ok && i < 4; i++) {
		hf_buf_reset(bufs[i]);
		if (!hf_buf_put_bytes(bufs[i], hf_query_col_bytes(q, i)))
			ok = hf_fail(err, HF_E_LIMIT, "application %s: column %d is longer than %zu octets", id, i,
				bufs[i]->max);
	}
	ok = ok && hf_query_col_octets(q, 4, issued->enc_public, sizeof(issued->enc_public), err);
	hf_query_done(q);
	return ok;
}

bool hf_application_set_receipt(struct hf_tx *tx, const char *id, const char *token, const char *text,
	const uint8_t signature[HF_SM2_SIG], int64_t at, struct hf_err *err)
{
	struct hf_query *q = hf_query(
		tx, "UPDATE application SET token = ?, receipt_text = ?, receipt = ?, installed_at = ? WHERE id = ?");

	hf_query_text(q, token);
	hf_query_text(q, text);
	hf_query_bytes(q, (struct hf_bytes){signature, HF_SM2_SIG});
	hf_query_i64(q, at);
	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}

bool hf_application_unrevoked(struct hf_tx *tx, char (*ids)[HF_APP_ID_LEN + 1], char (*serials)[HF_APP_SERIAL_TEXT],
	size_t max, size_t *num, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"SELECT id, sign_serial, enc_serial FROM application WHERE state = ? AND revoked_at IS NULL"
		" ORDER BY changed_at LIMIT ?");
	bool there = false, ok;

	*num = 0;
	hf_query_text(q, hf_application_state_name(HF_APP_REVOKED));
	hf_query_i64(q, (int64_t)max);
	ok = hf_query_next(q, &there, err);
	while (ok && there && *num < max) {
		ok = hf_query_col_copy(q, 0, ids[*num], HF_APP_ID_LEN + 1, err) &&
		     hf_query_col_copy(q, 1, serials[2 * *num], HF_APP_SERIAL_TEXT, err) &&
		     hf_query_col_copy(q, 2, serials[2 * *num + 1], HF_APP_SERIAL_TEXT, err) &&
		     hf_query_next(q, &there, err);
		(*num)++;
	}
	hf_query_done(q);
	return ok;
}

bool hf_application_set_revoked(struct hf_tx *tx, const char *id, int64_t at, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE application SET revoked_at = ? WHERE id = ?");

	hf_query_i64(q, at);
	hf_query_text(q, id);
	return hf_query_run_one(q, id, err);
}
