/*
 * bench-crypto(1)
 *
 * NAME
 *     bench-crypto - SM2, each operation in each variant, beside OpenSSL
 *
 * SYNOPSIS
 *     bench-crypto [--rounds N] [--json]
 *
 * DESCRIPTION
 *     Every case and the yardstick, OpenSSL's P-256 signature, take turns, some milliseconds of this process's
 *     processor time each, and the table shows the medians of N rounds (15). Only the ratios compare between machines.
 *     SM3 and SM4: bench-crypto-sym.
 *
 * SECURITY
 *     Its keys are made for the run and thrown away.
 */
#include "report.h"

#include "base/str.h"
#include "crypto/cpu.h"
#include "crypto/sm2.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MANY       64
#define ROUNDS_MAX 101
#define SLICE_US   4000

struct work {
	struct hf_sm2_key key, keys[MANY];
	struct hf_sm2_signer signer;
	uint8_t e[MANY][HF_SM3_LEN], sig[MANY][HF_SM2_SIG], cipher[HF_SM2_CIPHER_EXTRA + 16], plain[16];
	struct hf_sm2_signed signatures[MANY];
	EVP_PKEY_CTX *p256, *sm2_sign, *sm2_verify;
	unsigned char der[80], sm2_der[80];
	size_t sm2_der_len;
};

static bool run_p256(struct work *w)
{
	size_t len = sizeof(w->der);

	return EVP_PKEY_sign(w->p256, w->der, &len, w->e[0], HF_SM3_LEN) == 1;
}

static bool run_openssl_sign(struct work *w)
{
	w->sm2_der_len = sizeof(w->sm2_der);
	return EVP_PKEY_sign(w->sm2_sign, w->sm2_der, &w->sm2_der_len, w->e[0], HF_SM3_LEN) == 1;
}

static bool run_openssl_verify(struct work *w)
{
	return EVP_PKEY_verify(w->sm2_verify, w->sm2_der, w->sm2_der_len, w->e[0], HF_SM3_LEN) == 1;
}

static bool run_sign_key(struct work *w)
{
	return hf_sm2_sign(w->key.d, w->e[0], w->sig[0], NULL);
}

static bool run_sign(struct work *w)
{
	return hf_sm2_signer_sign(&w->signer, w->e[0], w->sig[0], NULL);
}

static bool run_verify(struct work *w)
{
	return hf_sm2_verify(w->key.pub, w->e[0], w->sig[0], NULL);
}

static bool run_generate(struct work *w)
{
	return hf_sm2_generate(&w->keys[0], NULL);
}

static bool run_encrypt(struct work *w)
{
	return hf_sm2_encrypt(w->key.pub, HF_BYTES_OF(w->plain), w->cipher, NULL);
}

static bool run_decrypt(struct work *w)
{
	return hf_sm2_decrypt(w->key.d, HF_BYTES_OF(w->cipher), w->plain, NULL);
}

static bool run_sign_many(struct work *w)
{
	return hf_sm2_sign_batch(&w->signer, (const uint8_t(*)[HF_SM3_LEN])w->e, w->sig, MANY, NULL);
}

static bool run_verify_many(struct work *w)
{
	bool valid[MANY];

	return hf_sm2_verify_batch(w->signatures, valid, MANY) == MANY;
}

static bool run_generate_many(struct work *w)
{
	return hf_sm2_generate_batch(w->keys, MANY, NULL);
}

static bool run_encrypt_many(struct work *w)
{
	static uint8_t out[MANY][HF_SM2_CIPHER_EXTRA + 16];
	struct hf_sm2_plain plains[MANY];

	for (size_t i = 0; i < MANY; i++)
		plains[i] = (struct hf_sm2_plain){w->key.pub, HF_BYTES_OF(w->plain), out[i]};
	return hf_sm2_encrypt_batch(plains, MANY, NULL);
}

#define PORTABLE 0
#define ADX      (HF_CPU_AVX2 | HF_CPU_BMI2 | HF_CPU_ADX)
#define IFMA     (ADX | HF_CPU_AVX512 | HF_CPU_IFMA)

static const struct row {
	const char *name;
	bool (*run)(struct work *w);
	unsigned num, features;
} rows[] = {
	{"P-256 sign, OpenSSL", run_p256, 1, 0},
	{"SM2 sign, OpenSSL", run_openssl_sign, 1, 0},
	{"SM2 verify, OpenSSL", run_openssl_verify, 1, 0},
	{"sign, portable", run_sign, 1, PORTABLE},
	{"sign from d, portable", run_sign_key, 1, PORTABLE},
	{"verify, portable", run_verify, 1, PORTABLE},
	{"key pair, portable", run_generate, 1, PORTABLE},
	{"encrypt 16, portable", run_encrypt, 1, PORTABLE},
	{"decrypt 16, portable", run_decrypt, 1, PORTABLE},
	{"sign, adx", run_sign, 1, ADX},
	{"sign from d, adx", run_sign_key, 1, ADX},
	{"verify, adx", run_verify, 1, ADX},
	{"key pair, adx", run_generate, 1, ADX},
	{"encrypt 16, adx", run_encrypt, 1, ADX},
	{"decrypt 16, adx", run_decrypt, 1, ADX},
	{"sign, avx512", run_sign, 1, ADX | HF_CPU_AVX512},
	{"sign from d, avx512", run_sign_key, 1, ADX | HF_CPU_AVX512},
	{"verify, avx512", run_verify, 1, ADX | HF_CPU_AVX512},
	{"key pair, avx512", run_generate, 1, ADX | HF_CPU_AVX512},
	{"sign 64, ifma", run_sign_many, MANY, IFMA},
	{"verify 64, ifma", run_verify_many, MANY, IFMA},
	{"key pairs 64, ifma", run_generate_many, MANY, IFMA},
	{"encrypt 64 times 16, ifma", run_encrypt_many, MANY, IFMA},
};
#define NUM_ROWS (sizeof(rows) / sizeof(rows[0]))

