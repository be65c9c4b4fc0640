/*
 * SM2's arithmetic, every variant that this processor runs, against OpenSSL's: one body of answers for all of them. The
 * random parts are short; with HUFU_LONG=1 each kind of operation is compared 100,000 times.
 */
#include "test.h"

#include "base/hex.h"
#include "base/str.h"
#include "crypto/cpu.h"
#include "crypto/rand.h"
#include "crypto/sm2_ifma.h"
#include "crypto/sm2_int.h"
#include "x509/sm2sig.h"

#include <jansson.h>
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
static bool use(size_t variant)
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

static int set_up(void **state)
{
	struct outside *out = calloc(1, sizeof(*out));

	out->group = EC_GROUP_new_by_curve_name(NID_sm2);
	out->ctx = BN_CTX_new();
	out->n = EC_GROUP_get0_order(out->group);
	out->p = EC_GROUP_get0_field(out->group);
	*state = out;
	return 0;
}

static int tear_down(void **state)
{
	struct outside *out = *state;

	hf_cpu_limit(~0u);
	EC_GROUP_free(out->group);
	BN_CTX_free(out->ctx);
	free(out);
	return 0;
}

static size_t rounds(size_t few)
{
	const char *all = getenv("HUFU_LONG");

	return all && strcmp(all, "1") == 0 ? 100000 : few;
}

static BIGNUM *number(const uint64_t v[4])
{
	uint8_t octets[32];

	hf_limbs_out(octets, v);
	return BN_bin2bn(octets, 32, NULL);
}

static void limbs(uint64_t v[4], const BIGNUM *from)
{
	uint8_t octets[32];

	assert_int_equal(BN_bn2binpad(from, octets, 32), 32);
	hf_limbs_in(v, octets);
}

/* Any 256 bits, often with long runs of ones or zeros, which are where carries go wrong; below m. */
static void odd_number(uint64_t v[4], const BIGNUM *m, BN_CTX *ctx)
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

static void scalar_of(uint64_t v[4], const struct outside *out, int64_t small)
{
	BIGNUM *a = BN_new();

	assert_true(BN_set_word(a, (BN_ULONG)(small < 0 ? -small : small)));
	if (small < 0)
		assert_true(BN_sub(a, out->n, a));
	limbs(v, a);
	BN_free(a);
}

