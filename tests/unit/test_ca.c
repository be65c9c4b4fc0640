/*
 * Orders become dual certificates: what is issued, what is told to feed and audit, what is refused, and what asking
 * again brings. Crashes are in test_ca_crash.c, status and CRLs in test_ca_status.c.
 */
#include "ca_feed.h"

#include "audit/journal_verify.h"
#include "crypto/sm4.h"
#include "x509/lint.h"

static void decode(const struct hf_buf *der, struct hf_cert *cert)
{
	struct hf_err err;

	assert_ok(hf_decode_cert(hf_buf_bytes(der), cert, &err));
}

/* ---- what is issued --------------------------------------------------------------------------------------------- */

static void check_half(struct ca_rig *r, const struct rig_user *u, const struct hf_cert *cert, unsigned usage)
{
	struct hf_err err;
	uint8_t key_id[HF_KEY_ID_LEN];
	struct hf_bytes uri;
	int64_t at;

	assert_true(hf_name_equal(cert->tbs.subject, u->order.subject));
	assert_true(hf_name_equal(cert->tbs.issuer, hf_buf_bytes(&r->ca_name)));
	assert_int_equal(cert->key_usage, usage);
	assert_false(cert->is_ca);
	assert_ok(hf_key_id(r->ca_pub, key_id, &err));
	assert_true(hf_bytes_equal(cert->authority_key_id, HF_BYTES_OF(key_id)));
	assert_ok(hf_key_id(cert->pub, key_id, &err));
	assert_true(hf_bytes_equal(cert->subject_key_id, HF_BYTES_OF(key_id)));
	assert_ok(hf_cert_verify_signature(cert, r->ca_pub, &err));
	assert_true(rig_openssl_verifies(r->ca_pub, cert->tbs_der, cert->signature));
	assert_int_equal(cert->tbs.validity.notBefore, RIG_NOW);
	assert_int_equal(cert->tbs.validity.notAfter, RIG_NOW + 365 * HF_DAY);
	assert_true(hf_serial_read(cert->tbs.serialNumber, &at, NULL));
	assert_true(at <= RIG_NOW && at > RIG_NOW - HF_SECOND);
	assert_true(hf_ext_crl_uri(&cert->tbs.extensions, &uri));
	assert_true(hf_bytes_equal(uri, HF_BYTES_LIT("http://ocsp.example/crl/ca.crl")));
}

/* The user's token opens the envelope with its signing key and finds the key of the encryption certificate. */
static void check_envelope(struct ca_rig *r, const struct rig_user *u, const struct hf_cert *enc)
{
	struct hf_err err;
	struct hf_sealed_key sealed;
	uint8_t sm4[16], d[32], pub[64];

	assert_ok(hf_sealed_key_parse(hf_buf_bytes(&u->order.envelope), &sealed, &err));
	assert_ok(hf_sm2_decrypt(u->key.d, HF_BYTES_OF(sealed.sym_cipher), sm4, &err));
	hf_sm4_ecb_decrypt(sm4, sealed.enc_private, d, sizeof(d));
	assert_ok(hf_sm2_public(d, pub, &err));
	assert_memory_equal(pub, enc->pub, sizeof(pub));
	assert_memory_equal(pub, u->order.enc_pub, sizeof(pub));
	assert_ok(hf_sealed_key_verify(&sealed, d, r->km_pub, &err));
}

