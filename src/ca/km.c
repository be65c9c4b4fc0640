/*
 * The CA's side of GM/T 0014: what is asked of the KM is decided and stored first, and sent, octet for octet, until it
 * is answered.
 */
#include "ca/ca_int.h"

#include "base/alloc.h"
#include "crypto/rand.h"
#include "x509/kmproto.h"

#include <stdlib.h>
#include <string.h>

/* Asked again after a crash or a KM that was away: a task is closed when every certificate of it is issued or void. */
#define REVOKES_AT_ONCE 200

struct number {
	uint8_t octets[8], scratch[9];
};

static struct hf_bytes number_of(int64_t n, struct number *room)
{
	hf_put_u64(room->octets, (uint64_t)n);
	return hf_der_positive(room->octets, sizeof(room->octets), room->scratch);
}

/* The message key's certificate names us, its key signs (policy: KSRequest only, beside signed operations). */
static bool sign_request(struct hf_ca *ca, int64_t task, const struct hf_km_ask *asks, size_t num, struct hf_buf *der,
	struct hf_err *err)
{
	struct hf_dev_key key = {.dev = ca->dev, .name = "service"};
	struct number room;
	struct hf_buf tbs;
	int64_t now = hf_now(ca->clock);

	memcpy(key.pub, ca->service.pub, sizeof(key.pub));
	struct hf_signer signer = hf_dev_signer(&key, true);
	hf_buf_init(&tbs, HF_KM_MESSAGE_MAX);
	bool ok = hf_km_request_tbs(&ca->service, number_of(task, &room), now - now % HF_SECOND, asks, num, &tbs, err);
	if (ok) {
		struct hf_bytes bytes = hf_buf_bytes(&tbs);
		hf_buf_reset(der);
		ok = hf_signed_make_octets(&signer, &bytes, 1, der, err);
	}
	hf_buf_clear(&tbs);
	return ok;
}

bool hf_ca_km_request(
	struct hf_ca *ca, int64_t task, const struct km_ask *asks, size_t num, struct hf_buf *der, struct hf_err *err)
{
	struct hf_km_ask *list = hf_alloc(num, sizeof(*list));

	for (size_t i = 0; i < num; i++) {
		list[i] = (struct hf_km_ask){.verb = HF_KM_APPLY,
			.userCertNo = HF_BYTES_OF(asks[i].enc_serial),
			.notBefore = asks[i].not_before,
			.notAfter = asks[i].not_after};
		memcpy(list[i].userPubKey, asks[i].user_pub, sizeof(list[i].userPubKey));
	}
	bool ok = sign_request(ca, task, list, num, der, err);
	free(list);
	return ok;
}

bool hf_ca_km_task_put(
	struct hf_tx *tx, int64_t task, bool revoke, struct hf_bytes request, int64_t now, struct hf_err *err)
{
	struct hf_query *q =
		hf_query(tx, "INSERT INTO km_task (number, kind, request, open, made_at) VALUES (?, ?, ?, 1, ?)");

	hf_query_i64(q, task);
	hf_query_bool(q, revoke);
	hf_query_bytes(q, request);
	hf_query_i64(q, now);
	return hf_query_run(q, NULL, err);
}

bool hf_ca_km_task_close(struct hf_tx *tx, int64_t task, struct hf_err *err)
{
	struct hf_query *q = hf_query(tx, "UPDATE km_task SET open = 0 WHERE number = ? AND open = 1");

	hf_query_i64(q, task);
	return hf_query_run(q, NULL, err);
}

struct reading {
	int64_t task;
	struct hf_buf *request;
};

static bool read_task(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct reading *r = ctx;
	struct hf_query *q = hf_query(tx, "SELECT request FROM km_task WHERE number = ?");
	bool row = false;

	hf_query_i64(q, r->task);
	bool ok = hf_query_next(q, &row, err);
	hf_buf_reset(r->request);
	if (ok && row)
		hf_buf_put_bytes(r->request, hf_query_col_bytes(q, 0));
	else if (ok)
		ok = hf_fail(err, HF_E_INTERNAL, "KM task %lld is not in the database", (long long)r->task);
	hf_query_done(q);
	return ok;
}

static bool check_respond(struct hf_ca *ca, struct km_talk *talk, struct hf_err *err)
{
	struct hf_km_message request, respond;

	if (!hf_km_request_parse(hf_buf_bytes(&talk->request), &request, err) ||
		!hf_km_respond_parse(hf_buf_bytes(&talk->respond), &respond, err) ||
		!hf_km_message_verify(&respond, &ca->km_cert, err))
		return false;
	if (!hf_bytes_equal(request.taskNO, respond.taskNO))
		return hf_fail(err, HF_E_VERIFY, "the KM's answer is for another taskNO (GM/T 0014 5.2.3)");
	return true;
}

bool hf_ca_km_talk(struct hf_ca *ca, int64_t task, struct km_talk *talk, struct hf_err *err)
{
	struct reading reading = {task, &talk->request};

	hf_buf_reset(&talk->respond);
	return (hf_store_read(ca->store, read_task, &reading, err) &&
		       ca->km.exchange(ca->km.ctx, hf_buf_bytes(&talk->request), &talk->respond, err) &&
		       check_respond(ca, talk, err)) ||
	       hf_fail_in(err, "KM");
}

