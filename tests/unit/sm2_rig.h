/*
 * What the tests of SM2 share: the variants of this processor, and OpenSSL's arithmetic as the second opinion. With
 * HUFU_LONG=1 each kind of operation is compared 100,000 times.
 */
#ifndef HUFU_TESTS_UNIT_SM2_RIG_H
#define HUFU_TESTS_UNIT_SM2_RIG_H

#include "test.h"

#include "crypto/cpu.h"
#include "crypto/rand.h"
#include "crypto/sm2_ifma.h"
#include "crypto/sm2_int.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

#define ADX (HF_CPU_AVX2 | HF_CPU_BMI2 | HF_CPU_ADX)

static const struct {
	const char *name;
	unsigned features;
} variants[] = {
	{"portable", 0}, {"adx", ADX}, {"avx512", ADX | HF_CPU_AVX512}, {"ifma", ADX | HF_CPU_AVX512 | HF_CPU_IFMA}};
#define LANES        3 /* the one that has them */
#define NUM_VARIANTS (sizeof(variants) / sizeof(variants[0]))

/* True if the variant can run here; from then on it does. */
static inline bool use(size_t variant)
{
	hf_cpu_limit(~0u);
	if (!hf_cpu_has(variants[variant].features))
		return false;
	hf_cpu_limit(variants[variant].features);
	return strcmp(hf_sm2_batch_name(), variants[variant].name) == 0;
}

struct outside {
	EC_GROUP *group;
	BN_CTX *ctx;
	const BIGNUM *n, *p;
};

static inline int set_up(void **state)
{
	struct outside *out = calloc(1, sizeof(*out));

	out->group = EC_GROUP_new_by_curve_name(NID_sm2);
	out->ctx = BN_CTX_new();
	out->n = EC_GROUP_get0_order(out->group);
	out->p = EC_GROUP_get0_field(out->group);
	*state = out;
	return 0;
}

static inline int tear_down(void **state)
{
	struct outside *out = *state;

	hf_cpu_limit(~0u);
	EC_GROUP_free(out->group);
	BN_CTX_free(out->ctx);
	free(out);
	return 0;
}

static inline size_t rounds(size_t few)
{
	const char *all = getenv("HUFU_LONG");

	return all && strcmp(all, "1") == 0 ? 100000 : few;
}

static inline BIGNUM *number(const uint64_t v[4])
{
	uint8_t octets[32];

	hf_limbs_out(octets, v);
	return BN_bin2bn(octets, 32, NULL);
}

static inline void limbs(uint64_t v[4], const BIGNUM *from)
{
	uint8_t octets[32];

	assert_int_equal(BN_bn2binpad(from, octets, 32), 32);
	hf_limbs_in(v, octets);
}

/* Any 256 bits, often with long runs of ones or zeros, which are where carries go wrong; below m. */
static inline void odd_number(uint64_t v[4], const BIGNUM *m, BN_CTX *ctx)
{
	uint8_t shape[4];

	assert_true(hf_rand(v, 32, NULL) && hf_rand(shape, sizeof(shape), NULL));
	for (size_t i = 0; i < 4; i++) {
		if (shape[i] < 40)
			v[i] = 0;
		else if (shape[i] < 80)
			v[i] = UINT64_MAX;
		else if (shape[i] < 120)
			v[i] = UINT64_MAX << shape[i] % 64;
	}
	BIGNUM *a = number(v);
	assert_true(BN_nnmod(a, a, m, ctx));
	limbs(v, a);
	BN_free(a);
}

static inline void scalar_of(uint64_t v[4], const struct outside *out, int64_t small)
{
	BIGNUM *a = BN_new();

	assert_true(BN_set_word(a, (BN_ULONG)(small < 0 ? -small : small)));
	if (small < 0)
		assert_true(BN_sub(a, out->n, a));
	limbs(v, a);
	BN_free(a);
}

/* outside's k·point (G if NULL); false at infinity. */
static inline bool outside_multiply(
	const struct outside *out, const uint64_t k[4], const uint8_t point[64], uint8_t product[64])
{
	EC_POINT *p = EC_POINT_new(out->group);
	BIGNUM *x = BN_new(), *y = BN_new(), *kn = number(k);

	if (point) {
		BN_bin2bn(point, 32, x);
		BN_bin2bn(point + 32, 32, y);
		assert_true(EC_POINT_set_affine_coordinates(out->group, p, x, y, out->ctx));
		assert_true(EC_POINT_mul(out->group, p, NULL, p, kn, out->ctx));
	} else {
		assert_true(EC_POINT_mul(out->group, p, kn, NULL, NULL, out->ctx));
	}
	bool finite = !EC_POINT_is_at_infinity(out->group, p);
	if (finite) {
		assert_true(EC_POINT_get_affine_coordinates(out->group, p, x, y, out->ctx));
		assert_true(BN_bn2binpad(x, product, 32) == 32 && BN_bn2binpad(y, product + 32, 32) == 32);
	}
	BN_free(x);
	BN_free(y);
	BN_free(kn);
	EC_POINT_free(p);
	return finite;
}

static inline void random_point(const struct outside *out, uint8_t point[64])
{
	uint64_t k[4];

	assert_true(hf_sm2_random(k, 0, NULL));
	assert_true(outside_multiply(out, k, NULL, point));
}

/* r = a·b mod n */
static inline void product(const struct outside *out, uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	BIGNUM *x = number(a), *y = number(b);

	assert_true(BN_mod_mul(x, x, y, out->n, out->ctx));
	limbs(r, x);
	BN_free(x);
	BN_free(y);
}

#endif
