#include "ocsp/responder.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/str.h"
#include "ocsp/responder_int.h"
#include "x509/cert.h"
#include "x509/decode.h"

#include <stdlib.h>
#include <string.h>

#define PUB_TEXT      ((size_t)2 * HF_SM2_POINT)
#define CLOCK_TREMBLE HF_SECOND /* a clock that is corrected by so little has not been set back */

void hf_ocsp_count(const struct hf_ocsp *ocsp, enum hf_ocsp_metric metric, uint64_t n)
{
	if (n > 0)
		hf_metrics_add(ocsp->options.metrics, ocsp->options.first_metric + metric, n);
}

void hf_ocsp_complain(struct hf_ocsp *ocsp, struct said *said, enum hf_log_level level, const struct hf_err *err)
{
	int64_t ticks = hf_ticks();

	if (said->at != 0 && strcmp(said->text, err->text) == 0 && ticks - said->at < HF_MINUTE)
		return;
	said->at = ticks;
	hf_fmt_cut(said->text, sizeof(said->text), "%s", err->text);
	hf_log(ocsp->options.log, level, "%s", err->text);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool read_file(const char *folder, const char *name, struct hf_buf *out, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!hf_fmt(path, sizeof(path), "%s/%s", folder, name))
		return hf_fail(err, HF_E_LIMIT, "%s/%s: the path is too long", folder, name);
	return hf_file_read(path, out, err);
}

static bool load_cert(struct hf_ocsp *ocsp, const char *folder, struct hf_err *err)
{
	struct hf_buf file;

	hf_buf_init(&file, 2 * HF_CERT_MAX);
	bool ok = read_file(folder, "ocsp.crt", &file, err);
	if (ok) {
		ok = hf_decode_armour(hf_buf_bytes(&file), "CERTIFICATE", &ocsp->cert_der, err) &&
		     hf_decode_cert(hf_buf_bytes(&ocsp->cert_der), &ocsp->cert, err);
		if (ok && !ocsp->cert.is_sm2)
			ok = hf_fail(err, HF_E_INPUT, "its key is not SM2");
		//= RFC 6960 4.2.2.2: without it nobody would believe us
		if (ok && !hf_ext_has_purpose(&ocsp->cert.tbs.extensions, HF_OID_KP_OCSP_SIGNING))
			ok = hf_fail(err, HF_E_INPUT, "it has no OCSPSigning (RFC 6960 4.2.2.2)");
		if (!ok)
			hf_fail_in(err, "%s/ocsp.crt", folder);
	}
	hf_buf_clear(&file);
	hf_sm2_z(ocsp->cert.pub, HF_SM2_DEFAULT_ID, ocsp->key_z);
	return ok && hf_key_id(ocsp->cert.pub, ocsp->key_id, err);
}

static bool load_feed_pub(struct hf_ocsp *ocsp, const char *folder, struct hf_err *err)
{
	struct hf_buf file;
	char text[PUB_TEXT + 1] = "";

	hf_buf_init(&file, PUB_TEXT + 1);
	bool ok = read_file(folder, "feed.pub", &file, err);
	if (ok) {
		if (file.len >= PUB_TEXT)
			memcpy(text, file.p, PUB_TEXT);
		ok = (file.len == PUB_TEXT || (file.len == PUB_TEXT + 1 && file.p[PUB_TEXT] == '\n')) &&
		     hf_unhex(text, ocsp->feed_pub, HF_SM2_POINT) && hf_sm2_point_check(ocsp->feed_pub, NULL);
		if (!ok)
			hf_fail(err, HF_E_INPUT,
				"%s/feed.pub is not one line of %zu hex digits, a point of the SM2 curve; copy "
				"it from the CA",
				folder, PUB_TEXT);
	}
	hf_buf_clear(&file);
	return ok;
}

/* ---- the snapshot ----------------------------------------------------------------------------------------------- */

bool hf_ocsp_position_get(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct position *position = ctx;
	struct hf_query *q = hf_query(tx, "SELECT number, hash, fresh_at FROM feed_position");
	bool row = false;

	*position = (struct position){0};
	bool ok = hf_query_next(q, &row, err);
	if (ok && row) {
		position->number = hf_query_col_i64(q, 0);
		ok = hf_query_col_octets(q, 1, position->hash, sizeof(position->hash), err);
		position->fresh_at = hf_query_col_i64(q, 2);
	}
	hf_query_done(q);
	return ok;
}