static void two_orders_become_four_certificates(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct hf_cert sign[2], enc[2];
	uint64_t ledger = rig_ledger_number(r);

	rig_user_init(&users[0], "request-1", "张三");
	rig_user_init(&users[1], "request-2", "李四");
	assert_issued(r, users, 2);
	for (size_t i = 0; i < 2; i++) {
		decode(&users[i].order.sign_cert, &sign[i]);
		decode(&users[i].order.enc_cert, &enc[i]);
		check_half(r, &users[i], &sign[i], HF_KU_SIGN);
		check_half(r, &users[i], &enc[i], HF_KU_ENCRYPT);
		assert_memory_equal(sign[i].pub, users[i].key.pub, sizeof(sign[i].pub));
		check_envelope(r, &users[i], &enc[i]);
		assert_ok(hf_lint_pair(&sign[i], &enc[i], &err));
		assert_ok(hf_lint_cert(&sign[i], hf_lint_kinds(HF_PROFILE_USER_SIGN), NULL, &err));
		assert_ok(hf_lint_cert(&enc[i], hf_lint_kinds(HF_PROFILE_USER_ENC), NULL, &err));
	}
	assert_memory_not_equal(enc[0].pub, enc[1].pub, sizeof(enc[0].pub));
	assert_int_equal(r->num_exchanges, 1); /* both in one task */
	assert_int_equal(COUNT(r, "km_task"), 1);
	assert_int_equal(rig_ledger_number(r), ledger + 4);
	assert_km_counts(r, 2, 0);
	rig_check_accounts(r);
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

static void a_devices_name_is_its_dns_name(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;
	struct hf_cert sign;
	struct hf_der_list names;
	struct hf_general_name name;
	bool there;

	rig_user_init(&u, "request-1", "www.example.cn");
	u.order.template = "device";
	assert_issued(r, &u, 1);
	decode(&u.order.sign_cert, &sign);
	assert_ok(hf_ext_get(&sign.tbs.extensions, HF_OID_SUBJECT_ALT_NAME, &hf_SubjectAltName, &names, &there, &err));
	assert_true(there && hf_der_list_next(&names, &hf_GeneralName, &name));
	assert_int_equal(name.which, HF_GN_DNS_NAME);
	assert_true(hf_bytes_equal(name.value, HF_BYTES_LIT("www.example.cn")));
	assert_true(hf_ext_has_purpose(&sign.tbs.extensions, HF_OID_KP_SERVER_AUTH));
	rig_user_clear(&u);
}

static void identities_and_email_are_written_into_both(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;
	struct hf_cert cert;
	struct hf_bytes value;

	rig_user_init(&u, "request-1", "张三");
	u.order.identities[0] = (struct hf_identity){HF_IDENTITY_RESIDENT, "11010519491231002X"};
	u.order.num_identities = 1;
	u.order.email = "zhang@example.cn";
	assert_issued(r, &u, 1);
	for (int enc = 0; enc < 2; enc++) {
		decode(enc ? &u.order.enc_cert : &u.order.sign_cert, &cert);
		assert_true(hf_identity_get(&cert.tbs.extensions, HF_IDENTITY_RESIDENT, &value));
		assert_true(hf_bytes_equal(value, HF_BYTES_LIT("11010519491231002X")));
		assert_non_null(memmem(cert.der.p, cert.der.len, "zhang@example.cn", 16));
	}
	rig_user_clear(&u);
}

/* ---- feed and audit --------------------------------------------------------------------------------------------- */

static void verify_journal(
	struct ca_rig *r, const char *name, bool (*record)(void *ctx, struct hf_bytes record, struct hf_err *err))
{
	struct hf_err err;
	const struct hf_journal journal = {"ca", name};
	const struct hf_journal_verify_options options = {
		.journal = &journal, .pub = r->audit_pub, .unsigned_since = r->now, .record = record};
	struct hf_journal_verifier v;

	assert_ok(hf_journal_verify(r->store, &options, &v, &err));
	assert_int_equal(v.num_faults, 0);
	assert_int_equal(v.signed_number, v.number);
	assert_true(v.num_records > 0);
}

static void feed_and_audit_tell_it_and_can_be_verified(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;
	struct feed_seen seen;
	int of_user = 0;

	rig_user_init(&u, "request-1", "张三");
	assert_issued(r, &u, 1);
	sign_head(r, HF_AUDIT_NAME);
	read_feed(r, &seen);
	verify_journal(r, HF_FEED_NAME, NULL);
	verify_journal(r, HF_AUDIT_NAME, hf_audit_record_check);
	assert_int_equal(seen.num_of[HF_FEED_ISSUED], 4 + 2); /* root, CA, KM, service, and the user's */
	assert_int_equal(seen.num_of[HF_FEED_AUTHORITY], 1);
	assert_int_equal(seen.num, 7);
	for (size_t i = 0; i < seen.num; i++) {
		struct hf_bytes cert = seen.records[i].issued.certificate;
		of_user += seen.records[i].which == HF_FEED_ISSUED &&
			   (hf_bytes_equal(cert, hf_buf_bytes(&u.order.sign_cert)) ||
				   hf_bytes_equal(cert, hf_buf_bytes(&u.order.enc_cert)));
	}
	assert_int_equal(of_user, 2);
	feed_seen_clear(&seen);
	rig_user_clear(&u);
}

struct audited {
	int num;
	const char *object;
};

static bool count_record(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err)
{
	struct audited *a = ctx;

	(void)number;
	(void)err;
	a->num += hf_bytes_equal(record->object, hf_bytes_str(a->object)) && record->serial.len == HF_SERIAL_LEN;
	return true;
}

static int audited(struct ca_rig *r, const char *operation, const char *object)
{
	struct hf_err err;
	struct audited a = {0, object};
	const struct hf_audit_filter filter = {.operation = operation};
	int64_t last = 0;

	assert_ok(hf_audit_list(r->store, "ca", &filter, count_record, &a, &last, &err));
	return a.num;
}

static void each_certificate_has_its_audit_record(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	rig_user_init(&u, "request-1", "张三");
	assert_issued(r, &u, 1);
	assert_int_equal(audited(r, "cert.issue", "request-1"), 2);
	assert_int_equal(audited(r, "cert.enrol", "authority/ca"), 1);
	assert_issued(r, &u, 1);
	assert_int_equal(audited(r, "cert.issue", "request-1"), 2);
	rig_user_clear(&u);
}

/* ---- asking again ----------------------------------------------------------------------------------------------- */

static void the_same_request_gets_the_same_octets(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u, again;
	uint64_t ledger;

	rig_user_init(&u, "request-1", "张三");
	assert_issued(r, &u, 1);
	ledger = rig_ledger_number(r);
	again = u;
	hf_order_init(&again.order);
	rig_reopen(r);
	r->now += HF_DAY; /* long after, too */
	r->km_away = true;
	assert_issued(r, &again, 1);
	assert_true(hf_bytes_equal(hf_buf_bytes(&again.order.sign_cert), hf_buf_bytes(&u.order.sign_cert)));
	assert_true(hf_bytes_equal(hf_buf_bytes(&again.order.enc_cert), hf_buf_bytes(&u.order.enc_cert)));
	assert_true(hf_bytes_equal(hf_buf_bytes(&again.order.envelope), hf_buf_bytes(&u.order.envelope)));
	assert_memory_equal(again.order.enc_pub, u.order.enc_pub, sizeof(u.order.enc_pub));
	assert_int_equal(rig_ledger_number(r), ledger);
	assert_int_equal(COUNT(r, "issuance"), 1);
	hf_order_clear(&again.order);
	rig_user_clear(&u);
}

static void another_order_under_a_known_id_is_a_conflict(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u, other;
	uint64_t ledger;

	rig_user_init(&u, "request-1", "张三");
	rig_user_init(&other, "request-1", "李四");
	assert_issued(r, &u, 1);
	ledger = rig_ledger_number(r);
	assert_ok(rig_issue_all(r, &other, 1, &err));
	assert_order_refused(&other, HF_E_CONFLICT, "used for another order");
	assert_int_equal(other.order.sign_cert.len, 0);
	u.order.validity_days++;
	assert_ok(rig_issue_all(r, &u, 1, &err));
	assert_order_refused(&u, HF_E_CONFLICT, "used for another order");
	u.order.validity_days--;
	u.order.email = "a@example.cn";
	assert_ok(rig_issue_all(r, &u, 1, &err));
	assert_order_refused(&u, HF_E_CONFLICT, "used for another order");
	assert_int_equal(rig_ledger_number(r), ledger);
	rig_user_clear(&u);
	rig_user_clear(&other);
}

static void an_id_twice_in_one_batch_is_issued_once(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];

	rig_user_init(&users[0], "request-1", "张三");
	rig_user_init(&users[1], "request-1", "李四");
	assert_ok(rig_issue_all(r, users, 2, &err));
	assert_true(users[0].order.done);
	assert_order_refused(&users[1], HF_E_STATE, "ask again");
	assert_int_equal(COUNT(r, "certificate WHERE request_id IS NOT NULL"), 2);
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

struct issuance_row {
	uint8_t sign_serial[HF_SERIAL_LEN], enc_serial[HF_SERIAL_LEN];
	int64_t task;
};

static bool read_issuance(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct issuance_row *row = ctx;
	struct hf_query *q = hf_query(tx, "SELECT sign_serial, enc_serial, task FROM issuance");
	bool there = false;
	bool ok = hf_query_next(q, &there, err) && there &&
		  hf_query_col_octets(q, 0, row->sign_serial, HF_SERIAL_LEN, err) &&
		  hf_query_col_octets(q, 1, row->enc_serial, HF_SERIAL_LEN, err);

	row->task = ok ? hf_query_col_i64(q, 2) : 0;
	hf_query_done(q);
	return ok;
}

static void a_km_that_was_away_is_asked_the_same_again(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;
	struct issuance_row before, after;
	struct hf_cert sign, enc;
	uint64_t ledger = rig_ledger_number(r);

	rig_user_init(&u, "request-1", "张三");
	r->km_away = true;
	for (int i = 0; i < 3; i++) {
		assert_ok(rig_issue_all(r, &u, 1, &err));
		assert_order_refused(&u, HF_E_PEER, "KM: the KM is away");
		assert_int_equal(rig_ledger_number(r), ledger);
		assert_int_equal(COUNT(r, "certificate WHERE request_id IS NOT NULL"), 0);
	}
	assert_ok(hf_store_read(r->store, read_issuance, &before, &err));
	rig_reopen(r);
	r->km_away = false;
	r->now += 4 * HF_MINUTE;
	assert_issued(r, &u, 1);
	assert_ok(hf_store_read(r->store, read_issuance, &after, &err));
	assert_memory_equal(before.sign_serial, after.sign_serial, HF_SERIAL_LEN);
	assert_memory_equal(before.enc_serial, after.enc_serial, HF_SERIAL_LEN);
	assert_true(before.task == after.task);
	assert_int_equal(COUNT(r, "km_task"), 1);
	decode(&u.order.sign_cert, &sign);
	decode(&u.order.enc_cert, &enc);
	assert_true(hf_bytes_equal(sign.tbs.serialNumber, HF_BYTES_OF(before.sign_serial)));
	assert_true(hf_bytes_equal(enc.tbs.serialNumber, HF_BYTES_OF(before.enc_serial)));
	assert_km_counts(r, 1, 0);
	rig_user_clear(&u);
}

/* The KM had given the key, its answer was lost: the same key comes again. */
static void a_lost_answer_of_the_km_costs_no_second_key(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	rig_user_init(&u, "request-1", "张三");
	rig_arm(r, "km answered", 1, false);
	assert_ok(rig_issue_all(r, &u, 1, &err));
	assert_order_refused(&u, HF_E_PEER, "broke");
	assert_km_counts(r, 1, 0);
	assert_issued(r, &u, 1);
	assert_km_counts(r, 1, 0);
	rig_user_clear(&u);
}

static void an_order_that_waited_too_long_is_drawn_again(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;
	struct issuance_row before, after;

	rig_user_init(&u, "request-1", "张三");
	rig_arm(r, "km answered", 1, false);
	assert_ok(rig_issue_all(r, &u, 1, &err));
	assert_ok(hf_store_read(r->store, read_issuance, &before, &err));
	r->now += 6 * HF_MINUTE;
	assert_issued(r, &u, 1);
	assert_ok(hf_store_read(r->store, read_issuance, &after, &err));
	assert_memory_not_equal(before.enc_serial, after.enc_serial, HF_SERIAL_LEN);
	assert_true(before.task != after.task);
	/* The key that was given for the serial that nobody uses goes back. */
	assert_km_counts(r, 2, 0);
	assert_ok(hf_ca_km_revoke_due(&r->ca, &err));
	assert_km_counts(r, 1, 1);
	assert_int_equal(COUNT(r, "km_revoke"), 0);
	assert_int_equal(COUNT(r, "km_task WHERE open = 1"), 0);
	rig_check_accounts(r);
	rig_user_clear(&u);
}

static void orders_of_several_tasks_go_on_in_one_batch(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[4];
	static const char *const ids[] = {"request-1", "request-2", "request-3", "request-4"};

	for (size_t i = 0; i < 4; i++)
		rig_user_init(&users[i], ids[i], ids[i]);
	assert_issued(r, users, 1);
	r->km_away = true;
	assert_ok(rig_issue_all(r, users + 1, 2, &err));
	r->km_away = false;
	r->num_exchanges = 0;
	assert_issued(r, users, 4); /* one is issued, two wait for the KM, one is new */
	assert_int_equal(r->num_exchanges, 2);
	assert_int_equal(COUNT(r, "km_task"), 3);
	assert_km_counts(r, 4, 0);
	rig_check_accounts(r);
	for (size_t i = 0; i < 4; i++)
		rig_user_clear(&users[i]);
}

/* ---- a KM that lies --------------------------------------------------------------------------------------------- */

struct liar {
	struct ca_rig *r;
	struct hf_buf kept; /* an answer to another task */
	bool replay;
};

static bool lie(void *ctx, struct hf_bytes request, struct hf_buf *respond, struct hf_err *err)
{
	struct liar *liar = ctx;

	if (liar->replay)
		return hf_buf_put_bytes(respond, hf_buf_bytes(&liar->kept));
	if (!rig_exchange(liar->r, request, respond, err))
		return false;
	hf_buf_put_bytes(&liar->kept, hf_buf_bytes(respond));
	respond->p[respond->len - 1] ^= 1; /* in the signature */
	return true;
}

static void an_answer_that_is_not_the_kms_or_not_to_this_task_is_refused(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct liar liar = {.r = r};
	struct rig_user users[2];
	uint64_t ledger = rig_ledger_number(r);

	hf_buf_init(&liar.kept, HF_KM_MESSAGE_MAX);
	rig_user_init(&users[0], "request-1", "张三");
	rig_user_init(&users[1], "request-2", "李四");
	r->ca.km = (struct hf_km_port){lie, &liar};
	assert_ok(rig_issue_all(r, &users[0], 1, &err));
	assert_order_refused(&users[0], HF_E_VERIFY, "KM");
	liar.replay = true;
	assert_ok(rig_issue_all(r, &users[1], 1, &err));
	assert_order_refused(&users[1], HF_E_VERIFY, "another taskNO");
	assert_int_equal(rig_ledger_number(r), ledger);
	r->ca.km = (struct hf_km_port){rig_exchange, r};
	assert_issued(r, users, 2);
	hf_buf_clear(&liar.kept);
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

static bool make_none(void *ctx, size_t num, struct hf_dev_pair *pairs, struct hf_err *err)
{
	(void)ctx;
	(void)num;
	(void)pairs;
	return hf_fail(err, HF_E_DEVICE, "the device makes no keys");
}

static void a_km_without_keys_issues_nothing_until_it_has_some(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct hf_dev_ops ops = *r->km_dev.ops;
	const struct hf_dev_ops *whole = r->km_dev.ops;
	struct rig_user users[24];
	char id[32];

	ops.generate = make_none;
	r->km_dev.ops = &ops;
	for (int i = 0; i < 24; i++) {
		hf_fmt_cut(id, sizeof(id), "request-%d", i);
		rig_user_init(&users[i], id, id);
	}
	assert_issued(r, users, 8);
	assert_issued(r, users + 8, 5);
	assert_ok(rig_issue_all(r, users + 16, 8, &err)); /* three are left */
	for (int i = 16; i < 24; i++)
		assert_order_refused(&users[i], HF_E_PEER, "the device makes no keys");
	assert_int_equal(COUNT(r, "certificate WHERE request_id IS NOT NULL"), 26);
	r->km_dev.ops = whole;
	assert_issued(r, users + 16, 8);
	assert_km_counts(r, 21, 0);
	rig_check_accounts(r);
	for (int i = 0; i < 24; i++)
		rig_user_clear(&users[i]);
}

/* ---- looking them up ----------------------------------------------------------------------------------------------
 */

struct found {
	int num;
	char last_kind[32];
};

static bool find(void *ctx, const struct hf_cert_row *row, struct hf_err *err)
{
	struct found *f = ctx;

	(void)err;
	f->num++;
	hf_fmt_cut(f->last_kind, sizeof(f->last_kind), "%s", row->kind);
	return true;
}

struct finding {
	struct hf_cert_filter filter;
	struct found found;
};

static bool find_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct finding *f = ctx;

	f->found = (struct found){0};
	return hf_ca_certs(tx, &f->filter, find, &f->found, err);
}

static int found(struct ca_rig *r, struct hf_cert_filter filter)
{
	struct hf_err err;
	struct finding f = {.filter = filter};

	assert_ok(hf_store_read(r->store, find_tx, &f, &err));
	return f.found.num;
}

static void certificates_can_be_found_again(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct hf_cert cert;
	struct finding wrong = {.filter = {.state = "burnt", .limit = 10}};

	rig_user_init(&users[0], "request-1", "100%");
	rig_user_init(&users[1], "request-2", "1000");
	assert_issued(r, users, 2);
	decode(&users[1].order.enc_cert, &cert);
	assert_int_equal(found(r, (struct hf_cert_filter){.limit = 100}), 5); /* with the service's own */
	assert_int_equal(found(r, (struct hf_cert_filter){.limit = 3}), 3);
	assert_int_equal(found(r, (struct hf_cert_filter){.request_id = "request-1", .limit = 100}), 2);
	assert_int_equal(found(r, (struct hf_cert_filter){.subject = "100%", .limit = 100}), 2);
	assert_int_equal(found(r, (struct hf_cert_filter){.subject = "100", .limit = 100}), 4);
	assert_int_equal(found(r, (struct hf_cert_filter){.serial = cert.tbs.serialNumber, .limit = 100}), 1);
	assert_int_equal(found(r, (struct hf_cert_filter){.state = "good", .limit = 100}), 5);
	assert_int_equal(found(r, (struct hf_cert_filter){.state = "held", .limit = 100}), 0);
	assert_refused(hf_store_read(r->store, find_tx, &wrong, &err), HF_E_INPUT, "burnt");
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_ca(two_orders_become_four_certificates),
		with_ca(a_devices_name_is_its_dns_name),
		with_ca(identities_and_email_are_written_into_both),
		with_ca(feed_and_audit_tell_it_and_can_be_verified),
		with_ca(each_certificate_has_its_audit_record),
		with_ca(the_same_request_gets_the_same_octets),
		with_ca(another_order_under_a_known_id_is_a_conflict),
		with_ca(an_id_twice_in_one_batch_is_issued_once),
		with_ca(a_km_that_was_away_is_asked_the_same_again),
		with_ca(a_lost_answer_of_the_km_costs_no_second_key),
		with_ca(an_order_that_waited_too_long_is_drawn_again),
		with_ca(orders_of_several_tasks_go_on_in_one_batch),
		with_ca(an_answer_that_is_not_the_kms_or_not_to_this_task_is_refused),
		with_ca(a_km_without_keys_issues_nothing_until_it_has_some),
		with_ca(certificates_can_be_found_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
