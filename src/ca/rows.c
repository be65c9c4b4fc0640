#include "ca/ca_int.h"

#include "base/buf.h"
#include "base/str.h"
#include "crypto/sm3.h"

#include <string.h>

bool hf_ca_issuance_get(struct hf_tx *tx, const char *request_id, struct issuance *row, bool *there, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "SELECT state, order_hash, not_before, not_after, task, sign_serial, enc_serial "
			     "FROM issuance WHERE request_id = ?");
	bool ok;

	hf_query_text(q, request_id);
	ok = hf_query_next(q, there, err);
	if (ok && *there) {
		row->state = (enum issuance_state)hf_query_col_i64(q, 0);
		row->not_before = hf_query_col_i64(q, 2);
		row->not_after = hf_query_col_i64(q, 3);
		row->task = hf_query_col_i64(q, 4);
		ok = hf_query_col_octets(q, 1, row->order_hash, sizeof(row->order_hash), err) &&
		     hf_query_col_octets(q, 5, row->sign_serial, HF_SERIAL_LEN, err) &&
		     hf_query_col_octets(q, 6, row->enc_serial, HF_SERIAL_LEN, err);
	}
	hf_query_done(q);
	return ok;
}

bool hf_ca_issuance_put(struct hf_tx *tx, const char *request_id, const struct issuance *row, int64_t now, bool again,
	struct hf_err *err)
{
	struct hf_query *q;

	if (again) {
		q = hf_query(tx, "DELETE FROM issuance WHERE request_id = ? AND state <> 1");
		hf_query_text(q, request_id);
		if (!hf_query_run_one(q, request_id, err))
			return false;
	}
	q = hf_query(tx, "INSERT INTO issuance (request_id, ca, order_hash, state, not_before, not_after, task, "
			 "sign_serial, enc_serial, made_at) VALUES (?, 'ca', ?, 0, ?, ?, ?, ?, ?, ?)");
	hf_query_text(q, request_id);
	hf_query_bytes(q, HF_BYTES_OF(row->order_hash));
	hf_query_i64(q, row->not_before);
	hf_query_i64(q, row->not_after);
	hf_query_i64(q, row->task);
	hf_query_bytes(q, HF_BYTES_OF(row->sign_serial));
	hf_query_bytes(q, HF_BYTES_OF(row->enc_serial));
	hf_query_i64(q, now);
	return hf_query_run(q, NULL, err);
}

bool hf_ca_issuance_done(
	struct hf_tx *tx, const char *request_id, struct hf_bytes envelope, int64_t now, struct hf_err *err)
{
	struct hf_query *q = hf_query(
		tx, "UPDATE issuance SET state = 1, envelope = ?, done_at = ? WHERE request_id = ? AND state = 0");

	hf_query_bytes(q, envelope);
	hf_query_i64(q, now);
	hf_query_text(q, request_id);
	return hf_query_run_one(q, request_id, err);
}

bool hf_ca_issuance_void(struct hf_tx *tx, const char *ca, struct hf_bytes serial, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT request_id, enc_serial FROM issuance WHERE ca = ? AND state = 0 AND "
					  "(sign_serial = ? OR enc_serial = ?)");
	char request_id[128];
	uint8_t enc_serial[HF_SERIAL_LEN];
	bool there = false;

	hf_query_text(q, ca);
	hf_query_bytes(q, serial);
	hf_query_bytes(q, serial);
	bool ok = hf_query_next(q, &there, err);
	if (ok && there)
		ok = hf_query_col_copy(q, 0, request_id, sizeof(request_id), err) &&
		     hf_query_col_octets(q, 1, enc_serial, sizeof(enc_serial), err);
	hf_query_done(q);
	if (!ok || !there)
		return ok;
	q = hf_query(tx, "UPDATE issuance SET state = 2 WHERE request_id = ? AND state = 0");
	hf_query_text(q, request_id);
	return hf_query_run_one(q, request_id, err) && hf_ca_km_revoke_put(tx, HF_BYTES_OF(enc_serial), err);
}

/* Copies the DER of the certificate with this serial. */
static bool certificate_get(
	struct hf_tx *tx, const char *ca, struct hf_bytes serial, struct hf_buf *der, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT der FROM certificate WHERE ca = ? AND serial = ?");
	bool there = false;

	hf_query_text(q, ca);
	hf_query_bytes(q, serial);
	bool ok = hf_query_next(q, &there, err);
	hf_buf_reset(der);
	if (ok && there)
		hf_buf_put_bytes(der, hf_query_col_bytes(q, 0));
	else if (ok)
		ok = hf_fail(err, HF_E_MISSING, "no such certificate");
	hf_query_done(q);
	return ok;
}

