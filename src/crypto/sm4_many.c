#include "crypto/sm4_int.h"

#include "base/err.h"

#include <string.h>

/* Which job runs in each lane, and how far it is. */
struct chains {
	struct hf_sm4_lanes lanes;
	const struct hf_sm4_cbc_job *job[HF_SM4_LANES]; /* NULL: the lane is idle and computes for nobody */
	size_t at[HF_SM4_LANES];
	const struct hf_sm4_cbc_job *next, *end;
	size_t num_busy;
};

/* Puts the next job that has blocks into a lane, or leaves it idle. */
static void load(struct chains *c, size_t lane)
{
	struct hf_sm4 sm4;

	while (c->next < c->end && c->next->len == 0)
		c->next++;
	c->job[lane] = c->next < c->end ? c->next++ : NULL;
	c->at[lane] = 0;
	if (!c->job[lane])
		return;
	HF_ASSERT(c->job[lane]->len % HF_SM4_BLOCK == 0);
	c->num_busy++;
	hf_sm4_init_encrypt(&sm4, c->job[lane]->key);
	for (size_t i = 0; i < HF_SM4_ROUNDS; i++)
		c->lanes.rk[i][lane] = sm4.rk[i];
	for (size_t j = 0; j < 4; j++)
		c->lanes.x[j][lane] = hf_load32(c->job[lane]->iv + 4 * j);
	hf_wipe(&sm4, sizeof(sm4));
}

/* One block of every chain. */
static void step(struct chains *c, const struct hf_sm4_kernel *kernel)
{
	for (size_t lane = 0; lane < HF_SM4_LANES; lane++) {
		for (size_t j = 0; j < 4 && c->job[lane]; j++)
			c->lanes.x[j][lane] ^= hf_load32(c->job[lane]->in + c->at[lane] + 4 * j);
	}
	kernel->lanes(&c->lanes);
	for (size_t lane = 0; lane < HF_SM4_LANES; lane++) {
		const struct hf_sm4_cbc_job *job = c->job[lane];
		if (!job)
			continue;
		for (size_t j = 0; j < 4; j++)
			hf_store32(job->out + c->at[lane] + 4 * j, c->lanes.x[j][lane]);
		c->at[lane] += HF_SM4_BLOCK;
		if (c->at[lane] < job->len)
			continue;
		memcpy(job->iv, job->out + job->len - HF_SM4_BLOCK, HF_SM4_BLOCK);
		c->num_busy--;
		load(c, lane);
	}
}

void hf_sm4_cbc_encrypt_many(const struct hf_sm4_cbc_job *jobs, size_t num)
{
	struct chains c = {.next = jobs, .end = jobs + num};

	for (size_t lane = 0; lane < HF_SM4_LANES; lane++)
		load(&c, lane);
	while (c.num_busy > 0)
		step(&c, hf_sm4_kernel());
	hf_wipe(&c.lanes, sizeof(c.lanes));
}
