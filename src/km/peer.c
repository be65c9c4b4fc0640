#include "km/km_int.h"

#include "base/str.h"
#include "x509/ext.h"

#include <string.h>

static bool id_ok(const char *id)
{
	size_t len = strlen(id);

	return len >= 1 && len <= HF_KM_PEER_ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool may_ask(const struct hf_cert *cert, struct hf_err *err)
{
	if (!cert->is_sm2)
		return hf_fail(err, HF_E_INPUT, "the CA's certificate is not for an SM2 key");
	if (cert->has_key_usage && !(cert->key_usage & HF_KU_DIGITAL_SIGNATURE))
		return hf_fail(err, HF_E_INPUT, "the CA's certificate is not for signatures (keyUsage)");
	if (cert->tbs.subject.len > HF_KM_NAME_MAX || cert->tbs.issuer.len > HF_KM_NAME_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "a name in the CA's certificate has more than %d octets", HF_KM_NAME_MAX);
	return true;
}

bool hf_km_peer_add(struct hf_tx *tx, const char *id, struct hf_bytes certificate, int64_t now, struct hf_err *err)
{
	struct hf_cert cert;
	struct hf_query *q;

	if (!id_ok(id))
		return hf_fail(err, HF_E_INPUT, "a CA's id is 1 to %d of [A-Za-z0-9._-]", HF_KM_PEER_ID_MAX);
	if (!hf_decode_cert(certificate, &cert, err) || !may_ask(&cert, err))
		return hf_fail_in(err, "CA %s", id);
	q = hf_query(
		tx, "INSERT INTO ca_peer (id, name, serial, pub, certificate, added_at) VALUES (?, ?, ?, ?, ?, ?)");
	hf_query_text(q, id);
	hf_query_bytes(q, cert.tbs.subject);
	hf_query_bytes(q, cert.tbs.serialNumber);
	hf_query_bytes(q, HF_BYTES_OF(cert.pub));
	hf_query_bytes(q, certificate);
	hf_query_i64(q, now);
	return hf_query_run(q, NULL, err);
}

bool hf_km_peer_find(
	struct hf_tx *tx, const struct hf_ent_name *name, struct km_peer *peer, bool *there, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT id, certificate FROM ca_peer WHERE name = ? AND serial = ?");

	hf_query_bytes(q, name->entName.value);
	hf_query_bytes(q, name->serialNumber);
	hf_buf_reset(&peer->der);
	bool ok = hf_query_next(q, there, err);
	if (ok && *there) {
		hf_buf_put_bytes(&peer->der, hf_query_col_bytes(q, 1));
		ok = hf_query_col_copy(q, 0, peer->id, sizeof(peer->id), err);
	}
	hf_query_done(q);
	return ok && (!*there || hf_decode_cert(hf_buf_bytes(&peer->der), &peer->cert, err));
}
