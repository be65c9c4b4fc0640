#include "api/ra_routes_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ra/produce.h"
#include "ra/review.h"

#include <stdlib.h>
#include <string.h>

/* The ids of "requests"; texts borrowed from doc. */
static bool read_ids(const struct hf_json *doc, const char ***ids, size_t *num, struct hf_err *err)
{
	struct hf_json list;
	bool ok = hf_json_array(doc, "requests", HF_RA_LIST_MAX, &list, num, err);

	*ids = hf_alloc(*num, sizeof(**ids));
	for (size_t i = 0; ok && i < *num; i++)
		ok = hf_json_item_str(&list, i, HF_APP_ID_LEN, &(*ids)[i], err);
	return ok;
}

static void put_refused(struct hf_json_writer *w, const char *id, const struct hf_err *why)
{
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "id", id);
	hf_json_write_str(w, "error", hf_code_name(why->code));
	hf_json_write_str(w, "text", why->text);
	hf_json_write_end(w);
}

/* ---- review ---------------------------------------------------------------------------------------------------- */

struct review_work {
	struct hf_review review;
	struct hf_ra_result *results;
	size_t num;
};

static bool review_act(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err)
{
	const struct hf_ra_actor actor = hf_ra_actor_of(c, done);
	struct review_work *work = ctx;
	struct hf_json_writer w;
	size_t num_done = 0;

	hf_fmt_cut(done->object, sizeof(done->object), "requests/%zu", work->num);
	if (!hf_ra_review(tx, &actor, &work->review, work->results, work->num, err))
		return false;
	hf_json_writer_init(&w, done->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "done");
	for (size_t i = 0; i < work->num; i++)
		if (work->results[i].err.code == HF_OK) {
			hf_json_write_str(&w, NULL, work->results[i].id);
			num_done++;
		}
	hf_json_write_end(&w);
	hf_json_write_array(&w, "refused");
	for (size_t i = 0; i < work->num; i++)
		if (work->results[i].err.code != HF_OK)
			put_refused(&w, work->results[i].id, &work->results[i].err);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_fmt_cut(done->text, sizeof(done->text), "%zu %s, %zu refused", num_done,
		work->review.approve ? "approved" : "rejected", work->num - num_done);
	return true;
}

static bool read_review(const struct hf_json *doc, struct review_work *work, struct hf_err *err)
{
	static const char *const names[] = {"decision", "reason", "requests", NULL};
	const char *decision;
	const char **ids = NULL;
	bool ok;

	if (!hf_json_only(doc, names, err) || !hf_json_str(doc, "decision", 16, &decision, err) ||
		(hf_json_has(doc, "reason") &&
			!hf_json_text_opt(doc, "reason", HF_APP_REASON_MAX, &work->review.reason, err)))
		return false;
	if (work->review.reason && !hf_utf8_is_line(hf_bytes_str(work->review.reason)))
		return hf_json_refuse(doc, "reason", err, HF_E_INPUT, "it is not one line of text");
	work->review.approve = hf_str_equal(decision, "approve");
	if (!work->review.approve && !hf_str_equal(decision, "reject"))
		return hf_json_refuse(doc, "decision", err, HF_E_INPUT, "expected approve or reject");
	ok = read_ids(doc, &ids, &work->num, err);
	work->results = hf_alloc(ok ? work->num : 0, sizeof(*work->results));
	for (size_t i = 0; ok && i < work->num; i++)
		hf_fmt_cut(work->results[i].id, sizeof(work->results[i].id), "%s", ids[i]);
	free(ids);
	return ok;
}

void hf_ra_serve_review(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct review_work work = {0};
		struct hf_api_call c;
		struct hf_json doc;
		struct hf_err err = {0};

		if (!hf_api_check(&c, api, list[i]))
			continue;
		if (hf_json_parse(hf_buf_bytes(&list[i]->body), &doc, &err) && read_review(&doc, &work, &err))
			hf_api_write(&c, review_act, &work);
		else
			hf_api_refuse(&c, NULL, &err);
		free(work.results);
		hf_json_free(&doc);
	}
}

/* ---- claim ----------------------------------------------------------------------------------------------------- */

struct claim_work {
	struct hf_ra_claim *claims;
	size_t num;
};

static void put_claim(struct hf_json_writer *w, const struct hf_ra_claim *claim)
{
	hf_json_write_object(w, NULL);
	hf_json_write_str(w, "id", claim->id);
	hf_json_write_str(w, "ticket", claim->ticket);
	hf_json_write_str(w, "template", claim->template);
	hf_json_write_base64(w, "subject", hf_buf_bytes(&claim->subject));
	hf_json_write_str(w, "token_label", claim->token_label);
	hf_json_write_end(w);
}

static bool claim_act(struct hf_tx *tx, struct hf_api_call *c, struct hf_api_done *done, void *ctx, struct hf_err *err)
{
	const struct hf_ra_actor actor = hf_ra_actor_of(c, done);
	struct claim_work *work = ctx;
	struct hf_json_writer w;
	size_t num_done = 0;

	hf_fmt_cut(done->object, sizeof(done->object), "requests/%zu", work->num);
	if (!hf_ra_claim(tx, &actor, work->claims, work->num, err))
		return false;
	hf_json_writer_init(&w, done->answer);
	hf_json_write_object(&w, NULL);
	hf_json_write_array(&w, "claims");
	for (size_t i = 0; i < work->num; i++)
		if (work->claims[i].err.code == HF_OK) {
			put_claim(&w, &work->claims[i]);
			num_done++;
		}
	hf_json_write_end(&w);
	hf_json_write_array(&w, "refused");
	for (size_t i = 0; i < work->num; i++)
		if (work->claims[i].err.code != HF_OK)
			put_refused(&w, work->claims[i].id, &work->claims[i].err);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	hf_fmt_cut(done->text, sizeof(done->text), "%zu claimed, %zu refused", num_done, work->num - num_done);
	return true;
}

static bool read_claims(const struct hf_json *doc, struct claim_work *work, struct hf_err *err)
{
	static const char *const names[] = {"requests", NULL};
	const char **ids = NULL;
	size_t num = 0;
	bool ok;

	if (!hf_json_only(doc, names, err))
		return false;
	ok = read_ids(doc, &ids, &num, err);
	work->claims = hf_alloc(ok ? num : 0, sizeof(*work->claims));
	for (size_t i = 0; ok && i < num; i++)
		hf_ra_claim_init(&work->claims[work->num++], ids[i]);
	free(ids);
	return ok;
}

void hf_ra_serve_claim(void *api, struct hf_exchange *const *list, size_t num)
{
	for (size_t i = 0; i < num; i++) {
		struct claim_work work = {0};
		struct hf_api_call c;
		struct hf_json doc;
		struct hf_err err = {0};

		if (!hf_api_check(&c, api, list[i]))
			continue;
		if (hf_json_parse(hf_buf_bytes(&list[i]->body), &doc, &err) && read_claims(&doc, &work, &err))
			hf_api_write(&c, claim_act, &work);
		else
			hf_api_refuse(&c, NULL, &err);
		for (size_t k = 0; k < work.num; k++)
			hf_ra_claim_clear(&work.claims[k]);
		free(work.claims);
		hf_json_free(&doc);
	}
}
