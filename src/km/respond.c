/*
 * The device's part of an answer: re-wrapped keys, and the signature under all.
 */
#include "km/serve_int.h"

#include "base/alloc.h"
#include "dev/signer.h"

#include <stdlib.h>
#include <string.h>

/* The items of some messages that carry a key, as the device takes them. */
struct wrapping {
	struct hf_dev_rewrap *in;
	struct hf_dev_envelope *out;
	size_t num;
};

static void gather(struct wrapping *wr, const struct km_work *w)
{
	for (size_t i = 0; w->stage == KM_OPEN && i < w->num; i++) {
		const struct km_item *item = &w->items[i];

		if (!hf_km_item_gives(item))
			continue;
		wr->in[wr->num].pair = item->pair;
		memcpy(wr->in[wr->num].recipient, item->ask.userPubKey, HF_SM2_POINT);
		wr->num++;
	}
}

static void spread(const struct wrapping *wr, struct km_work *w, size_t *at)
{
	for (size_t i = 0; w->stage == KM_OPEN && i < w->num; i++)
		if (hf_km_item_gives(&w->items[i]))
			w->items[i].envelope = wr->out[(*at)++];
}

static bool rewrap(struct km_batch *b, size_t first, size_t num, struct hf_err *err)
{
	struct wrapping wr = {0};
	size_t most = 0;
	size_t at = 0;
	bool ok = true;

	for (size_t i = first; i < first + num; i++)
		most += b->works[i].num;
	wr.in = hf_alloc(most, sizeof(*wr.in));
	wr.out = hf_alloc(most, sizeof(*wr.out));
	for (size_t i = first; i < first + num; i++)
		gather(&wr, &b->works[i]);
	for (size_t done = 0; ok && done < wr.num; done += HF_DEV_BATCH_MAX) {
		size_t part = wr.num - done < HF_DEV_BATCH_MAX ? wr.num - done : HF_DEV_BATCH_MAX;
		ok = hf_dev_rewrap(b->km->dev, "km", wr.in + done, part, wr.out + done, err);
	}
	for (size_t i = first; ok && i < first + num; i++)
		spread(&wr, &b->works[i], &at);
	free(wr.in);
	free(wr.out);
	return ok;
}

void hf_km_rewrap_all(struct km_batch *b)
{
	struct hf_err err = {0};

	if (rewrap(b, 0, b->num, &err))
		return;
	/* One row that the device refuses must not hold up the messages that happened to wait beside it. */
	bool each = err.code == HF_E_DEVICE;
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].stage == KM_OPEN && (!each || !rewrap(b, i, 1, &err)))
			hf_km_work_refuse(&b->works[i], &err);
}

/* ---- KSRespond -------------------------------------------------------------------------------------------------- */

/* Who will issue the certificate that the key belongs to: a CA's message key has its certificate from the CA itself. */
static struct hf_bytes ca_name(const struct hf_cert *peer)
{
	return peer->is_ca ? peer->tbs.subject : peer->tbs.issuer;
}

static void seal(
	const struct km_batch *b, const struct km_work *w, const struct km_item *item, struct hf_sealed_key *key)
{
	const struct hf_tbs_cert *km = &b->km->cert.tbs;

	key->recipient = (struct hf_issuer_serial){ca_name(&w->peer.cert), item->ask.userCertNo};
	key->signer = (struct hf_issuer_serial){km->issuer, km->serialNumber};
	memcpy(key->enc_private, item->envelope.encrypted_key, sizeof(key->enc_private));
	memcpy(key->sym_cipher, item->envelope.cipher, sizeof(key->sym_cipher));
	memcpy(key->signature, item->envelope.signature, sizeof(key->signature));
}

static bool build(struct km_batch *b, struct km_work *w, struct hf_err *err)
{
	struct hf_km_answer *answers = hf_alloc(w->num, sizeof(*answers));

	for (size_t i = 0; i < w->num; i++) {
		const struct km_item *item = &w->items[i];
		answers[i].verb = item->error != HF_KM_ERR_NONE ? HF_KM_ERROR : item->ask.verb;
		answers[i].errNo = (int64_t)item->error;
		answers[i].userCertNo = item->ask.userCertNo;
		memcpy(answers[i].retPubKey, item->pair.pub, sizeof(answers[i].retPubKey));
		if (hf_km_item_gives(item))
			seal(b, w, item, &answers[i].retPriKey);
	}
	int64_t now = hf_now(b->km->clock);
	bool ok = hf_km_respond_tbs(
		&b->km->cert, w->message.taskNO, now - now % HF_SECOND, answers, w->num, &w->tbs, err);
	free(answers);
	return ok;
}

void hf_km_sign_all(struct km_batch *b)
{
	struct hf_dev_key key = {.dev = b->km->dev, .name = "km"};
	struct hf_bytes tbs[HF_KM_JOBS_MAX];
	struct hf_buf out[HF_KM_JOBS_MAX];
	struct km_work *of[HF_KM_JOBS_MAX];
	struct hf_err err = {0};
	size_t num = 0;

	for (size_t i = 0; i < b->num; i++) {
		struct km_work *w = &b->works[i];
		if (w->stage != KM_OPEN || (!build(b, w, &err) && !hf_km_work_refuse(w, &err)))
			continue;
		of[num] = w;
		tbs[num] = hf_buf_bytes(&w->tbs);
		hf_buf_init(&out[num++], HF_KM_MESSAGE_MAX + HF_SIGNED_EXTRA);
	}
	memcpy(key.pub, b->km->cert.pub, sizeof(key.pub));
	struct hf_signer signer = hf_dev_signer(&key, true);
	bool ok = num == 0 || hf_signed_make_octets(&signer, tbs, num, out, &err);
	for (size_t i = 0; i < num; i++) {
		if (ok)
			hf_buf_put_bytes(&of[i]->respond, hf_buf_bytes(&out[i]));
		else
			hf_km_work_refuse(of[i], &err);
		hf_buf_clear(&out[i]);
	}
}
