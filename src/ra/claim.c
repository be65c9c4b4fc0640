#include "ra/produce_int.h"

#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <string.h>

void hf_ra_claim_init(struct hf_ra_claim *claim, const char *id)
{
	*claim = (struct hf_ra_claim){0};
	hf_fmt_cut(claim->id, sizeof(claim->id), "%s", id);
	hf_buf_init(&claim->subject, HF_RA_SUBJECT_MAX);
}

void hf_ra_claim_clear(struct hf_ra_claim *claim)
{
	hf_wipe(claim->ticket, sizeof(claim->ticket));
	hf_buf_clear(&claim->subject);
}

static bool claim_one(struct hf_tx *tx, const struct hf_ra_actor *actor, size_t position, struct hf_ra_claim *claim,
	struct hf_err *err)
{
	uint8_t octets[HF_RA_TICKET_LEN / 2], hash[HF_SM3_LEN];
	struct hf_application app;

	hf_buf_reset(&claim->subject);
	if (!hf_application_load(tx, claim->id, &app, err))
		return false;
	if (app.claimed_by[0] && !hf_str_equal(app.claimed_by, actor->operator_id))
		return hf_fail(err, HF_E_DENIED, "application %s is being produced by %s", app.id, app.claimed_by);
	if (!hf_application_move(tx, &app, HF_APP_CLAIM, actor->at, err) || !hf_rand(octets, sizeof(octets), err))
		return false;
	hf_hex(HF_BYTES_OF(octets), claim->ticket);
	hf_sm3(hf_bytes_str(claim->ticket), hash);
	hf_fmt_cut(claim->template, sizeof(claim->template), "%s", app.applicant.template);
	hf_fmt_cut(claim->token_label, sizeof(claim->token_label), "%s", app.id);
	return hf_applicant_subject(&app.applicant, &claim->subject, err) &&
	       hf_application_set_claim(tx, app.id, actor->operator_id, actor->at, hash, err) &&
	       hf_ra_act_item(tx, actor, position, app.id, "claim", "", err);
}

bool hf_ra_claim(
	struct hf_tx *tx, const struct hf_ra_actor *actor, struct hf_ra_claim *claims, size_t num, struct hf_err *err)
{
	if (!hf_ra_act_put(tx, actor, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		claims[i].err = (struct hf_err){0};
		if (claim_one(tx, actor, i, &claims[i], &claims[i].err))
			continue;
		if (!hf_ra_is_soft(&claims[i].err)) {
			*err = claims[i].err;
			return false;
		}
	}
	return true;
}

bool hf_ra_by_ticket(
	struct hf_tx *tx, const char *id, const char *ticket, struct hf_application *app, struct hf_err *err)
{
	uint8_t hash[HF_SM3_LEN];

	if (!hf_application_load(tx, id, app, err))
		return false;
	hf_sm3(hf_bytes_str(ticket), hash);
	if (!app->has_ticket || !hf_secret_equal(hash, app->ticket, sizeof(hash)))
		return hf_fail(err, HF_E_DENIED,
			"application %s: this is not its ticket (a newer claim ends the older one)", id);
	return true;
}
