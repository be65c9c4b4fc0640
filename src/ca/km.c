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

bool hf_ca_km_task_draw(int64_t *task, struct hf_err *err)
{
	uint8_t random[8];

	if (!hf_rand(random, sizeof(random), err))
		return false;
	*task = (int64_t)(hf_get_u64(random) >> 1) | 1;
	return true;
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
		hf_query(tx, "INSERT INTO km_task (number, kind, request, open, made_at) VALUES (?, ?, ?, ?, ?)");

	hf_query_i64(q, task);
	hf_query_bool(q, revoke);
	hf_query_bytes(q, request);
	hf_query_bool(q, revoke); /* an application is sent again when an order is, a revocation by the timer */
	hf_query_i64(q, now);
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

bool hf_ca_km_walk(const struct km_talk *talk,
	bool (*fn)(void *ctx, const struct hf_km_ask *ask, const struct hf_km_answer *answer, struct hf_err *err),
	void *ctx, struct hf_err *err)
{
	struct hf_km_message request, respond;
	struct hf_km_answer answer = {0};
	struct hf_km_ask ask;

	if (!hf_km_request_parse(hf_buf_bytes(&talk->request), &request, err) ||
		!hf_km_respond_parse(hf_buf_bytes(&talk->respond), &respond, err))
		return false;
	bool whole = request.list.num > 1 && respond.list.num == 1;
	if (respond.list.num != request.list.num && !whole)
		return hf_fail(
			err, HF_E_PEER, "the KM gave %zu answers to %zu requests", respond.list.num, request.list.num);
	for (size_t i = 0; hf_km_ask_next(&request.list, &ask); i++) {
		/* One error packet may answer the whole message: then it is the answer to each request. */
		if ((i == 0 || !whole) && !hf_km_answer_next(&respond.list, &answer))
			return hf_fail(err, HF_E_PEER, "answer %zu of the KM cannot be read", i);
		if (whole && answer.verb != HF_KM_ERROR)
			return hf_fail(err, HF_E_PEER, "the KM gave one answer to %zu requests", request.list.num);
		if (!fn(ctx, &ask, &answer, err))
			return false;
	}
	return true;
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
	struct hf_query *q = hf_query(tx, "UPDATE km_task SET open = 0 WHERE number = ? AND open = 1");

	hf_query_i64(q, r->task);
	return hf_query_run(q, NULL, err);
}

/*
 * Was it taken? A key that the KM never had, or has revoked already, has nothing to revoke: that is an answer, too. A
 * KM that fails keeps the task open.
 */
static bool look_at_answer(
	void *ctx, const struct hf_km_ask *ask, const struct hf_km_answer *answer, struct hf_err *err)
{
	char serial[HF_SERIAL_TEXT_MAX];
	struct hf_err why = {0};

	(void)ctx;
	if (hf_km_answer_fits(answer, ask, &why) ||
		(answer->verb == HF_KM_ERROR &&
			(answer->errNo == HF_KM_ERR_NO_SUCH_KEY || answer->errNo == HF_KM_ERR_KEY_STATE)))
		return true;
	hf_serial_text(ask->userCertNo, serial);
	return hf_fail(err, HF_E_PEER, "the key of %s is not revoked yet: %s", serial, why.text);
}

static bool make_revoke_task(struct revoking *r, struct hf_err *err)
{
	struct hf_km_ask *asks = hf_alloc(r->num, sizeof(*asks));

	for (size_t i = 0; i < r->num; i++)
		asks[i] = (struct hf_km_ask){.verb = HF_KM_REVOKE, .userCertNo = HF_BYTES_OF(r->serials[i])};
	bool ok = hf_ca_km_task_draw(&r->task, err) &&
		  sign_request(r->ca, r->task, asks, r->num, &r->talk.request, err) &&
		  hf_store_write(r->ca->store, open_task, r, err);
	free(asks);
	return ok;
}

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
		     hf_ca_km_walk(&r->talk, look_at_answer, NULL, err) &&
		     hf_store_write(ca->store, close_task, r, err);
	hf_buf_clear(&r->talk.request);
	hf_buf_clear(&r->talk.respond);
	free(r);
	return ok;
}
