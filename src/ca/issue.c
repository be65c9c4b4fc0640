/*
 * An order becomes two certificates. The stages are those of ca.h's picture; each works on the whole batch, an order
 * that fails in one is passed over by the later ones.
 */
#include "ca/ca_int.h"

#include "base/alloc.h"
#include "base/str.h"
#include "crypto/rand.h"
#include "crypto/sm3.h"

#include <stdlib.h>
#include <string.h>

/* One order on its way through the stages. */
struct work {
	struct hf_order *order;
	const struct hf_template *template;
	struct hf_csr csr;
	uint8_t order_hash[32];
	struct issuance row;
	bool live;            /* still to be issued: no error, and not issued before */
	bool renewed;         /* the row was voided before and is drawn again */
	bool asked;           /* the KM was, for its task */
	bool keyed;           /* and gave the key */
	struct hf_buf tbs[2]; /* sign, enc */
	struct hf_cert certs[2];
};

struct batch {
	struct hf_ca *ca;
	struct work *works;
	size_t num;
	int64_t now;
	const struct hf_ca_within *within;
	int64_t new_task; /* of the orders that had none; 0 when all resume */
	struct km_talk talk;
	struct hf_ledger_state seen;
	struct frames frames;
};

void hf_order_init(struct hf_order *order)
{
	hf_buf_init(&order->sign_cert, HF_CERT_MAX);
	hf_buf_init(&order->enc_cert, HF_CERT_MAX);
	hf_buf_init(&order->envelope, HF_CERT_MAX);
}

void hf_order_clear(struct hf_order *order)
{
	hf_buf_clear(&order->sign_cert);
	hf_buf_clear(&order->enc_cert);
	hf_buf_clear(&order->envelope);
}

static void refuse(struct work *w, const struct hf_err *why)
{
	w->live = false;
	w->order->done = false;
	w->order->err = *why;
}

static bool fail_all(struct batch *b, const struct hf_err *why)
{
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].live)
			refuse(&b->works[i], why);
	return false;
}

/* ---- stage 0: is the order one that may be issued? -------------------------------------------------------------- */

static void hash_order(struct work *w)
{
	const struct hf_order *o = w->order;
	uint8_t days[8];
	struct hf_sm3 sm3;

	hf_sm3_init(&sm3);
	hf_put_u64(days, (uint64_t)o->validity_days);
	hf_sm3_update(&sm3, days, sizeof(days));
	hf_sm3_update(&sm3, o->template, strlen(o->template) + 1);
	hf_sm3_update(&sm3, o->subject.p, o->subject.len);
	hf_sm3_update(&sm3, w->csr.pub, sizeof(w->csr.pub));
	hf_sm3_update(&sm3, o->email ? o->email : "", o->email ? strlen(o->email) + 1 : 1);
	for (size_t i = 0; i < o->num_identities; i++) {
		uint8_t kind = (uint8_t)o->identities[i].kind;
		hf_sm3_update(&sm3, &kind, 1);
		hf_sm3_update(&sm3, o->identities[i].value, strlen(o->identities[i].value) + 1);
	}
	hf_sm3_final(&sm3, w->order_hash);
}

static bool check_template(const struct hf_ca *ca, struct work *w, int64_t now, struct hf_err *err)
{
	const struct hf_order *o = w->order;

	w->template = hf_template_find(o->template);
	if (!w->template)
		return hf_fail(err, HF_E_INPUT, "no template \"%.64s\"", o->template);
	int64_t max_days =
		ca->settings.max_days < w->template->max_days ? ca->settings.max_days : w->template->max_days;
	if (o->validity_days < 1 || o->validity_days > max_days)
		return hf_fail(err, HF_E_INPUT, "validity of %lld days: template %s allows 1 to %lld",
			(long long)o->validity_days, o->template, (long long)max_days);
	if (now + o->validity_days * HF_DAY > ca->ca.cert.tbs.validity.notAfter)
		return hf_fail(err, HF_E_INPUT, "validity of %lld days reaches behind the CA's own end",
			(long long)o->validity_days);
	for (size_t i = 0; i < o->num_identities; i++)
		if (!(w->template->identities & 1u << o->identities[i].kind))
			return hf_fail(err, HF_E_INPUT, "template %s takes no %s", o->template,
				hf_identity_name(o->identities[i].kind));
	return true;
}