/* outside's k·point (G if NULL); false at infinity. */
static bool outside_multiply(
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

static void numbers_modulo_p_agree_with_openssl(void **state)
{
	const struct outside *out = *state;
	struct hf_sm2_fe a, b, r;
	uint64_t av[4], bv[4], got[4], want[4];
	BIGNUM *w = BN_new();

	for (size_t i = 0; i < rounds(3000); i++) {
		odd_number(av, out->p, out->ctx);
		odd_number(bv, out->p, out->ctx);
		BIGNUM *an = number(av), *bn = number(bv);
		hf_sm2_fe_in(&a, av);
		hf_sm2_fe_in(&b, bv);
#define AGREES(ours, theirs)                                                                                           \
	do {                                                                                                           \
		ours;                                                                                                  \
		assert_true(theirs);                                                                                   \
		hf_sm2_fe_out(got, &r);                                                                                \
		limbs(want, w);                                                                                        \
		assert_memory_equal(got, want, 32);                                                                    \
	} while (0)
		AGREES(hf_sm2_fe_mul(&r, &a, &b), BN_mod_mul(w, an, bn, out->p, out->ctx));
		AGREES(hf_sm2_fe_sqr(&r, &a), BN_mod_sqr(w, an, out->p, out->ctx));
		AGREES(hf_sm2_fe_add(&r, &a, &b), BN_mod_add(w, an, bn, out->p, out->ctx));
		AGREES(hf_sm2_fe_sub(&r, &a, &b), BN_mod_sub(w, an, bn, out->p, out->ctx));
		if (!BN_is_zero(an))
			AGREES(hf_sm2_fe_invert(&r, &a), BN_mod_inverse(w, an, out->p, out->ctx));
		BN_free(an);
		BN_free(bn);
	}
	memset(&a, 0, sizeof(a));
	hf_sm2_fe_invert(&r, &a);
	assert_true(hf_sm2_fe_zero(&r));
	BN_free(w);
}

static void numbers_modulo_n_agree_with_openssl(void **state)
{
	const struct outside *out = *state;
	uint64_t a[4], b[4], got[4], want[4], one[4] = {1};
	BIGNUM *w = BN_new();

	for (size_t i = 0; i < rounds(3000); i++) {
		odd_number(a, out->n, out->ctx);
		odd_number(b, out->n, out->ctx);
		BIGNUM *an = number(a), *bn = number(b);
		hf_sm2_n_add(got, a, b);
		assert_true(BN_mod_add(w, an, bn, out->n, out->ctx));
		limbs(want, w);
		assert_memory_equal(got, want, 32);
		hf_sm2_n_sub(got, a, b);
		assert_true(BN_mod_sub(w, an, bn, out->n, out->ctx));
		limbs(want, w);
		assert_memory_equal(got, want, 32);
		if (!BN_is_zero(bn)) { /* a/b: the inverse, and a product */
			hf_sm2_n_invert(got, b);
			hf_sm2_n_mul(got, a, got);
			assert_true(BN_mod_inverse(w, bn, out->n, out->ctx) && BN_mod_mul(w, w, an, out->n, out->ctx));
			limbs(want, w);
			assert_memory_equal(got, want, 32);
		}
		BN_free(an);
		BN_free(bn);
	}
	memset(a, 0xff, 32);
	hf_sm2_n_fold(got, a);
	limbs(b, out->n);
	hf_sm2_n_sub(want, a, b);
	assert_memory_equal(got, want, 32);
	hf_sm2_n_fold(got, b);
	assert_true(hf_sm2_n_zero(got) && !hf_sm2_n_zero(one));
	BN_free(w);
}

static void ranges_of_scalars_end_where_the_standard_says(void **state)
{
	uint64_t v[4];

	for (int64_t i = -4; i <= 4; i++) {
		scalar_of(v, *state, i);
		if (i == 0)
			memset(v, 0, sizeof(v));
		assert_int_equal(hf_sm2_n_in_range(v, 0) != 0, i != 0);
		assert_int_equal(hf_sm2_n_in_range(v, 1) != 0, i != 0 && i != -1);
	}
	limbs(v, ((struct outside *)*state)->n);
	assert_false(hf_sm2_n_in_range(v, 0));
	memset(v, 0xff, sizeof(v));
	assert_false(hf_sm2_n_in_range(v, 0));
}

static void the_base_table_holds_the_multiples_that_it_says(void **state)
{
	const struct outside *out = *state;
	EC_POINT *row = EC_POINT_dup(EC_GROUP_get0_generator(out->group), out->group), *p = EC_POINT_new(out->group);
	BIGNUM *x = BN_new(), *y = BN_new();
	uint64_t want[4], got[4];

	for (size_t i = 0; i < HF_SM2_BASE_ROWS; i++) {
		assert_true(EC_POINT_copy(p, row));
		for (size_t j = 0; j < HF_SM2_BASE_COLUMNS; j++) {
			const struct hf_sm2_affine *entry = &hf_sm2_base_table[i][j];
			assert_true(EC_POINT_get_affine_coordinates(out->group, p, x, y, out->ctx));
			limbs(want, x);
			hf_sm2_fe_out(got, &entry->x);
			assert_memory_equal(got, want, 32);
			limbs(want, y);
			hf_sm2_fe_out(got, &entry->y);
			assert_memory_equal(got, want, 32);
			assert_true(EC_POINT_add(out->group, p, p, row, out->ctx));
		}
		for (size_t j = 0; j < 7; j++)
			assert_true(EC_POINT_dbl(out->group, row, row, out->ctx));
	}
	BN_free(x);
	BN_free(y);
	EC_POINT_free(row);
	EC_POINT_free(p);
}

/* The three ways to multiply by k give what OpenSSL gives. */
static void check_scalar(const struct outside *out, const uint64_t k[4], const uint8_t point[64])
{
	const struct hf_sm2_curve *curve = hf_sm2_curve();
	uint8_t want[64], want_g[64], got[64], got_g[64];
	struct hf_sm2_affine p;
	struct hf_err err;

	assert_ok(hf_sm2_affine_in(&p, point, &err));
	assert_true(outside_multiply(out, k, NULL, want_g));
	assert_true(outside_multiply(out, k, point, want));
	curve->base(got, k);
	assert_memory_equal(got, want_g, 64);
	curve->multiply(got, k, &p);
	assert_memory_equal(got, want, 64);
	curve->both(got_g, got, k, &p);
	assert_memory_equal(got_g, want_g, 64);
	assert_memory_equal(got, want, 64);
}

static void random_point(const struct outside *out, uint8_t point[64])
{
	uint64_t k[4];

	assert_true(hf_sm2_random(k, 0, NULL));
	assert_true(outside_multiply(out, k, NULL, point));
}

/* Near 0 and n, powers of two, and bits that make every window 0, the largest, or a carry. */
static void multiplications_by_odd_scalars_agree_with_openssl(void **state)
{
	const struct outside *out = *state;
	uint64_t k[4];
	uint8_t point[64];

	random_point(out, point);
	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		for (int64_t i = -40; i <= 40; i++) {
			if (i == 0)
				continue;
			scalar_of(k, out, i);
			check_scalar(out, k, point);
		}
		for (size_t i = 0; i < 256; i += 3) {
			memset(k, 0, sizeof(k));
			k[i / 64] = (uint64_t)1 << i % 64;
			check_scalar(out, k, point);
		}
		static const uint8_t fills[] = {0x55, 0xaa, 0x81, 0x7f, 0x40, 0x3f, 0x10, 0xef, 0xfe, 0x01};
		for (size_t i = 0; i < sizeof(fills); i++) {
			memset(k, fills[i], sizeof(k));
			check_scalar(out, k, point);
		}
	}
}

