#include "ocsp/lifecycle.h"

static const struct hf_named states[] = {
	[HF_OCSP_KNOWN_UNKNOWN] = {"unknown", "未知"},
	[HF_OCSP_KNOWN_GOOD] = {"good", "有效"},
	[HF_OCSP_KNOWN_HELD] = {"held", "冻结"},
	[HF_OCSP_KNOWN_REVOKED] = {"revoked", "已撤销"},
	[HF_OCSP_KNOWN_VOID] = {"void", "作废"},
};

static const struct hf_named events[] = {
	[HF_OCSP_TOLD_ISSUED] = {"issued", "签发"},
	[HF_OCSP_TOLD_GOOD] = {"good", "解冻"},
	[HF_OCSP_TOLD_HELD] = {"held", "冻结"},
	[HF_OCSP_TOLD_REVOKED] = {"revoked", "撤销"},
	[HF_OCSP_TOLD_VOIDED] = {"voided", "作废"},
};

#define FEED "the CA's feed", "status row"

static const struct hf_move moves[] = {
	{HF_OCSP_KNOWN_UNKNOWN, HF_OCSP_TOLD_ISSUED, HF_OCSP_KNOWN_GOOD, FEED},
	{HF_OCSP_KNOWN_UNKNOWN, HF_OCSP_TOLD_VOIDED, HF_OCSP_KNOWN_VOID, FEED},
	{HF_OCSP_KNOWN_GOOD, HF_OCSP_TOLD_HELD, HF_OCSP_KNOWN_HELD, FEED},
	{HF_OCSP_KNOWN_HELD, HF_OCSP_TOLD_GOOD, HF_OCSP_KNOWN_GOOD, FEED},
	{HF_OCSP_KNOWN_GOOD, HF_OCSP_TOLD_REVOKED, HF_OCSP_KNOWN_REVOKED, FEED},
	{HF_OCSP_KNOWN_HELD, HF_OCSP_TOLD_REVOKED, HF_OCSP_KNOWN_REVOKED, FEED},
};

const struct hf_lifecycle hf_ocsp_lifecycle = {
	.name = "serial as the responder knows it",
	.zh = "OCSP 所知的证书状态",
	.states = states,
	.num_states = sizeof(states) / sizeof(states[0]),
	.events = events,
	.num_events = sizeof(events) / sizeof(events[0]),
	.moves = moves,
	.num_moves = sizeof(moves) / sizeof(moves[0]),
	.start = HF_OCSP_KNOWN_UNKNOWN,
};
