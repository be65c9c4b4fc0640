/*
 * An RA for one test: a scratch store, a clock that the test moves, and a small CA behind the RA's port that issues
 * real certificates, remembers them by request id, and can be away before or after it has done its work.
 */
#ifndef HUFU_TESTS_UNIT_RA_FIXTURE_H
#define HUFU_TESTS_UNIT_RA_FIXTURE_H

#include "test.h"

#include "base/alloc.h"
#include "ra/batch.h"
#include "ra/produce.h"
#include "ra/review.h"
#include "ra/sweep.h"
#include "scratch.h"
#include "x509/decode.h"
#include "x509/profile.h"
#include "x509/signed.h"

#include <stdio.h>

#define RA_NOW INT64_C(1800000000000000) /* 2027-01-15T08:00:00Z */

#define FAKE_CA_MAX 64

struct fake_ca {
	struct hf_sm2_key key;
	struct hf_buf cert, name;
	struct {
		char id[32];
		struct hf_ra_issued issued;
	} known[FAKE_CA_MAX];
	size_t num_known, num_calls, num_revoked;
	bool away_before, away_after; /* it is not reached; its answer is lost */
	bool wrong_subject, wrong_key;
	int64_t at;
};

struct ra_fixture {
	struct scratch s;
	struct hf_store *store;
	struct fake_ca ca;
	struct hf_clock clock;
	struct hf_log log;
	int64_t now;
	struct hf_ra ra;
	unsigned serial; /* of operation ids */
};

/* ---- the CA ---------------------------------------------------------------------------------------------------- */

