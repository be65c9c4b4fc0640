#include "ra/produce_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

void hf_ra_csr_job_init(struct hf_ra_csr_job *job, const char *id, const char *ticket, struct hf_bytes pkcs10)
{
	*job = (struct hf_ra_csr_job){.id = id, .ticket = ticket, .pkcs10 = pkcs10};
	hf_ra_issued_init(&job->issued);
	hf_buf_init(&job->subject, HF_RA_SUBJECT_MAX);
}

void hf_ra_csr_job_clear(struct hf_ra_csr_job *job)
{
	hf_ra_issued_clear(&job->issued);
	hf_buf_clear(&job->subject);
}

/* The jobs of one run. */
struct run {
	const struct hf_ra *ra;
	struct hf_ra_csr_job *jobs;
	size_t num;
	struct hf_journal_batch audit;
	int64_t at;
};

static bool open_job(const struct hf_ra_csr_job *job)
{
	return job->err.code == HF_OK && !job->ok;
}

/* A transaction that failed as a whole fails every job that it was for. */
static void fail_all(struct run *run, const struct hf_err *why)
{
	for (size_t i = 0; i < run->num; i++)
		if (open_job(&run->jobs[i]))
			run->jobs[i].err = *why;
}

/* ---- who asks, and for what ------------------------------------------------------------------------------------ */

static bool look_at(struct hf_tx *tx, struct hf_ra_csr_job *job, struct hf_err *err)
{
	hf_buf_reset(&job->subject);
	if (!hf_ra_by_ticket(tx, job->id, job->ticket, &job->app, err))
		return false;
	if (job->app.state != HF_APP_CLAIMED && job->app.state != HF_APP_ISSUED && job->app.state != HF_APP_INSTALLED)
		return hf_fail(err, HF_E_STATE, "application %s is %s: there is nothing to fetch", job->id,
			hf_application_state_name(job->app.state));
	return hf_applicant_subject(&job->app.applicant, &job->subject, err) &&
	       (job->app.state == HF_APP_CLAIMED || hf_application_issued(tx, job->id, &job->issued, err));
}

static bool look_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct run *run = ctx;

	for (size_t i = 0; i < run->num; i++) {
		struct hf_ra_csr_job *job = &run->jobs[i];

		job->err = (struct hf_err){0};
		if (look_at(tx, job, &job->err) || hf_ra_is_soft(&job->err))
			continue;
		*err = job->err;
		return false;
	}
	return true;
}

static void check_request(struct hf_ra_csr_job *job)
{
	if (!hf_ra_check_csr(job->pkcs10, hf_buf_bytes(&job->subject), job->key, &job->err))
		return;
	if (job->app.state == HF_APP_CLAIMED)
		job->ask = true;
	else if (memcmp(job->key, job->app.csr_key, HF_SM2_POINT) != 0)
		(void)hf_fail(&job->err, HF_E_CONFLICT,
			"application %s: certificates were issued for another public key", job->id);
	else
		job->ok = true;
}

/* A client that lost patience may have its request in the list twice: the CA is asked once. */
static void find_twin(struct hf_ra_csr_job *jobs, size_t at)
{
	struct hf_ra_csr_job *job = &jobs[at];

	for (size_t i = 0; i < at && job->ask; i++) {
		if (!open_job(&jobs[i]) || !jobs[i].ask || !hf_str_equal(jobs[i].id, job->id))
			continue;
		job->ask = false;
		job->twin = &jobs[i];
		if (memcmp(jobs[i].key, job->key, HF_SM2_POINT) != 0)
			(void)hf_fail(&job->err, HF_E_CONFLICT,
				"application %s: another public key was sent at the same moment", job->id);
	}
}

static void follow_twin(struct hf_ra_csr_job *job)
{
	job->ok = job->twin->ok;
	job->err = job->twin->err;
	if (!job->ok)
		return;
	memcpy(job->issued.enc_public, job->twin->issued.enc_public, HF_SM2_POINT);
	hf_buf_reset(&job->issued.sign_cert);
	hf_buf_reset(&job->issued.enc_cert);
	hf_buf_reset(&job->issued.chain);
	hf_buf_reset(&job->issued.envelope);
	(void)hf_buf_put_bytes(&job->issued.sign_cert, hf_buf_bytes(&job->twin->issued.sign_cert));
	(void)hf_buf_put_bytes(&job->issued.enc_cert, hf_buf_bytes(&job->twin->issued.enc_cert));
	(void)hf_buf_put_bytes(&job->issued.chain, hf_buf_bytes(&job->twin->issued.chain));
	(void)hf_buf_put_bytes(&job->issued.envelope, hf_buf_bytes(&job->twin->issued.envelope));
}

/* ---- before the CA is asked ------------------------------------------------------------------------------------ */

