/*
 * A KM to try things on: a software device, a store in a folder of its own, two CAs that are registered and one that is
 * not, and users.
 */
#ifndef HUFU_TESTS_UNIT_KM_RIG_H
#define HUFU_TESTS_UNIT_KM_RIG_H

#include "pki_rig.h"

#include "base/hex.h"
#include "crypto/sm4.h"
#include "km/km.h"
#include "km/lifecycle.h"
#include "scratch.h"

#include <pthread.h>

/* ---- the device ------------------------------------------------------------------------------------------------- */

struct soft {
	struct hf_sm2_key *km;
	uint8_t kek[HF_SM4_KEY];
	bool broken; /* re-wraps nothing */
	bool lies;   /* signs with a wrong key */
	size_t made; /* pairs */
};

static inline bool soft_public(void *ctx, const char *key, uint8_t pub[64], struct hf_err *err)
{
	struct soft *soft = ctx;

	if (strcmp(key, "km") != 0)
		return hf_fail(err, HF_E_MISSING, "no key \"%s\"", key);
	memcpy(pub, soft->km->pub, 64);
	return true;
}

static inline bool soft_sign(
	void *ctx, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct soft *soft = ctx;
	struct hf_sm2_key other;

	if (strcmp(key, "km") != 0)
		return hf_fail(err, HF_E_MISSING, "no key \"%s\"", key);
	if (soft->lies && !hf_sm2_generate(&other, err))
		return false;
	for (size_t i = 0; i < num; i++)
		rig_sign_one(soft->lies ? &other : soft->km, tbs[i], sigs[i]);
	return true;
}

static inline void soft_tag(const struct soft *soft, const uint8_t pub[64], const uint8_t *cipher, uint8_t tag[32])
{
	struct hf_sm3 sm3;

	hf_sm3_init(&sm3);
	hf_sm3_update(&sm3, soft->kek, sizeof(soft->kek));
	hf_sm3_update(&sm3, pub, 64);
	hf_sm3_update(&sm3, cipher, 32);
	hf_sm3_final(&sm3, tag);
}

static inline bool soft_generate(void *ctx, size_t num, struct hf_dev_pair *pairs, struct hf_err *err)
{
	struct soft *soft = ctx;
	struct hf_sm2_key key;

	for (size_t i = 0; i < num; i++) {
		if (!hf_sm2_generate(&key, err))
			return false;
		memset(&pairs[i], 0, sizeof(pairs[i]));
		memcpy(pairs[i].pub, key.pub, 64);
		hf_sm4_ecb_encrypt(soft->kek, key.d, pairs[i].wrapped + 17, 32);
		soft_tag(soft, key.pub, pairs[i].wrapped + 17, pairs[i].wrapped + 49);
	}
	soft->made += num;
	return true;
}

static inline bool soft_rewrap_one(
	struct soft *soft, const struct hf_dev_rewrap *in, struct hf_dev_envelope *out, struct hf_err *err)
{
	uint8_t d[32], tag[32], sm4[HF_SM4_KEY];

	soft_tag(soft, in->pair.pub, in->pair.wrapped + 17, tag);
	if (memcmp(tag, in->pair.wrapped + 49, sizeof(tag)) != 0)
		return hf_fail(err, HF_E_DEVICE, "a wrapped key is damaged");
	hf_sm4_ecb_decrypt(soft->kek, in->pair.wrapped + 17, d, sizeof(d));
	if (!hf_rand(sm4, sizeof(sm4), err) || !hf_sm2_encrypt(in->recipient, HF_BYTES_OF(sm4), out->cipher, err))
		return false;
	hf_sm4_ecb_encrypt(sm4, d, out->encrypted_key, sizeof(d));
	rig_sign_one(soft->km, HF_BYTES_OF(d), out->signature);
	return true;
}

static inline bool soft_rewrap(void *ctx, const char *key, const struct hf_dev_rewrap *in, size_t num,
	struct hf_dev_envelope *out, struct hf_err *err)
{
	struct soft *soft = ctx;

	if (strcmp(key, "km") != 0 || soft->broken)
		return hf_fail(err, HF_E_DEVICE, "the device is broken");
	for (size_t i = 0; i < num; i++)
		if (!soft_rewrap_one(soft, &in[i], &out[i], err))
			return false;
	return true;
}

static const struct hf_dev_ops soft_ops = {
	.public_key = soft_public, .sign = soft_sign, .generate = soft_generate, .rewrap = soft_rewrap};

/* ---- the KM ----------------------------------------------------------------------------------------------------- */

