/*
 * Random operations of SM3 and SM4 on every kernel against libgcrypt (and OpenSSL for what it knows): keys, texts,
 * lengths and cuts are drawn. HUFU_RANDOM_OPS says how many of each kind; without it a bounded number runs.
 */
#include "test.h"

#include "base/str.h"
#include "crypto/cpu.h"
#include "crypto/rand.h"
#include "crypto/sm3.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_modes.h"

#include <gcrypt.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define LONGEST 700

/* Everything that one operation may need, drawn at once. */
struct draw {
	uint8_t key[32], iv[16], text[LONGEST], aad[64];
	uint16_t len, cut;
	uint8_t aad_len;
};

static const unsigned processors[] = {~0u, HF_CPU_AVX2 | HF_CPU_AES | HF_CPU_PCLMUL | HF_CPU_BMI2, 0};

static void gcry_ok(gcry_error_t e)
{
	if (e)
		fail_msg("libgcrypt: %s", gcry_strerror(e));
}

/* Its answer of one mode, in place, and its tag when tag is given. */
static void gcry_sm4(const struct draw *d, int mode, const uint8_t *in, uint8_t *out, size_t len, uint8_t *tag)
{
	gcry_cipher_hd_t h;
	uint64_t lengths[3] = {len, d->aad_len, 16};
	size_t iv_len = mode == GCRY_CIPHER_MODE_GCM || mode == GCRY_CIPHER_MODE_CCM ? 12 : 16;

	gcry_ok(gcry_cipher_open(&h, GCRY_CIPHER_SM4, mode, 0));
	gcry_ok(gcry_cipher_setkey(h, d->key, mode == GCRY_CIPHER_MODE_XTS ? 32 : 16));
	if (mode == GCRY_CIPHER_MODE_CTR)
		gcry_ok(gcry_cipher_setctr(h, d->iv, 16));
	else if (mode != GCRY_CIPHER_MODE_ECB)
		gcry_ok(gcry_cipher_setiv(h, d->iv, iv_len));
	if (mode == GCRY_CIPHER_MODE_CCM)
		gcry_ok(gcry_cipher_ctl(h, GCRYCTL_SET_CCM_LENGTHS, lengths, sizeof(lengths)));
	if (tag)
		gcry_ok(gcry_cipher_authenticate(h, d->aad, d->aad_len));
	if (len > 0 || tag)
		gcry_ok(gcry_cipher_encrypt(h, out, LONGEST, in, len));
	if (tag)
		gcry_ok(gcry_cipher_gettag(h, tag, 16));
	gcry_cipher_close(h);
}

static void sm3_and_hmac(const struct draw *d)
{
	uint8_t got[32], want[32];
	struct hf_sm3 ctx;
	unsigned n;

	hf_sm3_init(&ctx);
	hf_sm3_update(&ctx, d->text, d->cut);
	hf_sm3_update(&ctx, d->text + d->cut, (size_t)(d->len - d->cut));
	hf_sm3_final(&ctx, got);
	gcry_md_hash_buffer(GCRY_MD_SM3, want, d->text, d->len);
	assert_memory_equal(got, want, 32);
	assert_int_equal(EVP_Digest(d->text, d->len, want, &n, EVP_sm3(), NULL), 1);
	assert_memory_equal(got, want, 32);
	hf_hmac_sm3((struct hf_bytes){d->key, d->cut % 33}, (struct hf_bytes){d->text, d->len}, got);
	gcry_buffer_t parts[2] = {
		{.data = (void *)d->key, .len = d->cut % 33}, {.data = (void *)d->text, .len = d->len}};
	gcry_ok(gcry_md_hash_buffers(GCRY_MD_SM3, GCRY_MD_FLAG_HMAC, want, parts, 2));
	assert_memory_equal(got, want, 32);
}

static void sm3_many(const struct draw *d)
{
	struct hf_bytes messages[20] = {{NULL, 0}};
	uint8_t got[20][32], want[32];
	size_t num = d->aad_len % 21;

	for (size_t i = 0; i < num; i++) {
		size_t from = (d->text[i] * 3u) % (d->len + 1u);
		messages[i] = (struct hf_bytes){d->text + from, (d->text[i + 20] * 3u) % (d->len - from + 1u)};
	}
	hf_sm3_many(messages, num, got);
	for (size_t i = 0; i < num; i++) {
		gcry_md_hash_buffer(GCRY_MD_SM3, want, messages[i].p, messages[i].len);
		assert_memory_equal(got[i], want, 32);
	}
}

