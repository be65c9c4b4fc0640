#include "crypto/sm2_int.h"

#include "crypto/rand.h"

#include <openssl/obj_mac.h>
#include <stdatomic.h>
#include <string.h>

/* a ‖ b ‖ G of GM/T 0003.5, as Z wants them, and n. */
static const uint8_t curve_abg[128] = {0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xfc, 0x28, 0xe9, 0xfa, 0x9e, 0x9d, 0x9f, 0x5e, 0x34, 0x4d, 0x5a, 0x9e, 0x4b, 0xcf, 0x65, 0x09, 0xa7, 0xf3,
	0x97, 0x89, 0xf5, 0x15, 0xab, 0x8f, 0x92, 0xdd, 0xbc, 0xbd, 0x41, 0x4d, 0x94, 0x0e, 0x93, 0x32, 0xc4, 0xae,
	0x2c, 0x1f, 0x19, 0x81, 0x19, 0x5f, 0x99, 0x04, 0x46, 0x6a, 0x39, 0xc9, 0x94, 0x8f, 0xe3, 0x0b, 0xbf, 0xf2,
	0x66, 0x0b, 0xe1, 0x71, 0x5a, 0x45, 0x89, 0x33, 0x4c, 0x74, 0xc7, 0xbc, 0x37, 0x36, 0xa2, 0xf4, 0xf6, 0x77,
	0x9c, 0x59, 0xbd, 0xce, 0xe3, 0x6b, 0x69, 0x21, 0x53, 0xd0, 0xa9, 0x87, 0x7c, 0xc6, 0x2a, 0x47, 0x40, 0x02,
	0xdf, 0x32, 0xe5, 0x21, 0x39, 0xf0, 0xa0};
static const uint8_t curve_n[HF_SM2_SCALAR] = {0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0x72, 0x03, 0xdf, 0x6b, 0x21, 0xc6, 0x05, 0x2b, 0x53, 0xbb, 0xf4, 0x09, 0x39, 0xd5,
	0x41, 0x23};

bool hf_sm2_no_memory(struct hf_err *err)
{
	return hf_fail(err, HF_E_MEMORY, "SM2: out of memory");
}

/* The group never changes once made, so all threads share one; whoever loses the race to make it throws his away. */
static const EC_GROUP *shared_group(void)
{
	static _Atomic(EC_GROUP *) shared;
	EC_GROUP *group = atomic_load(&shared), *none = NULL;

	if (group)
		return group;
	group = EC_GROUP_new_by_curve_name(NID_sm2);
	if (group && !atomic_compare_exchange_strong(&shared, &none, group)) {
		EC_GROUP_free(group);
		group = none;
	}
	return group;
}

bool hf_sm2_begin(struct hf_sm2_work *work, struct hf_err *err)
{
	*work = (struct hf_sm2_work){.group = shared_group()};
	if (!work->group)
		return hf_sm2_no_memory(err);
	work->n = EC_GROUP_get0_order(work->group);
	work->p = EC_GROUP_get0_field(work->group);
	work->ctx = BN_CTX_new();
	if (!work->ctx)
		return hf_sm2_no_memory(err);
	BN_CTX_start(work->ctx);
	return true;
}

void hf_sm2_end(struct hf_sm2_work *work)
{
	if (!work->ctx)
		return;
	BN_CTX_end(work->ctx);
	BN_CTX_free(work->ctx);
	work->ctx = NULL;
}

BIGNUM *hf_sm2_number(struct hf_sm2_work *work, const uint8_t in[HF_SM2_SCALAR])
{
	BIGNUM *number = BN_CTX_get(work->ctx);

	if (!number || !BN_bin2bn(in, HF_SM2_SCALAR, number))
		return NULL;
	BN_set_flags(number, BN_FLG_CONSTTIME);
	return number;
}

/* 1 if a > b, 0 otherwise, in a time that depends on neither. */
static unsigned greater(const uint8_t a[HF_SM2_SCALAR], const uint8_t b[HF_SM2_SCALAR])
{
	unsigned borrow = 0;

	for (size_t i = HF_SM2_SCALAR; i-- > 0;)
		borrow = ((unsigned)b[i] - a[i] - borrow) >> 8 & 1;
	return borrow;
}

static bool in_range(const uint8_t x[HF_SM2_SCALAR], unsigned below_n)
{
	static const uint8_t zero[HF_SM2_SCALAR];
	uint8_t top[HF_SM2_SCALAR];

	memcpy(top, curve_n, sizeof(top));
	top[HF_SM2_SCALAR - 1] = (uint8_t)(top[HF_SM2_SCALAR - 1] - below_n);
	return (greater(x, zero) & ~greater(x, top) & 1) == 1;
}

