#include "test.h"

#include "base/hex.h"
#include "base/str.h"
#include "crypto/sm2_exchange.h"
#include "crypto/sm2_int.h"

#include <jansson.h>
#include <stdlib.h>

static void field(json_t *vector, const char *name, uint8_t *out, size_t len)
{
	assert_true(hf_unhex(json_string_value(json_object_get(vector, name)), out, len));
}

struct example {
	struct hf_sm2_side a, b;
	uint8_t d_a[32], r_a[32], d_b[32], r_b[32];
	uint8_t key[256], s_b[32], s_a[32];
	size_t len;
};

static void z_of(json_t *vector, const char *id_name, const char *z_name, struct hf_sm2_side *side)
{
	const char *hex = json_string_value(json_object_get(vector, id_name));
	size_t len = strlen(hex) / 2;
	uint8_t id[256], want[32];

	assert_true(len <= sizeof(id));
	field(vector, id_name, id, len);
	field(vector, z_name, want, 32);
	hf_sm2_z(side->pub, (struct hf_bytes){id, len}, side->z);
	assert_memory_equal(side->z, want, 32);
}

static void read_example(json_t *vector, struct example *x)
{
	x->len = (size_t)json_integer_value(json_object_get(vector, "klen_bytes"));
	assert_true(x->len <= sizeof(x->key));
	field(vector, "PAx", x->a.pub, 32);
	field(vector, "PAy", x->a.pub + 32, 32);
	field(vector, "RAx", x->a.tmp, 32);
	field(vector, "RAy", x->a.tmp + 32, 32);
	field(vector, "PBx", x->b.pub, 32);
	field(vector, "PBy", x->b.pub + 32, 32);
	field(vector, "RBx", x->b.tmp, 32);
	field(vector, "RBy", x->b.tmp + 32, 32);
	field(vector, "dA", x->d_a, 32);
	field(vector, "rA", x->r_a, 32);
	field(vector, "dB", x->d_b, 32);
	field(vector, "rB", x->r_b, 32);
	field(vector, "K", x->key, x->len);
	field(vector, "S1_SB", x->s_b, 32);
	field(vector, "SA_S2", x->s_a, 32);
	z_of(vector, "ida", "ZA", &x->a);
	z_of(vector, "idb", "ZB", &x->b);
}

static json_t *vectors(void)
{
	const char *folder = getenv("HUFU_VECTORS"), *root = getenv("HUFU_SOURCE_ROOT");
	char path[1024];

	assert_true(folder ? hf_fmt(path, sizeof(path), "%s/kat/sm2_kex.json", folder)
			   : hf_fmt(path, sizeof(path), "%s/../shared/vectors/kat/sm2_kex.json", root ? root : "."));
	return json_load_file(path, 0, NULL);
}

static void both_sides_reach_the_keys_and_proofs_of_the_examples(void **state)
{
	json_t *file = vectors(), *vector;
	size_t i;

	(void)state;
	if (!file) {
		print_message("the standard's examples are not here (set HUFU_VECTORS)\n");
		skip();
	}
	json_array_foreach(json_object_get(file, "vectors"), i, vector)
	{
		struct hf_sm2_confirm confirm;
		struct example x = {0};
		struct hf_err err;
		uint8_t key[256];
		read_example(vector, &x);
		assert_ok(hf_sm2_exchange(&x.a, &x.b, true, x.d_a, x.r_a, key, x.len, &confirm, &err));
		assert_memory_equal(key, x.key, x.len);
		assert_memory_equal(confirm.s_responder, x.s_b, 32);
		assert_memory_equal(confirm.s_sponsor, x.s_a, 32);
		memset(key, 0, sizeof(key));
		assert_ok(hf_sm2_exchange(&x.a, &x.b, false, x.d_b, x.r_b, key, x.len, &confirm, &err));
		assert_memory_equal(key, x.key, x.len);
		assert_memory_equal(confirm.s_responder, x.s_b, 32);
	}
	assert_true(i > 0);
	json_decref(file);
}

static void make_side(struct hf_sm2_side *side, struct hf_sm2_key *pair, struct hf_sm2_key *tmp)
{
	struct hf_err err;

	assert_ok(hf_sm2_generate(pair, &err));
	assert_ok(hf_sm2_generate(tmp, &err));
	memcpy(side->pub, pair->pub, 64);
	memcpy(side->tmp, tmp->pub, 64);
	hf_sm2_z(side->pub, HF_SM2_DEFAULT_ID, side->z);
}