struct km_rig {
	struct scratch scratch;
	struct soft soft;
	struct hf_dev dev;
	int64_t now;
	struct hf_clock clock;
	struct rig_cert root, km_cert, ca, ca2, stranger;
	struct hf_sm2_key user, user2; /* signing keys */
	struct hf_km km;
};

static inline int64_t rig_clock(void *ctx)
{
	return *(int64_t *)ctx;
}

static inline void km_rig_open(struct km_rig *r)
{
	struct hf_err err;

	r->km = (struct hf_km){.dev = &r->dev, .clock = &r->clock, .log = NULL, .spare_low = 10, .spare_target = 20};
	assert_ok(scratch_open(&r->scratch, &r->km.store, &err));
	assert_ok(hf_km_open(&r->km, r->scratch.dir, &err));
}

static inline void km_rig_close(struct km_rig *r)
{
	hf_km_close(&r->km);
	hf_store_close(r->km.store);
	r->km.store = NULL;
}

static inline void km_rig_write_cert(struct km_rig *r)
{
	struct hf_err err;
	struct hf_buf pem;
	char path[400];

	hf_buf_init(&pem, HF_CERT_MAX);
	hf_pem_put(&pem, "CERTIFICATE", hf_buf_bytes(&r->km_cert.der));
	hf_fmt_cut(path, sizeof(path), "%s/km.crt", r->scratch.dir);
	assert_ok(hf_file_write(path, hf_buf_bytes(&pem), 0600, &err));
	hf_buf_clear(&pem);
}

static inline void km_rig_set_up(struct km_rig *r, const struct hf_schema *const *schemas, size_t num)
{
	struct hf_err err;

	*r = (struct km_rig){.now = RIG_NOW};
	r->clock = (struct hf_clock){rig_clock, &r->now};
	r->dev = (struct hf_dev){&soft_ops, &r->soft};
	rig_issue(&r->root, HF_PROFILE_ROOT, "root", NULL, -HF_DAY, 3650 * HF_DAY);
	rig_issue(&r->km_cert, HF_PROFILE_SERVICE, "km", &r->root, -HF_DAY, 3650 * HF_DAY);
	rig_issue(&r->ca, HF_PROFILE_SERVICE, "ca", &r->root, -HF_DAY, 1000 * HF_DAY);
	rig_issue(&r->ca2, HF_PROFILE_SERVICE, "ca two", &r->root, -HF_DAY, 30 * HF_DAY);
	rig_issue(&r->stranger, HF_PROFILE_SERVICE, "stranger", &r->root, -HF_DAY, 30 * HF_DAY);
	assert_ok(hf_sm2_generate(&r->user, &err));
	assert_ok(hf_sm2_generate(&r->user2, &err));
	r->soft.km = &r->km_cert.key;
	assert_ok(hf_rand(r->soft.kek, sizeof(r->soft.kek), &err));
	scratch_init(&r->scratch, schemas, num);
	km_rig_write_cert(r);
	km_rig_open(r);
	const struct hf_km_peer peers[] = {{"ca", hf_buf_bytes(&r->ca.der)}, {"ca2", hf_buf_bytes(&r->ca2.der)}};
	assert_ok(hf_km_init(r->km.store, &r->clock, peers, 2, &err));
}

static inline void km_rig_tear_down(struct km_rig *r)
{
	struct rig_cert *certs[] = {&r->root, &r->km_cert, &r->ca, &r->ca2, &r->stranger};

	if (r->km.store)
		km_rig_close(r);
	scratch_clear(&r->scratch);
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++)
		rig_clear(certs[i]);
}

/* ---- a CA that asks --------------------------------------------------------------------------------------------- */

struct serial {
	uint8_t octets[8];
};

/* 18 octets are usual; eight with the top bit clear do. */
static inline struct serial serial_of(uint64_t n)
{
	struct serial s;

	hf_put_u64(s.octets, n | UINT64_C(0x1000000000000000));
	return s;
}

static inline struct hf_km_ask ask_for(enum hf_km_verb verb, const struct serial *serial, const struct hf_sm2_key *user)
{
	struct hf_km_ask ask = {.verb = verb,
		.userCertNo = HF_BYTES_OF(serial->octets),
		.notBefore = RIG_NOW,
		.notAfter = RIG_NOW + 365 * HF_DAY,
		.userName = HF_BYTES_LIT("张三"),
		.dsCode = HF_BYTES_LIT("310000")};

	if (user)
		memcpy(ask.userPubKey, user->pub, sizeof(ask.userPubKey));
	return ask;
}

static inline void tbs_of(struct km_rig *r, struct rig_cert *ca, int64_t task, const struct hf_km_ask *asks, size_t num,
	struct hf_buf *tbs)
{
	struct hf_err err;
	uint8_t octets[8], scratch[9];

