/* SM2's arithmetic, every variant that this processor runs, against OpenSSL's: one body of answers for all of them. */
#include "sm2_rig.h"

#include "base/hex.h"
#include "base/str.h"
#include "x509/sm2sig.h"

#include <jansson.h>

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
		cmocka_unit_test(wycheproofs_verdicts_are_ours),
		cmocka_unit_test(every_variant_of_this_processor_was_used),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
