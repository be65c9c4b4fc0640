#include "crypto/sm2_int.h"

/* out = (1 + d)^(n-2) mod n, the inverse, as a constant-time power. */
static bool inverse_of_next(struct hf_sm2_work *work, const BIGNUM *d, BIGNUM *out)
{
	BIGNUM *next = BN_CTX_get(work->ctx), *power = BN_CTX_get(work->ctx);
	BN_MONT_CTX *mont = BN_MONT_CTX_new();
	bool ok = power && mont && BN_MONT_CTX_set(mont, work->n, work->ctx) && BN_copy(power, work->n) &&
		  BN_sub_word(power, 2) && BN_copy(next, d) && BN_add_word(next, 1);

	if (ok) {
		BN_set_flags(next, BN_FLG_CONSTTIME);
		ok = BN_mod_exp_mont_consttime(out, next, power, work->n, work->ctx, mont) == 1;
	}
	BN_MONT_CTX_free(mont);
	return ok;
}

/*
 * s = (1+d)⁻¹ · (k + r) − r, which is (1+d)⁻¹ · (k − r·d) with the secret in one product only.
 * The signature is refused (again) when r = 0, r + k = n or s = 0.
 */
static bool finish(struct hf_sm2_work *work, const BIGNUM *d, const BIGNUM *k, const BIGNUM *e, const BIGNUM *x,
	BIGNUM *r, BIGNUM *s, bool *again)
{
	BIGNUM *inverse = BN_CTX_get(work->ctx), *sum = BN_CTX_get(work->ctx), *product = BN_CTX_get(work->ctx);

	if (!product || !BN_mod_add(r, e, x, work->n, work->ctx) || !BN_mod_add(sum, r, k, work->n, work->ctx))
		return false;
	if (BN_is_zero(r) || BN_is_zero(sum)) {
		*again = true;
		return true;
	}
	if (!inverse_of_next(work, d, inverse) || !BN_mod_mul(product, inverse, sum, work->n, work->ctx) ||
		!BN_mod_sub(s, product, r, work->n, work->ctx))
		return false;
	*again = BN_is_zero(s);
	return true;
}

//= GM/T 0003.2 6.1
bool hf_sm2_sign_with(const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN], const uint8_t k[HF_SM2_SCALAR],
	uint8_t sig[HF_SM2_SIG], bool *again, struct hf_err *err)
{
	uint8_t point[HF_SM2_POINT];
	struct hf_sm2_work work;
	BIGNUM *dn, *kn;
	bool ok = false;

	*again = false;
	if (!hf_sm2_begin(&work, err) || (dn = hf_sm2_private(&work, d, err)) == NULL)
		goto out;
	if ((kn = hf_sm2_number(&work, k)) == NULL) {
		hf_sm2_no_memory(err);
		goto out;
	}
	if (!hf_sm2_multiply(&work, kn, NULL, point, err))
		goto out;
	BIGNUM *en = hf_sm2_number(&work, e), *x = hf_sm2_number(&work, point);
	BIGNUM *r = BN_CTX_get(work.ctx), *s = BN_CTX_get(work.ctx);
	ok = en && x && s && finish(&work, dn, kn, en, x, r, s, again);
	ok = ok && (*again || (BN_bn2binpad(r, sig, 32) == 32 && BN_bn2binpad(s, sig + 32, 32) == 32));
	if (!ok)
		hf_sm2_no_memory(err);
out:
	hf_sm2_end(&work);
	return ok;
}

bool hf_sm2_sign(
	const uint8_t d[HF_SM2_SCALAR], const uint8_t e[HF_SM3_LEN], uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint8_t k[HF_SM2_SCALAR];
	bool ok, again = true;

	do {
		ok = hf_sm2_random(k, err) && hf_sm2_sign_with(d, e, k, sig, &again, err);
	} while (ok && again);
	hf_wipe(k, sizeof(k));
	return ok;
}

/* *match: r is what e and x1 of s·G + t·P give. */
static bool check(
	struct hf_sm2_work *work, const EC_POINT *pub, const BIGNUM *e, const BIGNUM *r, const BIGNUM *s, bool *match)
{
	BIGNUM *t = BN_CTX_get(work->ctx), *x = BN_CTX_get(work->ctx), *want = BN_CTX_get(work->ctx);
	EC_POINT *point = EC_POINT_new(work->group);
	bool ok = point && want && BN_mod_add(t, r, s, work->n, work->ctx);

	*match = false;
	if (ok && !BN_is_zero(t)) {
		ok = EC_POINT_mul(work->group, point, s, pub, t, work->ctx) == 1;
		if (ok && !EC_POINT_is_at_infinity(work->group, point)) {
			ok = EC_POINT_get_affine_coordinates(work->group, point, x, NULL, work->ctx) == 1 &&
			     BN_mod_add(want, e, x, work->n, work->ctx);
			*match = ok && BN_cmp(want, r) == 0;
		}
	}
	EC_POINT_free(point);
	return ok;
}

static bool is_signature_number(const struct hf_sm2_work *work, const BIGNUM *v)
{
	return !BN_is_zero(v) && BN_cmp(v, work->n) < 0;
}

//= GM/T 0003.2 7.1
bool hf_sm2_verify(
	const uint8_t pub[HF_SM2_POINT], const uint8_t e[HF_SM3_LEN], const uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	struct hf_sm2_work work;
	EC_POINT *point = NULL;
	bool ok = false, match = false;

	if (!hf_sm2_begin(&work, err) || (point = hf_sm2_point(&work, pub, err)) == NULL)
		goto out;
	BIGNUM *en = BN_bin2bn(e, HF_SM3_LEN, BN_CTX_get(work.ctx));
	BIGNUM *r = BN_bin2bn(sig, 32, BN_CTX_get(work.ctx)), *s = BN_bin2bn(sig + 32, 32, BN_CTX_get(work.ctx));
	if (!en || !r || !s) {
		hf_sm2_no_memory(err);
		goto out;
	}
	if (!is_signature_number(&work, r) || !is_signature_number(&work, s)) {
		hf_fail(err, HF_E_INPUT, "SM2 signature: r or s is not in [1, n-1] (GM/T 0003.2 7.1)");
		goto out;
	}
	if (!check(&work, point, en, r, s, &match))
		hf_sm2_no_memory(err);
	else if (!match)
		hf_fail(err, HF_E_VERIFY, "SM2 signature does not match (GM/T 0003.2 7.1)");
	else
		ok = true;
out:
	EC_POINT_free(point);
	hf_sm2_end(&work);
	return ok;
}