static void strangers_agree_and_a_change_anywhere_parts_them(void **state)
{
	struct hf_sm2_key pair[2], tmp[2];
	struct hf_sm2_side a, b;
	uint8_t key[2][40];
	struct hf_err err;

	(void)state;
	make_side(&a, &pair[0], &tmp[0]);
	make_side(&b, &pair[1], &tmp[1]);
	assert_ok(hf_sm2_exchange(&a, &b, true, pair[0].d, tmp[0].d, key[0], 40, NULL, &err));
	assert_ok(hf_sm2_exchange(&a, &b, false, pair[1].d, tmp[1].d, key[1], 40, NULL, &err));
	assert_memory_equal(key[0], key[1], 40);
	b.z[0] ^= 1;
	assert_ok(hf_sm2_exchange(&a, &b, false, pair[1].d, tmp[1].d, key[1], 40, NULL, &err));
	assert_memory_not_equal(key[0], key[1], 40);
	b.z[0] ^= 1;
	memcpy(b.tmp, a.pub, 64);
	assert_ok(hf_sm2_exchange(&a, &b, true, pair[0].d, tmp[0].d, key[1], 40, NULL, &err));
	assert_memory_not_equal(key[0], key[1], 40);
}

/* The other side's R may be chosen so that P + [x̄]R is a doubling, or infinity. */
static void chosen_points_meet_every_case_of_addition(void **state)
{
	struct hf_sm2_key pair[2], tmp[2];
	struct hf_sm2_side a, b;
	uint8_t key[2][16];
	struct hf_err err;

	(void)state;
	make_side(&a, &pair[0], &tmp[0]);
	make_side(&b, &pair[1], &tmp[1]);
	/* P_B = x̄·R_B, d_B = x̄·r_B, so t_B = 2·d_B; then P_B = -x̄·R_B */
	for (int negative = 0; negative < 2; negative++) {
		uint64_t d[4] = {0}, rn[4], x[4];
		static const uint64_t none[4];
		hf_limbs_in(rn, tmp[1].d);
		hf_limbs_in(x, tmp[1].pub);
		x[1] |= (uint64_t)1 << 63;
		for (size_t bit = 128; bit-- > 0;) {
			hf_sm2_n_add(d, d, d);
			if (x[bit / 64] >> (bit % 64) & 1)
				hf_sm2_n_add(d, d, rn);
		}
		if (negative)
			hf_sm2_n_sub(d, none, d);
		hf_limbs_out(pair[1].d, d);
		assert_ok(hf_sm2_public(pair[1].d, b.pub, &err));
		hf_sm2_z(b.pub, HF_SM2_DEFAULT_ID, b.z);
		if (!negative) {
			assert_ok(hf_sm2_exchange(&a, &b, true, pair[0].d, tmp[0].d, key[0], 16, NULL, &err));
			assert_ok(hf_sm2_exchange(&a, &b, false, pair[1].d, tmp[1].d, key[1], 16, NULL, &err));
			assert_memory_equal(key[0], key[1], 16);
		} else {
			assert_refused(hf_sm2_exchange(&a, &b, true, pair[0].d, tmp[0].d, key[0], 16, NULL, &err),
				HF_E_INPUT, "infinity");
			assert_refused(hf_sm2_exchange(&a, &b, false, pair[1].d, tmp[1].d, key[1], 16, NULL, &err),
				HF_E_INPUT, "infinity");
		}
	}
}

static void points_off_the_curve_numbers_out_of_range_and_infinity_are_refused(void **state)
{
	static const uint8_t zero[32];
	struct hf_sm2_key pair[2], tmp[2];
	struct hf_sm2_side a, b, bad;
	uint8_t key[16], n[32], untouched[16] = {0};
	struct hf_err err;

	(void)state;
	make_side(&a, &pair[0], &tmp[0]);
	make_side(&b, &pair[1], &tmp[1]);
	assert_true(hf_unhex("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", n, 32));
	memset(key, 0, sizeof(key));
	bad = b;
	bad.pub[63] ^= 1;
	assert_refused(hf_sm2_exchange(&a, &bad, true, pair[0].d, tmp[0].d, key, 16, NULL, &err), HF_E_INPUT, "point");
	bad = b;
	bad.tmp[63] ^= 1;
	assert_refused(hf_sm2_exchange(&a, &bad, true, pair[0].d, tmp[0].d, key, 16, NULL, &err), HF_E_INPUT, "point");
	memset(bad.tmp, 0, 64);
	assert_refused(hf_sm2_exchange(&a, &bad, true, pair[0].d, tmp[0].d, key, 16, NULL, &err), HF_E_INPUT, "point");
	assert_refused(hf_sm2_exchange(&a, &b, true, zero, tmp[0].d, key, 16, NULL, &err), HF_E_INPUT, "[1, n-1]");
	assert_refused(hf_sm2_exchange(&a, &b, true, n, tmp[0].d, key, 16, NULL, &err), HF_E_INPUT, "[1, n-1]");
	assert_refused(hf_sm2_exchange(&a, &b, true, pair[0].d, n, key, 16, NULL, &err), HF_E_INPUT, "[1, n-1]");
	assert_refused(hf_sm2_exchange(&a, &b, true, pair[0].d, zero, key, 16, NULL, &err), HF_E_INPUT, "[1, n-1]");
	assert_memory_equal(key, untouched, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_reach_the_keys_and_proofs_of_the_examples),
		cmocka_unit_test(strangers_agree_and_a_change_anywhere_parts_them),
		cmocka_unit_test(chosen_points_meet_every_case_of_addition),
		cmocka_unit_test(points_off_the_curve_numbers_out_of_range_and_infinity_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
