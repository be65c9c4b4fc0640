#include "dev/remote.h"

#include <string.h>

void hf_remote_put_entry(struct hf_buf *out, const struct hf_ledger_entry *entry)
{
	hf_ipc_put_u64(out, entry->number);
	hf_ipc_put_i64(out, entry->at);
	hf_ipc_put_bool(out, entry->is_crl);
	hf_ipc_put_str(out, entry->key);
	hf_ipc_put_bytes(out, HF_BYTES_OF(entry->serial));
	hf_ipc_put_bytes(out, HF_BYTES_OF(entry->tbs_hash));
	hf_ipc_put_bytes(out, HF_BYTES_OF(entry->chain));
}

void hf_remote_get_entry(struct hf_ipc_reader *in, struct hf_ledger_entry *entry)
{
	entry->number = hf_ipc_get_u64(in);
	entry->at = hf_ipc_get_i64(in);
	entry->is_crl = hf_ipc_get_bool(in);
	hf_ipc_get_str(in, entry->key, sizeof(entry->key));
	hf_ipc_get_exact(in, entry->serial, sizeof(entry->serial));
	hf_ipc_get_exact(in, entry->tbs_hash, sizeof(entry->tbs_hash));
	hf_ipc_get_exact(in, entry->chain, sizeof(entry->chain));
}

/* One question and its answer; request is cleared, reply is the caller's to clear. */
static bool ask(void *conn, enum hf_remote_type type, struct hf_buf *request, struct hf_buf *reply, struct hf_err *err)
{
	bool ok = false;

	hf_buf_init(reply, HF_REMOTE_PAYLOAD_MAX);
	if (!hf_buf_ok(request))
		hf_fail(err, HF_E_LIMIT, "more than %u octets for the device at once", HF_REMOTE_PAYLOAD_MAX);
	else
		ok = hf_ipc_call(conn, (uint16_t)type, hf_buf_bytes(request), reply, HF_REMOTE_TIMEOUT_MS, err);
	hf_buf_clear(request);
	return ok;
}

static bool remote_public_key(void *conn, const char *key, uint8_t pub[64], struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	hf_ipc_put_str(&request, key);
	if (ask(conn, HF_REMOTE_PUBLIC_KEY, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		hf_ipc_get_exact(&in, pub, 64);
		ok = hf_ipc_get_end(&in, "keyd's public key", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static bool remote_sign(
	void *conn, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	hf_ipc_put_str(&request, key);
	hf_ipc_put_u32(&request, (uint32_t)num);
	for (size_t i = 0; i < num; i++)
		hf_ipc_put_bytes(&request, tbs[i]);
	if (ask(conn, HF_REMOTE_SIGN, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		for (size_t i = 0; i < num; i++)
			hf_ipc_get_exact(&in, sigs[i], 64);
		ok = hf_ipc_get_end(&in, "keyd's signatures", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static bool remote_generate(void *conn, size_t num, struct hf_dev_pair *pairs, struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	hf_ipc_put_u32(&request, (uint32_t)num);
	if (ask(conn, HF_REMOTE_GENERATE, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		for (size_t i = 0; i < num; i++) {
			hf_ipc_get_exact(&in, pairs[i].pub, sizeof(pairs[i].pub));
			hf_ipc_get_exact(&in, pairs[i].wrapped, sizeof(pairs[i].wrapped));
		}
		ok = hf_ipc_get_end(&in, "keyd's key pairs", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static bool remote_rewrap(void *conn, const char *key, const struct hf_dev_rewrap *list, size_t num,
	struct hf_dev_envelope *out, struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	hf_ipc_put_str(&request, key);
	hf_ipc_put_u32(&request, (uint32_t)num);
	for (size_t i = 0; i < num; i++) {
		hf_ipc_put_bytes(&request, HF_BYTES_OF(list[i].pair.pub));
		hf_ipc_put_bytes(&request, HF_BYTES_OF(list[i].pair.wrapped));
		hf_ipc_put_bytes(&request, HF_BYTES_OF(list[i].recipient));
	}
	if (ask(conn, HF_REMOTE_REWRAP, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		for (size_t i = 0; i < num; i++) {
			hf_ipc_get_exact(&in, out[i].encrypted_key, sizeof(out[i].encrypted_key));
			hf_ipc_get_exact(&in, out[i].cipher, sizeof(out[i].cipher));
			hf_ipc_get_exact(&in, out[i].signature, sizeof(out[i].signature));
		}
		ok = hf_ipc_get_end(&in, "keyd's envelopes", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static bool remote_ledger_state(void *conn, struct hf_ledger_state *state, struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	if (ask(conn, HF_REMOTE_LEDGER_STATE, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		hf_ipc_get_exact(&in, state->id, sizeof(state->id));
		state->epoch = hf_ipc_get_u64(&in);
		state->number = hf_ipc_get_u64(&in);
		hf_ipc_get_exact(&in, state->chain, sizeof(state->chain));
		ok = hf_ipc_get_end(&in, "keyd's ledger", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static bool remote_ledger_read(
	void *conn, uint64_t after, struct hf_ledger_entry *entries, size_t max, size_t *num, struct hf_err *err)
{
	struct hf_buf request, reply;
	bool ok = false;

	hf_buf_init(&request, HF_REMOTE_PAYLOAD_MAX);
	hf_ipc_put_u64(&request, after);
	hf_ipc_put_u32(&request, (uint32_t)max);
	if (ask(conn, HF_REMOTE_LEDGER_READ, &request, &reply, err)) {
		struct hf_ipc_reader in = hf_ipc_reader(hf_buf_bytes(&reply));
		*num = hf_ipc_get_count(&in, (uint32_t)max, 100);
		for (size_t i = 0; i < *num; i++)
			hf_remote_get_entry(&in, &entries[i]);
		ok = hf_ipc_get_end(&in, "keyd's ledger entries", err);
	}
	hf_buf_clear(&reply);
	return ok;
}

static const struct hf_dev_ops remote_ops = {
	.public_key = remote_public_key,
	.sign = remote_sign,
	.generate = remote_generate,
	.rewrap = remote_rewrap,
	.ledger_state = remote_ledger_state,
	.ledger_read = remote_ledger_read,
};

struct hf_dev hf_dev_remote(struct hf_ipc_conn *conn)
{
	return (struct hf_dev){.ops = &remote_ops, .ctx = conn};
}
