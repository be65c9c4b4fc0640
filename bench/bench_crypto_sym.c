/*
 * bench-crypto-sym: how fast SM3 and SM4 run here, each kernel beside OpenSSL in the same run.
 *
 * Every figure is the median of five rounds of about 40 ms of this process's processor time. "x" is the ratio to the
 * yardstick that the line names; only ratios compare between machines. Messages lie in the cache; keys are made ready
 * once a call, as callers do.
 */
#include "crypto/sm3_int.h"
#include "crypto/sm4_aead.h"
#include "crypto/sm4_int.h"
#include "crypto/sm4_modes.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SIZE   16384 /* octets of one message or of all */
#define ROUNDS 5

static uint8_t in[SIZE], out[SIZE];
static const uint8_t key[16] = "a bench key, 16";

struct row {
	const char *name;
	void (*run)(void);
	size_t octets;
};

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Microseconds that this process has had of the processor, so that its neighbours do not count. */
static int64_t used(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Millions of octets a second. */
static double rate(const struct row *row)
{
	double rates[ROUNDS];

	row->run();
	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t start = used(), now;
		size_t num = 0;
		do {
			for (size_t j = 0; j < 8; j++, num++)
				row->run();
			now = used();
		} while (now - start < 40000);
		rates[i] = (double)(num * row->octets) / (double)(now - start);
	}
	qsort(rates, ROUNDS, sizeof(rates[0]), by_size);
	return rates[ROUNDS / 2];
}

