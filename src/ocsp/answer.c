#include "ocsp/responder.h"

#include "base/alloc.h"
#include "ocsp/responder_int.h"

#include <string.h>

/* One batch on its way. */
struct batch {
	struct hf_ocsp *ocsp;
	struct hf_ocsp_job *jobs;
	size_t num;
	struct issuers issuers;
	int64_t this_update, now;
	uint64_t states[HF_OCSP_UNKNOWN + 1];
};

static bool is_open(const struct hf_ocsp_job *job)
{
	return job->status == HF_OCSP_SUCCESSFUL;
}

static void refuse(struct batch *b, struct hf_ocsp_job *job, enum hf_ocsp_status status)
{
	job->status = status;
	hf_ocsp_count(b->ocsp, HF_OCSP_M_REFUSED, 1);
	HF_ASSERT(hf_ocsp_refuse(status, job->answer, NULL));
}

static void refuse_all(struct batch *b, enum hf_ocsp_status status)
{
	for (size_t i = 0; i < b->num; i++)
		if (is_open(&b->jobs[i]))
			refuse(b, &b->jobs[i], status);
}

/* ---- requests -----------------------------------------------------------------------------------------------------
 */

static struct hf_ocsp_single *add_single(struct work *work)
{
	if (work->num_singles == work->size_singles) {
		work->size_singles = work->size_singles > 0 ? 2 * work->size_singles : 64;
		work->singles = hf_resize(work->singles, work->size_singles, sizeof(*work->singles));
	}
	return &work->singles[work->num_singles++];
}

/* Collects the CertIDs. False: one of them is about what the root issued. */
static bool list_singles(struct batch *b, struct hf_ocsp_job *job)
{
	struct work *work = &b->ocsp->work;
	struct hf_der_list rest = job->parsed.requestList;
	struct hf_certid id;

	job->first = work->num_singles;
	while (hf_ocsp_request_next(&rest, &id)) {
		if (b->issuers.has_root && hf_ocsp_issuer_is(&b->issuers.root, &id)) {
			work->num_singles = job->first;
			return false;
		}
		*add_single(work) = (struct hf_ocsp_single){.id = id,
			.state = HF_OCSP_UNKNOWN,
			.reason = -1,
			.this_update = job->this_update,
			.next_update = job->next_update};
	}
	job->num = work->num_singles - job->first;
	return true;
}

static void take_request(struct batch *b, struct hf_ocsp_job *job, bool ready)
{
	job->status = HF_OCSP_SUCCESSFUL;
	job->all_known = true;
	job->num = 0;
	job->this_update = b->this_update;
	job->next_update = b->this_update + b->ocsp->options.minutes * HF_MINUTE;
	if (!hf_ocsp_request_parse(job->request, &job->parsed, NULL)) {
		job->has_nonce = false;
		refuse(b, job, HF_OCSP_MALFORMED_REQUEST);
		return;
	}
	job->has_nonce = job->parsed.nonce.p != NULL;
	if (!ready)
		refuse(b, job, HF_OCSP_TRY_LATER);
	else if (!list_singles(b, job))
		refuse(b, job, HF_OCSP_UNAUTHORIZED);
}

/* ---- states -------------------------------------------------------------------------------------------------------
 */

static bool look_up(struct hf_tx *tx, struct hf_ocsp_single *single, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT state, reason, at FROM status WHERE ca = 'ca' AND serial = ?");
	bool row = false;

	single->state = HF_OCSP_UNKNOWN;
	hf_query_bytes(q, single->id.serialNumber);
	bool ok = hf_query_next(q, &row, err);
	if (ok && row) {
		single->state = hf_query_col_i64(q, 0) == HF_OCSP_KNOWN_GOOD ? HF_OCSP_GOOD : HF_OCSP_REVOKED;
		single->reason = (int)hf_query_col_i64(q, 1);
		single->revoked_at = hf_query_col_i64(q, 2);
	}
	hf_query_done(q);
	return ok;
}

/* May run again: what it sets it sets afresh. */
static bool look_up_all(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct batch *b = ctx;
	struct work *work = &b->ocsp->work;

	for (size_t i = 0; i < work->num_singles; i++)
		if (hf_ocsp_issuer_is(&b->issuers.ca, &work->singles[i].id) && !look_up(tx, &work->singles[i], err))
			return false;
	return true;
}

static bool build(struct batch *b, struct hf_ocsp_job *job, struct hf_err *err)
{
	struct work *work = &b->ocsp->work;
	struct hf_ocsp_answer answer = {.produced_at = b->now,
		.singles = &work->singles[job->first],
		.num = job->num,
		.nonce = job->parsed.nonce};

	memcpy(answer.responder_key, b->ocsp->key_id, sizeof(answer.responder_key));
	for (size_t i = 0; i < job->num; i++) {
		b->states[answer.singles[i].state]++;
		job->all_known = job->all_known && answer.singles[i].state != HF_OCSP_UNKNOWN;
	}
	job->tbs_at = work->tbs.len;
	if (!hf_ocsp_tbs(&answer, &work->tbs, err))
		return false;
	job->tbs_len = work->tbs.len - job->tbs_at;
	return true;
}

/* ---- signatures ---------------------------------------------------------------------------------------------------
 */

/* The status that tells a client what to do about it. */
static enum hf_ocsp_status status_of(const struct hf_err *err)
{
	return err->code == HF_E_PEER || err->code == HF_E_DEVICE || err->code == HF_E_CLOCK ? HF_OCSP_TRY_LATER
											     : HF_OCSP_INTERNAL_ERROR;
}

