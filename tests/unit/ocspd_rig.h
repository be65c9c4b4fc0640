/*
 * A whole small CA for the responder's tests: root, "ca" and responder with real keys and certificates, a real feed in
 * a store of its own, a responder with a store of its own, a device that can be made to fail, and a clock that stands.
 */
#ifndef HUFU_TESTS_UNIT_OCSPD_RIG_H
#define HUFU_TESTS_UNIT_OCSPD_RIG_H

#include "base/file.h"
#include "base/hex.h"
#include "crypto/sm2.h"
#include "feed/feed.h"
#include "ocsp/responder.h"
#include "scratch.h"
#include "x509/decode.h"
#include "x509/profile.h"
#include "x509/signed.h"

#define RIG_NOW     INT64_C(1795300000250000) /* 2026-11-21, a quarter behind the full second */
#define RIG_MINUTES 10

struct rig_party {
	struct hf_sm2_key key;
	struct hf_buf der;
	struct hf_cert cert;
};

struct rig {
	struct scratch ca_dir, ocsp_dir;
	struct hf_store *ca_store, *store;
	struct rig_party root, ca, responder;
	struct hf_sm2_key feed_key;
	struct hf_journal_batch batch; /* the frame that is being made */
	int64_t now;
	struct hf_clock clock;
	struct hf_log log;
	struct hf_dev dev;
	struct hf_ocsp *ocsp;

	/* the device */
	int calls, messages;
	enum hf_code refuse;    /* HF_OK: none */
	struct hf_bytes denied; /* a message that holds this is denied */
	bool wrong_signature;

	/* the feed's port */
	enum hf_code cut_off; /* HF_OK: none */
	int64_t max_frames;
	size_t flip; /* of the next pages, this octet; 0: none */
	int fetched;
};

static const struct hf_journal rig_feed = {"ca", HF_FEED_NAME};

/* ---- keys and certificates ----------------------------------------------------------------------------------------
 */

static inline bool rig_sign_with(
	const struct hf_sm2_key *key, struct hf_bytes message, uint8_t sig[HF_SM2_SIG], struct hf_err *err)
{
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(key->pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, message, e);
	return hf_sm2_sign(key->d, e, sig, err);
}

static inline bool rig_signer(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	for (size_t i = 0; i < num; i++)
		if (!rig_sign_with(ctx, tbs[i], sigs[i], err))
			return false;
	return true;
}

static inline void rig_party_make(
	struct rig_party *party, struct rig_party *issuer, enum hf_profile profile, const char *name, int64_t now)
{
	const struct hf_name_parts parts = {.C = "CN", .O = "Hufu", .CN = name};
	uint8_t serial[HF_SERIAL_LEN], random[HF_SERIAL_RANDOM] = {0};
	struct hf_buf subject, tbs;
	struct hf_err err = {0};

	hf_buf_init(&subject, HF_NAME_MAX);
	hf_buf_init(&tbs, HF_TBS_MAX);
	hf_buf_init(&party->der, HF_CERT_MAX);
	assert_ok(hf_sm2_generate(&party->key, &err));
	memcpy(random, party->key.pub, sizeof(random));
	assert_ok(hf_serial_make(now, 0, random, serial, &err) && hf_name_build(&parts, &subject, &err));
	struct hf_tbs_params params = {.profile = profile,
		.serial = HF_BYTES_OF(serial),
		.issuer = issuer ? issuer->cert.tbs.subject : hf_buf_bytes(&subject),
		.subject = hf_buf_bytes(&subject),
		.not_before = now - now % HF_SECOND - HF_DAY,
		.not_after = now - now % HF_SECOND + 100 * HF_DAY,
		.issuer_key_id = issuer ? issuer->cert.subject_key_id : HF_BYTES_NONE,
		.path_len = -1,
		.crl_uri = "http://127.0.0.1:8444/crl/ca.crl"};
	memcpy(params.pub, party->key.pub, sizeof(params.pub));
	assert_ok(hf_tbs_build(&params, &tbs, &err));
	struct hf_signer signer = {.sign = rig_signer, .ctx = issuer ? &issuer->key : &party->key};
	struct hf_bytes message = hf_buf_bytes(&tbs);
	assert_ok(hf_signed_make(&signer, &message, 1, &party->der, &err));
	assert_ok(hf_decode_cert(hf_buf_bytes(&party->der), &party->cert, &err));
	hf_buf_clear(&subject);
	hf_buf_clear(&tbs);
}

/* ---- the device ----------------------------------------------------------------------------------------------------
 */

static inline bool rig_public_key(void *ctx, const char *key, uint8_t pub[64], struct hf_err *err)
{
	struct rig *r = ctx;

	(void)err;
	assert_string_equal(key, HF_OCSP_KEY);
	memcpy(pub, r->responder.key.pub, 64);
	return true;
}