static void openssl_cipher(const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	if (!EVP_CipherInit_ex2(ctx, cipher, key, in, 1, NULL) || !EVP_CIPHER_CTX_set_padding(ctx, 0) ||
		!EVP_CipherUpdate(ctx, out, &n, in, SIZE))
		abort();
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void openssl_ecb(void)
{
	openssl_cipher("SM4-ECB");
}

static void openssl_cbc(void)
{
	openssl_cipher("SM4-CBC");
}

static void sm4_ecb(void)
{
	hf_sm4_ecb_encrypt(key, in, out, SIZE);
}

static void sm4_ctr(void)
{
	uint8_t counter[16] = {0};

	hf_sm4_ctr(key, counter, in, out, SIZE);
}

static void sm4_cbc_decrypt(void)
{
	uint8_t iv[16] = {0};

	hf_sm4_cbc_decrypt(key, iv, in, out, SIZE);
}

static void sm4_cbc(void)
{
	uint8_t iv[16] = {0};

	hf_sm4_cbc_encrypt(key, iv, in, out, SIZE);
}

static void sm4_cbc_many(void)
{
	struct hf_sm4_cbc_job jobs[SIZE / 512];
	uint8_t ivs[SIZE / 512][16] = {{0}};

	for (size_t i = 0; i < SIZE / 512; i++)
		jobs[i] = (struct hf_sm4_cbc_job){key, ivs[i], in + 512 * i, out + 512 * i, 512};
	hf_sm4_cbc_encrypt_many(jobs, SIZE / 512);
}

static void sm4_cbc_many_long(void)
{
	static uint8_t messages[32][2048];
	struct hf_sm4_cbc_job jobs[32];
	uint8_t ivs[32][16] = {{0}};

	for (size_t i = 0; i < 32; i++)
		jobs[i] = (struct hf_sm4_cbc_job){key, ivs[i], messages[i], messages[i], sizeof(messages[i])};
	hf_sm4_cbc_encrypt_many(jobs, 32);
}

static void sm4_one_block(void)
{
	for (size_t i = 0; i < SIZE; i += 16)
		hf_sm4_ecb_encrypt(key, in + i, out + i, 16);
}

static void sm4_gcm(void)
{
	const struct hf_sm4_aead how = {key, {in, 12}, HF_BYTES_NONE, 16};
	uint8_t tag[16];

	if (!hf_sm4_gcm_seal(&how, HF_BYTES_OF(in), out, tag, NULL))
		abort();
}

static void sm4_xts(void)
{
	static const uint8_t keys[32] = {1, 2, 3};
	const struct hf_sm4_xts how = {keys, in, HF_XTS_GB};

	if (!hf_sm4_xts_encrypt(&how, in, out, SIZE, NULL))
		abort();
}

static void ghash_bench(void)
{
	struct hf_ghash hash;

	hf_ghash_init(&hash, key);
	hf_ghash_update(&hash, in, SIZE);
}

static void openssl_sm3(void)
{
	if (!EVP_Digest(in, SIZE, out, NULL, EVP_sm3(), NULL))
		abort();
}

static void sm3_stream(void)
{
	hf_sm3(HF_BYTES_OF(in), out);
}

static void sm3_of(size_t len)
{
	static struct hf_bytes messages[SIZE / 64];
	static uint8_t digests[SIZE / 64][HF_SM3_LEN];

	for (size_t i = 0; i < SIZE / len; i++)
		messages[i] = (struct hf_bytes){in + len * i, len};
	hf_sm3_many(messages, SIZE / len, digests);
}

static void sm3_many_long(void)
{
	sm3_of(1024);
}

static void sm3_many_short(void)
{
	sm3_of(512);
}

static void compare(const struct row *rows, size_t num, double yardstick, const char *kernel)
{
	for (size_t i = 0; i < num; i++) {
		double r = rate(&rows[i]);
		printf("%-34s %-9s %9.0f %7.2fx\n", rows[i].name, kernel, r, r / yardstick);
	}
}

static void sm4(void)
{
	static const struct row anchor = {"OpenSSL SM4-ECB", openssl_ecb, SIZE};
	static const struct row other = {"OpenSSL SM4-CBC", openssl_cbc, SIZE};
	static const struct row rows[] = {
		{"SM4-ECB", sm4_ecb, SIZE},
		{"SM4-CTR", sm4_ctr, SIZE},
		{"SM4-CBC decryption", sm4_cbc_decrypt, SIZE},
		{"SM4-CBC, one chain", sm4_cbc, SIZE},
		{"SM4-CBC, 32 chains of 512", sm4_cbc_many, SIZE},
		{"SM4-CBC, 32 chains of 2048", sm4_cbc_many_long, 65536},
		{"SM4-GCM", sm4_gcm, SIZE},
		{"SM4-XTS", sm4_xts, SIZE},
		{"SM4, a key for each block", sm4_one_block, SIZE},
	};
	double yardstick = rate(&anchor);

	printf("%-34s %-9s %9.0f %7.2fx\n", anchor.name, "", yardstick, 1.0);
	compare(&other, 1, yardstick, "");
	for (size_t i = 0; hf_sm4_kernels[i]; i++) {
		hf_cpu_limit(~0u);
		if (!hf_cpu_has(hf_sm4_kernels[i]->needs))
			continue;
		hf_cpu_limit(i == 0 ? ~0u : hf_sm4_kernels[i]->needs | (hf_sm4_kernels[i]->needs ? HF_CPU_PCLMUL : 0));
		compare(rows, sizeof(rows) / sizeof(rows[0]), yardstick, hf_sm4_kernels[i]->name);
	}
	hf_cpu_limit(~0u);
}

static void ghash(void)
{
	static const struct row row = {"GHASH", ghash_bench, SIZE};
	static const struct row anchor = {"OpenSSL SM4-ECB", openssl_ecb, SIZE};
	double yardstick = rate(&anchor);

	for (size_t i = 0; hf_ghash_kernels[i]; i++) {
		hf_cpu_limit(~0u);
		if (!hf_cpu_has(hf_ghash_kernels[i]->needs))
			continue;
		hf_cpu_limit(hf_ghash_kernels[i]->needs);
		compare(&row, 1, yardstick, hf_ghash_kernels[i]->name);
	}
	hf_cpu_limit(~0u);
}

static void sm3(void)
{
	static const struct row anchor = {"OpenSSL SM3", openssl_sm3, SIZE};
	static const struct row stream = {"SM3, one stream", sm3_stream, SIZE};
	static const struct row many[] = {
		{"SM3, 16 messages of 1024", sm3_many_long, SIZE},
		{"SM3, 32 messages of 512", sm3_many_short, SIZE},
	};
	double yardstick = rate(&anchor);

	printf("%-34s %-9s %9.0f %7.2fx\n", anchor.name, "", yardstick, 1.0);
	for (size_t i = 0; hf_sm3_kernels[i]; i++) {
		hf_cpu_limit(~0u);
		if (!hf_cpu_has(hf_sm3_kernels[i]->needs))
			continue;
		hf_cpu_limit(hf_sm3_kernels[i]->needs);
		compare(&stream, 1, yardstick, hf_sm3_kernels[i]->name);
	}
	for (size_t i = 0; hf_sm3_lanes_kernels[i]; i++) {
		hf_cpu_limit(~0u);
		if (!hf_cpu_has(hf_sm3_lanes_kernels[i]->needs))
			continue;
		hf_cpu_limit(hf_sm3_lanes_kernels[i]->needs);
		compare(many, 2, yardstick, hf_sm3_lanes_kernels[i]->name);
	}
	hf_cpu_limit(~0u);
}

int main(void)
{
	printf("%-34s %-9s %9s %8s\n", "operation", "kernel", "MB/s", "ratio");
	sm3();
	sm4();
	ghash();
	return 0;
}
