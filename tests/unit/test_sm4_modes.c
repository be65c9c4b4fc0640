/*
 * GCM, CCM, XTS and CMAC against answers that several implementations agree on, on every kernel; the refusals.
 */
#include "kat.h"

#include "crypto/cpu.h"
#include "crypto/ghash.h"
#include "crypto/rand.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_modes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

/* From the best this processor has down to nothing; each leads to other kernels. */
static const unsigned processors[] = {~0u, HF_CPU_AVX512 | HF_CPU_GFNI | HF_CPU_PCLMUL,
	HF_CPU_AVX2 | HF_CPU_AES | HF_CPU_PCLMUL, HF_CPU_AVX2 | HF_CPU_AES, HF_CPU_PCLMUL, 0};
#define NUM_PROCESSORS (sizeof(processors) / sizeof(processors[0]))

static int reset(void **state)
{
	(void)state;
	hf_cpu_limit(~0u);
	return 0;
}

static const uint8_t example_key[16] = "sixteen octets..";

static void random_octets(void *out, size_t len)
{
	struct hf_err err;

	assert_ok(hf_rand(out, len, &err));
}

struct aead_case {
	struct hf_buf key, nonce, aad, plain, cipher, tag;
	bool valid;
};

static void case_clear(struct aead_case *c)
{
	hf_buf_clear(&c->key);
	hf_buf_clear(&c->nonce);
	hf_buf_clear(&c->aad);
	hf_buf_clear(&c->plain);
	hf_buf_clear(&c->cipher);
	hf_buf_clear(&c->tag);
}

struct mode {
	const char *kat, *nonce_name, *wycheproof;
	bool (*seal)(const struct hf_sm4_aead *, struct hf_bytes, uint8_t *, uint8_t *, struct hf_err *);
	bool (*open)(const struct hf_sm4_aead *, struct hf_bytes, const uint8_t *, uint8_t *, struct hf_err *);
};

static const struct mode gcm = {
	"kat/sm4_gcm.json", "iv", "wycheproof/sm4_gcm_test.json", hf_sm4_gcm_seal, hf_sm4_gcm_open};
static const struct mode ccm = {
	"kat/sm4_ccm.json", "nonce", "wycheproof/sm4_ccm_test.json", hf_sm4_ccm_seal, hf_sm4_ccm_open};

/* A valid case seals to the answer and opens again, in place; a changed bit anywhere is refused and leaves zeros. */
static void check_case(const struct mode *mode, const struct aead_case *c, const char *name)
{
	struct hf_sm4_aead aead = {c->key.p, hf_buf_bytes(&c->nonce), hf_buf_bytes(&c->aad), c->tag.len};
	uint8_t *work = calloc(c->cipher.len + 1, 1), *tag = calloc(c->tag.len + 16, 1);
	struct hf_err err = {0};

	assert_int_equal(c->key.len, 16);
	memcpy(tag, c->tag.p, c->tag.len);
	if (c->cipher.len > 0)
		memcpy(work, c->cipher.p, c->cipher.len);
	if (!c->valid) {
		if (mode->open(&aead, hf_buf_bytes(&c->cipher), tag, work, &err))
			fail_msg("%s: accepted", name);
	} else {
		if (!mode->open(&aead, (struct hf_bytes){work, c->cipher.len}, tag, work, &err))
			fail_msg("%s: %s", name, err.text);
		assert_memory_equal(work, c->plain.p ? c->plain.p : work, c->plain.len);
		memset(tag, 0x77, c->tag.len + 16);
		assert_ok(mode->seal(&aead, (struct hf_bytes){work, c->plain.len}, work, tag, &err));
		if (memcmp(tag, c->tag.p, c->tag.len) != 0)
			fail_msg("%s: the tag differs", name);
		assert_int_equal(tag[c->tag.len], 0x77);
		assert_memory_equal(work, c->cipher.p ? c->cipher.p : work, c->cipher.len);
		tag[c->tag.len - 1] ^= 1;
		assert_refused(
			mode->open(&aead, (struct hf_bytes){work, c->cipher.len}, tag, work, &err), HF_E_VERIFY, "tag");
		for (size_t i = 0; i < c->cipher.len; i++)
			assert_int_equal(work[i], 0);
	}
	free(work);
	free(tag);
}