static bool set_up(struct work *w)
{
	EVP_PKEY *p256 = EVP_EC_gen("P-256"), *sm2 = EVP_EC_gen("SM2");

	w->p256 = EVP_PKEY_CTX_new(p256, NULL);
	w->sm2_sign = EVP_PKEY_CTX_new(sm2, NULL);
	w->sm2_verify = EVP_PKEY_CTX_new(sm2, NULL);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(sm2);
	if (!w->p256 || !w->sm2_sign || !w->sm2_verify || EVP_PKEY_sign_init(w->p256) != 1 ||
		EVP_PKEY_sign_init(w->sm2_sign) != 1 || EVP_PKEY_verify_init(w->sm2_verify) != 1)
		return false;
	if (!hf_sm2_generate(&w->key, NULL) || !hf_sm2_signer_init(&w->signer, &w->key, HF_SM2_DEFAULT_ID, NULL))
		return false;
	for (size_t i = 0; i < MANY; i++) {
		memset(w->e[i], (int)i + 1, HF_SM3_LEN);
		w->signatures[i] = (struct hf_sm2_signed){w->key.pub, w->e[i], w->sig[i]};
	}
	return run_encrypt(w);
}

static void tear_down(struct work *w)
{
	EVP_PKEY_CTX_free(w->p256);
	EVP_PKEY_CTX_free(w->sm2_sign);
	EVP_PKEY_CTX_free(w->sm2_verify);
	hf_sm2_signer_clear(&w->signer);
	hf_wipe(w, sizeof(*w));
}

/* Microseconds that this process has had of the processor, so that its neighbours count less. */
static double used_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Operations a second. */
static bool measure(struct work *w, const struct row *row, double *rate)
{
	double start, now;
	unsigned num = 0;

	hf_cpu_limit(row->features);
	/* warm, and what verifications read */
	if (!row->run(w))
		return false;
	start = used_us();
	do {
		if (!row->run(w))
			return false;
		num += row->num;
		now = used_us();
	} while (now - start < SLICE_US);
	*rate = num * 1e6 / (now - start);
	return true;
}

static bool can(const struct row *row)
{
	hf_cpu_limit(~0u);
	return hf_cpu_has(row->features);
}

static bool measure_all(struct work *w, double rates[NUM_ROWS][ROUNDS_MAX], size_t rounds)
{
	for (size_t round = 0; round < rounds; round++) {
		for (size_t i = 0; i < NUM_ROWS; i++) {
			if (can(&rows[i]) && !measure(w, &rows[i], &rates[i][round])) {
				fprintf(stderr, "bench-crypto: \"%s\" failed\n", rows[i].name);
				return false;
			}
		}
	}
	return true;
}

static void print(const struct hf_bench *bench, double rates[NUM_ROWS][ROUNDS_MAX], size_t rounds)
{
	double yardstick = hf_bench_quantile(rates[0], rounds, 0.5);

	hf_bench_head(bench, "operations a second on one core, random numbers included, messages already hashed",
		"DER, devices, several cores; libgcrypt and Botan are not linked");
	for (size_t i = 0; i < NUM_ROWS; i++) {
		if (!can(&rows[i])) {
			if (!bench->json)
				printf("%-28s not on this processor\n", rows[i].name);
			continue;
		}
		struct hf_bench_figure figure = {rows[i].name, hf_bench_quantile(rates[i], rounds, 0.5), "1/s",
			yardstick, "P-256 signatures of OpenSSL"};
		hf_bench_print(bench, &figure);
	}
}

int main(int argc, char **argv)
{
	static double rates[NUM_ROWS][ROUNDS_MAX];
	struct hf_bench bench = {.name = "crypto"};
	static struct work work;
	int64_t rounds = 15;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			bench.json = true;
		} else if (strcmp(argv[i], "--rounds") != 0 || i + 1 == argc ||
			   !hf_parse_i64(argv[++i], 1, ROUNDS_MAX, &rounds)) {
			fprintf(stderr, "usage: bench-crypto [--rounds 1-%d] [--json]\n", ROUNDS_MAX);
			return 2;
		}
	}
	bool ok = set_up(&work) && measure_all(&work, rates, (size_t)rounds);
	if (ok)
		print(&bench, rates, (size_t)rounds);
	tear_down(&work);
	return ok ? 0 : 1;
}