bool hf_ca_issuance_answer(struct hf_tx *tx, struct hf_order *order, struct hf_err *err)
{
	struct hf_query *q;
	struct issuance row;
	struct hf_cert cert;
	bool there = false;

	if (!hf_ca_issuance_get(tx, order->request_id, &row, &there, err) || !there)
		return there || hf_fail(err, HF_E_MISSING, "no such request");
	q = hf_query(tx, "SELECT envelope FROM issuance WHERE request_id = ?");
	hf_query_text(q, order->request_id);
	bool ok = hf_query_next(q, &there, err);
	hf_buf_reset(&order->envelope);
	if (ok)
		hf_buf_put_bytes(&order->envelope, hf_query_col_bytes(q, 0));
	hf_query_done(q);
	ok = ok && certificate_get(tx, "ca", HF_BYTES_OF(row.sign_serial), &order->sign_cert, err) &&
	     certificate_get(tx, "ca", HF_BYTES_OF(row.enc_serial), &order->enc_cert, err) &&
	     hf_decode_cert(hf_buf_bytes(&order->enc_cert), &cert, err);
	if (ok)
		memcpy(order->enc_pub, cert.pub, sizeof(order->enc_pub));
	order->done = ok;
	return ok;
}

static bool feed_issued(struct hf_journal_batch *feed, const char *ca, const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_feed_record record = {.which = HF_FEED_ISSUED,
		.issued = {.ca = hf_bytes_str(ca),
			.serial = cert->tbs.serialNumber,
			.notBefore = cert->tbs.validity.notBefore,
			.notAfter = cert->tbs.validity.notAfter,
			.certificate = cert->der}};

	return hf_feed_add(feed, &record, err);
}

bool hf_ca_certificate_put(struct hf_tx *tx, const char *ca, enum hf_profile profile, const char *request_id,
	const struct hf_cert *cert, int64_t now, struct hf_journal_batch *feed, struct hf_err *err)
{
	uint8_t tbs_hash[HF_SM3_LEN];
	struct hf_buf subject;
	struct hf_query *q;

	hf_sm3(cert->tbs_der, tbs_hash);
	hf_buf_init(&subject, 4 * HF_NAME_MAX);
	hf_name_text(cert->tbs.subject, HF_NAME_SMALL_FIRST, &subject);
	q = hf_query(tx,
		"INSERT INTO certificate (ca, serial, kind, request_id, subject, not_before, not_after, state, "
		"reason, state_at, tbs_hash, der) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)");
	hf_query_text(q, ca);
	hf_query_bytes(q, cert->tbs.serialNumber);
	hf_query_text(q, hf_profile_row(profile)->name);
	hf_query_text(q, request_id);
	hf_query_str(q, hf_buf_bytes(&subject));
	hf_query_i64(q, cert->tbs.validity.notBefore);
	hf_query_i64(q, cert->tbs.validity.notAfter);
	hf_query_i64(q, now);
	hf_query_bytes(q, HF_BYTES_OF(tbs_hash));
	hf_query_bytes(q, cert->der);
	bool ok = hf_query_run(q, NULL, err) && feed_issued(feed, ca, cert, err);
	hf_buf_clear(&subject);
	return ok;
}

bool hf_ca_seen_put(struct hf_tx *tx, const struct hf_ledger_state *seen, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "DELETE FROM ledger_seen");

	if (!hf_query_run(q, NULL, err))
		return false;
	q = hf_query(tx, "INSERT INTO ledger_seen (id, epoch, number, chain) VALUES (?, ?, ?, ?)");
	hf_query_bytes(q, HF_BYTES_OF(seen->id));
	hf_query_i64(q, (int64_t)seen->epoch);
	hf_query_i64(q, (int64_t)seen->number);
	hf_query_bytes(q, HF_BYTES_OF(seen->chain));
	return hf_query_run(q, NULL, err);
}

bool hf_ca_seen_get(struct hf_tx *tx, struct hf_ledger_state *seen, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, epoch, number, chain FROM ledger_seen");
	bool ok = hf_query_next(q, there, err);

	*seen = (struct hf_ledger_state){0};
	if (ok && *there) {
		seen->epoch = (uint64_t)hf_query_col_i64(q, 1);
		seen->number = (uint64_t)hf_query_col_i64(q, 2);
		ok = hf_query_col_octets(q, 0, seen->id, sizeof(seen->id), err) &&
		     hf_query_col_octets(q, 3, seen->chain, sizeof(seen->chain), err);
	}
	hf_query_done(q);
	return ok;
}

bool hf_ca_km_revoke_put(struct hf_tx *tx, struct hf_bytes enc_serial, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "DELETE FROM km_revoke WHERE enc_serial = ?");

	hf_query_bytes(q, enc_serial);
	if (!hf_query_run(q, NULL, err))
		return false;
	q = hf_query(tx, "INSERT INTO km_revoke (enc_serial) VALUES (?)");
	hf_query_bytes(q, enc_serial);
	return hf_query_run(q, NULL, err);
}