static size_t check_kat(const struct mode *mode)
{
	json_t *file = kat_load(mode->kat), *vector;
	size_t i, num = 0;

	assert_non_null(file);
	json_array_foreach(json_object_get(file, "vectors"), i, vector)
	{
		struct aead_case c = {.valid = true};
		kat_bytes(vector, "key", &c.key);
		kat_bytes(vector, mode->nonce_name, &c.nonce);
		kat_bytes(vector, "aad", &c.aad);
		kat_bytes(vector, "pt", &c.plain);
		kat_bytes(vector, "ct", &c.cipher);
		kat_bytes(vector, "tag", &c.tag);
		check_case(mode, &c, kat_text(vector, "name"));
		case_clear(&c);
		num++;
	}
	json_decref(file);
	return num;
}

static void gcm_gives_the_agreed_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUM_PROCESSORS; i++) {
		hf_cpu_limit(processors[i]);
		assert_int_equal(check_kat(&gcm), 34);
	}
}

static void ccm_gives_the_agreed_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUM_PROCESSORS; i++) {
		hf_cpu_limit(processors[i]);
		assert_int_equal(check_kat(&ccm), 37);
	}
}

static size_t check_wycheproof(const struct mode *mode, json_t *file)
{
	json_t *group, *test;
	size_t i, j, num = 0;

	json_array_foreach(json_object_get(file, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), j, test)
		{
			struct aead_case c = {.valid = strcmp(kat_text(test, "result"), "valid") == 0};
			kat_bytes(test, "key", &c.key);
			kat_bytes(test, "iv", &c.nonce);
			kat_bytes(test, "aad", &c.aad);
			kat_bytes(test, "msg", &c.plain);
			kat_bytes(test, "ct", &c.cipher);
			kat_bytes(test, "tag", &c.tag);
			check_case(mode, &c, kat_text(test, "comment"));
			case_clear(&c);
			num++;
		}
	}
	return num;
}

static void wycheproof_of(const struct mode *mode, size_t want)
{
	json_t *file = kat_load(mode->wycheproof);

	if (!file)
		skip();
	for (size_t i = 0; i < NUM_PROCESSORS; i++) {
		hf_cpu_limit(processors[i]);
		assert_int_equal(check_wycheproof(mode, file), want);
	}
	json_decref(file);
}

static void gcm_gives_wycheproofs_verdicts(void **state)
{
	(void)state;
	wycheproof_of(&gcm, 104);
}

static void ccm_gives_wycheproofs_verdicts(void **state)
{
	(void)state;
	wycheproof_of(&ccm, 184);
}

/* Each kernel of GHASH against the portable one, at every number of blocks and after every beginning. */
static void ghash_kernels_agree(void **state)
{
	static uint8_t data[16 * 70];
	uint8_t h[16];

	(void)state;
	random_octets(h, sizeof(h));
	random_octets(data, sizeof(data));
	for (size_t len = 0; len <= sizeof(data); len += 1 + len % 7) {
		struct hf_ghash want, got;
		hf_cpu_limit(0);
		hf_ghash_init(&want, h);
		for (size_t i = 0; i < len; i++)
			hf_ghash_update(&want, data + i, 1);
		hf_ghash_pad(&want);
		for (size_t k = 0; hf_ghash_kernels[k]; k++) {
			hf_cpu_limit(~0u);
			if (!hf_cpu_has(hf_ghash_kernels[k]->needs))
				continue;
			hf_cpu_limit(hf_ghash_kernels[k]->needs);
			hf_ghash_init(&got, h);
			assert_string_equal(got.kernel->name, hf_ghash_kernels[k]->name);
			hf_ghash_update(&got, data, len / 3);
			hf_ghash_update(&got, data + len / 3, len - len / 3);
			hf_ghash_pad(&got);
			assert_memory_equal(got.y, want.y, 16);
		}
	}
}