struct der_get {
	const char *sql, *ca;
	struct hf_buf *der;
	bool there;
};

static bool get_der(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct der_get *get = ctx;
	struct hf_query *q = hf_query(tx, get->sql);

	hf_buf_reset(get->der);
	hf_query_text(q, get->ca);
	bool ok = hf_query_next(q, &get->there, err);
	if (ok && get->there && !hf_buf_put_bytes(get->der, hf_query_col_bytes(q, 0)))
		ok = hf_fail(err, HF_E_LIMIT, "more than %zu octets", get->der->max);
	hf_query_done(q);
	return ok;
}

#define CERT_SQL "SELECT der FROM authority WHERE ca = ? AND use = 'ca'"
#define CRL_SQL  "SELECT der FROM crl WHERE ca = ? AND shard = ''"

static bool get_or_missing(struct hf_ocsp *ocsp, struct der_get *get, const char *what, struct hf_err *err)
{
	if (!hf_store_read(ocsp->options.store, get_der, get, err))
		return hf_fail_in(err, "%s of \"%.32s\"", what, get->ca);
	return get->there || hf_fail(err, HF_E_MISSING, "no %s of \"%.32s\" is known here (yet)", what, get->ca);
}

bool hf_ocsp_crl_get(struct hf_ocsp *ocsp, const char *ca, struct hf_buf *der, struct hf_err *err)
{
	return get_or_missing(ocsp, &(struct der_get){.sql = CRL_SQL, .ca = ca, .der = der}, "CRL", err);
}

bool hf_ocsp_cert_get(struct hf_ocsp *ocsp, const char *ca, struct hf_buf *der, struct hf_err *err)
{
	return get_or_missing(ocsp, &(struct der_get){.sql = CERT_SQL, .ca = ca, .der = der}, "certificate", err);
}

/* The hashes of one CA, if the feed has told of it. Our own CA must have issued our certificate. */
static bool load_issuer(
	struct hf_ocsp *ocsp, const char *ca, struct hf_ocsp_issuer *issuer, bool *there, struct hf_err *err)
{
	struct hf_buf der;
	struct der_get get = {.sql = CERT_SQL, .ca = ca, .der = &der};
	struct hf_cert cert;

	hf_buf_init(&der, HF_CERT_MAX);
	bool ok = hf_store_read(ocsp->options.store, get_der, &get, err);
	*there = false;
	if (ok && get.there) {
		struct hf_err why = {0};
		*there = hf_decode_cert(hf_buf_bytes(&der), &cert, &why) && hf_ocsp_issuer_init(issuer, &cert, &why) &&
			 (strcmp(ca, "ca") != 0 || hf_cert_verify(&ocsp->cert, &cert, &why));
		if (!*there)
			hf_log(ocsp->options.log, HF_LOG_ERROR,
				"nothing is answered for \"%s\": its certificate, or our ocsp.crt under it: %s", ca,
				why.text);
	}
	hf_buf_clear(&der);
	return ok;
}

bool hf_ocsp_issuers_load(struct hf_ocsp *ocsp, struct hf_err *err)
{
	struct issuers issuers = {0};

	if (!load_issuer(ocsp, "ca", &issuers.ca, &issuers.has_ca, err) ||
		!load_issuer(ocsp, "root", &issuers.root, &issuers.has_root, err))
		return false;
	pthread_mutex_lock(&ocsp->lock);
	ocsp->issuers = issuers;
	pthread_mutex_unlock(&ocsp->lock);
	return true;
}

static bool get_info(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_ocsp_state_info *info = ctx;
	struct position position;
	bool row = true;
	bool ok = true;

	if (!hf_ocsp_position_get(tx, &position, err))
		return false;
	info->feed_number = position.number;
	info->num_crls = 0;
	struct hf_query *q = hf_query(tx, "SELECT ca, number FROM crl WHERE shard = '' ORDER BY ca");
	while (info->num_crls < HF_OCSP_CRLS_MAX && (ok = hf_query_next(q, &row, err)) && row) {
		struct hf_ocsp_crl_info *crl = &info->crls[info->num_crls++];
		ok = hf_query_col_copy(q, 0, crl->ca, sizeof(crl->ca), err);
		crl->number = hf_query_col_i64(q, 1);
		if (!ok)
			break;
	}
	hf_query_done(q);
	return ok;
}