static bool check_order(const struct hf_ca *ca, struct work *w, int64_t now, struct hf_err *err)
{
	size_t id_len = strlen(w->order->request_id);

	if (id_len < 8 || id_len > 64)
		return hf_fail(err, HF_E_INPUT, "a request id has 8 to 64 characters");
	if (!check_template(ca, w, now, err) || !hf_name_check_rules(w->order->subject, err) ||
		!hf_decode_csr(w->order->pkcs10, &w->csr, err) || !hf_csr_verify(&w->csr, err))
		return false;
	if (!hf_name_equal(w->csr.info.subject, w->order->subject))
		return hf_fail(err, HF_E_INPUT, "the PKCS#10's subject is not the approved one (GM/T 0034 8.2.5)");
	/* keyd would refuse these, and with them all orders of the batch. */
	if (hf_name_equal(w->order->subject, ca->ca.cert.tbs.subject) ||
		memcmp(w->csr.pub, ca->ca.cert.pub, sizeof(w->csr.pub)) == 0)
		return hf_fail(err, HF_E_INPUT, "the subject or the key is the CA's own");
	return true;
}

/* ---- what is signed --------------------------------------------------------------------------------------------- */

static bool draw_serial(int64_t now, uint8_t out[HF_SERIAL_LEN], struct hf_err *err)
{
	uint8_t random[HF_SERIAL_RANDOM];

	return hf_rand(random, sizeof(random), err) && hf_serial_make(now, 0, random, out, err);
}

/* A row as T1 will write it, but for the task. */
static bool draw(const struct batch *b, struct work *w, struct hf_err *err)
{
	w->row.state = ISSUANCE_PENDING;
	w->row.task = 0;
	w->row.not_before = b->now - b->now % HF_SECOND;
	w->row.not_after = w->row.not_before + w->order->validity_days * HF_DAY;
	memcpy(w->row.order_hash, w->order_hash, sizeof(w->row.order_hash));
	return draw_serial(b->now, w->row.sign_serial, err) && draw_serial(b->now, w->row.enc_serial, err);
}

static bool build_one(const struct hf_ca *ca, struct work *w, bool enc, struct hf_err *err)
{
	const struct hf_ca_settings *s = &ca->settings;
	const struct hf_template *t = w->template;
	char crl[300], issuer[300], dns[256] = "";
	struct hf_bytes cn;
	struct hf_tbs_params params = {
		.profile = enc ? t->enc : t->sign,
		.serial = enc ? HF_BYTES_OF(w->row.enc_serial) : HF_BYTES_OF(w->row.sign_serial),
		.issuer = ca->ca.cert.tbs.subject,
		.subject = w->order->subject,
		.not_before = w->row.not_before,
		.not_after = w->row.not_after,
		.issuer_key_id = ca->ca.cert.subject_key_id,
		.path_len = -1,
		.crl_uri = crl,
		.ocsp_uri = s->ocsp_uri,
		.ca_issuers_uri = issuer,
		.email = t->email ? w->order->email : NULL,
		.edition = s->identity_2023 ? HF_IDENTITY_2023 : HF_IDENTITY_2012,
		.num_identities = w->order->num_identities,
	};

	hf_fmt_cut(crl, sizeof(crl), "%s/ca.crl", s->crl_uri);
	hf_fmt_cut(issuer, sizeof(issuer), "%s/ca.crt", s->issuer_uri);
	if (t->dns_name && hf_name_get(w->order->subject, HF_OID_COMMON_NAME, &cn)) {
		hf_fmt_cut(dns, sizeof(dns), "%.*s", (int)cn.len, (const char *)cn.p);
		params.dns = dns;
	}
	memcpy(params.identities, w->order->identities, sizeof(params.identities));
	memcpy(params.pub, enc ? w->order->enc_pub : w->csr.pub, sizeof(params.pub));
	hf_buf_reset(&w->tbs[enc]);
	return hf_tbs_build(&params, &w->tbs[enc], err) &&
	       hf_lint_tbs(hf_buf_bytes(&w->tbs[enc]), params.profile, NULL, err);
}

/* The signing certificate is decided before anything is asked of the KM (GM/T 0034 12.1): what cannot be built leaves
 * no trace. */
static bool try_order(const struct batch *b, struct work *w, struct hf_err *err)
{
	return draw(b, w, err) && build_one(b->ca, w, false, err);
}

