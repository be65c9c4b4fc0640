#include "crypto/sm2_exchange.h"

#include "crypto/sm2_int.h"

#include <string.h>

/* 2^127 + (x mod 2^127): w = 127 for this curve. */
static void shorten(uint64_t out[4], const uint8_t point[HF_SM2_POINT])
{
	hf_limbs_in(out, point);
	out[1] |= (uint64_t)1 << 63;
	out[2] = out[3] = 0;
}

/* t = d + x̄·r mod n: by the bits of x̄, which is public, doubling and adding in constant time. */
static void combine(uint64_t t[4], const uint64_t d[4], const uint8_t own_tmp[HF_SM2_POINT], const uint64_t r[4])
{
	uint64_t x[4];

	shorten(x, own_tmp);
	memset(t, 0, 4 * sizeof(*t));
	for (size_t bit = 128; bit-- > 0;) {
		hf_sm2_n_add(t, t, t);
		if (x[bit / 64] >> (bit % 64) & 1)
			hf_sm2_n_add(t, t, r);
	}
	hf_sm2_n_add(t, t, d);
}

/* --- U = [t](P + [x̄]R); all but t is public --- */

/* The slope of the line through a and b, or of the tangent when they are one; false when it is vertical. */
static bool slope(struct hf_sm2_fe *out, const struct hf_sm2_affine *a, const struct hf_sm2_affine *b)
{
	struct hf_sm2_fe rise, run;

	hf_sm2_fe_sub(&run, &b->x, &a->x);
	hf_sm2_fe_sub(&rise, &b->y, &a->y);
	if (hf_sm2_fe_zero(&run)) {
		if (!hf_sm2_fe_zero(&rise))
			return false;
		hf_sm2_fe_sqr(&rise, &a->x);
		hf_sm2_fe_sub(&rise, &rise, &hf_sm2_fe_one);
		hf_sm2_fe_add(&run, &rise, &rise);
		hf_sm2_fe_add(&rise, &rise, &run);
		hf_sm2_fe_add(&run, &a->y, &a->y);
	}
	hf_sm2_fe_invert(&run, &run);
	hf_sm2_fe_mul(out, &rise, &run);
	return true;
}

/* False when the sum is infinity. */
static bool add(struct hf_sm2_affine *sum, const struct hf_sm2_affine *a, const struct hf_sm2_affine *b)
{
	struct hf_sm2_fe m, x;

	if (!slope(&m, a, b))
		return false;
	hf_sm2_fe_sqr(&x, &m);
	hf_sm2_fe_sub(&x, &x, &a->x);
	hf_sm2_fe_sub(&x, &x, &b->x);
	hf_sm2_fe_sub(&sum->y, &a->x, &x);
	hf_sm2_fe_mul(&sum->y, &sum->y, &m);
	hf_sm2_fe_sub(&sum->y, &sum->y, &a->y);
	sum->x = x;
	return true;
}

static bool agree(const struct hf_sm2_side *other, const uint64_t t[4], uint8_t u[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_sm2_affine pub, tmp, sum;
	uint8_t product[HF_SM2_POINT];
	uint64_t x[4];

	if (!hf_sm2_affine_in(&pub, other->pub, err) || !hf_sm2_affine_in(&tmp, other->tmp, err))
		return hf_fail_in(err, "SM2 key exchange, the other side's point");
	shorten(x, other->tmp);
	hf_sm2_curve()->multiply(product, x, &tmp);
	if (!hf_sm2_affine_in(&tmp, product, err))
		return hf_fail_in(err, "SM2 key exchange");
	if (!hf_declassify(hf_sm2_n_in_range(t, 0)) || !add(&sum, &pub, &tmp))
		return hf_fail(err, HF_E_INPUT, "SM2 key exchange: U is at infinity (GM/T 0003.3 6.1 A7, B6)");
	hf_sm2_curve()->multiply(u, t, &sum);
	return true;
}

/* --- The key and its proofs --- */

static void derive(const uint8_t u[HF_SM2_POINT], const struct hf_sm2_side *a, const struct hf_sm2_side *b,
	uint8_t *key, size_t key_len)
{
	uint8_t z[HF_SM2_POINT + 2 * HF_SM3_LEN];

	memcpy(z, u, HF_SM2_POINT);
	memcpy(z + HF_SM2_POINT, a->z, HF_SM3_LEN);
	memcpy(z + HF_SM2_POINT + HF_SM3_LEN, b->z, HF_SM3_LEN);
	hf_sm3_kdf(HF_BYTES_OF(z), key, key_len);
	hf_wipe(z, sizeof(z));
}

static void prove(
	uint8_t prefix, const uint8_t u[HF_SM2_POINT], const uint8_t inner[HF_SM3_LEN], uint8_t out[HF_SM3_LEN])
{
	struct hf_sm3 hash;

	hf_sm3_init(&hash);
	hf_sm3_update(&hash, &prefix, 1);
	hf_sm3_update(&hash, u + 32, 32);
	hf_sm3_update(&hash, inner, HF_SM3_LEN);
	hf_sm3_final(&hash, out);
	hf_wipe(&hash, sizeof(hash));
}

static void confirm_both(const uint8_t u[HF_SM2_POINT], const struct hf_sm2_side *a, const struct hf_sm2_side *b,
	struct hf_sm2_confirm *confirm)
{
	uint8_t inner[HF_SM3_LEN];
	struct hf_sm3 hash;

	hf_sm3_init(&hash);
	hf_sm3_update(&hash, u, 32);
	hf_sm3_update(&hash, a->z, HF_SM3_LEN);
	hf_sm3_update(&hash, b->z, HF_SM3_LEN);
	hf_sm3_update(&hash, a->tmp, HF_SM2_POINT);
	hf_sm3_update(&hash, b->tmp, HF_SM2_POINT);
	hf_sm3_final(&hash, inner);
	prove(0x02, u, inner, confirm->s_responder);
	prove(0x03, u, inner, confirm->s_sponsor);
	hf_wipe(&hash, sizeof(hash));
	hf_wipe(inner, sizeof(inner));
}

bool hf_sm2_exchange(const struct hf_sm2_side *sponsor, const struct hf_sm2_side *responder, bool as_sponsor,
	const uint8_t d[HF_SM2_SCALAR], const uint8_t r[HF_SM2_SCALAR], uint8_t *key, size_t key_len,
	struct hf_sm2_confirm *confirm, struct hf_err *err)
{
	const struct hf_sm2_side *own = as_sponsor ? sponsor : responder;
	const struct hf_sm2_side *other = as_sponsor ? responder : sponsor;
	uint64_t dn[4], rn[4], t[4] = {0};
	uint8_t u[HF_SM2_POINT];
	bool ok = false;

	hf_limbs_in(dn, d);
	hf_limbs_in(rn, r);
	if (!hf_declassify(hf_sm2_n_in_range(dn, 0) & hf_sm2_n_in_range(rn, 0))) {
		hf_fail(err, HF_E_INPUT, "SM2 key exchange: a private number is not in [1, n-1] (GM/T 0003.3)");
		goto out;
	}
	combine(t, dn, own->tmp, rn);
	if (!agree(other, t, u, err))
		goto out;
	derive(u, sponsor, responder, key, key_len);
	if (confirm)
		confirm_both(u, sponsor, responder, confirm);
	ok = true;
out:
	hf_wipe(dn, sizeof(dn));
	hf_wipe(rn, sizeof(rn));
	hf_wipe(t, sizeof(t));
	hf_wipe(u, sizeof(u));
	return ok;
}