static inline bool fake_sign(
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

static inline struct hf_signer fake_signer(struct hf_sm2_key *key)
{
	struct hf_signer signer = {.check = true, .sign = fake_sign, .ctx = key};

	memcpy(signer.pub, key->pub, sizeof(signer.pub));
	return signer;
}

static inline void fake_certificate(struct fake_ca *ca, enum hf_profile profile, struct hf_bytes subject,
	const uint8_t pub[HF_SM2_POINT], struct hf_buf *out)
{
	static uint8_t number = 1;
	uint8_t random[HF_SERIAL_RANDOM] = {0x40, number++}, serial[HF_SERIAL_LEN];
	const struct hf_signer signer = fake_signer(&ca->key);
	struct hf_tbs_params params = {.profile = profile,
		.issuer = hf_buf_bytes(&ca->name),
		.subject = subject,
		.not_before = ca->at,
		.not_after = ca->at + 365 * HF_DAY,
		.issuer_key_id = HF_BYTES_LIT("01234567890123456789"),
		.path_len = -1,
		.crl_uri = "http://127.0.0.1:8444/crl/ca.crl",
		.ocsp_uri = "http://127.0.0.1:8444/ocsp",
		.ca_issuers_uri = "http://127.0.0.1:8444/ca/ca.crt"};
	struct hf_buf tbs;
	struct hf_bytes view;
	struct hf_err err;

	memcpy(params.pub, pub, HF_SM2_POINT);
	assert_ok(hf_serial_make(ca->at, 0, random, serial, &err));
	params.serial = HF_BYTES_OF(serial);
	hf_buf_init(&tbs, HF_TBS_MAX);
	assert_ok(hf_tbs_build(&params, &tbs, &err));
	view = hf_buf_bytes(&tbs);
	hf_buf_reset(out);
	assert_ok(hf_signed_make(&signer, &view, 1, out, &err));
	hf_buf_clear(&tbs);
}

static inline void fake_issue_one(struct fake_ca *ca, const struct hf_ra_ask *ask)
{
	struct hf_ra_issued *issued = &ca->known[ca->num_known].issued;
	struct hf_sm2_key enc, other;
	struct hf_csr csr;
	struct hf_err err;

	assert_true(ca->num_known < FAKE_CA_MAX);
	assert_ok(hf_decode_csr(ask->pkcs10, &csr, &err));
	assert_ok(hf_sm2_generate(&enc, &err));
	assert_ok(hf_sm2_generate(&other, &err));
	hf_ra_issued_init(issued);
	hf_fmt_cut(ca->known[ca->num_known].id, sizeof(ca->known[0].id), "%s", ask->id);
	fake_certificate(ca, HF_PROFILE_USER_SIGN, ca->wrong_subject ? hf_buf_bytes(&ca->name) : ask->subject,
		ca->wrong_key ? other.pub : csr.pub, &issued->sign_cert);
	fake_certificate(ca, HF_PROFILE_USER_ENC, ca->wrong_subject ? hf_buf_bytes(&ca->name) : ask->subject, enc.pub,
		&issued->enc_cert);
	assert_true(hf_buf_put_bytes(&issued->chain, hf_buf_bytes(&ca->cert)));
	assert_true(hf_buf_put_str(&issued->envelope, "an envelope that the RA only carries"));
	memcpy(issued->enc_public, enc.pub, sizeof(enc.pub));
	ca->num_known++;
}

static inline void fake_copy(const struct hf_ra_issued *from, struct hf_ra_issued *to)
{
	hf_buf_reset(&to->sign_cert);
	hf_buf_reset(&to->enc_cert);
	hf_buf_reset(&to->chain);
	hf_buf_reset(&to->envelope);
	assert_true(hf_buf_put_bytes(&to->sign_cert, hf_buf_bytes(&from->sign_cert)));
	assert_true(hf_buf_put_bytes(&to->enc_cert, hf_buf_bytes(&from->enc_cert)));
	assert_true(hf_buf_put_bytes(&to->chain, hf_buf_bytes(&from->chain)));
	assert_true(hf_buf_put_bytes(&to->envelope, hf_buf_bytes(&from->envelope)));
	memcpy(to->enc_public, from->enc_public, sizeof(to->enc_public));
}

static inline bool fake_issue(void *ctx, struct hf_ra_ask *asks, size_t num, struct hf_err *err)
{
	struct fake_ca *ca = ctx;

	if (ca->away_before)
		return hf_fail(err, HF_E_PEER, "the CA is away");
	ca->num_calls++;
	for (size_t i = 0; i < num; i++) {
		size_t at = 0;

		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(asks[k].id, asks[i].id);
		while (at < ca->num_known && !hf_str_equal(ca->known[at].id, asks[i].id))
			at++;
		if (at == ca->num_known)
			fake_issue_one(ca, &asks[i]);
		fake_copy(&ca->known[at].issued, asks[i].issued);
		asks[i].ok = true;
	}
	return !ca->away_after || hf_fail(err, HF_E_PEER, "the CA's answer is lost");
}

static inline bool fake_revoke(void *ctx, const char *const *serials, bool *done, size_t num, struct hf_err *err)
{
	struct fake_ca *ca = ctx;

	if (ca->away_before)
		return hf_fail(err, HF_E_PEER, "the CA is away");
	for (size_t i = 0; i < num; i++) {
		assert_int_equal(strlen(serials[i]), 2 * HF_SERIAL_LEN);
		done[i] = true;
		ca->num_revoked++;
	}
	return true;
}

/* ---- the RA ---------------------------------------------------------------------------------------------------- */

static inline int64_t fixture_now(void *ctx)
{
	return ((struct ra_fixture *)ctx)->now;
}

static inline void ra_fixture_init(struct ra_fixture *f, const struct hf_schema *const *schemas, size_t num)
{
	const struct hf_name_parts name = {.C = "CN", .O = "Hufu", .CN = "Test CA"};
	struct hf_err err;

	memset(f, 0, sizeof(*f));
	f->now = f->ca.at = RA_NOW;
	f->clock = (struct hf_clock){fixture_now, f};
	f->log = (struct hf_log){"test", HF_LOG_ERROR, 2, &f->clock};
	scratch_init(&f->s, schemas, num);
	assert_ok(scratch_open(&f->s, &f->store, &err));
	assert_ok(hf_sm2_generate(&f->ca.key, &err));
	hf_buf_init(&f->ca.cert, 8192);
	hf_buf_init(&f->ca.name, 1024);
	assert_ok(hf_name_build(&name, &f->ca.name, &err));
	fake_certificate(&f->ca, HF_PROFILE_ROOT, hf_buf_bytes(&f->ca.name), f->ca.key.pub, &f->ca.cert);
	f->ra = (struct hf_ra){.store = f->store,
		.clock = &f->clock,
		.log = &f->log,
		.ca = {&f->ca, fake_issue, fake_revoke},
		.max_days = 1825,
		.receipt_days = 7};
	assert_ok(hf_gb18030_new(&f->ra.gb, &err));
}

static inline void ra_fixture_clear(struct ra_fixture *f)
{
	hf_gb18030_free(f->ra.gb);
	hf_store_close(f->store);
	scratch_clear(&f->s);
	for (size_t i = 0; i < f->ca.num_known; i++)
		hf_ra_issued_clear(&f->ca.known[i].issued);
	hf_buf_clear(&f->ca.cert);
	hf_buf_clear(&f->ca.name);
}

/* tests/data/applicants/NAME of the source tree. */
static inline void read_applicants(const char *name, struct hf_buf *out)
{
	const char *root = getenv("HUFU_SOURCE_ROOT");
	char path[HF_PATH_MAX];
	struct hf_err err;

	hf_buf_init(out, HF_BATCH_FILE_MAX);
	hf_fmt_cut(path, sizeof(path), "%s/tests/data/applicants/%s", root ? root : ".", name);
	assert_ok(hf_file_read(path, out, &err));
}

/* A certification request for this subject, signed by key (or by another, which proves nothing). */
static inline void make_csr(struct hf_sm2_key *key, struct hf_bytes subject, struct hf_buf *out)
{
	const struct hf_signer signer = fake_signer(key);
	struct hf_err err;

	hf_buf_init(out, 4096);
	assert_ok(hf_csr_make(&signer, subject, out, &err));
}

#endif