static void block_modes(const struct draw *d)
{
	uint8_t got[LONGEST], want[LONGEST], iv[16];
	size_t whole = d->len / 16u * 16u, cut = d->cut / 16u * 16u;

	hf_sm4_ecb_encrypt(d->key, d->text, got, whole);
	gcry_sm4(d, GCRY_CIPHER_MODE_ECB, d->text, want, whole, NULL);
	assert_memory_equal(got, want, whole);
	hf_sm4_ecb_decrypt(d->key, got, got, whole);
	assert_memory_equal(got, d->text, whole);
	memcpy(iv, d->iv, 16);
	hf_sm4_cbc_encrypt(d->key, iv, d->text, got, cut);
	hf_sm4_cbc_encrypt(d->key, iv, d->text + cut, got + cut, whole - cut);
	gcry_sm4(d, GCRY_CIPHER_MODE_CBC, d->text, want, whole, NULL);
	assert_memory_equal(got, want, whole);
	memcpy(iv, d->iv, 16);
	hf_sm4_cbc_decrypt(d->key, iv, got, got, cut);
	hf_sm4_cbc_decrypt(d->key, iv, got + cut, got + cut, whole - cut);
	assert_memory_equal(got, d->text, whole);
	memcpy(iv, d->iv, 16);
	hf_sm4_ctr(d->key, iv, d->text, got, d->len);
	gcry_sm4(d, GCRY_CIPHER_MODE_CTR, d->text, want, d->len, NULL);
	assert_memory_equal(got, want, d->len);
}

static void sealing_modes(const struct draw *d)
{
	struct hf_sm4_aead how = {d->key, {d->iv, 12}, {d->aad, d->aad_len}, 16};
	uint8_t got[LONGEST], want[LONGEST], tag[16], want_tag[16];
	struct hf_err err;

	assert_ok(hf_sm4_gcm_seal(&how, (struct hf_bytes){d->text, d->len}, got, tag, &err));
	gcry_sm4(d, GCRY_CIPHER_MODE_GCM, d->text, want, d->len, want_tag);
	assert_memory_equal(got, want, d->len);
	assert_memory_equal(tag, want_tag, 16);
	assert_ok(hf_sm4_gcm_open(&how, (struct hf_bytes){got, d->len}, tag, got, &err));
	assert_memory_equal(got, d->text, d->len);
	assert_ok(hf_sm4_ccm_seal(&how, (struct hf_bytes){d->text, d->len}, got, tag, &err));
	gcry_sm4(d, GCRY_CIPHER_MODE_CCM, d->text, want, d->len, want_tag);
	assert_memory_equal(got, want, d->len);
	assert_memory_equal(tag, want_tag, 16);
	assert_ok(hf_sm4_ccm_open(&how, (struct hf_bytes){got, d->len}, tag, got, &err));
	assert_memory_equal(got, d->text, d->len);
}

static void xts_and_cmac(const struct draw *d)
{
	struct hf_sm4_xts how = {d->key, d->iv, HF_XTS_IEEE};
	uint8_t got[LONGEST], want[LONGEST], mac[16], want_mac[16];
	size_t n = 16;
	struct hf_err err;
	gcry_mac_hd_t h;

	if (d->len >= 16) {
		assert_ok(hf_sm4_xts_encrypt(&how, d->text, got, d->len, &err));
		gcry_sm4(d, GCRY_CIPHER_MODE_XTS, d->text, want, d->len, NULL);
		assert_memory_equal(got, want, d->len);
		assert_ok(hf_sm4_xts_decrypt(&how, got, got, d->len, &err));
		assert_memory_equal(got, d->text, d->len);
	}
	hf_sm4_cmac(d->key, (struct hf_bytes){d->text, d->len}, mac);
	gcry_ok(gcry_mac_open(&h, GCRY_MAC_CMAC_SM4, 0, NULL));
	gcry_ok(gcry_mac_setkey(h, d->key, 16));
	gcry_ok(gcry_mac_write(h, d->text, d->len));
	gcry_ok(gcry_mac_read(h, want_mac, &n));
	gcry_mac_close(h);
	assert_memory_equal(mac, want_mac, 16);
}

static void repeat(void (*operation)(const struct draw *), int64_t bounded)
{
	const char *given = getenv("HUFU_RANDOM_OPS");
	int64_t num = bounded;
	struct draw d;
	struct hf_err err;

	if (given)
		assert_true(hf_parse_i64(given, 1, INT64_C(1000000000), &num));
	for (int64_t i = 0; i < num; i++) {
		hf_cpu_limit(processors[i % 3]);
		assert_ok(hf_rand(&d, sizeof(d), &err));
		d.len = (uint16_t)(d.len % (d.aad_len % 4 ? 64u + d.aad_len % 16u : LONGEST + 1u));
		d.cut = (uint16_t)(d.cut % (d.len + 1u));
		d.aad_len %= sizeof(d.aad) + 1;
		operation(&d);
	}
	hf_cpu_limit(~0u);
}

static void sm3_and_hmac_agree(void **state)
{
	(void)state;
	repeat(sm3_and_hmac, 20000);
}

static void sm3_of_many_agrees(void **state)
{
	(void)state;
	repeat(sm3_many, 5000);
}

static void ecb_cbc_and_ctr_agree(void **state)
{
	(void)state;
	repeat(block_modes, 5000);
}

static void gcm_and_ccm_agree(void **state)
{
	(void)state;
	repeat(sealing_modes, 5000);
}

static void xts_and_cmac_agree(void **state)
{
	(void)state;
	repeat(xts_and_cmac, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sm3_and_hmac_agree),
		cmocka_unit_test(sm3_of_many_agrees),
		cmocka_unit_test(ecb_cbc_and_ctr_agree),
		cmocka_unit_test(gcm_and_ccm_agree),
		cmocka_unit_test(xts_and_cmac_agree),
	};
	if (!gcry_check_version(NULL))
		return 1;
	gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
