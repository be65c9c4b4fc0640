/* SM2's batches and the lanes under them, in every variant that this processor runs, against OpenSSL. */
#include "sm2_rig.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_in_lanes_agree_with_openssl),
		cmocka_unit_test(batches_of_multiplications_agree_with_single_ones),
		cmocka_unit_test(lanes_multiply_points_as_openssl_does),
		cmocka_unit_test(batches_of_ciphertexts_open_one_by_one),
		cmocka_unit_test(lanes_confirm_sums_and_never_a_wrong_one),
		cmocka_unit_test(batches_of_signatures_verify_and_bad_ones_are_found),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