/* Design rule 5: OCSP signatures are verified by sample, beside the device's own test of itself. */
static bool check_sample(
	const struct hf_ocsp *ocsp, struct hf_bytes tbs, const uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint8_t e[HF_SM3_LEN];

	hf_sm2_digest(ocsp->key_z, tbs, e);
	return hf_sm2_verify(ocsp->cert.pub, e, sig, err);
}

static bool sign_range(struct hf_ocsp *ocsp, size_t from, size_t num, struct hf_err *err)
{
	struct work *work = &ocsp->work;

	hf_ocsp_count(ocsp, HF_OCSP_M_BATCHES, 1);
	if (!hf_dev_sign(ocsp->options.dev, HF_OCSP_KEY, &work->messages[from], num, &work->sigs[from], err) ||
		!check_sample(ocsp, work->messages[from], work->sigs[from], err))
		return hf_fail_in(err, "signing %zu answers", num);
	hf_ocsp_count(ocsp, HF_OCSP_M_BATCHED, num);
	return true;
}

static void respond_range(struct batch *b, size_t from, size_t num)
{
	struct work *work = &b->ocsp->work;
	struct hf_bytes cert = hf_buf_bytes(&b->ocsp->cert_der);
	struct hf_err err = {0};

	for (size_t i = from; i < from + num; i++) {
		struct hf_ocsp_job *job = work->signing[i];
		if (hf_ocsp_respond(work->messages[i], work->sigs[i], &cert, 1, job->answer, &err))
			continue;
		hf_ocsp_complain(b->ocsp, &b->ocsp->answer_said, HF_LOG_ERROR, &err);
		refuse(b, job, HF_OCSP_INTERNAL_ERROR);
	}
}

static bool sign_and_respond(struct batch *b, size_t from, size_t num, struct hf_err *err)
{
	if (!sign_range(b->ocsp, from, num, err)) {
		hf_ocsp_complain(b->ocsp, &b->ocsp->answer_said, HF_LOG_ERROR, err);
		return false;
	}
	respond_range(b, from, num);
	return true;
}

/* One call for all. If keyd denies it, one of the messages may be what it minds: then each stands for itself. */
static void sign_all(struct batch *b, size_t num)
{
	struct hf_err err = {0};

	if (sign_and_respond(b, 0, num, &err))
		return;
	bool one_by_one = err.code == HF_E_DENIED && num > 1;
	for (size_t i = 0; i < num; i++)
		if (!one_by_one || !sign_and_respond(b, i, 1, &err))
			refuse(b, b->ocsp->work.signing[i], status_of(&err));
}

/* ---- the batch ----------------------------------------------------------------------------------------------------
 */

/* Builds what is to be signed; gives how many. */
static size_t build_all(struct batch *b)
{
	struct work *work = &b->ocsp->work;
	struct hf_err err = {0};
	size_t num = 0;

	for (size_t i = 0; i < b->num; i++) {
		struct hf_ocsp_job *job = &b->jobs[i];
		if (!is_open(job))
			continue;
		if (build(b, job, &err)) {
			work->signing[num++] = job;
			continue;
		}
		hf_ocsp_complain(b->ocsp, &b->ocsp->answer_said, HF_LOG_ERROR, &err);
		refuse(b, job, HF_OCSP_INTERNAL_ERROR);
	}
	/* Only now: the buffer does not move any more. */
	for (size_t i = 0; i < num; i++)
		work->messages[i] =
			(struct hf_bytes){work->tbs.p + work->signing[i]->tbs_at, work->signing[i]->tbs_len};
	return num;
}

static void count_states(const struct batch *b)
{
	hf_ocsp_count(b->ocsp, HF_OCSP_M_GOOD, b->states[HF_OCSP_GOOD]);
	hf_ocsp_count(b->ocsp, HF_OCSP_M_REVOKED, b->states[HF_OCSP_REVOKED]);
	hf_ocsp_count(b->ocsp, HF_OCSP_M_UNKNOWN, b->states[HF_OCSP_UNKNOWN]);
}

static void answer_some(struct hf_ocsp *ocsp, struct hf_ocsp_job *jobs, size_t num)
{
	struct batch b = {.ocsp = ocsp, .jobs = jobs, .num = num};
	struct work *work = &ocsp->work;
	struct hf_err err = {0};

	bool ready = hf_ocsp_ready(ocsp, &b.this_update, &b.now, &err);
	if (!ready)
		hf_ocsp_complain(ocsp, &ocsp->answer_said, HF_LOG_WARN, &err);
	pthread_mutex_lock(&ocsp->lock);
	b.issuers = ocsp->issuers;
	pthread_mutex_unlock(&ocsp->lock);
	work->num_singles = 0;
	hf_buf_reset(&work->tbs);
	for (size_t i = 0; i < num; i++)
		take_request(&b, &jobs[i], ready);
	if (work->num_singles == 0)
		return;
	if (!hf_store_read(ocsp->options.store, look_up_all, &b, &err)) {
		hf_ocsp_complain(ocsp, &ocsp->answer_said, HF_LOG_ERROR, &err);
		refuse_all(&b, HF_OCSP_INTERNAL_ERROR);
		return;
	}
	size_t to_sign = build_all(&b);
	if (to_sign > 0)
		sign_all(&b, to_sign);
	count_states(&b);
}

void hf_ocsp_answer_batch(struct hf_ocsp *ocsp, struct hf_ocsp_job *jobs, size_t num)
{
	while (num > 0) {
		size_t some = num < HF_DEV_BATCH_MAX ? num : HF_DEV_BATCH_MAX;
		answer_some(ocsp, jobs, some);
		jobs += some;
		num -= some;
	}
}