static bool take_answer(const struct hf_km_answer *answer, const struct hf_km_ask *ask, struct km_key *key,
	struct hf_buf *envelope, struct hf_err *err)
{
	if (!hf_km_answer_fits(answer, ask, &key->err)) {
		key->there = false;
		return true;
	}
	key->there = true;
	memcpy(key->pub, answer->retPubKey, sizeof(key->pub));
	hf_buf_reset(envelope);
	return hf_sealed_key_encode(&answer->retPriKey, envelope, err);
}

bool hf_ca_km_find(const struct km_talk *talk, const uint8_t enc_serial[HF_SERIAL_LEN], struct km_key *key,
	struct hf_buf *envelope, struct hf_err *err)
{
	struct hf_km_message request, respond;
	struct hf_km_answer answer;
	struct hf_km_ask ask;

	if (!hf_km_request_parse(hf_buf_bytes(&talk->request), &request, err) ||
		!hf_km_respond_parse(hf_buf_bytes(&talk->respond), &respond, err))
		return false;
	while (hf_km_ask_next(&request.list, &ask)) {
		/* One error packet may answer the whole message: then it is the answer to each request. */
		if (!hf_km_answer_next(&respond.list, &answer) && answer.verb != HF_KM_ERROR)
			return hf_fail(err, HF_E_PEER, "the KM answered fewer requests than it was sent");
		if (hf_bytes_equal(ask.userCertNo, (struct hf_bytes){enc_serial, HF_SERIAL_LEN}))
			return take_answer(&answer, &ask, key, envelope, err);
	}
	return hf_fail(err, HF_E_INTERNAL, "the KM task does not ask for this serial");
}

/* ---- revoking --------------------------------------------------------------------------------------------------- */

struct revoking {
	struct hf_ca *ca;
	int64_t task; /* 0: none is open */
	uint8_t serials[REVOKES_AT_ONCE][HF_SERIAL_LEN];
	size_t num;
	struct km_talk talk;
};

static bool find_revokes(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct revoking *r = ctx;
	bool row = false;
	struct hf_query *q = hf_query(tx, "SELECT number FROM km_task WHERE open = 1 AND kind = 1 LIMIT 1");
	bool ok = hf_query_next(q, &row, err);

	r->num = 0;
	r->task = ok && row ? hf_query_col_i64(q, 0) : 0;
	hf_query_done(q);
	if (!ok || r->task)
		return ok;
	q = hf_query(tx, "SELECT enc_serial FROM km_revoke ORDER BY enc_serial LIMIT 200");
	while ((ok = hf_query_next(q, &row, err)) && row && r->num < REVOKES_AT_ONCE)
		if (hf_query_col_octets(q, 0, r->serials[r->num], HF_SERIAL_LEN, err))
			r->num++;
	hf_query_done(q);
	return ok;
}

/* From the list into an open task: one transaction, so that nothing is told twice or never. */
static bool open_task(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct revoking *r = ctx;

	for (size_t i = 0; i < r->num; i++) {
		struct hf_query *q = hf_query(tx, "DELETE FROM km_revoke WHERE enc_serial = ?");
		hf_query_bytes(q, HF_BYTES_OF(r->serials[i]));
		if (!hf_query_run(q, NULL, err))
			return false;
	}
	return hf_ca_km_task_put(tx, r->task, true, hf_buf_bytes(&r->talk.request), hf_now(r->ca->clock), err);
}

static bool close_task(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct revoking *r = ctx;

	return hf_ca_km_task_close(tx, r->task, err);
}

static bool make_revoke_task(struct revoking *r, struct hf_err *err)
{
	struct hf_km_ask *asks = hf_alloc(r->num, sizeof(*asks));
	uint8_t random[8];
	bool ok = hf_rand(random, sizeof(random), err);

	for (size_t i = 0; i < r->num; i++)
		asks[i] = (struct hf_km_ask){.verb = HF_KM_REVOKE, .userCertNo = HF_BYTES_OF(r->serials[i])};
	r->task = (int64_t)(hf_get_u64(random) >> 1) | 1;
	ok = ok && sign_request(r->ca, r->task, asks, r->num, &r->talk.request, err) &&
	     hf_store_write(r->ca->store, open_task, r, err);
	free(asks);
	return ok;
}

/* A KM that does not know the key (the apply never reached it) has nothing to revoke: that is an answer, too. */
bool hf_ca_km_revoke_due(struct hf_ca *ca, struct hf_err *err)
{
	struct revoking *r = hf_alloc(1, sizeof(*r));
	bool ok;

	r->ca = ca;
	hf_buf_init(&r->talk.request, HF_KM_MESSAGE_MAX);
	hf_buf_init(&r->talk.respond, HF_KM_MESSAGE_MAX);
	ok = hf_store_read(ca->store, find_revokes, r, err);
	if (ok && (r->task || r->num > 0))
		ok = (r->task || make_revoke_task(r, err)) && hf_ca_km_talk(ca, r->task, &r->talk, err) &&
		     hf_store_write(ca->store, close_task, r, err);
	hf_buf_clear(&r->talk.request);
	hf_buf_clear(&r->talk.respond);
	free(r);
	return ok;
}