static void gcm_in_pieces_is_gcm_in_one(void **state)
{
	static uint8_t in[5000], want[5000], got[5000], back[5000];
	uint8_t want_tag[16], tag[16];
	struct hf_sm4_aead aead = {example_key, {in, 12}, {in + 100, 77}, 16};
	struct hf_sm4_gcm g;
	struct hf_err err;

	(void)state;
	random_octets(in, sizeof(in));
	assert_ok(hf_sm4_gcm_seal(&aead, (struct hf_bytes){in, sizeof(in)}, want, want_tag, &err));
	for (size_t piece = 1; piece < 700; piece += 1 + piece / 5) {
		hf_sm4_gcm_init(&g, example_key, aead.nonce);
		hf_sm4_gcm_aad(&g, (struct hf_bytes){in + 100, piece % 77});
		hf_sm4_gcm_aad(&g, (struct hf_bytes){in + 100 + piece % 77, 77 - piece % 77});
		for (size_t at = 0; at < sizeof(in); at += piece)
			hf_sm4_gcm_encrypt(&g, in + at, got + at, sizeof(in) - at < piece ? sizeof(in) - at : piece);
		hf_sm4_gcm_final(&g, tag);
		assert_memory_equal(got, want, sizeof(want));
		assert_memory_equal(tag, want_tag, 16);
		hf_sm4_gcm_init(&g, example_key, aead.nonce);
		hf_sm4_gcm_aad(&g, aead.aad);
		for (size_t at = 0; at < sizeof(in); at += piece)
			hf_sm4_gcm_decrypt(&g, want + at, back + at, sizeof(in) - at < piece ? sizeof(in) - at : piece);
		hf_sm4_gcm_final(&g, tag);
		assert_memory_equal(back, in, sizeof(in));
		assert_memory_equal(tag, want_tag, 16);
	}
}

static void aead_refuses_odd_lengths(void **state)
{
	static const uint8_t octets[20];
	struct hf_sm4_aead aead = {example_key, {octets, 12}, HF_BYTES_NONE, 16};
	uint8_t tag[32], out[1];
	struct hf_err err;

	(void)state;
	for (size_t len = 0; len < 20; len++) {
		bool gcm_good = len == 4 || len == 8 || (len >= 12 && len <= 16);
		bool ccm_good = len >= 4 && len <= 16 && len % 2 == 0;
		aead.tag_len = len;
		assert_int_equal(hf_sm4_gcm_seal(&aead, HF_BYTES_NONE, out, tag, &err), gcm_good);
		assert_int_equal(hf_sm4_ccm_seal(&aead, HF_BYTES_NONE, out, tag, &err), ccm_good);
	}
	aead.tag_len = 16;
	for (size_t len = 0; len < 20; len++) {
		aead.nonce.len = len;
		assert_int_equal(hf_sm4_gcm_seal(&aead, HF_BYTES_NONE, out, tag, &err), len > 0);
		assert_int_equal(hf_sm4_ccm_seal(&aead, HF_BYTES_NONE, out, tag, &err), len >= 7 && len <= 13);
	}
	aead.nonce.len = 13;
	assert_refused(hf_sm4_ccm_seal(&aead, (struct hf_bytes){octets, 65536}, out, tag, &err), HF_E_LIMIT, "nonce");
	assert_refused(
		hf_sm4_gcm_seal(&aead, (struct hf_bytes){octets, (size_t)1 << 37}, out, tag, &err), HF_E_LIMIT, "2^36");
}

static void check_xts(const json_t *vector, enum hf_xts standard, const char *answer)
{
	struct hf_buf key, tweak, plain, cipher;
	struct hf_sm4_xts xts = {
		kat_bytes(vector, "key1_key2", &key).p, kat_bytes(vector, "tweak", &tweak).p, standard};
	uint8_t *work;
	struct hf_err err;

	kat_bytes(vector, "pt", &plain);
	kat_bytes(vector, answer, &cipher);
	work = calloc(plain.len + 1, 1);
	work[plain.len] = 0x77;
	assert_ok(hf_sm4_xts_encrypt(&xts, plain.p, work, plain.len, &err));
	assert_memory_equal(work, cipher.p, cipher.len);
	assert_ok(hf_sm4_xts_decrypt(&xts, work, work, plain.len, &err));
	assert_memory_equal(work, plain.p, plain.len);
	assert_ok(hf_sm4_xts_encrypt(&xts, work, work, plain.len, &err));
	assert_memory_equal(work, cipher.p, cipher.len);
	assert_int_equal(work[plain.len], 0x77);
	free(work);
	hf_buf_clear(&key);
	hf_buf_clear(&tweak);
	hf_buf_clear(&plain);
	hf_buf_clear(&cipher);
}

