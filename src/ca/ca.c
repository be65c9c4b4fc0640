#include "ca/ca.h"

#include "base/file.h"
#include "base/str.h"
#include "ca/ca_int.h"

#include <string.h>

static bool load_authority(struct hf_tx *tx, struct hf_authority *authority, const char *id, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "SELECT certificate FROM authority WHERE id = ?");
	bool there = false;

	hf_fmt_cut(authority->id, sizeof(authority->id), "%s", id);
	hf_query_text(q, id);
	bool ok = hf_query_next(q, &there, err);
	hf_buf_reset(&authority->der);
	if (ok && there)
		hf_buf_put_bytes(&authority->der, hf_query_col_bytes(q, 0));
	else if (ok)
		ok = hf_fail(err, HF_E_MISSING, "the CA has no authority \"%s\": run hufu init", id);
	hf_query_done(q);
	return ok && hf_decode_cert(hf_buf_bytes(&authority->der), &authority->cert, err);
}

static bool load_authorities(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct hf_ca *ca = ctx;

	return load_authority(tx, &ca->root, "root", err) && load_authority(tx, &ca->ca, "ca", err);
}

static bool load_file(
	const char *folder, const char *name, struct hf_buf *der, struct hf_cert *cert, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf file;

	hf_buf_init(&file, HF_CERT_MAX);
	bool ok = hf_fmt(path, sizeof(path), "%s/%s", folder, name) && hf_file_read(path, &file, err) &&
		  hf_decode_armour(hf_buf_bytes(&file), "CERTIFICATE", der, err) &&
		  hf_decode_cert(hf_buf_bytes(der), cert, err);
	hf_buf_clear(&file);
	return ok || hf_fail_in(err, "%s/%s", folder, name);
}

bool hf_ca_open(struct hf_ca *ca, const char *folder, struct hf_err *err)
{
	struct hf_buf *buffers[] = {&ca->root.der, &ca->ca.der, &ca->service_der, &ca->km_der};

	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		hf_buf_init(buffers[i], HF_CERT_MAX);
	pthread_mutex_init(&ca->ledger_lock, NULL);
	ca->reconciled = false;
	return hf_store_read(ca->store, load_authorities, ca, err) &&
	       load_file(folder, "service.crt", &ca->service_der, &ca->service, err) &&
	       load_file(folder, "km.crt", &ca->km_der, &ca->km_cert, err);
}

void hf_ca_close(struct hf_ca *ca)
{
	pthread_mutex_destroy(&ca->ledger_lock);
	hf_buf_clear(&ca->root.der);
	hf_buf_clear(&ca->ca.der);
	hf_buf_clear(&ca->service_der);
	hf_buf_clear(&ca->km_der);
}

const struct hf_authority *hf_ca_authority(const struct hf_ca *ca, const char *id)
{
	if (strcmp(id, ca->ca.id) == 0)
		return &ca->ca;
	return strcmp(id, ca->root.id) == 0 ? &ca->root : NULL;
}

bool hf_ca_audit_system(struct hf_ca *ca, struct hf_journal_batch *batch, int64_t code, const char *operation,
	const char *object, struct hf_bytes serial, const char *text, struct hf_err *err)
{
	int64_t now = hf_now(ca->clock);
	struct hf_audit_record record = {
		.operatorId = HF_BYTES_LIT("system"),
		.role = HF_BYTES_LIT("system"),
		.code = code,
		.operation = hf_bytes_str(operation),
		.object = hf_bytes_str(object),
		.serial = serial,
		.startedAt = now,
		.endedAt = now,
		.result = HF_BYTES_LIT("ok"),
		.text = hf_bytes_str(text),
	};

	return hf_audit_add(batch, &record, err);
}

void hf_ca_frames_init(struct frames *frames)
{
	hf_journal_batch_init(&frames->audit);
	hf_journal_batch_init(&frames->feed);
}

void hf_ca_frames_clear(struct frames *frames)
{
	hf_journal_batch_clear(&frames->audit);
	hf_journal_batch_clear(&frames->feed);
}

void hf_ca_frames_reset(struct frames *frames)
{
	hf_journal_batch_reset(&frames->audit);
	hf_journal_batch_reset(&frames->feed);
}

bool hf_ca_frames_append(struct hf_ca *ca, struct frames *frames, const struct hf_ca_within *within, struct hf_tx *tx,
	struct hf_err *err)
{
	static const struct hf_journal audit = {"ca", HF_AUDIT_NAME};
	static const struct hf_journal feed = {"ca", HF_FEED_NAME};
	int64_t now = hf_now(ca->clock);

	if (within && within->add && !within->add(within->ctx, tx, &frames->audit, err))
		return false;
	if (frames->feed.num > 0 && !hf_journal_append(tx, &feed, now, &frames->feed, NULL, err))
		return false;
	return frames->audit.num == 0 || hf_journal_append(tx, &audit, now, &frames->audit, NULL, err);
}

struct hf_dev_key hf_ca_key(const struct hf_ca *ca, const struct hf_authority *authority)
{
	struct hf_dev_key key = {.dev = ca->dev, .name = authority->id};

	memcpy(key.pub, authority->cert.pub, sizeof(key.pub));
	return key;
}