BIGNUM *hf_sm2_private(struct hf_sm2_work *work, const uint8_t d[HF_SM2_SCALAR], struct hf_err *err)
{
	if (!in_range(d, 2)) {
		hf_fail(err, HF_E_INPUT, "SM2 private key is not in [1, n-2] (GM/T 0003.1)");
		return NULL;
	}
	BIGNUM *number = hf_sm2_number(work, d);
	if (!number)
		hf_sm2_no_memory(err);
	return number;
}

EC_POINT *hf_sm2_point(struct hf_sm2_work *work, const uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	BIGNUM *x = BN_CTX_get(work->ctx), *y = BN_CTX_get(work->ctx);
	EC_POINT *point = EC_POINT_new(work->group);

	if (!y || !point || !BN_bin2bn(pub, 32, x) || !BN_bin2bn(pub + 32, 32, y)) {
		hf_sm2_no_memory(err);
		goto fail;
	}
	/* EC_POINT_set_affine_coordinates would reduce a coordinate that is too large. */
	if (BN_cmp(x, work->p) >= 0 || BN_cmp(y, work->p) >= 0) {
		hf_fail(err, HF_E_INPUT, "SM2 public key: a coordinate is not below p (GM/T 0003.1)");
		goto fail;
	}
	if (EC_POINT_set_affine_coordinates(work->group, point, x, y, work->ctx) != 1) {
		hf_fail(err, HF_E_INPUT, "SM2 public key is not a point of the curve (GM/T 0003.1)");
		goto fail;
	}
	return point;
fail:
	EC_POINT_free(point);
	return NULL;
}

bool hf_sm2_point_out(struct hf_sm2_work *work, const EC_POINT *point, uint8_t out[HF_SM2_POINT], struct hf_err *err)
{
	BIGNUM *x = BN_CTX_get(work->ctx), *y = BN_CTX_get(work->ctx);

	if (!y || EC_POINT_get_affine_coordinates(work->group, point, x, y, work->ctx) != 1 ||
		BN_bn2binpad(x, out, 32) != 32 || BN_bn2binpad(y, out + 32, 32) != 32)
		return hf_sm2_no_memory(err);
	return true;
}

bool hf_sm2_multiply(struct hf_sm2_work *work, const BIGNUM *scalar, const EC_POINT *point, uint8_t out[HF_SM2_POINT],
	struct hf_err *err)
{
	EC_POINT *product = EC_POINT_new(work->group);
	bool ok = product && EC_POINT_mul(work->group, product, point ? NULL : scalar, point, point ? scalar : NULL,
				     work->ctx) == 1;

	if (!ok)
		hf_sm2_no_memory(err);
	ok = ok && hf_sm2_point_out(work, product, out, err);
	EC_POINT_clear_free(product);
	return ok;
}

bool hf_sm2_random(uint8_t k[HF_SM2_SCALAR], struct hf_err *err)
{
	do {
		if (!hf_rand(k, HF_SM2_SCALAR, err))
			return false;
	} while (!in_range(k, 1));
	return true;
}

bool hf_sm2_public(const uint8_t d[HF_SM2_SCALAR], uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_sm2_work work;
	BIGNUM *number;
	bool ok = hf_sm2_begin(&work, err) && (number = hf_sm2_private(&work, d, err)) != NULL &&
		  hf_sm2_multiply(&work, number, NULL, pub, err);

	hf_sm2_end(&work);
	return ok;
}

bool hf_sm2_generate(struct hf_sm2_key *key, struct hf_err *err)
{
	do {
		if (!hf_sm2_random(key->d, err))
			return false;
	} while (!in_range(key->d, 2));
	bool ok = hf_sm2_public(key->d, key->pub, err);
	if (!ok)
		hf_wipe(key, sizeof(*key));
	return ok;
}

bool hf_sm2_point_check(const uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	struct hf_sm2_work work;
	EC_POINT *point = NULL;
	bool ok = hf_sm2_begin(&work, err) && (point = hf_sm2_point(&work, pub, err)) != NULL;

	EC_POINT_free(point);
	hf_sm2_end(&work);
	return ok;
}

//= GM/T 0009 8.1
void hf_sm2_z(const uint8_t pub[HF_SM2_POINT], struct hf_bytes id, uint8_t z[HF_SM3_LEN])
{
	struct hf_sm3 ctx;
	uint8_t bits[2];

	hf_put_u16(bits, (uint16_t)(id.len * 8));
	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, bits, sizeof(bits));
	hf_sm3_update(&ctx, id.p, id.len);
	hf_sm3_update(&ctx, curve_abg, sizeof(curve_abg));
	hf_sm3_update(&ctx, pub, HF_SM2_POINT);
	hf_sm3_final(&ctx, z);
}

//= GM/T 0009 8.2
void hf_sm2_digest(const uint8_t z[HF_SM3_LEN], struct hf_bytes message, uint8_t e[HF_SM3_LEN])
{
	struct hf_sm3 ctx;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, z, HF_SM3_LEN);
	hf_sm3_update(&ctx, message.p, message.len);
	hf_sm3_final(&ctx, e);
}