static inline bool rig_holds(struct hf_bytes message, struct hf_bytes part)
{
	return part.p && memmem(message.p, message.len, part.p, part.len);
}

static inline bool rig_dev_sign(
	void *ctx, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct rig *r = ctx;

	assert_string_equal(key, HF_OCSP_KEY);
	r->calls++;
	r->messages += (int)num;
	if (r->refuse != HF_OK)
		return hf_fail(err, r->refuse, "the device as the test wants it");
	for (size_t i = 0; i < num; i++)
		if (rig_holds(tbs[i], r->denied))
			return hf_fail(err, HF_E_DENIED, "the policy as the test wants it");
	return rig_signer(r->wrong_signature ? &r->ca.key : &r->responder.key, tbs, num, sigs, err);
}

static const struct hf_dev_ops rig_dev_ops = {.public_key = rig_public_key, .sign = rig_dev_sign};

/* ---- the feed ------------------------------------------------------------------------------------------------------
 */

static inline void rig_tell(struct rig *r, const struct hf_feed_record *record)
{
	struct hf_err err = {0};

	assert_ok(hf_feed_add(&r->batch, record, &err));
}

static inline struct hf_bytes rig_serial(const char *text)
{
	return hf_bytes_str(text);
}

static inline void rig_issue(struct rig *r, const char *serial)
{
	rig_tell(r, &(struct hf_feed_record){.which = HF_FEED_ISSUED,
			    .issued = {HF_BYTES_LIT("ca"), rig_serial(serial), r->now, r->now + HF_DAY,
				    HF_BYTES_LIT("certificate")}});
}

static inline void rig_status(struct rig *r, const char *serial, enum hf_feed_state state, int reason)
{
	rig_tell(r, &(struct hf_feed_record){.which = HF_FEED_STATUS,
			    .status = {.ca = HF_BYTES_LIT("ca"),
				    .serial = rig_serial(serial),
				    .state = state,
				    .reason = reason,
				    .at = r->now - HF_MINUTE}});
}

static inline void rig_void(struct rig *r, const char *serial)
{
	rig_tell(r, &(struct hf_feed_record){.which = HF_FEED_VOIDED,
			    .voided = {HF_BYTES_LIT("ca"), rig_serial(serial), r->now - HF_MINUTE}});
}

static inline void rig_crl(struct rig *r, const char *ca, int64_t number, const char *der)
{
	rig_tell(r, &(struct hf_feed_record){.which = HF_FEED_CRL,
			    .crl = {hf_bytes_str(ca), HF_BYTES_LIT(""), number, hf_bytes_str(der)}});
}

static inline void rig_authority(struct rig *r, const char *ca, const struct rig_party *party)
{
	rig_tell(r, &(struct hf_feed_record){.which = HF_FEED_AUTHORITY,
			    .authority = {hf_bytes_str(ca), HF_BYTES_LIT("ca"), hf_buf_bytes(&party->der)}});
}

static inline bool rig_append(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct rig *r = ctx;

	return hf_journal_append(tx, &rig_feed, r->now, &r->batch, NULL, err);
}

static inline bool rig_head(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct rig *r = ctx;
	uint8_t sig[HF_SM2_SIG];
	struct hf_buf der;
	bool due;

	hf_buf_init(&der, HF_JOURNAL_HEAD_MAX);
	bool ok = hf_journal_head_due(tx, &rig_feed, r->now, &due, &der, err);
	if (ok && due)
		ok = rig_sign_with(&r->feed_key, hf_buf_bytes(&der), sig, err) &&
		     hf_journal_head_put(tx, &rig_feed, hf_buf_bytes(&der), sig, r->feed_key.pub, err);
	hf_buf_clear(&der);
	return ok;
}

/* Ends the frame; head: and signs up to it. */
static inline void rig_frame(struct rig *r, bool head)
{
	struct hf_err err = {0};

	assert_ok(hf_store_write(r->ca_store, rig_append, r, &err));
	hf_journal_batch_reset(&r->batch);
	if (head)
		assert_ok(hf_store_write(r->ca_store, rig_head, r, &err));
}

struct rig_asking {
	int64_t after, max;
	struct hf_buf *out;
};

static inline bool rig_ask_page(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	const struct rig_asking *a = ctx;

	return hf_feed_page(tx, "ca", a->after, a->max, a->out, err);
}