/* The same id twice in one batch: the second one is told to ask again, and then gets the first one's certificates. */
static bool is_twice(const struct batch *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(b->works[i].order->request_id, b->works[n].order->request_id) == 0)
			return true;
	return false;
}

static void look_at_orders(struct batch *b)
{
	for (size_t i = 0; i < b->num; i++) {
		struct work *w = &b->works[i];
		struct hf_err err = {0};
		w->live = true;
		if (!check_order(b->ca, w, b->now, &err) || !try_order(b, w, &err) ||
			(is_twice(b, i) && !hf_fail(&err, HF_E_STATE, "this request is being issued: ask again")))
			refuse(w, &err);
		else
			hash_order(w);
	}
}

/* ---- stage 1: what is known of it? ------------------------------------------------------------------------------ */

static bool same_order(struct work *w)
{
	struct hf_err err;

	if (memcmp(w->row.order_hash, w->order_hash, sizeof(w->order_hash)) == 0)
		return true;
	hf_fail(&err, HF_E_CONFLICT, "request id %.64s was used for another order", w->order->request_id);
	refuse(w, &err);
	return false;
}

/* Pending too long: its notBefore would no longer pass. It is drawn again; the KM takes the first key back. */
static bool is_stale(const struct batch *b, const struct issuance *row)
{
	return b->now - row->not_before > 5 * HF_MINUTE;
}

static bool look_up(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct batch *b = ctx;

	for (size_t i = 0; i < b->num; i++) {
		struct work *w = &b->works[i];
		bool there = false;
		if (!w->live)
			continue;
		if (!hf_ca_issuance_get(tx, w->order->request_id, &w->row, &there, err))
			return false;
		if (!there || !same_order(w)) {
			w->row.task = 0;
			continue;
		}
		if (w->row.state == ISSUANCE_ISSUED) {
			w->live = false;
			if (!hf_ca_issuance_answer(tx, w->order, err))
				return false;
		} else if (w->row.state == ISSUANCE_VOIDED || is_stale(b, &w->row)) {
			w->renewed = true;
			if (w->row.state == ISSUANCE_PENDING &&
				!hf_ca_issuance_void(tx, "ca", HF_BYTES_OF(w->row.sign_serial), err))
				return false;
			w->row.task = 0;
		}
	}
	return true;
}

/* ---- stage 2, T1: serials and a KM task for the new ones -------------------------------------------------------- */

static bool make_task(struct batch *b, struct hf_err *err)
{
	struct km_ask *asks = hf_alloc(b->num, sizeof(*asks));
	size_t num = 0;
	bool ok = hf_ca_km_task_draw(&b->new_task, err);

	for (size_t i = 0; ok && i < b->num; i++) {
		struct work *w = &b->works[i];
		if (!w->live || w->row.task != 0)
			continue;
		ok = draw(b, w, err);
		w->row.task = b->new_task;
		asks[num] = (struct km_ask){.not_before = w->row.not_before, .not_after = w->row.not_after};
		memcpy(asks[num].enc_serial, w->row.enc_serial, HF_SERIAL_LEN);
		memcpy(asks[num].user_pub, w->csr.pub, sizeof(w->csr.pub));
		num++;
	}
	if (ok && num > 0)
		ok = hf_ca_km_request(b->ca, b->new_task, asks, num, &b->talk.request, err);
	else
		b->new_task = 0;
	free(asks);
	return ok;
}

static bool write_t1(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct batch *b = ctx;

	for (size_t i = 0; i < b->num; i++) {
		struct work *w = &b->works[i];
		if (w->live && w->row.task == b->new_task &&
			!hf_ca_issuance_put(tx, w->order->request_id, &w->row, b->now, w->renewed, err))
			return false;
	}
	return hf_ca_km_task_put(tx, b->new_task, false, hf_buf_bytes(&b->talk.request), b->now, err);
}

/* ---- stage 3: the KM -------------------------------------------------------------------------------------------- */

struct taking {
	struct batch *batch;
	int64_t task;
};

