#include "ra/application.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <string.h>

static const struct hf_named states[HF_APP_NUM_STATES] = {
	[HF_APP_ENTERED] = {"entered", "已录入"},
	[HF_APP_APPROVED] = {"approved", "已审核"},
	[HF_APP_REJECTED] = {"rejected", "已退回"},
	[HF_APP_CLAIMED] = {"claimed", "制证中"},
	[HF_APP_ISSUED] = {"issued", "已签发未安装"},
	[HF_APP_INSTALLED] = {"installed", "已安装"},
	[HF_APP_REVOKED] = {"revoked", "已撤销"},
};

static const struct hf_named events[HF_APP_NUM_EVENTS] = {
	[HF_APP_APPROVE] = {"approve", "审核通过"},
	[HF_APP_REJECT] = {"reject", "审核退回"},
	[HF_APP_CLAIM] = {"claim", "制证领取"},
	[HF_APP_ISSUE] = {"issue", "签发"},
	[HF_APP_INSTALL] = {"install", "安装回执"},
	[HF_APP_REVOKE] = {"revoke", "撤销"},
};

/* clang-format off */
static const struct hf_move moves[] = {
	{HF_APP_ENTERED,  HF_APP_APPROVE, HF_APP_APPROVED,  "ra-review",  "审核通过: the reviewer's signature over the ordered list"},
	{HF_APP_ENTERED,  HF_APP_REJECT,  HF_APP_REJECTED,  "ra-review",  "审核退回 with its reason; the applicant may be entered anew"},
	{HF_APP_APPROVED, HF_APP_REJECT,  HF_APP_REJECTED,  "ra-review",  "an approval taken back before production, with its reason"},
	{HF_APP_APPROVED, HF_APP_CLAIM,   HF_APP_CLAIMED,   "ra-produce", "制证: who produces; the SM3 of the ticket"},
	{HF_APP_CLAIMED,  HF_APP_CLAIM,   HF_APP_CLAIMED,   "ra-produce", "a new ticket for the same producer; the old one ends"},
	{HF_APP_CLAIMED,  HF_APP_ISSUE,   HF_APP_ISSUED,    "system",     "both serial numbers, by the ticket of the claim"},
	{HF_APP_ISSUED,   HF_APP_CLAIM,   HF_APP_ISSUED,    "ra-produce", "a new ticket to fetch the same certificates again"},
	{HF_APP_ISSUED,   HF_APP_INSTALL, HF_APP_INSTALLED, "system",     "the token, and the receipt signed by the new key"},
	{HF_APP_ISSUED,   HF_APP_REVOKE,  HF_APP_REVOKED,   "system",     "no receipt within ra.receipt_days: both serials revoked at the CA"},
};
/* clang-format on */

const struct hf_lifecycle hf_application_lifecycle = {
	.name = "application",
	.zh = "证书申请",
	.states = states,
	.num_states = HF_APP_NUM_STATES,
	.events = events,
	.num_events = HF_APP_NUM_EVENTS,
	.moves = moves,
	.num_moves = sizeof(moves) / sizeof(moves[0]),
	.start = HF_APP_ENTERED,
};

const char *hf_application_state_name(enum hf_application_state state)
{
	return states[state].name;
}

bool hf_application_state_named(const char *name, enum hf_application_state *state, struct hf_err *err)
{
	for (int i = 0; i < HF_APP_NUM_STATES; i++)
		if (hf_str_equal(name, states[i].name)) {
			*state = (enum hf_application_state)i;
			return true;
		}
	return hf_fail(err, HF_E_INPUT, "no such state of an application: %s", name ? name : "");
}

bool hf_application_id(int64_t at, int64_t row, char out[HF_APP_ID_LEN + 1], struct hf_err *err)
{
	uint8_t id[HF_APP_ID_LEN / 2], number[8];

	hf_put_u64(number, (uint64_t)(at / 1000));
	memcpy(id, number + 2, 6);
	hf_put_u64(number, (uint64_t)row);
	memcpy(id + 6, number + 5, 3);
	if (!hf_rand(id + 9, 5, err))
		return false;
	hf_hex(HF_BYTES_OF(id), out);
	return true;
}

bool hf_application_id_ok(const char *id)
{
	return strlen(id) == HF_APP_ID_LEN && strspn(id, "0123456789abcdef") == HF_APP_ID_LEN;
}

void hf_ra_issued_init(struct hf_ra_issued *issued)
{
	*issued = (struct hf_ra_issued){0};
	hf_buf_init(&issued->sign_cert, 16384);
	hf_buf_init(&issued->enc_cert, 16384);
	hf_buf_init(&issued->chain, 65536);
	hf_buf_init(&issued->envelope, 65536);
}

void hf_ra_issued_clear(struct hf_ra_issued *issued)
{
	hf_buf_clear(&issued->sign_cert);
	hf_buf_clear(&issued->enc_cert);
	hf_buf_clear(&issued->chain);
	hf_buf_clear(&issued->envelope);
}