static void multiplications_by_random_scalars_agree_with_openssl(void **state)
{
	const struct outside *out = *state;
	uint64_t k[4];
	uint8_t point[64];

	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		for (size_t i = 0; i < rounds(150); i++) {
			random_point(out, point);
			do
				odd_number(k, out->n, out->ctx);
			while (hf_sm2_n_zero(k));
			check_scalar(out, k, point);
		}
	}
}

/* r = a·b mod n */
static void product(const struct outside *out, uint64_t r[4], const uint64_t a[4], const uint64_t b[4])
{
	BIGNUM *x = number(a), *y = number(b);

	assert_true(BN_mod_mul(x, x, y, out->n, out->ctx));
	limbs(r, x);
	BN_free(x);
	BN_free(y);
}

/* match() of s·G + t·(m·G) against (s + t·m)·G. */
static void check_sum(const struct outside *out, const uint64_t s[4], const uint64_t t[4], const uint64_t m[4])
{
	uint8_t octets[64];
	uint64_t sum[4], x[4];
	static const uint64_t one[4] = {1};
	struct hf_sm2_affine p;
	struct hf_err err;

	assert_true(outside_multiply(out, m, NULL, octets));
	assert_ok(hf_sm2_affine_in(&p, octets, &err));
	product(out, sum, t, m);
	hf_sm2_n_add(sum, sum, s);
	if (!outside_multiply(out, sum, NULL, octets)) {
		memset(x, 0, sizeof(x));
		assert_false(hf_sm2_curve()->match(s, t, &p, x));
		assert_false(hf_sm2_curve()->match(s, t, &p, one));
		return;
	}
	hf_limbs_in(x, octets);
	hf_sm2_n_fold(x, x);
	assert_true(hf_sm2_curve()->match(s, t, &p, x));
	hf_sm2_n_add(x, x, one);
	assert_false(hf_sm2_curve()->match(s, t, &p, x));
}

/* Every meeting of the two sums: both zero, one zero, equal (doubling), opposite (infinity), in early and late digits.
 */
static void sums_that_meet_agree_with_openssl(void **state)
{
	static const int64_t small[] = {0, 1, 2, 3, 15, 16, 17, 64, 65, 128, -1, -2, -3, -6, -17, -64, -128};
	static const int64_t keys[] = {1, -1, 2, 3, 64, 128, -128, 8192};
	const struct outside *out = *state;
	uint64_t s[4], t[4], m[4];

	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
			for (size_t j = 0; j < sizeof(small) / sizeof(small[0]); j++) {
				scalar_of(s, out, small[i]);
				scalar_of(t, out, small[j]);
				scalar_of(m, out, keys[(i + j) % 8]);
				check_sum(out, s, t, m);
			}
		}
		for (size_t i = 0; i < rounds(100); i++) {
			odd_number(s, out->n, out->ctx);
			odd_number(t, out->n, out->ctx);
			do
				odd_number(m, out->n, out->ctx);
			while (hf_sm2_n_zero(m));
			check_sum(out, s, t, m);
			/* s = ±t·m: the halves are equal, then opposite */
			product(out, s, t, m);
			check_sum(out, s, t, m);
			memset(m, 0, sizeof(m));
			hf_sm2_n_sub(s, m, s);
			scalar_of(m, out, 1);
			hf_sm2_n_sub(t, t, t);
			check_sum(out, s, t, m);
		}
		for (size_t i = 0; i < 20; i++) {
			do
				odd_number(t, out->n, out->ctx);
			while (hf_sm2_n_zero(t));
			odd_number(m, out->n, out->ctx);
			hf_sm2_n_add(m, m, (const uint64_t[4]){hf_sm2_n_zero(m) & 1});
			memset(s, 0, sizeof(s));
			uint64_t tm[4];
			product(out, tm, t, m);
			hf_sm2_n_sub(s, s, tm);
			check_sum(out, s, t, m);
		}
	}
}

