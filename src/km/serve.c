#include "km/serve_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD_MAX (10 * HF_MINUTE) /* how far requestTime may lie ahead of our clock */
#define T1_TRIES  16               /* others may take the pairs that were just made */

void hf_km_job_init(struct hf_km_job *job)
{
	*job = (struct hf_km_job){0};
	hf_buf_init(&job->respond, HF_KM_MESSAGE_MAX + HF_SIGNED_EXTRA);
}

void hf_km_job_clear(struct hf_km_job *job)
{
	hf_buf_clear(&job->respond);
}

bool hf_km_work_refuse(struct km_work *w, const struct hf_err *why)
{
	w->stage = KM_REFUSED;
	w->job->err = *why;
	return false;
}

static bool any_open(const struct km_batch *b)
{
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].stage == KM_OPEN)
			return true;
	return false;
}

static void refuse_open(struct km_batch *b, const struct hf_err *why)
{
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].stage == KM_OPEN)
			hf_km_work_refuse(&b->works[i], why);
}

/* ---- what came -------------------------------------------------------------------------------------------------- */

static bool take_asks(struct km_work *w, struct hf_err *err)
{
	struct hf_der_list rest = w->message.list;

	if (rest.num == 0 || rest.num > HF_KM_ASKS_MAX)
		return hf_fail(err, HF_E_LIMIT, "KSRequest: %zu requests; this KM answers 1 to %d in one message",
			rest.num, HF_KM_ASKS_MAX);
	w->items = hf_alloc(rest.num, sizeof(*w->items));
	while (w->num < w->message.list.num && hf_km_ask_next(&rest, &w->items[w->num].ask))
		w->num++;
	return true;
}

static void parse(struct km_work *w)
{
	struct hf_err err = {0};

	w->parsed = hf_km_request_parse(w->job->request, &w->message, &err);
	if (!w->parsed || !take_asks(w, &err)) {
		hf_km_work_refuse(w, &err);
		return;
	}
	hf_km_task_text(w->message.taskNO, w->number);
	hf_sm3(w->message.tbs, w->hash);
}

static bool find_peers(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct km_batch *b = ctx;

	for (size_t i = 0; i < b->num; i++) {
		struct km_work *w = &b->works[i];
		if (w->stage == KM_OPEN && !hf_km_peer_find(tx, &w->message.sender, &w->peer, &w->known_peer, err))
			return false;
	}
	return true;
}

static bool check_sender(const struct km_batch *b, const struct km_work *w, struct hf_err *err)
{
	if (!w->known_peer)
		return hf_fail(err, HF_E_DENIED,
			"caName is no CA that is registered at this KM (name and serial of "
			"its certificate)");
	if (!hf_cert_valid_at(&w->peer.cert, b->now, err) || !hf_km_message_verify(&w->message, &w->peer.cert, err))
		return hf_fail_in(err, "CA %s", w->peer.id);
	if (w->message.at > b->now + AHEAD_MAX)
		return hf_fail(err, HF_E_CLOCK, "requestTime lies more than 10 minutes ahead of this KM's clock");
	return true;
}

static bool look(struct km_batch *b, struct hf_err *err)
{
	for (size_t i = 0; i < b->num; i++)
		parse(&b->works[i]);
	if (!any_open(b))
		return true;
	if (!hf_store_read(b->km->store, find_peers, b, err))
		return false;
	for (size_t i = 0; i < b->num; i++) {
		struct km_work *w = &b->works[i];
		struct hf_err why = {0};
		if (w->stage == KM_OPEN && !check_sender(b, w, &why))
			hf_km_work_refuse(w, &why);
	}
	return true;
}

/* ---- T1 --------------------------------------------------------------------------------------------------------- */

static bool write_t1(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct km_batch *b = ctx;

	hf_journal_batch_reset(&b->audit);
	b->short_of_pairs = false;
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].stage == KM_OPEN && !hf_km_decide(tx, b, &b->works[i], err))
			return false;
	return hf_km_append(tx, b->km->clock, &b->audit, err);
}

/* What write_t1 decided is undone when its transaction did not come through: it looks again. */
static void reopen(struct km_batch *b, const enum km_stage before[HF_KM_JOBS_MAX])
{
	for (size_t i = 0; i < b->num; i++)
		b->works[i].stage = before[i];
}

static size_t num_applied(const struct km_batch *b)
{
	size_t num = 0;

	for (size_t i = 0; i < b->num; i++)
		for (size_t j = 0; b->works[i].stage == KM_OPEN && j < b->works[i].num; j++)
			num += b->works[i].items[j].ask.verb == HF_KM_APPLY;
	return num;
}

/* Too few spares are no reason to refuse: they are made here and now (GM/T 0038 7.6.2.1: real-time generation). */
static bool decide(struct km_batch *b, struct hf_err *err)
{
	enum km_stage before[HF_KM_JOBS_MAX];

	for (size_t i = 0; i < b->num; i++)
		before[i] = b->works[i].stage;
	for (int tries = 0; any_open(b) && tries < T1_TRIES; tries++) {
		if (hf_store_write(b->km->store, write_t1, b, err))
			return true;
		reopen(b, before);
		if (b->short_of_pairs ? !hf_km_refill(b->km, num_applied(b), err) : err->code != HF_E_CONFLICT)
			return false;
	}
	return !any_open(b);
}

/* ---- T2 --------------------------------------------------------------------------------------------------------- */

