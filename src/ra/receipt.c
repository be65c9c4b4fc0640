#include "ra/produce_int.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "x509/decode.h"
#include "x509/sm2sig.h"

#include <string.h>

bool hf_ra_receipt_text(const char *id, const char *sign_serial, const char *enc_serial, struct hf_bytes sign_cert,
	struct hf_bytes enc_cert, const char *token, const char *at, struct hf_buf *out, struct hf_err *err)
{
	uint8_t sign_hash[HF_SM3_LEN], enc_hash[HF_SM3_LEN];

	hf_sm3(sign_cert, sign_hash);
	hf_sm3(enc_cert, enc_hash);
	(void)hf_buf_printf(out, "HUFU-RECEIPT-1\n%s\n%s\n%s\n", id, sign_serial, enc_serial);
	(void)hf_hex_put(out, HF_BYTES_OF(sign_hash));
	(void)hf_buf_put_u8(out, '\n');
	(void)hf_hex_put(out, HF_BYTES_OF(enc_hash));
	(void)hf_buf_printf(out, "\n%s\n%s\n", token, at);
	return hf_buf_ok(out) || hf_fail(err, HF_E_LIMIT, "receipt: longer than %zu octets", out->max);
}

void hf_ra_receipt_job_init(struct hf_ra_receipt_job *job, const char *id, const char *ticket, const char *at,
	const char *token, struct hf_bytes signature)
{
	*job = (struct hf_ra_receipt_job){.id = id, .ticket = ticket, .at = at, .token = token, .signature = signature};
	hf_buf_init(&job->text, HF_RA_RECEIPT_TEXT);
}

void hf_ra_receipt_job_clear(struct hf_ra_receipt_job *job)
{
	hf_buf_clear(&job->text);
}

struct work {
	const struct hf_ra *ra;
	struct hf_ra_receipt_job *jobs;
	size_t num;
	struct hf_journal_batch audit;
	int64_t at;
};

static bool check_form(const struct hf_ra_receipt_job *job, struct hf_err *err)
{
	const struct hf_bytes token = hf_bytes_str(job->token);
	int64_t at;

	if (!hf_time_read(job->at, &at))
		return hf_fail(err, HF_E_INPUT, "at: expected a time like 2026-11-22T10:31:09Z");
	return (token.len > 0 && hf_utf8_is_line(token) && hf_utf8_len(token) <= HF_APP_TOKEN_MAX) ||
	       hf_fail(err, HF_E_INPUT, "token: expected one line of 1 to %d characters", HF_APP_TOKEN_MAX);
}

/* ---- what should have been signed ------------------------------------------------------------------------------ */

static bool look_at(struct hf_tx *tx, struct hf_ra_receipt_job *job, struct hf_ra_issued *issued, struct hf_err *err)
{
	struct hf_application app;
	struct hf_cert cert;

	hf_buf_reset(&job->text);
	if (!check_form(job, err) || !hf_ra_by_ticket(tx, job->id, job->ticket, &app, err))
		return false;
	if (app.state != HF_APP_ISSUED && app.state != HF_APP_INSTALLED)
		return hf_fail(err, HF_E_STATE, "application %s is %s: there is nothing to confirm", job->id,
			hf_application_state_name(app.state));
	if (!hf_application_issued(tx, job->id, issued, err) ||
		!hf_decode_cert(hf_buf_bytes(&issued->sign_cert), &cert, err))
		return false;
	memcpy(job->pub, cert.pub, sizeof(job->pub));
	return hf_ra_receipt_text(job->id, app.sign_serial, app.enc_serial, hf_buf_bytes(&issued->sign_cert),
		hf_buf_bytes(&issued->enc_cert), job->token, job->at, &job->text, err);
}

/* What is wrong with one receipt and no reason to give up the others. */
static bool is_own_fault(const struct hf_err *err)
{
	return hf_ra_is_soft(err) || err->code == HF_E_INPUT;
}

static bool look_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct work *work = ctx;
	struct hf_ra_issued issued;
	bool ok = true;

	hf_ra_issued_init(&issued);
	for (size_t i = 0; ok && i < work->num; i++) {
		struct hf_ra_receipt_job *job = &work->jobs[i];

		job->err = (struct hf_err){0};
		if (!look_at(tx, job, &issued, &job->err) && !is_own_fault(&job->err)) {
			*err = job->err;
			ok = false;
		}
	}
	hf_ra_issued_clear(&issued);
	return ok;
}

static void check_signature(struct hf_ra_receipt_job *job)
{
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	if (!hf_sm2sig_parse(job->signature, job->sig, &job->err)) {
		(void)hf_fail_in(&job->err, "signature");
		return;
	}
	hf_sm2_z(job->pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, hf_buf_bytes(&job->text), e);
	if (!hf_sm2_verify(job->pub, e, job->sig, &job->err))
		(void)hf_fail(&job->err, HF_E_VERIFY,
			"signature: the receipt is not signed by the new signing key over these certificates");
}

/* ---- installed ------------------------------------------------------------------------------------------------- */

static bool install(struct hf_tx *tx, struct work *work, struct hf_ra_receipt_job *job, struct hf_err *err)
{
	struct hf_application app;
	char what[300];

	if (!hf_ra_by_ticket(tx, job->id, job->ticket, &app, err))
		return false;
	/* asked again: the first receipt stays */
	if (app.state == HF_APP_INSTALLED)
		return true;
	hf_fmt_cut(what, sizeof(what), "token %s", job->token);
	return hf_application_move(tx, &app, HF_APP_INSTALL, work->at, err) &&
	       hf_application_set_receipt(tx, job->id, job->token, hf_buf_cstr(&job->text), job->sig, work->at, err) &&
	       hf_ra_record(
		       &work->audit, app.claimed_by, "ra-produce", "request.install", job->id, work->at, what, err);
}

static bool install_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct hf_journal journal = {HF_RA_SERVICE, HF_AUDIT_NAME};
	struct work *work = ctx;

	hf_journal_batch_reset(&work->audit);
	for (size_t i = 0; i < work->num; i++) {
		struct hf_ra_receipt_job *job = &work->jobs[i];

		if (job->err.code != HF_OK)
			continue;
		job->ok = install(tx, work, job, &job->err);
		if (!job->ok && !is_own_fault(&job->err)) {
			*err = job->err;
			job->err = (struct hf_err){0};
			return false;
		}
	}
	return work->audit.num == 0 || hf_journal_append(tx, &journal, work->at, &work->audit, NULL, err);
}

static void fail_rest(struct work *work, const struct hf_err *why)
{
	for (size_t i = 0; i < work->num; i++) {
		work->jobs[i].ok = false;
		if (work->jobs[i].err.code == HF_OK)
			work->jobs[i].err = *why;
	}
}

void hf_ra_receipts(const struct hf_ra *ra, struct hf_ra_receipt_job *jobs, size_t num)
{
	struct work work = {.ra = ra, .jobs = jobs, .num = num, .at = hf_now(ra->clock)};
	struct hf_err err = {0};
	size_t good = 0;

	if (!hf_store_read(ra->store, look_tx, &work, &err)) {
		fail_rest(&work, &err);
		return;
	}
	for (size_t i = 0; i < num; i++) {
		if (jobs[i].err.code == HF_OK)
			check_signature(&jobs[i]);
		good += jobs[i].err.code == HF_OK ? 1 : 0;
	}
	if (good == 0)
		return;
	hf_journal_batch_init(&work.audit);
	if (!hf_store_write(ra->store, install_tx, &work, &err))
		fail_rest(&work, &err);
	hf_journal_batch_clear(&work.audit);
}