static bool take_answer(void *ctx, const struct hf_km_ask *ask, const struct hf_km_answer *answer, struct hf_err *err)
{
	struct taking *t = ctx;

	for (size_t i = 0; i < t->batch->num; i++) {
		struct work *w = &t->batch->works[i];
		struct hf_err why = {0};
		if (!w->live || w->row.task != t->task ||
			!hf_bytes_equal(ask->userCertNo, HF_BYTES_OF(w->row.enc_serial)))
			continue;
		hf_buf_reset(&w->order->envelope);
		w->keyed = hf_km_answer_fits(answer, ask, &why) &&
			   hf_sealed_key_encode(&answer->retPriKey, &w->order->envelope, &why);
		if (w->keyed)
			memcpy(w->order->enc_pub, answer->retPubKey, sizeof(w->order->enc_pub));
		else
			refuse(w, &why);
		break;
	}
	(void)err;
	return true;
}

static void take_keys(struct batch *b, int64_t task)
{
	struct taking taking = {b, task};
	struct hf_err err = {0};

	if (hf_ca_km_talk(b->ca, task, &b->talk, &err) && hf_ca_km_walk(&b->talk, take_answer, &taking, &err))
		hf_fail(&err, HF_E_INTERNAL, "the KM task does not ask for this serial");
	for (size_t i = 0; i < b->num; i++) {
		struct work *w = &b->works[i];
		if (w->live && w->row.task == task && !w->keyed)
			refuse(w, &err);
	}
}

static void ask_km(struct batch *b)
{
	for (size_t i = 0; i < b->num; i++) {
		bool asked = false;
		for (size_t j = 0; j < i && !asked; j++)
			asked = b->works[j].row.task == b->works[i].row.task && b->works[j].asked;
		b->works[i].asked = b->works[i].live;
		if (b->works[i].live && !asked)
			take_keys(b, b->works[i].row.task);
	}
}

/* ---- stage 4: both certificates --------------------------------------------------------------------------------- */

static bool sign_all(struct batch *b, const struct hf_bytes *tbs, struct hf_buf *out, size_t num, struct hf_err *err)
{
	struct hf_dev_key key = hf_ca_key(b->ca, &b->ca->ca);
	struct hf_signer signer = hf_dev_signer(&key, true);

	return hf_signed_make(&signer, tbs, num, out, err) && hf_dev_ledger_state(b->ca->dev, &b->seen, err);
}

static bool take_signed(struct work *w, const struct hf_buf out[2], struct hf_err *err)
{
	struct hf_buf *certs[2] = {&w->order->sign_cert, &w->order->enc_cert};

	for (int i = 0; i < 2; i++) {
		hf_buf_reset(certs[i]);
		hf_buf_put_bytes(certs[i], hf_buf_bytes(&out[i]));
		if (!hf_decode_cert(hf_buf_bytes(certs[i]), &w->certs[i], err))
			return false;
	}
	return hf_lint_pair(&w->certs[0], &w->certs[1], err);
}

static bool sign_live(struct batch *b, struct hf_err *err)
{
	struct hf_bytes *tbs = hf_alloc(2 * b->num, sizeof(*tbs));
	struct hf_buf *out = hf_alloc(2 * b->num, sizeof(*out));
	size_t num = 0;
	size_t at = 0;

	for (size_t i = 0; i < b->num; i++)
		for (int enc = 0; b->works[i].live && enc < 2; enc++, num++) {
			tbs[num] = hf_buf_bytes(&b->works[i].tbs[enc]);
			hf_buf_init(&out[num], HF_CERT_MAX);
		}
	bool ok = num == 0 || sign_all(b, tbs, out, num, err);
	for (size_t i = 0; ok && i < b->num; i++)
		if (b->works[i].live) {
			ok = take_signed(&b->works[i], &out[at], err);
			at += 2;
		}
	for (size_t i = 0; i < num; i++)
		hf_buf_clear(&out[i]);
	free(out);
	free(tbs);
	return ok;
}

static void build_all(struct batch *b)
{
	for (size_t i = 0; i < b->num; i++) {
		struct work *w = &b->works[i];
		struct hf_err err = {0};
		if (w->live && (!build_one(b->ca, w, false, &err) || !build_one(b->ca, w, true, &err)))
			refuse(w, &err);
	}
}

/* ---- stage 5, T2 ------------------------------------------------------------------------------------------------ */