static void an_x_beyond_n_is_matched_modulo_n(void **state)
{
	/* No known multiple of G has n <= x < p; a point with x = n + i of the curve stands for itself: 0·G + 1·P. */
	const struct outside *out = *state;
	EC_POINT *p = EC_POINT_new(out->group);
	BIGNUM *x = BN_dup(out->n), *y = BN_new();
	uint64_t want[4] = {0}, none[4] = {0}, one[4] = {1};
	struct hf_sm2_affine point;
	uint8_t octets[64];
	struct hf_err err;

	while (EC_POINT_set_compressed_coordinates(out->group, p, x, 0, out->ctx) != 1) {
		assert_true(BN_add_word(x, 1));
		want[0]++;
	}
	assert_true(EC_POINT_get_affine_coordinates(out->group, p, x, y, out->ctx));
	assert_true(BN_bn2binpad(x, octets, 32) == 32 && BN_bn2binpad(y, octets + 32, 32) == 32);
	assert_ok(hf_sm2_affine_in(&point, octets, &err));
	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (use(v))
			assert_true(hf_sm2_curve()->match(none, one, &point, want));
	}
	BN_free(x);
	BN_free(y);
	EC_POINT_free(p);
}

static void what_is_signed_verifies_in_every_variant(void **state)
{
	uint8_t e[32], sig[64], again[64], cipher[HF_SM2_CIPHER_EXTRA + 32], back[32];
	struct hf_sm2_signer signer;
	struct hf_sm2_key key;
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < rounds(100); i++) {
		if (!use(i % NUM_VARIANTS))
			assert_true(use(0));
		assert_ok(hf_sm2_generate(&key, &err) && hf_rand(e, sizeof(e), &err));
		assert_ok(hf_sm2_signer_init(&signer, &key, HF_SM2_DEFAULT_ID, &err));
		assert_ok(hf_sm2_sign(key.d, e, sig, &err) && hf_sm2_signer_sign(&signer, e, again, &err));
		assert_ok(hf_sm2_encrypt(key.pub, HF_BYTES_OF(e), cipher, &err));
		if (!use((i / 2) % NUM_VARIANTS))
			assert_true(use(0));
		assert_ok(hf_sm2_verify(key.pub, e, sig, &err) && hf_sm2_verify(key.pub, e, again, &err));
		assert_memory_not_equal(sig, again, 64);
		assert_ok(hf_sm2_decrypt(key.d, HF_BYTES_OF(cipher), back, &err));
		assert_memory_equal(back, e, 32);
	}
	hf_sm2_signer_clear(&signer);
	for (size_t i = 0; i < sizeof(signer); i++)
		assert_int_equal(((const uint8_t *)&signer)[i], 0);
	memset(key.d, 0xff, 32);
	assert_refused(hf_sm2_signer_init(&signer, &key, HF_SM2_DEFAULT_ID, &err), HF_E_INPUT, "n-2");
	key.pub[0] ^= 1;
	assert_refused(hf_sm2_signer_init(&signer, &key, HF_SM2_DEFAULT_ID, &err), HF_E_INPUT, "SM2 public key");
}

static BIGNUM *lane_number(uint64_t v[5][8], size_t lane)
{
	BIGNUM *sum = BN_new(), *limb = BN_new();

	BN_zero(sum);
	for (size_t i = 5; i-- > 0;) {
		assert_true(v[i][lane] >> 52 == 0);
		assert_true(BN_set_word(limb, v[i][lane]) && BN_lshift(sum, sum, 52) && BN_add(sum, sum, limb));
	}
	BN_free(limb);
	return sum;
}

