#include "crypto/sm2_point.h"

#include "crypto/cpu.h"
#include "crypto/sm2_ifma.h"
#include "crypto/sm2_inverse.h"

void hf_sm2_fe_invert(struct hf_sm2_fe *r, const struct hf_sm2_fe *a)
{
	static const struct hf_modulus62 modulus = {
		{{0x3fffffffffffffff, 0x3ffffffc00000003, 0x3fffffffffffffff, 0x3fffffbfffffffff, 0xff}},
		0x3fffffffffffffff};
	/* R³: of 1/(a·R) it makes R/a. */
	static const struct hf_sm2_fe r3 = {{0x1200000016, 0xefffffff8, 0xa0000000c, 0x1b00000009}};

	hf_limbs_invert(r->v, a->v, &modulus);
	hf_sm2_fe_mul(r, r, &r3);
}

const struct hf_sm2_curve *hf_sm2_curve(void)
{
#if defined(__x86_64__)
	if (hf_cpu_has(HF_CPU_AVX2 | HF_CPU_BMI2 | HF_CPU_ADX))
		return hf_cpu_has(HF_CPU_AVX512) ? &hf_sm2_curve_avx512 : &hf_sm2_curve_adx;
#endif
	return &hf_sm2_curve_portable;
}

bool hf_sm2_has_lanes(void)
{
#if defined(__x86_64__)
	return hf_cpu_has(HF_CPU_AVX2 | HF_CPU_BMI2 | HF_CPU_ADX | HF_CPU_AVX512 | HF_CPU_IFMA);
#else
	return false;
#endif
}

static bool on_curve(const struct hf_sm2_affine *p)
{
	struct hf_sm2_fe left, right;

	hf_sm2_fe_sqr(&right, &p->x);
	for (size_t i = 0; i < 3; i++)
		hf_sm2_fe_sub(&right, &right, &hf_sm2_fe_one);
	hf_sm2_fe_mul(&right, &right, &p->x);
	hf_sm2_fe_add(&right, &right, &hf_sm2_fe_b);
	hf_sm2_fe_sqr(&left, &p->y);
	hf_sm2_fe_sub(&left, &left, &right);
	return hf_sm2_fe_zero(&left) != 0;
}

bool hf_sm2_affine_in(struct hf_sm2_affine *p, const uint8_t in[HF_SM2_POINT], struct hf_err *err)
{
	uint64_t x[4], y[4], t[4];

	hf_limbs_in(x, in);
	hf_limbs_in(y, in + 32);
	if (!hf_limbs_sub(t, x, hf_sm2_fe_p.v) || !hf_limbs_sub(t, y, hf_sm2_fe_p.v))
		return hf_fail(err, HF_E_INPUT, "SM2 public key: a coordinate is not below p (GM/T 0003.1)");
	hf_sm2_fe_in(&p->x, x);
	hf_sm2_fe_in(&p->y, y);
	if (!on_curve(p))
		return hf_fail(err, HF_E_INPUT, "SM2 public key is not a point of the curve (GM/T 0003.1)");
	return true;
}