	hf_buf_init(tbs, HF_KM_MESSAGE_MAX);
	hf_put_u64(octets, (uint64_t)task);
	assert_ok(hf_km_request_tbs(
		&ca->cert, hf_der_positive(octets, sizeof(octets), scratch), r->now, asks, num, tbs, &err));
}

static inline void sign_request(struct rig_cert *who, const struct hf_buf *tbs, struct hf_buf *der)
{
	struct hf_err err;
	struct hf_signer signer = rig_signer(&who->key);
	struct hf_bytes view = hf_buf_bytes(tbs);

	hf_buf_init(der, HF_KM_MESSAGE_MAX);
	assert_ok(hf_signed_make_octets(&signer, &view, 1, der, &err));
}

static inline void make_request(struct km_rig *r, struct rig_cert *ca, int64_t task, const struct hf_km_ask *asks,
	size_t num, struct hf_buf *der)
{
	struct hf_buf tbs;

	tbs_of(r, ca, task, asks, num, &tbs);
	sign_request(ca, &tbs, der);
	hf_buf_clear(&tbs);
}

/* job is to be cleared by the caller. */
static inline void serve(struct km_rig *r, const struct hf_buf *request, struct hf_km_job *job)
{
	hf_km_job_init(job);
	job->request = hf_buf_bytes(request);
	hf_km_serve(&r->km, job, 1);
}

static inline void ask_km(struct km_rig *r, struct rig_cert *ca, int64_t task, const struct hf_km_ask *asks, size_t num,
	struct hf_km_job *job)
{
	struct hf_buf request;

	make_request(r, ca, task, asks, num, &request);
	serve(r, &request, job);
	hf_buf_clear(&request);
	job->request = HF_BYTES_NONE;
}

/* The n-th answer of a KMRespond that the KM signed. */
static inline void answer_of(struct km_rig *r, const struct hf_km_job *job, size_t n, struct hf_km_answer *answer)
{
	struct hf_err err;
	struct hf_km_message message;

	if (!job->done)
		fail_msg("refused: %s", job->err.text);
	assert_ok(hf_km_respond_parse(hf_buf_bytes(&job->respond), &message, &err));
	assert_ok(hf_km_message_verify(&message, &r->km_cert.cert, &err));
	for (size_t i = 0; i <= n; i++)
		assert_true(hf_km_answer_next(&message.list, answer));
}

/* What the user's token does with it. */
static inline void open_key(
	struct km_rig *r, const struct hf_km_answer *answer, const struct hf_sm2_key *user, uint8_t d[HF_SM2_SCALAR])
{
	struct hf_err err;
	uint8_t sm4[HF_SM4_KEY], pub[HF_SM2_POINT];

	assert_ok(hf_sm2_decrypt(user->d, HF_BYTES_OF(answer->retPriKey.sym_cipher), sm4, &err));
	hf_sm4_ecb_decrypt(sm4, answer->retPriKey.enc_private, d, HF_SM2_SCALAR);
	assert_ok(hf_sm2_public(d, pub, &err));
	assert_memory_equal(pub, answer->retPubKey, sizeof(pub));
	assert_ok(hf_sealed_key_verify(&answer->retPriKey, d, r->km_cert.key.pub, &err));
}

static inline bool read_counts(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_km_count(tx, ctx, err);
}

static inline struct hf_km_counts counts_of(struct km_rig *r)
{
	struct hf_err err;
	struct hf_km_counts counts;

	assert_ok(hf_store_read(r->km.store, read_counts, &counts, &err));
	return counts;
}

#define assert_counts(r, a, b, c)                                                                                      \
	do {                                                                                                           \
		struct hf_km_counts got_ = counts_of(r);                                                               \
		assert_int_equal(got_.spare, a);                                                                       \
		assert_int_equal(got_.in_use, b);                                                                      \
		assert_int_equal(got_.history, c);                                                                     \
	} while (0)

/* How many audit records there are of this operation with this result. */
struct audit_count {
	int num;
};
static inline bool audit_one(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err)
{
	(void)number;
	(void)record;
	(void)err;
	((struct audit_count *)ctx)->num++;
	return true;
}

static inline int audited(struct km_rig *r, const char *operation, const char *result)
{
	struct hf_err err;
	struct audit_count count = {0};
	int64_t last = 0;
	const struct hf_audit_filter filter = {.operation = operation, .result = result, .max = 100000};

	assert_ok(hf_audit_list(r->km.store, "km", &filter, audit_one, &count, &last, &err));
	return count.num;
}

#endif