/* Anything below 2.1·2^256, mostly beside a multiple of p or 2^256. */
static void lane_fill(const struct outside *out, uint64_t v[5][8], size_t lane)
{
	uint8_t pick[2];
	uint64_t any[4];

	assert_true(hf_rand(pick, sizeof(pick), NULL));
	odd_number(any, out->p, out->ctx);
	BIGNUM *a = pick[0] & 8 ? number(any) : BN_new(), *step = BN_new();
	assert_true(BN_set_word(step, pick[1] % 3));
	for (size_t i = 0; i < (pick[0] & 1) + (size_t)(!(pick[0] & 8) && (pick[0] & 2)); i++)
		assert_true(BN_add(a, a, out->p));
	if (pick[0] & 4 && BN_cmp(a, step) > 0)
		assert_true(BN_sub(a, a, step));
	else
		assert_true(BN_add(a, a, step));
	for (size_t i = 0; i < 5; i++) {
		assert_non_null(BN_copy(step, a));
		(void)BN_mask_bits(step, 52); /* it fails if there are no more bits than that */
		v[i][lane] = BN_get_word(step);
		assert_true(BN_rshift(a, a, 52));
	}
	BN_free(a);
	BN_free(step);
}

/* r is small enough for the next operation, and r·factor is what it should be modulo p. */
static void check_lane(const struct outside *out, enum hf_lanes_op op, uint64_t r[5][8], uint64_t a[5][8],
	uint64_t b[5][8], size_t lane)
{
	BIGNUM *rn = lane_number(r, lane), *an = lane_number(a, lane), *bn = lane_number(b, lane), *w = BN_new();

	/* below 2.1·2^256 */
	assert_true(BN_num_bits(rn) <= 257 || (BN_num_bits(rn) == 258 && r[4][lane] >> 45 == 16));
	switch (op) {
	case HF_LANES_MUL:
		assert_true(BN_mod_mul(w, an, bn, out->p, out->ctx) && BN_lshift(rn, rn, 260));
		break;
	case HF_LANES_SQR:
		assert_true(BN_mod_sqr(w, an, out->p, out->ctx) && BN_lshift(rn, rn, 260));
		break;
	case HF_LANES_ADD:
		assert_true(BN_mod_add(w, an, bn, out->p, out->ctx));
		break;
	case HF_LANES_SUB:
		assert_true(BN_mod_sub(w, an, bn, out->p, out->ctx));
		break;
	case HF_LANES_SUB3:
		assert_true(BN_mod_add(w, an, bn, out->p, out->ctx) && BN_sub(w, out->p, w));
		break;
	}
	assert_true(BN_mod_sub(w, w, rn, out->p, out->ctx));
	assert_true(BN_is_zero(w));
	BN_free(rn);
	BN_free(an);
	BN_free(bn);
	BN_free(w);
}

static void numbers_in_lanes_agree_with_openssl(void **state)
{
	uint64_t a[5][8], b[5][8], r[5][8];

	if (!use(LANES)) {
		print_message("no AVX-512 IFMA on this processor\n");
		skip();
	}
	for (size_t i = 0; i < rounds(4000) / 8; i++) {
		for (size_t lane = 0; lane < 8; lane++) {
			lane_fill(*state, a, lane);
			lane_fill(*state, b, lane);
		}
		for (int op = HF_LANES_MUL; op <= HF_LANES_SUB3; op++) {
			hf_sm2_ifma_try((enum hf_lanes_op)op, r, a, b);
			for (size_t lane = 0; lane < 8; lane++)
				check_lane(*state, (enum hf_lanes_op)op, r, a, b, lane);
		}
	}
}

/* num scalars that try the lanes: near 0 and n, powers of two, patterns, random ones. */
static void fill_scalars(const struct outside *out, uint64_t k[][4], size_t num)
{
	for (size_t i = 0; i < num; i++) {
		if (i < 40) {
			scalar_of(k[i], out, (int64_t)i - 20 + (i >= 20));
		} else if (i < 80) {
			memset(k[i], 0, 32);
			k[i][i % 4] = (uint64_t)1 << i % 63;
		} else if (i < 100) {
			memset(k[i], (int)i * 51, 32);
			k[i][3] >>= 1;
		} else {
			do
				odd_number(k[i], out->n, out->ctx);
			while (hf_sm2_n_zero(k[i]));
		}
	}
}