static void xts_gives_the_agreed_answers_of_both_standards(void **state)
{
	json_t *file = kat_load("kat/sm4_xts.json"), *vector;
	size_t i;

	(void)state;
	assert_non_null(file);
	for (size_t p = 0; p < NUM_PROCESSORS; p++) {
		hf_cpu_limit(processors[p]);
		json_array_foreach(json_object_get(file, "vectors"), i, vector)
		{
			check_xts(vector, HF_XTS_GB, "ct_gb");
			check_xts(vector, HF_XTS_IEEE, "ct_ieee");
		}
		assert_int_equal(i, 27);
	}
	json_decref(file);
}

static void xts_comes_back_at_every_length(void **state)
{
	static uint8_t in[2100], out[2100];
	uint8_t keys[32], tweak[16];
	struct hf_sm4_xts xts = {keys, tweak, HF_XTS_GB};
	struct hf_err err;

	(void)state;
	random_octets(keys, sizeof(keys));
	random_octets(tweak, sizeof(tweak));
	random_octets(in, sizeof(in));
	for (size_t len = 16; len <= sizeof(in); len += 1 + len / 50) {
		assert_ok(hf_sm4_xts_encrypt(&xts, in, out, len, &err));
		assert_memory_not_equal(in, out, len);
		assert_ok(hf_sm4_xts_decrypt(&xts, out, out, len, &err));
		assert_memory_equal(in, out, len);
	}
	assert_refused(hf_sm4_xts_encrypt(&xts, in, out, 15, &err), HF_E_INPUT, "block");
	memcpy(keys + 16, keys, 16);
	assert_refused(hf_sm4_xts_decrypt(&xts, in, out, 16, &err), HF_E_INPUT, "same");
}

static void cmac_agrees_with_openssl(void **state)
{
	static uint8_t data[100];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	OSSL_PARAM params[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, (char *)"SM4-CBC", 0),
		OSSL_PARAM_construct_end()};

	(void)state;
	random_octets(data, sizeof(data));
	for (size_t len = 0; len <= sizeof(data); len++) {
		EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
		uint8_t want[16], got[16];
		struct hf_sm4_cmac c;
		size_t n = 0;
		assert_int_equal(EVP_MAC_init(ctx, example_key, 16, params), 1);
		assert_int_equal(EVP_MAC_update(ctx, data, len), 1);
		assert_int_equal(EVP_MAC_final(ctx, want, &n, 16), 1);
		EVP_MAC_CTX_free(ctx);
		hf_sm4_cmac(example_key, (struct hf_bytes){data, len}, got);
		assert_memory_equal(got, want, 16);
		for (size_t split = 0; split <= len; split++) {
			hf_sm4_cmac_init(&c, example_key);
			hf_sm4_cmac_update(&c, (struct hf_bytes){data, split});
			hf_sm4_cmac_update(&c, (struct hf_bytes){data + split, len - split});
			hf_sm4_cmac_final(&c, got);
			assert_memory_equal(got, want, 16);
		}
	}
	EVP_MAC_free(mac);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(gcm_gives_the_agreed_answers, reset),
		cmocka_unit_test_teardown(ccm_gives_the_agreed_answers, reset),
		cmocka_unit_test_teardown(gcm_gives_wycheproofs_verdicts, reset),
		cmocka_unit_test_teardown(ccm_gives_wycheproofs_verdicts, reset),
		cmocka_unit_test_teardown(ghash_kernels_agree, reset),
		cmocka_unit_test(gcm_in_pieces_is_gcm_in_one),
		cmocka_unit_test(aead_refuses_odd_lengths),
		cmocka_unit_test_teardown(xts_gives_the_agreed_answers_of_both_standards, reset),
		cmocka_unit_test(xts_comes_back_at_every_length),
		cmocka_unit_test(cmac_agrees_with_openssl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
