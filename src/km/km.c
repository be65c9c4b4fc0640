#include "km/km.h"

#include "base/file.h"
#include "base/str.h"
#include "km/km_int.h"

#include <string.h>

bool hf_km_open(struct hf_km *km, const char *folder, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf file;

	atomic_init(&km->filling, false);
	hf_buf_init(&km->der, HF_CERT_MAX);
	hf_buf_init(&file, HF_CERT_MAX);
	bool ok = (hf_fmt(path, sizeof(path), "%s/%s", folder, HF_KM_FILE) ||
			  hf_fail(err, HF_E_LIMIT, "the folder's path is too long")) &&
		  hf_file_read(path, &file, err) &&
		  ((hf_decode_armour(hf_buf_bytes(&file), "CERTIFICATE", &km->der, err) &&
			   hf_decode_cert(hf_buf_bytes(&km->der), &km->cert, err)) ||
			  hf_fail_in(err, "%s", path));
	hf_buf_clear(&file);
	if (!ok)
		return false;
	if (!km->cert.is_sm2)
		return hf_fail(err, HF_E_INPUT, "%s: not a certificate for an SM2 key", path);
	if (km->cert.tbs.issuer.len > HF_KM_NAME_MAX || km->cert.tbs.subject.len > HF_KM_NAME_MAX)
		return hf_fail(err, HF_E_LIMIT, "%s: a name has more than %d octets", path, HF_KM_NAME_MAX);
	return true;
}

bool hf_km_check_key(struct hf_km *km, struct hf_err *err)
{
	uint8_t pub[HF_SM2_POINT];

	if (!hf_dev_public_key(km->dev, "km", pub, err))
		return false;
	if (memcmp(pub, km->cert.pub, sizeof(pub)) != 0)
		return hf_fail(err, HF_E_STATE, "%s is not the certificate of the device's key \"km\"", HF_KM_FILE);
	return true;
}

void hf_km_close(struct hf_km *km)
{
	hf_buf_clear(&km->der);
}

bool hf_km_note(
	const struct hf_clock *clock, struct hf_journal_batch *batch, const struct km_note *note, struct hf_err *err)
{
	struct hf_audit_record record = {
		.operationId = hf_bytes_str(note->task ? note->task : ""),
		.operatorId = hf_bytes_str(note->peer ? note->peer : "system"),
		.role = hf_bytes_str(note->peer ? "service" : "system"),
		.code = note->code,
		.operation = hf_bytes_str(note->operation),
		.object = hf_bytes_str(note->object ? note->object : ""),
		.serial = note->serial,
		.startedAt = note->began_at,
		.endedAt = hf_now(clock),
	};

	hf_audit_result(&record, note->why);
	if (!note->why)
		record.text = hf_bytes_str(note->text ? note->text : "");
	return hf_audit_add(batch, &record, err);
}

bool hf_km_append(
	struct hf_tx *tx, const struct hf_clock *clock, const struct hf_journal_batch *batch, struct hf_err *err)
{
	static const struct hf_journal audit = {"km", HF_AUDIT_NAME};

	return batch->num == 0 || hf_journal_append(tx, &audit, hf_now(clock), batch, NULL, err);
}

/* ---- initialising ----------------------------------------------------------------------------------------------- */

struct initialising {
	const struct hf_clock *clock;
	const struct hf_km_peer *peers;
	size_t num;
	struct hf_journal_batch audit;
};

static bool add_peers(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct initialising *in = ctx;
	int64_t now = hf_now(in->clock);

	hf_journal_batch_reset(&in->audit);
	for (size_t i = 0; i < in->num; i++) {
		const struct km_note note = {.code = HF_AUDIT_SYSTEM_INIT,
			.operation = "peer.add",
			.object = in->peers[i].id,
			.text = "a CA that this KM serves",
			.began_at = now};

		if (!hf_km_peer_add(tx, in->peers[i].id, in->peers[i].certificate, now, err) ||
			!hf_km_note(in->clock, &in->audit, &note, err))
			return false;
	}
	return hf_km_append(tx, in->clock, &in->audit, err);
}

bool hf_km_init(struct hf_store *store, const struct hf_clock *clock, const struct hf_km_peer *peers, size_t num,
	struct hf_err *err)
{
	struct initialising in = {.clock = clock, .peers = peers, .num = num};

	hf_journal_batch_init(&in.audit);
	bool ok = hf_store_write(store, add_peers, &in, err);
	hf_journal_batch_clear(&in.audit);
	return ok;
}