static void batches_of_multiplications_agree_with_single_ones(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 16, 63, 64, 65, 127, 130};
	static uint64_t k[130][4];
	static uint8_t d[130][32], pub[130][64];
	uint8_t want[64];
	struct hf_err err;

	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		for (size_t round = 0; round < rounds(60) / 5; round++) {
			size_t num = sizes[round % 12];
			fill_scalars(*state, k, 130);
			for (size_t i = 0; i < num; i++) {
				const uint64_t *from = k[round == 11 ? i : (i + round * 37) % 130];
				hf_limbs_out(d[i], from);
				if (!hf_sm2_n_in_range(from, 1))
					d[i][31] ^= 2; /* n-1 is no private key */
			}
			assert_ok(hf_sm2_public_batch((const uint8_t(*)[32])d, pub, num, &err));
			for (size_t i = 0; i < num; i++) {
				hf_limbs_in(k[0], d[i]);
				hf_sm2_curve_portable.base(want, k[0]);
				assert_memory_equal(pub[i], want, 64);
			}
		}
		memset(d[64], 0, 32);
		assert_refused(hf_sm2_public_batch((const uint8_t(*)[32])d, pub, 65, &err), HF_E_INPUT, "n-2");
		assert_int_equal(pub[0][0] | pub[0][1] | pub[63][0] | pub[63][1], 0);
	}
}

static void lanes_multiply_points_as_openssl_does(void **state)
{
	static uint64_t k[136][4];
	uint8_t point[8][64], want[64], base[8][64], products[8][64];
	struct hf_sm2_affine p[8];
	struct hf_err err;

	if (!use(LANES)) {
		print_message("no AVX-512 IFMA on this processor\n");
		skip();
	}
	fill_scalars(*state, k, 136);
	for (size_t i = 0; i < 136; i += 8) {
		size_t num = i < 80 ? 8 : 1 + i / 8 % 8;
		for (size_t j = 0; j < 8; j++) {
			random_point(*state, point[j]);
			assert_ok(hf_sm2_affine_in(&p[j], point[j], &err));
		}
		hf_sm2_ifma_both(base, products, (const uint64_t(*)[4])(k + i), p, num);
		for (size_t j = 0; j < num; j++) {
			assert_true(outside_multiply(*state, k[i + j], NULL, want));
			assert_memory_equal(base[j], want, 64);
			assert_true(outside_multiply(*state, k[i + j], point[j], want));
			assert_memory_equal(products[j], want, 64);
		}
	}
}

static void batches_of_ciphertexts_open_one_by_one(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 8, 9, 10, 11, 19};
	static uint8_t plain[19][40], cipher[19][HF_SM2_CIPHER_EXTRA + 40], back[40];
	struct hf_sm2_plain in[19];
	struct hf_sm2_key keys[19];
	struct hf_err err;

	(void)state;
	assert_ok(hf_rand(plain, sizeof(plain), &err));
	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		assert_ok(hf_sm2_generate_batch(keys, 19, &err));
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			memset(cipher, 0, sizeof(cipher));
			for (size_t i = 0; i < sizes[s]; i++)
				in[i] = (struct hf_sm2_plain){keys[i].pub, {plain[i], 1 + 2 * i}, cipher[i]};
			assert_ok(hf_sm2_encrypt_batch(in, sizes[s], &err));
			for (size_t i = 0; i < sizes[s]; i++) {
				struct hf_bytes c = {cipher[i], HF_SM2_CIPHER_EXTRA + 1 + 2 * i};
				assert_ok(hf_sm2_decrypt(keys[i].d, c, back, &err));
				assert_memory_equal(back, plain[i], 1 + 2 * i);
			}
			in[sizes[s] - 1].in.len = 0;
			assert_refused(hf_sm2_encrypt_batch(in, sizes[s], &err), HF_E_INPUT, "4096");
			in[sizes[s] - 1].in.len = 1;
			in[sizes[s] - 1].pub = plain[0];
			assert_refused(hf_sm2_encrypt_batch(in, sizes[s], &err), HF_E_INPUT, "SM2 public key");
		}
	}
}

