/*
 * SM4 and its modes: one body of answers for every kernel that this processor can run, whole and cut at every point.
 */
#include "test.h"

#include "base/hex.h"
#include "crypto/rand.h"
#include "crypto/sm4_int.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define MOST 200 /* blocks */

static void unhex(const char *text, uint8_t *out, size_t len)
{
	assert_int_equal(strlen(text), 2 * len);
	assert_true(hf_unhex(text, out, len));
}

/* Runs body under each kernel, best first; says which ones this processor lacks. */
static void with_each_kernel(void (*body)(void))
{
	for (size_t i = 0; hf_sm4_kernels[i]; i++) {
		hf_cpu_limit(~0u);
		if (!hf_cpu_has(hf_sm4_kernels[i]->needs)) {
			print_message("skipped: this processor does not run the kernel %s\n", hf_sm4_kernels[i]->name);
			continue;
		}
		hf_cpu_limit(hf_sm4_kernels[i]->needs);
		assert_string_equal(hf_sm4_kernel()->name, hf_sm4_kernels[i]->name);
		body();
	}
	hf_cpu_limit(~0u);
}

static void openssl_sm4(const char *mode, bool encrypt, const uint8_t *key, const uint8_t *iv, const uint8_t *in,
	uint8_t *out, size_t len)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, mode, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_non_null(cipher);
	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in, (int)len), 1);
	assert_int_equal(n, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void random_octets(void *out, size_t len)
{
	struct hf_err err;

	assert_ok(hf_rand(out, len, &err));
}

static void standard_body(void)
{
	uint8_t key[16], block[16], want[16];

	unhex("0123456789abcdeffedcba9876543210", key, 16);
	unhex("681edf34d206965e86b3e94f536e4246", want, 16);
	memcpy(block, key, 16);
	hf_sm4_ecb_encrypt(key, block, block, 16);
	assert_memory_equal(block, want, 16);
	hf_sm4_ecb_decrypt(key, block, block, 16);
	assert_memory_equal(block, key, 16);
}

static void every_kernel_gives_the_standards_ciphertext(void **state)
{
	(void)state;
	with_each_kernel(standard_body);
}

/* Blocks that run through every octet at every place, so that the whole S-box is used. */
static void sbox_body(void)
{
	uint8_t key[16] = {0}, in[256 * 16], want[256 * 16], got[256 * 16];

	for (size_t i = 0; i < 256; i++) {
		for (size_t j = 0; j < 16; j++)
			in[16 * i + j] = (uint8_t)(i + 16 * j);
	}
	for (unsigned i = 0; i < 256; i++) {
		memset(key, (int)i, 16);
		openssl_sm4("SM4-ECB", true, key, NULL, in + 16 * i, want + 16 * i, 16);
		hf_sm4_ecb_encrypt(key, in + 16 * i, got + 16 * i, 16);
	}
	assert_memory_equal(got, want, sizeof(got));
	openssl_sm4("SM4-ECB", true, key, NULL, in, want, sizeof(in));
	hf_sm4_ecb_encrypt(key, in, got, sizeof(in));
	assert_memory_equal(got, want, sizeof(got));
}

static void every_kernel_knows_every_octet(void **state)
{
	(void)state;
	with_each_kernel(sbox_body);
}

static void ecb_body(void)
{
	static uint8_t in[16 * MOST], want[16 * MOST], got[16 * MOST + 16];
	uint8_t key[16], mark[16];

	random_octets(key, 16);
	random_octets(in, sizeof(in));
	random_octets(mark, 16);
	openssl_sm4("SM4-ECB", true, key, NULL, in, want, sizeof(in));
	for (size_t num = 0; num <= MOST; num++) {
		memcpy(got + 16 * num, mark, 16);
		hf_sm4_ecb_encrypt(key, in, got, 16 * num);
		assert_memory_equal(got, want, 16 * num);
		assert_memory_equal(got + 16 * num, mark, 16);
		hf_sm4_ecb_decrypt(key, got, got, 16 * num);
		assert_memory_equal(got, in, 16 * num);
		assert_memory_equal(got + 16 * num, mark, 16);
	}
}

static void every_number_of_blocks_agrees_with_openssl(void **state)
{
	(void)state;
	with_each_kernel(ecb_body);
}

static void cbc_body(void)
{
	static uint8_t in[16 * MOST], want[16 * MOST], got[16 * MOST];
	uint8_t key[16], iv[16], run[16], mac[16];

	random_octets(key, 16);
	random_octets(iv, 16);
	random_octets(in, sizeof(in));
	openssl_sm4("SM4-CBC", true, key, iv, in, want, sizeof(in));
	for (size_t split = 0; split <= sizeof(in); split += 16) {
		memcpy(run, iv, 16);
		hf_sm4_cbc_decrypt(key, run, want, got, split);
		hf_sm4_cbc_decrypt(key, run, want + split, got + split, sizeof(in) - split);
		assert_memory_equal(got, in, sizeof(in));
		assert_memory_equal(run, want + sizeof(want) - 16, 16);
		memcpy(got, want, sizeof(want));
		memcpy(run, iv, 16);
		hf_sm4_cbc_decrypt(key, run, got, got, split);
		assert_memory_equal(got, in, split);
	}
	for (size_t split = 0; split <= sizeof(in); split += 16 * 23) {
		memcpy(run, iv, 16);
		hf_sm4_cbc_encrypt(key, run, in, got, split);
		hf_sm4_cbc_encrypt(key, run, in + split, got + split, sizeof(in) - split);
		assert_memory_equal(got, want, sizeof(want));
		hf_sm4_mac(key, iv, in, split, mac);
		hf_sm4_mac(key, mac, in + split, sizeof(in) - split, mac);
		assert_memory_equal(mac, want + sizeof(want) - 16, 16);
	}
}

static void cbc_agrees_with_openssl_at_every_split(void **state)
{
	(void)state;
	with_each_kernel(cbc_body);
}

static void ctr_body(void)
{
	static uint8_t in[16 * MOST], want[16 * MOST], got[16 * MOST + 1];
	static const char *const starts[] = {"00112233445566fffffffffffffffffe", "ffffffffffffffffffffffffffffff80",
		"000102030405060708090a0bfffffff0"};
	uint8_t key[16], iv[16], run[16];

	random_octets(key, 16);
	random_octets(in, sizeof(in));
	for (size_t i = 0; i < 3; i++) {
		unhex(starts[i], iv, 16);
		openssl_sm4("SM4-CTR", true, key, iv, in, want, sizeof(in));
		for (size_t len = 0; len <= sizeof(in); len += 1 + len / 40) {
			memcpy(run, iv, 16);
			got[len] = 0x5a;
			hf_sm4_ctr(key, run, in, got, len);
			assert_memory_equal(got, want, len);
			assert_int_equal(got[len], 0x5a);
			if (len % 16 != 0)
				continue;
			hf_sm4_ctr(key, run, in + len, got + len, sizeof(in) - len);
			assert_memory_equal(got, want, sizeof(in));
		}
	}
}

static void ctr_agrees_with_openssl_where_the_counter_wraps(void **state)
{
	(void)state;
	with_each_kernel(ctr_body);
}

static void many_body(void)
{
	enum { JOBS = 77, LONGEST = 16 * 50 };
	static uint8_t in[JOBS][LONGEST], want[JOBS][LONGEST], got[JOBS][LONGEST], keys[JOBS][16], ivs[JOBS][2][16];
	struct hf_sm4_cbc_job jobs[JOBS];

	random_octets(in, sizeof(in));
	random_octets(keys, sizeof(keys));
	random_octets(ivs, sizeof(ivs));
	memset(want, 0, sizeof(want));
	for (size_t num = 0; num <= JOBS; num += 1 + num / 8) {
		memset(got, 0, sizeof(got));
		for (size_t i = 0; i < num; i++) {
			size_t len = i * 7 % 51 * 16;
			memcpy(ivs[i][1], ivs[i][0], 16);
			jobs[i] = (struct hf_sm4_cbc_job){keys[i], ivs[i][1], in[i], got[i], len};
			openssl_sm4("SM4-CBC", true, keys[i], ivs[i][0], in[i], want[i], len);
		}
		hf_sm4_cbc_encrypt_many(jobs, num);
		for (size_t i = 0; i < num; i++) {
			assert_memory_equal(got[i], want[i], LONGEST);
			assert_memory_equal(ivs[i][1], jobs[i].len ? want[i] + jobs[i].len - 16 : ivs[i][0], 16);
		}
	}
}

static void many_chains_agree_with_one_at_a_time(void **state)
{
	(void)state;
	with_each_kernel(many_body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kernel_gives_the_standards_ciphertext),
		cmocka_unit_test(every_kernel_knows_every_octet),
		cmocka_unit_test(every_number_of_blocks_agrees_with_openssl),
		cmocka_unit_test(cbc_agrees_with_openssl_at_every_split),
		cmocka_unit_test(ctr_agrees_with_openssl_where_the_counter_wraps),
		cmocka_unit_test(many_chains_agree_with_one_at_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
