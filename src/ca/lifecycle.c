#include "ca/lifecycle.h"

static const struct hf_named states[] = {
	[HF_CERT_GOOD] = {"good", "有效"},
	[HF_CERT_HELD] = {"held", "冻结"},
	[HF_CERT_REVOKED] = {"revoked", "已撤销"},
};

static const struct hf_named events[] = {
	[HF_CERT_FREEZE] = {"freeze", "冻结"},
	[HF_CERT_UNFREEZE] = {"unfreeze", "解冻"},
	[HF_CERT_REVOKE] = {"revoke", "撤销"},
};

static const struct hf_move moves[] = {
	{HF_CERT_GOOD, HF_CERT_FREEZE, HF_CERT_HELD, "ca-operator, service", "cert.freeze (GM/T 0034 12.6)"},
	{HF_CERT_HELD, HF_CERT_UNFREEZE, HF_CERT_GOOD, "ca-operator, service", "cert.unfreeze (GM/T 0034 12.7)"},
	{HF_CERT_GOOD, HF_CERT_REVOKE, HF_CERT_REVOKED, "ca-operator, service", "cert.revoke (GM/T 0034 12.3)"},
	{HF_CERT_HELD, HF_CERT_REVOKE, HF_CERT_REVOKED, "ca-operator, service", "cert.revoke (GM/T 0034 12.3)"},
};

const struct hf_lifecycle hf_cert_lifecycle = {
	.name = "certificate",
	.zh = "证书生命周期",
	.states = states,
	.num_states = sizeof(states) / sizeof(states[0]),
	.events = events,
	.num_events = sizeof(events) / sizeof(events[0]),
	.moves = moves,
	.num_moves = sizeof(moves) / sizeof(moves[0]),
	.start = HF_CERT_GOOD,
};