bool hf_ocsp_info(struct hf_ocsp *ocsp, struct hf_ocsp_state_info *info, struct hf_err *err)
{
	*info = (struct hf_ocsp_state_info){.fresh_at = atomic_load(&ocsp->fresh_at)};
	return hf_store_read(ocsp->options.store, get_info, info, err);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static bool load(struct hf_ocsp *ocsp, struct hf_err *err)
{
	struct position position;

	if (!load_cert(ocsp, ocsp->options.folder, err) || !load_feed_pub(ocsp, ocsp->options.folder, err) ||
		!hf_store_read(ocsp->options.store, hf_ocsp_position_get, &position, err))
		return false;
	atomic_store(&ocsp->fresh_at, position.fresh_at);
	return hf_ocsp_issuers_load(ocsp, err);
}

bool hf_ocsp_open(struct hf_ocsp **out, const struct hf_ocsp_options *options, struct hf_err *err)
{
	struct hf_ocsp *ocsp = hf_alloc(1, sizeof(*ocsp));

	ocsp->options = *options;
	hf_buf_init(&ocsp->cert_der, HF_CERT_MAX);
	hf_buf_init(&ocsp->page, HF_FEED_PAGE_MAX);
	hf_buf_init(&ocsp->work.tbs, (size_t)HF_DEV_BATCH_MAX * HF_OCSP_RESPONSE_MAX);
	pthread_mutex_init(&ocsp->lock, NULL);
	if (!load(ocsp, err)) {
		ocsp->options.feed.close = NULL;
		hf_ocsp_close(ocsp);
		return false;
	}
	ocsp->options.folder = NULL;
	*out = ocsp;
	return true;
}

void hf_ocsp_close(struct hf_ocsp *ocsp)
{
	if (!ocsp)
		return;
	if (ocsp->options.feed.close)
		ocsp->options.feed.close(ocsp->options.feed.ctx);
	pthread_mutex_destroy(&ocsp->lock);
	free(ocsp->work.singles);
	hf_buf_clear(&ocsp->work.tbs);
	hf_buf_clear(&ocsp->page);
	hf_buf_clear(&ocsp->cert_der);
	free(ocsp);
}

bool hf_ocsp_start(struct hf_ocsp *ocsp, struct hf_err *err)
{
	uint8_t pub[HF_SM2_POINT];

	if (!hf_dev_public_key(ocsp->options.dev, HF_OCSP_KEY, pub, err))
		return false;
	return memcmp(pub, ocsp->cert.pub, sizeof(pub)) == 0 ||
	       hf_fail(err, HF_E_STATE, "the device's key \"" HF_OCSP_KEY "\" is not the one of ocsp.crt");
}

/* ---- able to answer? ----------------------------------------------------------------------------------------------
 */

bool hf_ocsp_ready(struct hf_ocsp *ocsp, int64_t *fresh, int64_t *now, struct hf_err *err)
{
	char text[HF_TIME_TEXT_MAX];

	/* In this order, or the snapshot could be newer than now. */
	int64_t at = atomic_load(&ocsp->fresh_at);
	*now = hf_now(ocsp->options.clock);
	pthread_mutex_lock(&ocsp->lock);
	bool has_ca = ocsp->issuers.has_ca;
	pthread_mutex_unlock(&ocsp->lock);
	if (at == 0 || !has_ca)
		return hf_fail(err, HF_E_STATE, "the feed has not told of our CA yet, or of all that it issued");
	if (at > *now && at - *now <= CLOCK_TREMBLE)
		at = *now;
	hf_time_text(at, false, text);
	*fresh = at - at % HF_SECOND;
	if (at > *now)
		return hf_fail(err, HF_E_STATE, "the clock was set back: the CA was heard at %s", text);
	if (*now >= *fresh + ocsp->options.minutes * HF_MINUTE)
		return hf_fail(err, HF_E_STATE, "the snapshot is too old: the CA was last heard at %s", text);
	return hf_cert_valid_at(&ocsp->cert, *now, err) ||
	       hf_fail(err, HF_E_STATE, "our certificate (ocsp.crt) is not valid now");
}

bool hf_ocsp_healthy(struct hf_ocsp *ocsp, struct hf_err *err)
{
	int64_t fresh, now;

	return hf_ocsp_ready(ocsp, &fresh, &now, err);
}