static bool remember_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct run *run = ctx;

	for (size_t i = 0; i < run->num; i++) {
		struct hf_ra_csr_job *job = &run->jobs[i];

		if (!open_job(job) || !job->ask ||
			(job->app.has_csr && memcmp(job->key, job->app.csr_key, HF_SM2_POINT) == 0))
			continue;
		if (!hf_application_set_csr(tx, job->id, job->pkcs10, job->key, run->at, err))
			return false;
	}
	return true;
}

static bool any_new(const struct run *run)
{
	for (size_t i = 0; i < run->num; i++)
		if (open_job(&run->jobs[i]) && run->jobs[i].ask)
			return true;
	return false;
}

void hf_ra_ask(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num)
{
	struct hf_ra_ask *asks = hf_alloc(num, sizeof(*asks));
	struct hf_ra_csr_job **whose = hf_alloc(num, sizeof(*whose));
	struct hf_err err = {0};
	size_t num_asks = 0;
	bool ok;

	for (size_t i = 0; i < num; i++) {
		if (!open_job(&jobs[i]) || !jobs[i].ask)
			continue;
		whose[num_asks] = &jobs[i];
		asks[num_asks++] = (struct hf_ra_ask){.id = jobs[i].id,
			.applicant = &jobs[i].app.applicant,
			.subject = hf_buf_bytes(&jobs[i].subject),
			.pkcs10 = jobs[i].pkcs10,
			.issued = &jobs[i].issued};
	}
	ok = num_asks == 0 || ra->ca.issue(ra->ca.ctx, asks, num_asks, &err);
	for (size_t i = 0; i < num_asks; i++) {
		struct hf_ra_csr_job *job = whose[i];

		if (!ok || !asks[i].ok) {
			job->err = ok ? asks[i].err : err;
			continue;
		}
		/* what does not answer the question is not kept: its error stays in job->err */
		job->ask = hf_ra_check_issued(
			&job->issued, hf_buf_bytes(&job->subject), job->key, job->any_key, &job->serials, &job->err);
	}
	free(whose);
	free(asks);
}

/* ---- after it has answered ------------------------------------------------------------------------------------- */

static bool keep_one(struct hf_tx *tx, struct run *run, const struct hf_ra_csr_job *job, struct hf_err *err)
{
	struct hf_application app;
	char text[128];

	if (!hf_application_load(tx, job->id, &app, err))
		return false;
	/* somebody else has asked the same meanwhile: the CA gave both the same */
	if (app.state != HF_APP_CLAIMED)
		return true;
	hf_fmt_cut(text, sizeof(text), "signing %s, encryption %s", job->serials.sign, job->serials.enc);
	return hf_application_move(tx, &app, HF_APP_ISSUE, run->at, err) &&
	       hf_application_set_issued(tx, job->id, &job->issued, &job->serials, run->at, err) &&
	       hf_ra_record(&run->audit, app.claimed_by, "ra-produce", "request.issue", job->id, run->at, text, err);
}

static bool keep_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct hf_journal journal = {HF_RA_SERVICE, HF_AUDIT_NAME};
	struct run *run = ctx;

	hf_journal_batch_reset(&run->audit);
	for (size_t i = 0; i < run->num; i++)
		if (open_job(&run->jobs[i]) && run->jobs[i].ask && !keep_one(tx, run, &run->jobs[i], err))
			return false;
	return run->audit.num == 0 || hf_journal_append(tx, &journal, run->at, &run->audit, NULL, err);
}

void hf_ra_keep(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num)
{
	struct run run = {.ra = ra, .jobs = jobs, .num = num, .at = hf_now(ra->clock)};
	struct hf_err err = {0};

	if (!any_new(&run))
		return;
	hf_journal_batch_init(&run.audit);
	if (!hf_store_write(ra->store, keep_tx, &run, &err))
		fail_all(&run, &err);
	for (size_t i = 0; i < num; i++)
		jobs[i].ok = jobs[i].ok || (jobs[i].ask && jobs[i].err.code == HF_OK);
	hf_journal_batch_clear(&run.audit);
}

void hf_ra_csr(const struct hf_ra *ra, struct hf_ra_csr_job *jobs, size_t num)
{
	struct run run = {.ra = ra, .jobs = jobs, .num = num, .at = hf_now(ra->clock)};
	struct hf_err err = {0};

	if (!hf_store_read(ra->store, look_tx, &run, &err)) {
		fail_all(&run, &err);
		return;
	}
	for (size_t i = 0; i < num; i++)
		if (open_job(&jobs[i])) {
			check_request(&jobs[i]);
			find_twin(jobs, i);
		}
	if (!any_new(&run))
		return;
	if (!hf_store_write(ra->store, remember_tx, &run, &err)) {
		fail_all(&run, &err);
		return;
	}
	hf_ra_ask(ra, jobs, num);
	hf_ra_keep(ra, jobs, num);
	for (size_t i = 0; i < num; i++)
		if (open_job(&jobs[i]) && jobs[i].twin)
			follow_twin(&jobs[i]);
}
