#include "crypto/sm2_int.h"

/* inverse = 2^256/(1+d) mod n; 1+d is never 0 modulo n as d <= n-2. */
static bool inverse_of_next(uint64_t inverse[4], const uint8_t d[HF_SM2_SCALAR], struct hf_err *err)
{
	static const uint64_t one[4] = {1};
	uint64_t next[4];
	bool ok = hf_sm2_private_in(next, d, err);

	if (ok) {
		hf_sm2_n_add(next, next, one);
		hf_sm2_n_invert(inverse, next);
	}
	hf_wipe(next, sizeof(next));
	return ok;
}

/*
 * s = (1+d)⁻¹ · (k + r) − r, which is (1+d)⁻¹ · (k − r·d) with the secret in one product only. k is drawn anew if r =
 * 0, r + k = n or s = 0.
 */
//= GM/T 0003.2 6.1
bool hf_sm2_sign_finish(const uint64_t inverse[4], const uint8_t e[HF_SM3_LEN], const uint64_t k[4],
	const uint8_t point[HF_SM2_POINT], uint8_t sig[HF_SM2_SIG])
{
	uint64_t r[4], s[4], x[4], refused;

	hf_limbs_in(x, point);
	hf_sm2_n_fold(x, x);
	hf_limbs_in(r, e);
	hf_sm2_n_fold(r, r);
	hf_sm2_n_add(r, r, x);
	hf_sm2_n_add(s, r, k);
	refused = hf_sm2_n_zero(r) | hf_sm2_n_zero(s);
	hf_sm2_n_mul(s, s, inverse);
	hf_sm2_n_sub(s, s, r);
	refused = hf_declassify(refused | hf_sm2_n_zero(s));
	if (!refused) {
		hf_limbs_out(sig, r);
		hf_limbs_out(sig + 32, s);
	}
	hf_wipe(s, sizeof(s));
	return !refused;
}

static bool sign_once(
	const uint64_t inverse[4], const uint8_t e[HF_SM3_LEN], const uint64_t k[4], uint8_t sig[HF_SM2_SIG])
{
	uint8_t point[HF_SM2_POINT];

	hf_sm2_curve()->base(point, k);
	bool ok = hf_sm2_sign_finish(inverse, e, k, point, sig);
	hf_wipe(point, sizeof(point));
	return ok;
}

bool hf_sm2_sign_with(const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN], const uint8_t k[HF_SM2_SCALAR],
	uint8_t sig[HF_SM2_SIG], bool *again, struct hf_err *err)
{
	uint64_t inverse[4], kn[4];
	bool ok = inverse_of_next(inverse, d, err);

	*again = false;
	if (ok) {
		hf_limbs_in(kn, k);
		*again = !sign_once(inverse, e, kn, sig);
		hf_wipe(kn, sizeof(kn));
	}
	hf_wipe(inverse, sizeof(inverse));
	return ok;
}

static bool sign(const uint64_t inverse[4], const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint64_t k[4];
	bool ok;

	do {
		ok = hf_sm2_random(k, 0, err);
	} while (ok && !sign_once(inverse, e, k, sig));
	hf_wipe(k, sizeof(k));
	return ok;
}

bool hf_sm2_sign(
	const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint64_t inverse[4];
	bool ok = inverse_of_next(inverse, d, err) && sign(inverse, e, sig, err);

	hf_wipe(inverse, sizeof(inverse));
	return ok;
}

bool hf_sm2_signer_init(
	struct hf_sm2_signer *signer, const struct hf_sm2_key *key, struct hf_bytes id, struct hf_err *err)
{
	*signer = (struct hf_sm2_signer){0};
	if (!hf_sm2_point_check(key->pub, err) || !inverse_of_next(signer->inverse, key->d, err))
		return false;
	for (size_t i = 0; i < HF_SM2_POINT; i++)
		signer->pub[i] = key->pub[i];
	hf_sm2_z(key->pub, id, signer->z);
	return true;
}

bool hf_sm2_signer_sign(
	const struct hf_sm2_signer *signer, const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	return sign(signer->inverse, e, sig, err);
}

void hf_sm2_signer_clear(struct hf_sm2_signer *signer)
{
	hf_wipe(signer, sizeof(*signer));
}

bool hf_sm2_verify_begin(const uint8_t e[HF_SM3_LEN], const uint8_t sig[HF_SM2_SIG], uint64_t r[4], uint64_t s[4],
	uint64_t t[4], uint64_t x[4])
{
	hf_limbs_in(r, sig);
	hf_limbs_in(s, sig + 32);
	if (!hf_sm2_n_in_range(r, 0) || !hf_sm2_n_in_range(s, 0))
		return false;
	hf_sm2_n_add(t, r, s);
	hf_limbs_in(x, e);
	hf_sm2_n_fold(x, x);
	hf_sm2_n_sub(x, r, x);
	return !hf_sm2_n_zero(t);
}

//= GM/T 0003.2 7.1
bool hf_sm2_verify(
	const uint8_t pub[HF_SM2_POINT], const uint8_t e[HF_SM3_LEN], const uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	struct hf_sm2_affine point;
	uint64_t r[4], s[4], t[4], x[4];

	if (!hf_sm2_affine_in(&point, pub, err))
		return false;
	bool ok = hf_sm2_verify_begin(e, sig, r, s, t, x);
	if (!hf_sm2_n_in_range(r, 0) || !hf_sm2_n_in_range(s, 0))
		return hf_fail(err, HF_E_INPUT, "SM2 signature: r or s is not in [1, n-1] (GM/T 0003.2 7.1)");
	if (!ok || !hf_sm2_curve()->match(s, t, &point, x))
		return hf_fail(err, HF_E_VERIFY, "SM2 signature does not match (GM/T 0003.2 7.1)");
	return true;
}
