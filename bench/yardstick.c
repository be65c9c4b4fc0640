#include "report.h"

#include "base/clock.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

#define FOR_US 300000

static bool sign_for_a_while(EVP_PKEY_CTX *ctx, double *per_second)
{
	const unsigned char digest[32] = {1};
	unsigned char signature[80];
	const int64_t from = hf_ticks();
	size_t num = 0;

	while (hf_ticks() - from < FOR_US) {
		size_t len = sizeof(signature);

		if (EVP_PKEY_sign(ctx, signature, &len, digest, sizeof(digest)) != 1)
			return false;
		num++;
	}
	*per_second = (double)num * 1e6 / (double)(hf_ticks() - from);
	return true;
}

bool hf_bench_p256(double *per_second, struct hf_err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	const bool ok = ctx && EVP_PKEY_sign_init(ctx) == 1 && sign_for_a_while(ctx, per_second);

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok || hf_fail(err, HF_E_INTERNAL, "the yardstick: OpenSSL does not sign with P-256");
}
