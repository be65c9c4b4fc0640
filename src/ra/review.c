#include "ra/review.h"

#include "base/str.h"

static bool review_one(struct hf_tx *tx, const struct hf_ra_actor *actor, const struct hf_review *review,
	size_t position, const char *id, struct hf_err *err)
{
	const enum hf_application_event event = review->approve ? HF_APP_APPROVE : HF_APP_REJECT;
	const char *reason = review->reason ? review->reason : "";
	struct hf_application app;

	if (!hf_application_load(tx, id, &app, err))
		return false;
	/* GM/T 0034: entry and review are two persons' work */
	if (hf_str_equal(app.entered_by, actor->operator_id))
		return hf_fail(err, HF_E_DENIED, "application %s was entered by %s: somebody else must review it", id,
			actor->operator_id);
	return hf_application_move(tx, &app, event, actor->at, err) &&
	       hf_application_set_review(tx, id, actor->operator_id, actor->at, reason, err) &&
	       hf_ra_act_item(tx, actor, position, id, review->approve ? "approve" : "reject", reason, err);
}

bool hf_ra_review(struct hf_tx *tx, const struct hf_ra_actor *actor, const struct hf_review *review,
	struct hf_ra_result *results, size_t num, struct hf_err *err)
{
	if (!review->approve && (!review->reason || !*review->reason))
		return hf_fail(err, HF_E_INPUT, "reason: a rejection needs one");
	if (!hf_ra_act_put(tx, actor, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		results[i].err = (struct hf_err){0};
		if (review_one(tx, actor, review, i, results[i].id, &results[i].err))
			continue;
		if (!hf_ra_is_soft(&results[i].err)) {
			*err = results[i].err;
			return false;
		}
	}
	return true;
}
