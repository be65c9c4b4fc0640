#include "sdf/rsa.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#define BITS (HF_SDF_RSA_LEN * 8)
#define HALF (HF_SDF_RSA_LEN / 2)

static bool gave_up(struct hf_err *err, const char *what)
{
	return hf_fail(err, HF_E_INTERNAL, "RSA: %s failed in OpenSSL", what);
}

/* A number of the key, and where it is called so in OpenSSL's parameters. */
struct part {
	const char *name;
	unsigned char *at;
	size_t len;
};

#define NUM_PARTS        8
#define NUM_PUBLIC_PARTS 2

static void parts_of(RSArefPrivateKey *key, struct part parts[NUM_PARTS])
{
	const struct part all[NUM_PARTS] = {
		{OSSL_PKEY_PARAM_RSA_N, key->m, HF_SDF_RSA_LEN},
		{OSSL_PKEY_PARAM_RSA_E, key->e, HF_SDF_RSA_LEN},
		{OSSL_PKEY_PARAM_RSA_D, key->d, HF_SDF_RSA_LEN},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, key->prime[0], HALF},
		{OSSL_PKEY_PARAM_RSA_FACTOR2, key->prime[1], HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT1, key->pexp[0], HALF},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, key->pexp[1], HALF},
		{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, key->coef, HALF},
	};

	memcpy(parts, all, sizeof(all));
}

bool hf_rsa_generate(RSArefPrivateKey *key, struct hf_err *err)
{
	EVP_PKEY *pkey = EVP_RSA_gen(BITS);
	struct part parts[NUM_PARTS];
	bool ok = pkey != NULL;

	memset(key, 0, sizeof(*key));
	key->bits = BITS;
	parts_of(key, parts);
	for (size_t i = 0; ok && i < NUM_PARTS; i++) {
		BIGNUM *number = NULL;
		ok = EVP_PKEY_get_bn_param(pkey, parts[i].name, &number) == 1 &&
		     BN_bn2binpad(number, parts[i].at, (int)parts[i].len) == (int)parts[i].len;
		BN_clear_free(number);
	}
	EVP_PKEY_free(pkey);
	if (ok)
		return true;
	hf_wipe(key, sizeof(*key));
	return gave_up(err, "the making of a key");
}

bool hf_rsa_check(const RSArefPublicKey *key, struct hf_err *err)
{
	unsigned e_high = 0, e_any = 0;

	for (size_t i = 0; i < HF_SDF_RSA_LEN - 32; i++)
		e_high |= key->e[i];
	for (size_t i = 0; i < HF_SDF_RSA_LEN; i++)
		e_any |= i == HF_SDF_RSA_LEN - 1 ? key->e[i] & 0xFEu : key->e[i];
	if (key->bits != BITS || key->m[0] < 0x80 || key->m[HF_SDF_RSA_LEN - 1] % 2 == 0)
		return hf_fail(err, HF_E_INPUT, "RSA: the modulus is not an odd number of 2048 bits");
	if (e_high != 0 || e_any == 0 || key->e[HF_SDF_RSA_LEN - 1] % 2 == 0)
		return hf_fail(err, HF_E_INPUT, "RSA: the public exponent is not an odd number of 2 to 256 bits");
	return true;
}

