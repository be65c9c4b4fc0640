#include "ra/sweep.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ra/produce_int.h"

#include <stdlib.h>
#include <string.h>

#define ROUND_MAX 64

struct round {
	const struct hf_ra *ra;
	int64_t at;
	enum hf_application_state state;
	char ids[ROUND_MAX][HF_APP_ID_LEN + 1];
	size_t num;
	struct hf_journal_batch audit;

	/* of one application */
	const char *id;
	struct hf_application app;
	struct hf_buf csr, *subject;

	/* of those to be revoked at the CA */
	char serials[2 * ROUND_MAX][HF_APP_SERIAL_TEXT];
	bool done[2 * ROUND_MAX];
};

static bool stale_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct round *r = ctx;
	const int64_t before = r->at - r->ra->receipt_days * HF_DAY;

	return hf_application_stale(tx, r->state, before, r->ids, ROUND_MAX, &r->num, err);
}

/* ---- claimed, asked, never answered ---------------------------------------------------------------------------- */

static bool load_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct round *r = ctx;

	hf_buf_reset(r->subject);
	return hf_application_load(tx, r->id, &r->app, err) && hf_application_csr(tx, r->id, &r->csr, err) &&
	       hf_applicant_subject(&r->app.applicant, r->subject, err);
}

static bool ask_again(struct round *r, struct hf_err *err)
{
	struct hf_ra_csr_job job;
	bool ok;

	hf_ra_csr_job_init(&job, r->id, "", HF_BYTES_NONE);
	r->subject = &job.subject;
	ok = hf_store_read(r->ra->store, load_tx, r, err);
	if (ok && r->app.state == HF_APP_CLAIMED) {
		job.app = r->app;
		job.pkcs10 = hf_buf_bytes(&r->csr);
		job.ask = job.any_key = true;
		hf_ra_ask(r->ra, &job, 1);
		hf_ra_keep(r->ra, &job, 1);
		if (!job.ok) {
			*err = job.err;
			ok = false;
		}
	}
	hf_ra_csr_job_clear(&job);
	return ok;
}

static bool sweep_claimed(struct round *r, struct hf_err *err)
{
	r->state = HF_APP_CLAIMED;
	if (!hf_store_read(r->ra->store, stale_tx, r, err))
		return false;
	for (size_t i = 0; i < r->num; i++) {
		struct hf_err why = {0};

		r->id = r->ids[i];
		if (ask_again(r, &why))
			continue;
		if (why.code == HF_E_PEER || why.code == HF_E_STORE) {
			*err = why;
			return false;
		}
		hf_log(r->ra->log, HF_LOG_WARN, "application %s: the CA will not say what became of it: %s", r->id,
			why.text);
	}
	return true;
}

/* ---- issued, no receipt ---------------------------------------------------------------------------------------- */

static bool give_up_one(struct hf_tx *tx, struct round *r, const char *id, struct hf_err *err)
{
	struct hf_application app;
	char text[128];

	if (!hf_application_load(tx, id, &app, err))
		return false;
	if (app.state != HF_APP_ISSUED)
		return true;
	hf_fmt_cut(text, sizeof(text), "no receipt within %lld days", (long long)r->ra->receipt_days);
	return hf_application_move(tx, &app, HF_APP_REVOKE, r->at, err) &&
	       hf_ra_record(&r->audit, "system", "", "request.revoke", id, r->at, text, err);
}

static bool give_up_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct hf_journal journal = {HF_RA_SERVICE, HF_AUDIT_NAME};
	struct round *r = ctx;

	hf_journal_batch_reset(&r->audit);
	for (size_t i = 0; i < r->num; i++)
		if (!give_up_one(tx, r, r->ids[i], err))
			return false;
	return r->audit.num == 0 || hf_journal_append(tx, &journal, r->at, &r->audit, NULL, err);
}

static bool give_up(struct round *r, struct hf_err *err)
{
	r->state = HF_APP_ISSUED;
	return hf_store_read(r->ra->store, stale_tx, r, err) &&
	       (r->num == 0 || hf_store_write(r->ra->store, give_up_tx, r, err));
}

/* ---- tell the CA ----------------------------------------------------------------------------------------------- */

static bool pending_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct round *r = ctx;

	return hf_application_unrevoked(tx, r->ids, r->serials, ROUND_MAX, &r->num, err);
}

static bool told_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct round *r = ctx;

	for (size_t i = 0; i < r->num; i++)
		if (r->done[2 * i] && r->done[2 * i + 1] && !hf_application_set_revoked(tx, r->ids[i], r->at, err))
			return false;
	return true;
}

static bool tell(struct round *r, size_t *num, struct hf_err *err)
{
	const char *serials[2 * ROUND_MAX];

	if (!hf_store_read(r->ra->store, pending_tx, r, err))
		return false;
	if (r->num == 0)
		return true;
	for (size_t i = 0; i < 2 * r->num; i++)
		serials[i] = r->serials[i];
	memset(r->done, 0, sizeof(r->done));
	if (!r->ra->ca.revoke(r->ra->ca.ctx, serials, r->done, 2 * r->num, err) ||
		!hf_store_write(r->ra->store, told_tx, r, err))
		return false;
	for (size_t i = 0; i < r->num; i++)
		*num += r->done[2 * i] && r->done[2 * i + 1] ? 1 : 0;
	return true;
}

bool hf_ra_sweep(const struct hf_ra *ra, size_t *num, struct hf_err *err)
{
	struct round *r = hf_alloc(1, sizeof(*r));
	bool ok;

	*num = 0;
	r->ra = ra;
	r->at = hf_now(ra->clock);
	hf_journal_batch_init(&r->audit);
	hf_buf_init(&r->csr, 65536);
	ok = sweep_claimed(r, err) && give_up(r, err) && tell(r, num, err);
	hf_buf_clear(&r->csr);
	hf_journal_batch_clear(&r->audit);
	free(r);
	return ok;
}
