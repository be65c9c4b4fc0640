#include "keyd/serve.h"

#include "base/alloc.h"
#include "base/log.h"
#include "dev/remote.h"

#include <stdlib.h>

static bool serve_public_key(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	char key[HF_DEV_NAME_MAX];
	uint8_t pub[64];

	hf_ipc_get_str(in, key, sizeof(key));
	if (!hf_ipc_get_end(in, "public key", err) || !hf_dev_public_key(s->dev, key, pub, err))
		return false;
	hf_ipc_put_bytes(out, HF_BYTES_OF(pub));
	return true;
}

static bool serve_sign(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	char key[HF_DEV_NAME_MAX];

	hf_ipc_get_str(in, key, sizeof(key));
	uint32_t num = hf_ipc_get_count(in, HF_DEV_BATCH_MAX, 4);
	struct hf_bytes *tbs = hf_alloc(num, sizeof(*tbs));
	uint8_t(*sigs)[64] = hf_alloc(num, sizeof(*sigs));
	for (uint32_t i = 0; i < num; i++)
		tbs[i] = hf_ipc_get_bytes(in, HF_DEV_TBS_MAX);
	bool ok = hf_ipc_get_end(in, "sign", err) && hf_dev_sign(s->dev, key, tbs, num, sigs, err);
	if (ok)
		for (uint32_t i = 0; i < num; i++)
			hf_ipc_put_bytes(out, HF_BYTES_OF(sigs[i]));
	s->num_signed += ok ? num : 0;
	free(tbs);
	free(sigs);
	return ok;
}

static bool serve_generate(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	uint32_t num = hf_ipc_get_u32(in);

	if (!hf_ipc_get_end(in, "generate", err))
		return false;
	if (num > HF_DEV_BATCH_MAX)
		return hf_fail(err, HF_E_LIMIT, "%u pairs at once, at most %d", num, HF_DEV_BATCH_MAX);
	struct hf_dev_pair *pairs = hf_alloc(num, sizeof(*pairs));
	bool ok = hf_dev_generate(s->dev, num, pairs, err);
	for (uint32_t i = 0; ok && i < num; i++) {
		hf_ipc_put_bytes(out, HF_BYTES_OF(pairs[i].pub));
		hf_ipc_put_bytes(out, HF_BYTES_OF(pairs[i].wrapped));
	}
	free(pairs);
	return ok;
}

static bool serve_rewrap(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	char key[HF_DEV_NAME_MAX];

	hf_ipc_get_str(in, key, sizeof(key));
	uint32_t num = hf_ipc_get_count(in, HF_DEV_BATCH_MAX, sizeof(struct hf_dev_rewrap));
	struct hf_dev_rewrap *list = hf_alloc(num, sizeof(*list));
	struct hf_dev_envelope *envelopes = hf_alloc(num, sizeof(*envelopes));
	for (uint32_t i = 0; i < num; i++) {
		hf_ipc_get_exact(in, list[i].pair.pub, sizeof(list[i].pair.pub));
		hf_ipc_get_exact(in, list[i].pair.wrapped, sizeof(list[i].pair.wrapped));
		hf_ipc_get_exact(in, list[i].recipient, sizeof(list[i].recipient));
	}
	bool ok = hf_ipc_get_end(in, "rewrap", err) && hf_dev_rewrap(s->dev, key, list, num, envelopes, err);
	for (uint32_t i = 0; ok && i < num; i++) {
		hf_ipc_put_bytes(out, HF_BYTES_OF(envelopes[i].encrypted_key));
		hf_ipc_put_bytes(out, HF_BYTES_OF(envelopes[i].cipher));
		hf_ipc_put_bytes(out, HF_BYTES_OF(envelopes[i].signature));
	}
	free(list);
	free(envelopes);
	return ok;
}

static bool serve_state(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	struct hf_ledger_state state;

	if (!hf_ipc_get_end(in, "ledger state", err) || !hf_dev_ledger_state(s->dev, &state, err))
		return false;
	hf_ipc_put_bytes(out, HF_BYTES_OF(state.id));
	hf_ipc_put_u64(out, state.epoch);
	hf_ipc_put_u64(out, state.number);
	hf_ipc_put_bytes(out, HF_BYTES_OF(state.chain));
	return true;
}

static bool serve_read(struct hf_keyd_serve *s, struct hf_ipc_reader *in, struct hf_buf *out, struct hf_err *err)
{
	uint64_t after = hf_ipc_get_u64(in);
	uint32_t max = hf_ipc_get_u32(in);
	size_t num = 0;

	if (!hf_ipc_get_end(in, "ledger read", err))
		return false;
	max = max > HF_DEV_BATCH_MAX ? HF_DEV_BATCH_MAX : max;
	struct hf_ledger_entry *entries = hf_alloc(max, sizeof(*entries));
	bool ok = hf_dev_ledger_read(s->dev, after, entries, max, &num, err);
	hf_ipc_put_u32(out, (uint32_t)num);
	for (size_t i = 0; i < num; i++)
		hf_remote_put_entry(out, &entries[i]);
	free(entries);
	return ok;
}

static bool (*const serves[])(struct hf_keyd_serve *, struct hf_ipc_reader *, struct hf_buf *, struct hf_err *) = {
	[HF_REMOTE_PUBLIC_KEY] = serve_public_key,
	[HF_REMOTE_SIGN] = serve_sign,
	[HF_REMOTE_GENERATE] = serve_generate,
	[HF_REMOTE_REWRAP] = serve_rewrap,
	[HF_REMOTE_LEDGER_STATE] = serve_state,
	[HF_REMOTE_LEDGER_READ] = serve_read,
};

static void serve_one(struct hf_keyd_serve *s, struct hf_ipc_server *server, struct hf_ipc_request *request)
{
	struct hf_ipc_reader in = hf_ipc_reader(request->payload);
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok = false;

	hf_buf_init(&out, HF_REMOTE_PAYLOAD_MAX);
	if (request->type < sizeof(serves) / sizeof(serves[0]) && serves[request->type])
		ok = serves[request->type](s, &in, &out, &err);
	else
		hf_fail(&err, HF_E_INPUT, "no such request: %u", request->type);
	if (ok) {
		hf_ipc_answer(server, request, hf_buf_bytes(&out));
	} else {
		s->num_refused++;
		hf_log(s->log, HF_LOG_WARN, "%s is refused: %s", request->peer, err.text);
		hf_ipc_refuse(server, request, &err);
	}
	hf_buf_clear(&out);
}

static void handle(void *ctx, struct hf_ipc_server *server, struct hf_ipc_request *requests, size_t num)
{
	for (size_t i = 0; i < num; i++)
		serve_one(ctx, server, &requests[i]);
}

struct hf_ipc_handler hf_keyd_handler(struct hf_keyd_serve *serve)
{
	return (struct hf_ipc_handler){.handle = handle, .ctx = serve};
}
