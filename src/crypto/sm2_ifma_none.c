/* For processors that never have lanes: hf_sm2_has_lanes is false, so nobody comes here. */
#include "crypto/sm2_ifma.h"

#include <string.h>

void hf_sm2_ifma_base(uint8_t out[][HF_SM2_POINT], const uint64_t k[][4], size_t num)
{
	for (size_t i = 0; i < num; i++)
		hf_sm2_curve()->base(out[i], k[i]);
}

void hf_sm2_ifma_both(uint8_t base[][HF_SM2_POINT], uint8_t product[][HF_SM2_POINT], const uint64_t k[][4],
	const struct hf_sm2_affine *p, size_t num)
{
	for (size_t i = 0; i < num; i++)
		hf_sm2_curve()->both(base[i], product[i], k[i], &p[i]);
}

unsigned hf_sm2_ifma_match(const struct hf_sm2_sum *sums, size_t num)
{
	(void)sums;
	(void)num;
	return 0;
}

void hf_sm2_ifma_try(enum hf_lanes_op op, uint64_t r[5][8], uint64_t a[5][8], uint64_t b[5][8])
{
	(void)op;
	(void)a;
	(void)b;
	memset(r, 0, 5 * 8 * sizeof(r[0][0]));
}
