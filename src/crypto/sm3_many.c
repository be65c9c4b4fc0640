#include "crypto/sm3_int.h"

/* A message in a lane: its whole blocks first, then the one or two that end it. */
struct lane {
	const uint8_t *p;  /* the next block */
	size_t num_blocks; /* left of this part */
	bool in_tail;
	size_t message;
	uint8_t tail[2 * HF_SM3_BLOCK];
	size_t num_tail; /* blocks */
};

struct many {
	const struct hf_bytes *messages;
	size_t num, next, num_busy;
	uint8_t (*out)[HF_SM3_LEN];
	uint32_t state[8][HF_SM3_LANES];
	struct lane lanes[HF_SM3_LANES]; /* num_blocks == 0: idle */
};

static void enter_tail(struct lane *lane)
{
	lane->in_tail = true;
	lane->p = lane->tail;
	lane->num_blocks = lane->num_tail;
}

//= GM/T 0004 5.2
static void load(struct many *m, size_t i)
{
	struct lane *lane = &m->lanes[i];
	struct hf_bytes message;
	size_t rest;

	lane->num_blocks = 0;
	if (m->next == m->num)
		return;
	message = m->messages[m->next];
	rest = message.len % HF_SM3_BLOCK;
	*lane = (struct lane){.p = message.p, .num_blocks = message.len / HF_SM3_BLOCK, .message = m->next++};
	if (rest > 0)
		memcpy(lane->tail, message.p + message.len - rest, rest);
	lane->tail[rest] = 0x80;
	lane->num_tail = rest < HF_SM3_BLOCK - 8 ? 1 : 2;
	hf_store64(lane->tail + HF_SM3_BLOCK * lane->num_tail - 8, (uint64_t)message.len * 8);
	if (lane->num_blocks == 0)
		enter_tail(lane);
	for (size_t j = 0; j < 8; j++)
		m->state[j][i] = hf_sm3_iv[j];
	m->num_busy++;
}

/* A part of lane i is through. */
static void move_on(struct many *m, size_t i)
{
	struct lane *lane = &m->lanes[i];

	if (!lane->in_tail) {
		enter_tail(lane);
		return;
	}
	for (size_t j = 0; j < 8; j++)
		hf_store32(m->out[lane->message] + 4 * j, m->state[j][i]);
	m->num_busy--;
	load(m, i);
}

/* As many blocks as every busy lane has. Idle lanes read along with a busy one. */
static void step(struct many *m, const struct hf_sm3_lanes_kernel *kernel)
{
	const uint8_t *p[HF_SM3_LANES], *some = NULL;
	size_t num = SIZE_MAX;

	for (size_t i = 0; i < kernel->num_lanes; i++) {
		if (m->lanes[i].num_blocks == 0)
			continue;
		some = m->lanes[i].p;
		num = m->lanes[i].num_blocks < num ? m->lanes[i].num_blocks : num;
	}
	for (size_t i = 0; i < HF_SM3_LANES; i++)
		p[i] = i < kernel->num_lanes && m->lanes[i].num_blocks > 0 ? m->lanes[i].p : some;
	kernel->blocks(m->state, p, num);
	for (size_t i = 0; i < kernel->num_lanes; i++) {
		struct lane *lane = &m->lanes[i];
		if (lane->num_blocks == 0)
			continue;
		lane->p += HF_SM3_BLOCK * num;
		lane->num_blocks -= num;
		if (lane->num_blocks == 0)
			move_on(m, i);
	}
}

/* Two messages are sooner done one after the other than side by side with nothing. */
static void finish_alone(struct many *m, size_t i)
{
	struct lane *lane = &m->lanes[i];
	uint32_t state[8];

	while (lane->num_blocks > 0) {
		for (size_t j = 0; j < 8; j++)
			state[j] = m->state[j][i];
		hf_sm3_kernel()->blocks(state, lane->p, lane->num_blocks);
		for (size_t j = 0; j < 8; j++)
			m->state[j][i] = state[j];
		lane->num_blocks = 0;
		move_on(m, i);
	}
	hf_wipe(state, sizeof(state));
}

void hf_sm3_many(const struct hf_bytes *messages, size_t num, uint8_t (*out)[HF_SM3_LEN])
{
	const struct hf_sm3_lanes_kernel *kernel = hf_sm3_lanes_kernel();
	struct many m = {.messages = messages, .num = num, .out = out};

	for (size_t i = 0; i < kernel->num_lanes; i++)
		load(&m, i);
	while (m.num_busy > 2)
		step(&m, kernel);
	for (size_t i = 0; i < kernel->num_lanes; i++)
		finish_alone(&m, i);
	hf_wipe(&m, sizeof(m));
}

/* One lane after the other. */
static void take_blocks(uint32_t state[8][HF_SM3_LANES], const uint8_t *const p[HF_SM3_LANES], size_t num)
{
	uint32_t one[8];

	for (size_t i = 0; i < 8; i++)
		one[i] = state[i][0];
	hf_sm3_kernel()->blocks(one, p[0], num);
	for (size_t i = 0; i < 8; i++)
		state[i][0] = one[i];
}

static const struct hf_sm3_lanes_kernel portable = {"portable", 0, 1, take_blocks};

const struct hf_sm3_lanes_kernel *const hf_sm3_lanes_kernels[] = {
#if defined(__x86_64__)
	&hf_sm3_avx512, &hf_sm3_avx2,
#endif
	&portable, NULL};

const struct hf_sm3_lanes_kernel *hf_sm3_lanes_kernel(void)
{
	size_t i = 0;

	while (!hf_cpu_has(hf_sm3_lanes_kernels[i]->needs))
		i++;
	return hf_sm3_lanes_kernels[i];
}