/* The lanes may leave a match unconfirmed, where points meet; they must never confirm what is not. */
static void check_lanes(const struct outside *out, uint64_t s[8][4], uint64_t t[8][4], uint64_t m[8][4], bool all)
{
	struct hf_sm2_sum sums[8];
	unsigned finite = 0;
	uint8_t octets[64];
	uint64_t sum[4];
	static const uint64_t one[4] = {1};
	struct hf_err err;

	for (unsigned i = 0; i < 8; i++) {
		memcpy(sums[i].s, s[i], 32);
		memcpy(sums[i].t, t[i], 32);
		memset(sums[i].x, 0, 32);
		assert_true(outside_multiply(out, m[i], NULL, octets));
		assert_ok(hf_sm2_affine_in(&sums[i].p, octets, &err));
		product(out, sum, t[i], m[i]);
		hf_sm2_n_add(sum, sum, s[i]);
		if (outside_multiply(out, sum, NULL, octets)) {
			hf_limbs_in(sums[i].x, octets);
			hf_sm2_n_fold(sums[i].x, sums[i].x);
			finite |= 1u << i;
		}
	}
	for (size_t num = 1; num <= 8; num++) {
		unsigned found = hf_sm2_ifma_match(sums, num), mask = (1u << num) - 1;
		assert_int_equal(found & ~(finite & mask), 0);
		if (all)
			assert_int_equal(found, mask);
	}
	for (unsigned i = 0; i < 8; i++)
		hf_sm2_n_add(sums[i].x, sums[i].x, one);
	assert_int_equal(hf_sm2_ifma_match(sums, 8), 0);
}

static void lanes_confirm_sums_and_never_a_wrong_one(void **state)
{
	static const int64_t small[] = {1, 2, 3, 6, 16, 17, 64, 128, -1, -2, -3, -6, -17, -64, -128, 31};
	const struct outside *out = *state;
	uint64_t s[8][4], t[8][4], m[8][4];

	if (!use(LANES)) {
		print_message("no AVX-512 IFMA on this processor\n");
		skip();
	}
	for (size_t i = 0; i < 256; i += 8) {
		for (size_t j = 0; j < 8; j++) {
			scalar_of(s[j], out, small[(i + j) % 16]);
			scalar_of(t[j], out, small[(i + j) / 16]);
			scalar_of(m[j], out, small[(i + 3 * j + i / 16) % 16]);
		}
		check_lanes(out, s, t, m, false);
	}
	for (size_t i = 0; i < rounds(80) / 8; i++) {
		for (size_t j = 0; j < 8; j++) {
			do {
				odd_number(s[j], out->n, out->ctx);
				odd_number(t[j], out->n, out->ctx);
				odd_number(m[j], out->n, out->ctx);
			} while (hf_sm2_n_zero(s[j]) | hf_sm2_n_zero(t[j]) | hf_sm2_n_zero(m[j]));
		}
		check_lanes(out, s, t, m, true);
		for (size_t j = 0; j < 8; j++) { /* equal, or opposite */
			product(out, s[j], t[j], m[j]);
			if (j % 2)
				hf_sm2_n_sub(s[j], (const uint64_t[4]){0}, s[j]);
		}
		check_lanes(out, s, t, m, false);
	}
}

static void batches_of_signatures_verify_and_bad_ones_are_found(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 8, 11, 64, 71};
	static uint8_t e[71][32], sig[71][64];
	static struct hf_sm2_key keys[71];
	struct hf_sm2_signed in[71];
	struct hf_sm2_signer signer;
	bool valid[71];
	struct hf_err err;

	(void)state;
	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		if (!use(v))
			continue;
		for (size_t round = 0; round < rounds(140) / 20; round++) {
			size_t num = sizes[round % 7];
			assert_ok(hf_sm2_generate_batch(keys, num, &err) && hf_rand(e, sizeof(e), &err));
			assert_ok(hf_sm2_signer_init(&signer, &keys[0], HF_SM2_DEFAULT_ID, &err));
			assert_ok(hf_sm2_sign_batch(&signer, (const uint8_t(*)[32])e, sig, num, &err));
			for (size_t i = 0; i < num; i++) {
				assert_ok(hf_sm2_verify(keys[0].pub, e[i], sig[i], &err));
				if (i > 0)
					assert_memory_not_equal(sig[i], sig[i - 1], 32);
				if (i % 2) /* another key, one at a time */
					assert_ok(hf_sm2_sign(keys[i].d, e[i], sig[i], &err));
				in[i] = (struct hf_sm2_signed){keys[i % 2 ? i : 0].pub, e[i], sig[i]};
			}
			assert_int_equal(hf_sm2_verify_batch(in, valid, num), num);
			sig[0][40] ^= 1;
			memset(sig[num / 2], 0xff, 32);
			in[num - 1].pub = e[0]; /* no point; 64 octets are there */
			size_t bad = num == 1 ? 1 : num == 2 ? 2 : 3;
			assert_int_equal(hf_sm2_verify_batch(in, valid, num), num - bad);
			for (size_t i = 0; i < num; i++)
				assert_int_equal(valid[i], i != 0 && i != num / 2 && i != num - 1);
		}
	}
}

