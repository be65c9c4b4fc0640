/*
 * A small PKI for tests: software keys, certificates made by the profiles, and OpenSSL as a second opinion on a
 * signature.
 */
#ifndef HUFU_TESTS_UNIT_PKI_RIG_H
#define HUFU_TESTS_UNIT_PKI_RIG_H

#include "test.h"

#include "base/clock.h"
#include "crypto/rand.h"
#include "x509/decode.h"
#include "x509/profile.h"
#include "x509/signed.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#define RIG_NOW (INT64_C(1764000000) * HF_SECOND) /* 2025-11-24 */

struct rig_cert {
	struct hf_sm2_key key;
	struct hf_buf der;
	struct hf_cert cert;
};

static inline void rig_sign_one(const struct hf_sm2_key *key, struct hf_bytes message, uint8_t sig[HF_SM2_SIG])
{
	struct hf_err err;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(key->pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, message, e);
	assert_ok(hf_sm2_sign(key->d, e, sig, &err));
}

static inline bool rig_sign(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	(void)err;
	for (size_t i = 0; i < num; i++)
		rig_sign_one(ctx, tbs[i], sigs[i]);
	return true;
}

static inline struct hf_signer rig_signer(struct hf_sm2_key *key)
{
	struct hf_signer signer = {.check = true, .sign = rig_sign, .ctx = key};

	memcpy(signer.pub, key->pub, sizeof(signer.pub));
	return signer;
}

/* issuer NULL: self-signed. Times count from RIG_NOW. */
static inline void rig_issue(struct rig_cert *out, enum hf_profile profile, const char *name, struct rig_cert *issuer,
	int64_t from, int64_t to)
{
	struct hf_err err;
	uint8_t random[HF_SERIAL_RANDOM], serial[HF_SERIAL_LEN];
	struct hf_buf subject, tbs;
	const struct hf_name_parts parts = {.C = "CN", .O = "Hufu tests", .CN = name};

	hf_buf_init(&subject, HF_NAME_MAX);
	hf_buf_init(&tbs, HF_TBS_MAX);
	hf_buf_init(&out->der, HF_CERT_MAX);
	assert_ok(hf_sm2_generate(&out->key, &err));
	assert_ok(hf_rand(random, sizeof(random), &err));
	assert_ok(hf_serial_make(RIG_NOW, 0, random, serial, &err));
	assert_ok(hf_name_build(&parts, &subject, &err));
	struct hf_tbs_params params = {
		.profile = profile,
		.serial = HF_BYTES_OF(serial),
		.issuer = issuer ? issuer->cert.tbs.subject : hf_buf_bytes(&subject),
		.subject = hf_buf_bytes(&subject),
		.not_before = RIG_NOW + from,
		.not_after = RIG_NOW + to,
		.path_len = -1,
		.crl_uri = "http://ca.example/ca.crl",
	};
	memcpy(params.pub, out->key.pub, sizeof(params.pub));
	if (issuer)
		params.issuer_key_id = issuer->cert.subject_key_id;
	assert_ok(hf_tbs_build(&params, &tbs, &err));
	struct hf_signer signer = rig_signer(issuer ? &issuer->key : &out->key);
	struct hf_bytes view = hf_buf_bytes(&tbs);
	assert_ok(hf_signed_make(&signer, &view, 1, &out->der, &err));
	assert_ok(hf_decode_cert(hf_buf_bytes(&out->der), &out->cert, &err));
	hf_buf_clear(&tbs);
	hf_buf_clear(&subject);
}

static inline void rig_clear(struct rig_cert *cert)
{
	hf_buf_clear(&cert->der);
}

/* OpenSSL's verdict on an SM2-with-SM3 signature with the default id. */
static inline bool rig_openssl_verifies(
	const uint8_t pub[HF_SM2_POINT], struct hf_bytes message, struct hf_bytes der_signature)
{
	char group[] = "SM2", id[] = "1234567812345678";
	uint8_t point[1 + HF_SM2_POINT] = {0x04};
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL), *use;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	memcpy(point + 1, pub, HF_SM2_POINT);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};
	assert_int_equal(EVP_PKEY_fromdata_init(make), 1);
	assert_int_equal(EVP_PKEY_fromdata(make, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	use = EVP_PKEY_CTX_new(key, NULL);
	assert_int_equal(EVP_PKEY_CTX_set1_id(use, id, sizeof(id) - 1), 1);
	EVP_MD_CTX_set_pkey_ctx(md, use);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key), 1);
	bool ok = EVP_DigestVerify(md, der_signature.p, der_signature.len, message.p, message.len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(use);
	EVP_PKEY_CTX_free(make);
	EVP_PKEY_free(key);
	return ok;
}

#endif
