/*
 * Under valgrind: keys and texts are marked as undefined memory, so that a branch on them, or an address made from
 * them, is reported as an error. With the argument "leak" it reads a table by a key octet itself: valgrind must see it.
 * Started by constant-time.
 */
#include "crypto/cpu.h"
#include "crypto/sm3_int.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_int.h"
#include "crypto/sm4_modes.h"

#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#define LEN 560 /* octets: whole vectors of every kernel, and a rest */

static void hide(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(p, len);
}

static void show(void *p, size_t len)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(p, len);
}

static bool leak(const uint8_t key[16])
{
	static const uint8_t table[256] = {1, 2, 3};

	return table[key[0]] > 7;
}

static bool block_modes(uint8_t key[16], uint8_t text[LEN])
{
	static uint8_t work[LEN], chains[3][32];
	uint8_t iv[16] = {0}, ivs[3][16] = {{0}}, mac[16];
	struct hf_sm4_cbc_job jobs[3];

	hf_sm4_ecb_encrypt(key, text, work, LEN);
	hf_sm4_ecb_decrypt(key, work, work, LEN);
	hf_sm4_ctr(key, iv, work, work, LEN - 3);
	hf_sm4_ctr(key, (uint8_t[16]){0}, work, work, LEN - 3);
	hf_sm4_cbc_encrypt(key, (uint8_t[16]){1}, work, work, LEN);
	hf_sm4_cbc_decrypt(key, (uint8_t[16]){1}, work, work, LEN);
	for (size_t i = 0; i < 3; i++)
		jobs[i] = (struct hf_sm4_cbc_job){key, ivs[i], text + i, chains[i], 32};
	hf_sm4_cbc_encrypt_many(jobs, 3);
	hf_sm4_cmac(key, (struct hf_bytes){text, LEN - 1}, mac);
	show(work, LEN);
	show(text, LEN);
	return memcmp(work, text, LEN) == 0;
}

static bool aead(uint8_t key[16], uint8_t text[LEN])
{
	static uint8_t work[LEN], back[LEN];
	uint8_t tag[16], tag_too[16], nonce[12] = {9};
	struct hf_sm4_aead how = {key, HF_BYTES_OF(nonce), {text, 40}, 16};
	struct hf_sm4_gcm gcm;
	bool ok = hf_sm4_gcm_seal(&how, (struct hf_bytes){text, LEN - 5}, work, tag, NULL);

	hf_sm4_gcm_init(&gcm, key, how.nonce);
	hf_sm4_gcm_aad(&gcm, how.aad);
	hf_sm4_gcm_decrypt(&gcm, work, back, LEN - 5);
	hf_sm4_gcm_final(&gcm, tag_too);
	ok = ok && hf_sm4_ccm_seal(&how, (struct hf_bytes){text, LEN - 5}, work, (uint8_t[16]){0}, NULL);
	show(tag, 16);
	show(tag_too, 16);
	show(back, LEN);
	show(text, LEN);
	return ok && memcmp(back, text, LEN - 5) == 0 && memcmp(tag, tag_too, 16) == 0;
}

static bool hashes(uint8_t key[16], uint8_t text[LEN])
{
	uint8_t mac[HF_SM3_LEN], derived[70], digests[20][HF_SM3_LEN];
	struct hf_bytes messages[20];

	hf_hmac_sm3((struct hf_bytes){key, 16}, (struct hf_bytes){text, LEN}, mac);
	hf_sm3_kdf((struct hf_bytes){text, 64}, derived, sizeof(derived));
	for (size_t i = 0; i < 20; i++)
		messages[i] = (struct hf_bytes){text, 7 * i};
	hf_sm3_many(messages, 20, digests);
	return true;
}

static bool all_parts(void)
{
	bool (*const parts[])(uint8_t *, uint8_t *) = {block_modes, aead, hashes};
	static uint8_t text[LEN];
	uint8_t key[16] = "a hidden key...";
	bool ok = true;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		hide(key, sizeof(key));
		hide(text, sizeof(text));
		ok = parts[i](key, text) && ok;
		show(text, sizeof(text));
	}
	printf("SM3, SM4 and GHASH on %s, %s and %s: %s\n", hf_sm3_kernel()->name, hf_sm4_kernel()->name,
		hf_ghash_kernel()->name, ok ? "right" : "wrong");
	return ok;
}

/* valgrind shows its programs no AVX-512; the kernels for that are built of the same instructions, wider. */
int main(int argc, char **argv)
{
	static const unsigned processors[] = {0, HF_CPU_AVX2 | HF_CPU_AES | HF_CPU_PCLMUL | HF_CPU_BMI2, ~0u};
	uint8_t key[16] = "a hidden key...";
	bool ok = true;

	if (argc > 1 && strcmp(argv[1], "leak") == 0) {
		hide(key, sizeof(key));
		return leak(key) ? 0 : 3;
	}
	for (size_t i = 0; i < sizeof(processors) / sizeof(processors[0]); i++) {
		hf_cpu_limit(processors[i]);
		ok = all_parts() && ok;
	}
	return ok ? 0 : 1;
}