static bool verdict(json_t *test, const uint8_t pub[64])
{
	struct hf_buf msg, der;
	uint8_t z[32], e[32], sig[64];

	hf_buf_init(&msg, 65536);
	hf_buf_init(&der, 65536);
	assert_true(hf_unhex_buf(hf_bytes_str(json_string_value(json_object_get(test, "msg"))), &msg) &&
		    hf_unhex_buf(hf_bytes_str(json_string_value(json_object_get(test, "sig"))), &der));
	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, hf_buf_bytes(&msg), e);
	bool ok = hf_sm2sig_parse(hf_buf_bytes(&der), sig, NULL) && hf_sm2_verify(pub, e, sig, NULL);
	hf_buf_clear(&msg);
	hf_buf_clear(&der);
	return ok;
}

static void wycheproofs_verdicts_are_ours(void **state)
{
	const char *folder = getenv("HUFU_VECTORS"), *root = getenv("HUFU_SOURCE_ROOT");
	char path[1024];
	uint8_t pub[64];
	json_t *test;
	size_t i;

	(void)state;
	if (folder)
		assert_true(hf_fmt(path, sizeof(path), "%s/wycheproof/wycheproof-sm2.json", folder));
	else
		assert_true(hf_fmt(
			path, sizeof(path), "%s/../shared/vectors/wycheproof/wycheproof-sm2.json", root ? root : "."));
	json_t *file = json_load_file(path, 0, NULL);
	if (!file) {
		print_message("no %s (HUFU_VECTORS)\n", path);
		skip();
	}
	assert_true(hf_unhex(json_string_value(json_object_get(file, "qx")), pub, 32));
	assert_true(hf_unhex(json_string_value(json_object_get(file, "qy")), pub + 32, 32));
	assert_int_equal(json_array_size(json_object_get(file, "tests")), 257);
	json_array_foreach(json_object_get(file, "tests"), i, test)
	{
		bool valid = strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
		for (size_t v = 0; v < NUM_VARIANTS; v++) {
			if (use(v) && verdict(test, pub) != valid)
				fail_msg("%s: case %d is %svalid", variants[v].name,
					(int)json_integer_value(json_object_get(test, "tcId")), valid ? "" : "not ");
		}
	}
	json_decref(file);
}

static void every_variant_of_this_processor_was_used(void **state)
{
	(void)state;
	hf_cpu_limit(~0u);
	for (size_t v = 0; v < NUM_VARIANTS; v++) {
		bool can = hf_cpu_has(variants[v].features);
		if (!can)
			print_message("%s: not on this processor\n", variants[v].name);
		assert_int_equal(use(v), can);
		hf_cpu_limit(~0u);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_modulo_p_agree_with_openssl),
		cmocka_unit_test(numbers_modulo_n_agree_with_openssl),
		cmocka_unit_test(ranges_of_scalars_end_where_the_standard_says),
		cmocka_unit_test(the_base_table_holds_the_multiples_that_it_says),
		cmocka_unit_test(multiplications_by_odd_scalars_agree_with_openssl),
		cmocka_unit_test(multiplications_by_random_scalars_agree_with_openssl),
		cmocka_unit_test(sums_that_meet_agree_with_openssl),
		cmocka_unit_test(an_x_beyond_n_is_matched_modulo_n),
		cmocka_unit_test(what_is_signed_verifies_in_every_variant),
		cmocka_unit_test(numbers_in_lanes_agree_with_openssl),
		cmocka_unit_test(batches_of_multiplications_agree_with_single_ones),
		cmocka_unit_test(lanes_multiply_points_as_openssl_does),
		cmocka_unit_test(batches_of_ciphertexts_open_one_by_one),
		cmocka_unit_test(lanes_confirm_sums_and_never_a_wrong_one),
		cmocka_unit_test(batches_of_signatures_verify_and_bad_ones_are_found),
		cmocka_unit_test(wycheproofs_verdicts_are_ours),
		cmocka_unit_test(every_variant_of_this_processor_was_used),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