/* OpenSSL's form of the first num parts. NULL when it has no memory, or does not want the key. */
static EVP_PKEY *import(const struct part *parts, size_t num, int selection)
{
	BIGNUM *numbers[NUM_PARTS] = {0};
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	bool ok = bld && ctx;

	for (size_t i = 0; ok && i < num; i++) {
		numbers[i] = BN_secure_new();
		ok = numbers[i] && BN_bin2bn(parts[i].at, (int)parts[i].len, numbers[i]) &&
		     OSSL_PARAM_BLD_push_BN(bld, parts[i].name, numbers[i]) == 1;
	}
	ok = ok && (params = OSSL_PARAM_BLD_to_param(bld)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	     EVP_PKEY_fromdata(ctx, &pkey, selection, params) == 1;
	for (size_t i = 0; i < num; i++)
		BN_clear_free(numbers[i]);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	return ok ? pkey : NULL;
}

/* in is below n, the first part: OpenSSL would say no otherwise, but not why. */
static bool is_below(const unsigned char m[HF_SDF_RSA_LEN], const uint8_t in[HF_SDF_RSA_LEN])
{
	unsigned borrow = 0;

	for (size_t i = HF_SDF_RSA_LEN; i-- > 0;)
		borrow = ((unsigned)in[i] - m[i] - borrow) >> 8 & 1;
	return borrow == 1;
}

static bool raw(EVP_PKEY *pkey, bool private, const uint8_t *in, uint8_t *out)
{
	EVP_PKEY_CTX *ctx = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;
	size_t len = HF_SDF_RSA_LEN;
	bool ok = ctx && (private ? EVP_PKEY_decrypt_init(ctx) : EVP_PKEY_encrypt_init(ctx)) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
		  (private ? EVP_PKEY_decrypt(ctx, out, &len, in, HF_SDF_RSA_LEN)
			   : EVP_PKEY_encrypt(ctx, out, &len, in, HF_SDF_RSA_LEN)) == 1 &&
		  len == HF_SDF_RSA_LEN;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

bool hf_rsa_public(
	const RSArefPublicKey *key, const uint8_t in[HF_SDF_RSA_LEN], uint8_t out[HF_SDF_RSA_LEN], struct hf_err *err)
{
	RSArefPrivateKey whole = {.bits = key->bits};
	struct part parts[NUM_PARTS];

	if (!hf_rsa_check(key, err))
		return false;
	if (!is_below(key->m, in))
		return hf_fail(err, HF_E_INPUT, "RSA: the number is not below the modulus");
	memcpy(whole.m, key->m, sizeof(whole.m));
	memcpy(whole.e, key->e, sizeof(whole.e));
	parts_of(&whole, parts);
	EVP_PKEY *pkey = import(parts, NUM_PUBLIC_PARTS, EVP_PKEY_PUBLIC_KEY);
	bool ok = raw(pkey, false, in, out);
	EVP_PKEY_free(pkey);
	return ok ? true : gave_up(err, "the public operation");
}

bool hf_rsa_private(
	const RSArefPrivateKey *key, const uint8_t in[HF_SDF_RSA_LEN], uint8_t out[HF_SDF_RSA_LEN], struct hf_err *err)
{
	RSArefPrivateKey own = *key;
	uint8_t made[HF_SDF_RSA_LEN], check[HF_SDF_RSA_LEN];
	struct part parts[NUM_PARTS];
	RSArefPublicKey pub;
	bool ok = false;

	hf_rsa_public_of(key, &pub);
	if (!hf_rsa_check(&pub, err)) {
		hf_wipe(&own, sizeof(own));
		return false;
	}
	if (!is_below(key->m, in)) {
		hf_wipe(&own, sizeof(own));
		return hf_fail(err, HF_E_INPUT, "RSA: the number is not below the modulus");
	}
	parts_of(&own, parts);
	EVP_PKEY *pkey = import(parts, NUM_PARTS, EVP_PKEY_KEYPAIR);
	ok = raw(pkey, true, in, made) && raw(pkey, false, made, check) && memcmp(check, in, sizeof(check)) == 0;
	if (ok)
		memcpy(out, made, sizeof(made));
	else
		hf_fail(err, HF_E_INPUT, "RSA: the private key is no key");
	EVP_PKEY_free(pkey);
	hf_wipe(&own, sizeof(own));
	hf_wipe(made, sizeof(made));
	return ok;
}

void hf_rsa_public_of(const RSArefPrivateKey *key, RSArefPublicKey *out)
{
	out->bits = key->bits;
	memcpy(out->m, key->m, sizeof(out->m));
	memcpy(out->e, key->e, sizeof(out->e));
}
