#include "km/lifecycle.h"

static const struct hf_named states[] = {
	[HF_ESCROW_SPARE] = {"spare", "备用"},
	[HF_ESCROW_IN_USE] = {"in-use", "在用"},
	[HF_ESCROW_HISTORY] = {"history", "历史"},
};

static const struct hf_named events[] = {
	[HF_ESCROW_GIVE] = {"give", "分发"},
	[HF_ESCROW_RESTORE] = {"restore", "恢复"},
	[HF_ESCROW_REVOKE] = {"revoke", "撤销"},
	[HF_ESCROW_EXPIRE] = {"expire", "到期"},
};

static const struct hf_move moves[] = {
	{HF_ESCROW_SPARE, HF_ESCROW_GIVE, HF_ESCROW_IN_USE, "service", "key.apply (GM/T 0034 6.3.4)"},
	{HF_ESCROW_IN_USE, HF_ESCROW_RESTORE, HF_ESCROW_IN_USE, "service", "key.restore (GM/T 0034 6.3)"},
	{HF_ESCROW_IN_USE, HF_ESCROW_REVOKE, HF_ESCROW_HISTORY, "service", "key.revoke (GM/T 0034 6.3.4)"},
	{HF_ESCROW_IN_USE, HF_ESCROW_EXPIRE, HF_ESCROW_HISTORY, "system", "key.expire (GM/T 0034 6.3.4)"},
};

const struct hf_lifecycle hf_escrow_lifecycle = {
	.name = "escrowed key",
	.zh = "托管密钥生命周期",
	.states = states,
	.num_states = sizeof(states) / sizeof(states[0]),
	.events = events,
	.num_events = sizeof(events) / sizeof(events[0]),
	.moves = moves,
	.num_moves = sizeof(moves) / sizeof(moves[0]),
	.start = HF_ESCROW_SPARE,
};
