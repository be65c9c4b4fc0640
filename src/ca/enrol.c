#include "ca/enrol.h"

#include "base/str.h"
#include "ca/ca_int.h"
#include "crypto/rand.h"

#include <string.h>

struct enrolling {
	struct hf_ca *ca;
	const struct hf_enrol *enrol;
	const char *issuer_id;
	struct frames frames;
	struct hf_cert cert;
	struct hf_ledger_state seen;
};

static bool write_cert(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct enrolling *e = ctx;

	hf_ca_frames_reset(&e->frames);
	return hf_ca_certificate_put(tx, e->issuer_id, e->enrol->profile, NULL, &e->cert, hf_now(e->ca->clock),
		       &e->frames.feed, err) &&
	       hf_ca_audit_system(e->ca, &e->frames.audit, HF_AUDIT_CREATE, "cert.enrol", e->enrol->id,
		       e->cert.tbs.serialNumber, hf_profile_row(e->enrol->profile)->name, err) &&
	       hf_ca_seen_put(tx, &e->seen, err) && hf_ca_frames_append(e->ca, &e->frames, NULL, tx, err);
}

static bool build(const struct hf_ca *ca, const struct hf_enrol *enrol, struct hf_buf *tbs, struct hf_err *err)
{
	const struct hf_authority *issuer = enrol->issuer;
	uint8_t random[HF_SERIAL_RANDOM];
	uint8_t serial[HF_SERIAL_LEN];
	char crl[300] = "", issuer_uri[300] = "";
	int64_t now = hf_now(ca->clock);
	struct hf_tbs_params params = {.profile = enrol->profile,
		.serial = HF_BYTES_OF(serial),
		.issuer = issuer ? issuer->cert.tbs.subject : enrol->subject,
		.subject = enrol->subject,
		.not_before = now - now % HF_SECOND,
		.path_len = enrol->path_len};

	if (!hf_rand(random, sizeof(random), err) || !hf_serial_make(now, 0, random, serial, err))
		return false;
	params.not_after = params.not_before + enrol->days * HF_DAY;
	memcpy(params.pub, enrol->pub, sizeof(params.pub));
	if (issuer) {
		params.issuer_key_id = issuer->cert.subject_key_id;
		hf_fmt_cut(crl, sizeof(crl), "%s/%s.crl", ca->settings.crl_uri, issuer->id);
		hf_fmt_cut(issuer_uri, sizeof(issuer_uri), "%s/%s.crt", ca->settings.issuer_uri, issuer->id);
		params.crl_uri = crl;
		params.ca_issuers_uri = issuer_uri;
		params.ocsp_uri = strcmp(issuer->id, "ca") == 0 ? ca->settings.ocsp_uri : NULL;
	}
	return hf_tbs_build(&params, tbs, err) && hf_lint_tbs(hf_buf_bytes(tbs), enrol->profile, NULL, err);
}

static bool sign_and_write(struct enrolling *e, const struct hf_signer *signer, struct hf_bytes tbs,
	struct hf_buf *made, struct hf_err *err)
{
	return hf_signed_make(signer, &tbs, 1, made, err) && hf_decode_cert(hf_buf_bytes(made), &e->cert, err) &&
	       hf_dev_ledger_state(e->ca->dev, &e->seen, err) && hf_store_write(e->ca->store, write_cert, e, err);
}

bool hf_ca_enrol(struct hf_ca *ca, const struct hf_enrol *enrol, struct hf_buf *der, struct hf_err *err)
{
	struct enrolling e = {.ca = ca, .enrol = enrol, .issuer_id = enrol->issuer ? enrol->issuer->id : "root"};
	struct hf_dev_key key = {.dev = ca->dev, .name = e.issuer_id};
	struct hf_buf tbs, made;

	hf_buf_init(&tbs, HF_TBS_MAX);
	hf_buf_init(&made, HF_CERT_MAX);
	hf_ca_frames_init(&e.frames);
	memcpy(key.pub, enrol->issuer ? enrol->issuer->cert.pub : enrol->pub, sizeof(key.pub));
	struct hf_signer signer = hf_dev_signer(&key, true);
	bool ok = hf_ca_ledger_begin(ca, err);
	if (ok) {
		ok = build(ca, enrol, &tbs, err) && sign_and_write(&e, &signer, hf_buf_bytes(&tbs), &made, err);
		hf_ca_ledger_end(ca, ok);
	}
	if (ok)
		hf_buf_put_bytes(der, hf_buf_bytes(&made));
	hf_buf_clear(&tbs);
	hf_buf_clear(&made);
	hf_ca_frames_clear(&e.frames);
	return ok || hf_fail_in(err, "certificate for %s", enrol->id);
}

struct telling {
	struct hf_ca *ca;
	const char *id, *use;
	struct hf_bytes der;
	struct frames frames;
};

static bool write_authority(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct telling *t = ctx;
	struct hf_query *q = hf_query(tx, "INSERT INTO authority (id, certificate) VALUES (?, ?)");

	hf_query_text(q, t->id);
	hf_query_bytes(q, t->der);
	return hf_query_run(q, NULL, err);
}

bool hf_ca_authority_put(struct hf_ca *ca, const char *id, struct hf_bytes der, struct hf_err *err)
{
	struct telling t = {.ca = ca, .id = id, .der = der};

	return hf_store_write(ca->store, write_authority, &t, err);
}

static bool write_telling(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct telling *t = ctx;
	struct hf_feed_record record = {.which = HF_FEED_AUTHORITY,
		.authority = {.ca = hf_bytes_str(t->id), .use = hf_bytes_str(t->use), .certificate = t->der}};

	hf_ca_frames_reset(&t->frames);
	return hf_feed_add(&t->frames.feed, &record, err) && hf_ca_frames_append(t->ca, &t->frames, NULL, tx, err);
}

bool hf_ca_tell_authority(struct hf_ca *ca, const char *id, const char *use, struct hf_bytes der, struct hf_err *err)
{
	struct telling t = {.ca = ca, .id = id, .use = use, .der = der};

	hf_ca_frames_init(&t.frames);
	bool ok = hf_store_write(ca->store, write_telling, &t, err);
	hf_ca_frames_clear(&t.frames);
	return ok;
}