static inline bool rig_fetch(void *ctx, int64_t after, struct hf_buf *page, struct hf_err *err)
{
	struct rig *r = ctx;
	struct rig_asking a = {after, r->max_frames, page};

	r->fetched++;
	if (r->cut_off != HF_OK)
		return hf_fail(err, r->cut_off, "the line is cut");
	if (!hf_store_read(r->ca_store, rig_ask_page, &a, err))
		return false;
	if (r->flip != 0)
		page->p[r->flip % page->len] ^= 0x10;
	return true;
}

/* ---- the rig -------------------------------------------------------------------------------------------------------
 */

static inline int64_t rig_now(void *ctx)
{
	return ((struct rig *)ctx)->now;
}

static inline void rig_write(const struct rig *r, const char *name, struct hf_bytes content)
{
	char path[400];
	struct hf_err err = {0};

	hf_fmt_cut(path, sizeof(path), "%s/%s", r->ocsp_dir.dir, name);
	assert_ok(hf_file_write(path, content, 0600, &err));
}

static inline void rig_write_files(struct rig *r)
{
	char pub[2 * HF_SM2_POINT + 2];
	struct hf_buf pem;

	hf_hex(HF_BYTES_OF(r->feed_key.pub), pub);
	pub[sizeof(pub) - 2] = '\n';
	rig_write(r, "feed.pub", (struct hf_bytes){(const uint8_t *)pub, sizeof(pub) - 1});
	hf_buf_init(&pem, 2 * HF_CERT_MAX);
	hf_pem_put(&pem, "CERTIFICATE", hf_buf_bytes(&r->responder.der));
	rig_write(r, "ocsp.crt", hf_buf_bytes(&pem));
	hf_buf_clear(&pem);
}

static inline bool rig_open(struct rig *r, struct hf_err *err)
{
	const struct hf_ocsp_options options = {.store = r->store,
		.dev = &r->dev,
		.clock = &r->clock,
		.log = &r->log,
		.folder = r->ocsp_dir.dir,
		.minutes = RIG_MINUTES,
		.feed = {.fetch = rig_fetch, .ctx = r}};

	return hf_ocsp_open(&r->ocsp, &options, err) && hf_ocsp_start(r->ocsp, err);
}

static inline void rig_close(struct rig *r)
{
	hf_ocsp_close(r->ocsp);
	r->ocsp = NULL;
}

/* The responder's process ends and is started anew. */
static inline void rig_restart(struct rig *r)
{
	struct hf_err err = {0};

	rig_close(r);
	hf_store_close(r->store);
	r->store = NULL;
	assert_ok(scratch_open(&r->ocsp_dir, &r->store, &err));
	assert_ok(rig_open(r, &err));
}

static inline void rig_init(struct rig *r)
{
	static const struct hf_schema *const ca_schemas[] = {&hf_journal_schema};
	static const struct hf_schema *const schemas[] = {&hf_ocsp_schema};
	struct hf_err err = {0};

	memset(r, 0, sizeof(*r));
	r->now = RIG_NOW;
	r->clock = (struct hf_clock){rig_now, r};
	r->log = (struct hf_log){.name = "test", .least = HF_LOG_ERROR, .fd = -1, .clock = &r->clock};
	r->dev = (struct hf_dev){&rig_dev_ops, r};
	r->max_frames = 4;
	hf_journal_batch_init(&r->batch);
	scratch_init(&r->ca_dir, ca_schemas, 1);
	scratch_init(&r->ocsp_dir, schemas, 1);
	assert_ok(scratch_open(&r->ca_dir, &r->ca_store, &err));
	assert_ok(scratch_open(&r->ocsp_dir, &r->store, &err));
	assert_ok(hf_sm2_generate(&r->feed_key, &err));
	rig_party_make(&r->root, NULL, HF_PROFILE_ROOT, "Root", r->now);
	rig_party_make(&r->ca, &r->root, HF_PROFILE_SUB_CA, "CA", r->now);
	rig_party_make(&r->responder, &r->ca, HF_PROFILE_OCSP, "Responder", r->now);
	rig_write_files(r);
	assert_ok(rig_open(r, &err));
	rig_authority(r, "root", &r->root);
	rig_authority(r, "ca", &r->ca);
	rig_frame(r, false);
}

static inline void rig_clear(struct rig *r)
{
	rig_close(r);
	hf_store_close(r->store);
	hf_store_close(r->ca_store);
	scratch_clear(&r->ca_dir);
	scratch_clear(&r->ocsp_dir);
	hf_journal_batch_clear(&r->batch);
	hf_buf_clear(&r->root.der);
	hf_buf_clear(&r->ca.der);
	hf_buf_clear(&r->responder.der);
}

static inline void rig_poll(struct rig *r)
{
	struct hf_err err = {0};

	assert_ok(hf_ocsp_poll(r->ocsp, &err));
}

#endif
