#include "ra/batch.h"

#include "base/str.h"

#include <string.h>

bool hf_batch_find(struct hf_tx *tx, const char *id, const uint8_t hash[HF_SM3_LEN], bool *found, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT body_hash FROM batch WHERE id = ?");
	bool same = true, ok;

	hf_query_text(q, id);
	ok = hf_query_next(q, found, err);
	if (ok && *found)
		same = hf_bytes_equal(hf_query_col_bytes(q, 0), (struct hf_bytes){hash, HF_SM3_LEN});
	hf_query_done(q);
	if (ok && !same)
		return hf_fail(
			err, HF_E_CONFLICT, "batch %s is known, with other content: give the new file a new id", id);
	return ok;
}

static bool put_refusal(struct hf_tx *tx, const char *batch, const struct hf_batch_row *row,
	const struct hf_problem *problem, struct hf_err *err)
{
	struct hf_query *q = hf_query(
		tx, "INSERT INTO batch_refusal (batch, row_number, line_number, field, reason) VALUES (?, ?, ?, ?, ?)");

	hf_query_text(q, batch);
	hf_query_i64(q, row->row);
	hf_query_i64(q, row->line);
	hf_query_text(q, problem->field);
	hf_query_text(q, problem->reason);
	return hf_query_run(q, NULL, err);
}

/* The application of a checked applicant, unless one stands in the way: then *id names that one and it is false with
 * HF_E_EXISTS. */
static bool enter(struct hf_tx *tx, const struct hf_ra_actor *actor, const char *batch, int64_t row,
	const struct hf_applicant *applicant, char id[HF_APP_ID_LEN + 1], struct hf_err *err)
{
	struct hf_application app = {.row = row, .applicant = *applicant, .entered_at = actor->at};

	if (!hf_application_rival(tx, applicant, actor->at, id, err))
		return false;
	if (id[0])
		return hf_fail(
			err, HF_E_EXISTS, "the applicant has an application under way or a certificate in use: %s", id);
	if (!hf_application_id(actor->at, row, id, err))
		return false;
	memcpy(app.id, id, sizeof(app.id));
	hf_fmt_cut(app.batch, sizeof(app.batch), "%s", batch);
	hf_fmt_cut(app.entered_by, sizeof(app.entered_by), "%s", actor->operator_id);
	return hf_application_put(tx, &app, err);
}

static bool put_row(struct hf_tx *tx, const struct hf_ra_actor *actor, const char *batch,
	const struct hf_batch_row *row, struct hf_err *err)
{
	struct hf_problem problem = {.field = "(row)"};
	char id[HF_APP_ID_LEN + 1];

	if (row->refused)
		return put_refusal(tx, batch, row, &row->problem, err);
	if (enter(tx, actor, batch, row->row, &row->applicant, id, err))
		return hf_ra_act_item(tx, actor, (size_t)row->row, id, "enter", batch, err);
	if (err->code != HF_E_EXISTS || !id[0])
		return false;
	hf_fmt_cut(problem.reason, sizeof(problem.reason), "%s", err->text);
	return put_refusal(tx, batch, row, &problem, err);
}

static bool put_batch(struct hf_tx *tx, const struct hf_ra_actor *actor, const char *id,
	const struct hf_batch_file *file, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "INSERT INTO batch (id, body_hash, num_rows, ignored, entered_by, "
					  "entered_at) VALUES (?, ?, ?, ?, ?, ?)");

	hf_query_text(q, id);
	hf_query_bytes(q, HF_BYTES_OF(file->hash));
	hf_query_i64(q, (int64_t)file->num_rows);
	hf_query_str(q, file->ignored.len > 0 ? hf_buf_bytes(&file->ignored) : HF_BYTES_LIT(""));
	hf_query_text(q, actor->operator_id);
	hf_query_i64(q, actor->at);
	return hf_query_run(q, NULL, err);
}

bool hf_batch_put(struct hf_tx *tx, const struct hf_ra_actor *actor, const char *id, const struct hf_batch_file *file,
	struct hf_err *err)
{
	struct hf_ra_actor act = *actor;

	/* The file may hold refused rows, and nothing of them is kept; the signed call has its SM3. */
	act.body = HF_BYTES_LIT("");
	if (!hf_ra_act_put(tx, &act, err) || !put_batch(tx, actor, id, file, err))
		return false;
	for (size_t i = 0; i < file->num_rows; i++)
		if (!put_row(tx, actor, id, &file->rows[i], err))
			return hf_fail_in(err, "batch %s, row %lld", id, (long long)file->rows[i].row);
	return true;
}

bool hf_ra_enter(struct hf_tx *tx, const struct hf_ra_actor *actor, const struct hf_applicant *applicant,
	char id[HF_APP_ID_LEN + 1], struct hf_err *err)
{
	return hf_ra_act_put(tx, actor, err) && enter(tx, actor, "", 0, applicant, id, err) &&
	       hf_ra_act_item(tx, actor, 0, id, "enter", "", err);
}

/* ---- what became of it ----------------------------------------------------------------------------------------- */

bool hf_batch_outcome(struct hf_tx *tx, const char *id, struct hf_batch_outcome *outcome, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"SELECT num_rows, ignored, (SELECT COUNT(*) FROM application WHERE batch = ?) FROM batch WHERE id = ?");
	bool there = false, ok;

	hf_query_text(q, id);
	hf_query_text(q, id);
	ok = hf_query_next(q, &there, err);
	if (ok && there) {
		outcome->num_rows = hf_query_col_i64(q, 0);
		outcome->num_accepted = hf_query_col_i64(q, 2);
		hf_buf_reset(&outcome->ignored);
		(void)hf_buf_put_bytes(&outcome->ignored, hf_query_col_bytes(q, 1));
	}
	hf_query_done(q);
	return ok && (there || hf_fail(err, HF_E_MISSING, "batch %s is not there", id));
}

bool hf_batch_requests(
	struct hf_tx *tx, const char *id, void (*fn)(void *ctx, const char *request), void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id FROM application WHERE batch = ? ORDER BY row_number");
	bool there = false, ok;

	hf_query_text(q, id);
	for (ok = hf_query_next(q, &there, err); ok && there; ok = hf_query_next(q, &there, err))
		fn(ctx, hf_query_col_text(q, 0));
	hf_query_done(q);
	return ok;
}

bool hf_batch_refusals(struct hf_tx *tx, const char *id, void (*fn)(void *ctx, const struct hf_batch_refusal *refusal),
	void *ctx, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx,
		"SELECT row_number, line_number, field, reason FROM batch_refusal WHERE batch = ? ORDER BY row_number");
	bool there = false, ok;

	hf_query_text(q, id);
	for (ok = hf_query_next(q, &there, err); ok && there; ok = hf_query_next(q, &there, err)) {
		const struct hf_batch_refusal refusal = {hf_query_col_i64(q, 0), hf_query_col_i64(q, 1),
			hf_query_col_text(q, 2), hf_query_col_text(q, 3)};

		fn(ctx, &refusal);
	}
	hf_query_done(q);
	return ok;
}