static bool put_pair(struct hf_tx *tx, struct batch *b, struct work *w, struct hf_err *err)
{
	struct hf_order *o = w->order;

	if (!hf_ca_certificate_put(
		    tx, "ca", w->template->sign, o->request_id, &w->certs[0], b->now, &b->frames.feed, err) ||
		!hf_ca_certificate_put(
			tx, "ca", w->template->enc, o->request_id, &w->certs[1], b->now, &b->frames.feed, err) ||
		!hf_ca_issuance_done(tx, o->request_id, hf_buf_bytes(&o->envelope), b->now, err) ||
		!hf_ca_audit_system(b->ca, &b->frames.audit, HF_AUDIT_CREATE, "cert.issue", o->request_id,
			w->certs[0].tbs.serialNumber, "signing certificate", err) ||
		!hf_ca_audit_system(b->ca, &b->frames.audit, HF_AUDIT_CREATE, "cert.issue", o->request_id,
			w->certs[1].tbs.serialNumber, "encryption certificate", err))
		return false;
	o->done = true;
	return true;
}

static bool write_t2(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct batch *b = ctx;
	bool any = false;

	hf_ca_frames_reset(&b->frames);
	for (size_t i = 0; i < b->num; i++) {
		if (!b->works[i].live)
			continue;
		if (!put_pair(tx, b, &b->works[i], err))
			return false;
		any = true;
	}
	if (any && !hf_ca_seen_put(tx, &b->seen, err))
		return false;
	return hf_ca_frames_append(b->ca, &b->frames, b->within, tx, err);
}

static bool finish(struct batch *b, struct hf_err *err)
{
	if (hf_store_write(b->ca->store, write_t2, b, err))
		return true;
	for (size_t i = 0; i < b->num; i++)
		b->works[i].order->done = b->works[i].order->done && !b->works[i].live;
	return fail_all(b, err);
}

static bool any_live(const struct batch *b)
{
	for (size_t i = 0; i < b->num; i++)
		if (b->works[i].live)
			return true;
	return false;
}

/* Ledger, signatures and T2 are one piece of work: nobody else may read the ledger between them. */
static bool sign_and_finish(struct batch *b, struct hf_err *err)
{
	struct hf_err why = {0};

	if (!any_live(b))
		return finish(b, err);
	if (!hf_ca_ledger_begin(b->ca, &why)) {
		fail_all(b, &why);
		return finish(b, err);
	}
	bool all_signed = sign_live(b, &why) || fail_all(b, &why);
	bool ok = finish(b, err);
	hf_ca_ledger_end(b->ca, all_signed && ok);
	return ok;
}

/* All that comes before the signatures. */
static void prepare(struct batch *b)
{
	struct hf_err err = {0};

	look_at_orders(b);
	if (!hf_ca_reconcile(b->ca, &err) || !hf_store_write(b->ca->store, look_up, b, &err) || !make_task(b, &err) ||
		(b->new_task && !hf_store_write(b->ca->store, write_t1, b, &err))) {
		fail_all(b, &err);
		return;
	}
	ask_km(b);
	build_all(b);
}

bool hf_ca_issue(
	struct hf_ca *ca, struct hf_order *orders, size_t num, const struct hf_ca_within *within, struct hf_err *err)
{
	struct batch b = {.ca = ca, .num = num, .now = hf_now(ca->clock), .within = within};

	HF_ASSERT(num <= HF_CA_BATCH_MAX);
	b.works = hf_alloc(num, sizeof(*b.works));
	hf_buf_init(&b.talk.request, HF_DEV_TBS_MAX);
	hf_buf_init(&b.talk.respond, HF_DEV_TBS_MAX);
	hf_ca_frames_init(&b.frames);
	for (size_t i = 0; i < num; i++) {
		b.works[i].order = &orders[i];
		orders[i].done = false;
		orders[i].err = (struct hf_err){0};
		hf_buf_init(&b.works[i].tbs[0], HF_TBS_MAX);
		hf_buf_init(&b.works[i].tbs[1], HF_TBS_MAX);
	}
	prepare(&b);
	bool ok = sign_and_finish(&b, err);
	for (size_t i = 0; i < num; i++) {
		hf_buf_clear(&b.works[i].tbs[0]);
		hf_buf_clear(&b.works[i].tbs[1]);
	}
	hf_buf_clear(&b.talk.request);
	hf_buf_clear(&b.talk.respond);
	hf_ca_frames_clear(&b.frames);
	free(b.works);
	return ok;
}
