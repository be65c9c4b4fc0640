#include "crypto/sm2_n.h"

#include "crypto/sm2_inverse.h"

static const uint64_t n[4] = {HF_SM2_N};

/* r = t + carry·2^256, which is below 2n, modulo n. */
static void fold(uint64_t r[4], const uint64_t t[4], uint64_t carry)
{
	uint64_t less[4], borrow = hf_limbs_sub(less, t, n);

	hf_limbs_select(r, t, less, hf_mask(borrow & (carry ^ 1)));
}

void hf_sm2_n_fold(uint64_t r[4], const uint64_t a[4])
{
	fold(r, a, 0);
}

void hf_sm2_n_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	uint64_t t[4], carry = hf_limbs_add(t, a, b);

	fold(r, t, carry);
}

void hf_sm2_n_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	uint64_t t[4], add[4], mask = hf_mask(hf_limbs_sub(t, a, b));

	for (size_t i = 0; i < 4; i++)
		add[i] = n[i] & mask;
	(void)hf_limbs_add(r, t, add);
}

void hf_sm2_n_mul(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	uint64_t t[8], carry = 0;

	hf_limbs_mul(t, a, b);
	for (size_t i = 0; i < 4; i++) {
		hf_u128 top = (hf_u128)t[i + 4] + hf_limbs_mul_add(t + i, n, t[i] * 0x327f9e8872350975) + carry;
		t[i + 4] = (uint64_t)top;
		carry = (uint64_t)(top >> 64);
	}
	fold(r, t + 4, carry);
}

void hf_sm2_n_invert(uint64_t r[4], const uint64_t a[4])
{
	static const struct hf_modulus62 modulus = {
		{{0x13bbf40939d54123, 0x80f7dac871814ad, 0x3ffffffffffffff7, 0x3fffffbfffffffff, 0xff}},
		0xd8061778dcaf68b};
	/* 2^512 mod n */
	static const uint64_t r2[4] = {0x901192af7c114f20, 0x3464504ade6fa2fa, 0x620fc84c3affe0d4, 0x1eb5e412a22b3d3b};

	hf_limbs_invert(r, a, &modulus);
	hf_sm2_n_mul(r, r, r2);
}

uint64_t hf_sm2_n_in_range(const uint64_t a[4], uint64_t less)
{
	uint64_t top[4] = {HF_SM2_N}, t[4];

	top[0] -= less;
	return hf_mask(hf_limbs_sub(t, a, top)) & ~hf_sm2_n_zero(a);
}

uint64_t hf_sm2_n_zero(const uint64_t a[4])
{
	return hf_mask_zero(a[0] | a[1] | a[2] | a[3]);
}
