/*
 * Keys, a signer and a small authority (root → CA → user) for tests of x509 and above. Keys and times are fixed; the
 * signatures are not, since SM2 draws a number for each.
 */
#ifndef HUFU_TESTS_UNIT_X509_FIXTURE_H
#define HUFU_TESTS_UNIT_X509_FIXTURE_H

#include "test.h"

#include "base/clock.h"
#include "crypto/sm2.h"
#include "x509/decode.h"
#include "x509/profile.h"
#include "x509/signed.h"

#define FIX_NOW (INT64_C(1795345200) * HF_SECOND) /* 2026-11-22T11:00:00Z */

/* d = 32 octets of n: a key that is the same in every run. */
static inline struct hf_sm2_key fix_key(uint8_t n)
{
	struct hf_sm2_key key;
	struct hf_err err;

	memset(key.d, n, sizeof(key.d));
	assert_ok(hf_sm2_public(key.d, key.pub, &err));
	return key;
}

static inline bool fix_sign(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	const struct hf_sm2_key *key = ctx;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(key->pub, HF_SM2_DEFAULT_ID, z);
	for (size_t i = 0; i < num; i++) {
		hf_sm2_digest(z, tbs[i], e);
		if (!hf_sm2_sign(key->d, e, sigs[i], err))
			return false;
	}
	return true;
}

static inline struct hf_signer fix_signer(struct hf_sm2_key *key)
{
	struct hf_signer signer = {.check = true, .sign = fix_sign, .ctx = key};

	memcpy(signer.pub, key->pub, sizeof(signer.pub));
	return signer;
}

static inline void fix_name(const char *cn, struct hf_buf *out)
{
	const struct hf_name_parts parts = {.C = "CN", .O = "虎符", .CN = cn};
	struct hf_err err;

	hf_buf_init(out, HF_NAME_MAX);
	assert_ok(hf_name_build(&parts, out, &err));
}

struct fix_cert {
	struct hf_sm2_key key;
	struct hf_buf name, tbs, der;
	uint8_t serial[HF_SERIAL_LEN];
	struct hf_cert cert;
};

/* params of a plain certificate of this profile; issuer NULL: self. */
static inline struct hf_tbs_params fix_params(
	struct fix_cert *subject, enum hf_profile profile, const struct fix_cert *issuer)
{
	static const uint8_t random[HF_SERIAL_RANDOM] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
	struct hf_err err;
	struct hf_tbs_params params = {
		.profile = profile,
		.serial = HF_BYTES_OF(subject->serial),
		.issuer = hf_buf_bytes(issuer ? &issuer->name : &subject->name),
		.subject = hf_buf_bytes(&subject->name),
		.not_before = FIX_NOW - HF_DAY,
		.not_after = FIX_NOW + 365 * HF_DAY,
		.issuer_key_id = issuer ? issuer->cert.subject_key_id : HF_BYTES_NONE,
		.path_len = -1,
	};

	memcpy(params.pub, subject->key.pub, sizeof(params.pub));
	assert_ok(hf_serial_make(FIX_NOW, subject->key.d[0], random, subject->serial, &err));
	if (profile != HF_PROFILE_ROOT) {
		params.crl_uri = "http://ca.example.cn/crl/1.crl";
		params.ocsp_uri = "http://ca.example.cn/ocsp";
		params.ca_issuers_uri = "http://ca.example.cn/ca.crt";
	}
	return params;
}

static inline void fix_issue_params(
	struct fix_cert *subject, const struct hf_tbs_params *params, struct fix_cert *issuer)
{
	struct hf_signer signer = fix_signer(issuer ? &issuer->key : &subject->key);
	struct hf_err err;

	hf_buf_init(&subject->tbs, HF_TBS_MAX);
	hf_buf_init(&subject->der, HF_CERT_MAX);
	assert_ok(hf_tbs_build(params, &subject->tbs, &err));
	struct hf_bytes tbs = hf_buf_bytes(&subject->tbs);
	assert_ok(hf_signed_make(&signer, &tbs, 1, &subject->der, &err));
	assert_ok(hf_decode_cert(hf_buf_bytes(&subject->der), &subject->cert, &err));
}

static inline void fix_begin(struct fix_cert *subject, uint8_t n, const char *cn)
{
	memset(subject, 0, sizeof(*subject));
	subject->key = fix_key(n);
	fix_name(cn, &subject->name);
}

static inline void fix_issue(
	struct fix_cert *subject, uint8_t n, const char *cn, enum hf_profile profile, struct fix_cert *issuer)
{
	fix_begin(subject, n, cn);
	struct hf_tbs_params params = fix_params(subject, profile, issuer);
	fix_issue_params(subject, &params, issuer);
}

static inline void fix_clear(struct fix_cert *subject)
{
	hf_buf_clear(&subject->name);
	hf_buf_clear(&subject->tbs);
	hf_buf_clear(&subject->der);
}

#endif