static bool note_refused_items(struct km_batch *b, const struct km_work *w, struct hf_err *err)
{
	struct hf_err why;

	for (size_t i = 0; i < w->num; i++) {
		const struct km_item *item = &w->items[i];
		const struct hf_km_error_text *text = hf_km_error_find((int64_t)item->error);
		if (item->error == HF_KM_ERR_NONE)
			continue;
		hf_fail(&why, HF_E_DENIED, "error %d: %s", (int)item->error, text ? text->en : "");
		if (!hf_km_note_item(b, w, item, &why, err))
			return false;
	}
	return true;
}

static bool note_message(struct km_batch *b, const struct km_work *w, const struct hf_err *why, struct hf_err *err)
{
	char object[80], text[160];
	const struct km_note note = {.peer = w->known_peer ? w->peer.id : "",
		.task = w->number,
		.code = HF_AUDIT_KEY_DISPENSE,
		.operation = "km.answer",
		.object = object,
		.text = text,
		.why = why,
		.began_at = b->now};

	hf_fmt_cut(object, sizeof(object), "task/%s", w->number);
	hf_fmt_cut(text, sizeof(text), "%zu applied, %zu restored, %zu revoked, %zu refused", w->job->applied,
		w->job->restored, w->job->revoked, w->job->refused);
	return hf_km_note(b->km->clock, &b->audit, &note, err);
}

static void count(struct km_work *w)
{
	struct hf_km_job *job = w->job;

	job->applied = job->restored = job->revoked = job->refused = 0;
	for (size_t i = 0; i < w->num; i++) {
		const struct km_item *item = &w->items[i];
		if (item->error != HF_KM_ERR_NONE)
			job->refused++;
		else if (item->ask.verb == HF_KM_APPLY)
			job->applied++;
		else if (item->ask.verb == HF_KM_RESTORE)
			job->restored++;
		else
			job->revoked++;
	}
}

/* The same task may have been answered meanwhile, by another thread or earlier in this batch: that answer counts. */
static bool keep_answer(struct hf_tx *tx, struct km_batch *b, struct km_work *w, struct hf_err *err)
{
	struct km_known known;
	bool first = false;

	if (!hf_km_task_done(
		    tx, w->peer.id, w->message.taskNO, hf_buf_bytes(&w->respond), hf_now(b->km->clock), &first, err))
		return false;
	if (first)
		count(w);
	return hf_km_task_find(tx, w->peer.id, w->message.taskNO, w->hash, &known, &w->job->respond, err) &&
	       (!first || (note_refused_items(b, w, err) && note_message(b, w, NULL, err)));
}

static bool write_t2(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct km_batch *b = ctx;

	hf_journal_batch_reset(&b->audit);
	for (size_t i = 0; i < b->num; i++) {
		struct km_work *w = &b->works[i];
		if (w->stage == KM_OPEN && !keep_answer(tx, b, w, err))
			return false;
		if (w->stage == KM_REFUSED && !note_message(b, w, &w->job->err, err))
			return false;
	}
	return hf_km_append(tx, b->km->clock, &b->audit, err);
}

static void finish(struct km_batch *b)
{
	struct hf_err err = {0};
	bool all_known = true;

	for (size_t i = 0; i < b->num; i++)
		all_known = all_known && b->works[i].stage == KM_KNOWN;
	if (!all_known && !hf_store_write(b->km->store, write_t2, b, &err)) {
		refuse_open(b, &err);
		if (b->km->log)
			hf_log(b->km->log, HF_LOG_ERROR, "answers to CAs could not be kept: %s", err.text);
	}
	for (size_t i = 0; i < b->num; i++) {
		struct km_work *w = &b->works[i];
		w->job->done = w->stage != KM_REFUSED;
		if (!w->job->done)
			hf_buf_reset(&w->job->respond);
		if (!w->job->done || w->stage == KM_KNOWN)
			w->job->applied = w->job->restored = w->job->revoked = w->job->refused = 0;
	}
}

static void work_init(struct km_work *w, struct hf_km_job *job)
{
	*w = (struct km_work){.job = job, .number = "?"};
	job->done = false;
	job->err = (struct hf_err){0};
	job->applied = job->restored = job->revoked = job->refused = 0;
	hf_buf_init(&w->peer.der, HF_CERT_MAX);
	hf_buf_init(&w->tbs, HF_KM_MESSAGE_MAX);
	hf_buf_init(&w->respond, HF_KM_MESSAGE_MAX + HF_SIGNED_EXTRA);
}

static void work_clear(struct km_work *w)
{
	free(w->items);
	hf_buf_clear(&w->peer.der);
	hf_buf_clear(&w->tbs);
	hf_buf_clear(&w->respond);
}

void hf_km_serve(struct hf_km *km, struct hf_km_job *jobs, size_t num)
{
	struct km_batch *b = hf_alloc(1, sizeof(*b));
	struct hf_err err = {0};

	HF_ASSERT(num <= HF_KM_JOBS_MAX);
	b->km = km;
	b->now = hf_now(km->clock);
	b->num = num;
	hf_journal_batch_init(&b->audit);
	for (size_t i = 0; i < num; i++)
		work_init(&b->works[i], &jobs[i]);
	if (!look(b, &err) || !decide(b, &err))
		refuse_open(b, &err);
	hf_km_rewrap_all(b);
	hf_km_sign_all(b);
	finish(b);
	for (size_t i = 0; i < num; i++)
		work_clear(&b->works[i]);
	hf_journal_batch_clear(&b->audit);
	free(b);
}
