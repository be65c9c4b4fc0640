/*
 * Freezing, unfreezing, revoking, and the CRLs that tell of it.
 */
#include "ca_feed.h"

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

struct dual {
	struct rig_user user;
	struct hf_cert sign, enc;
};

static void make_dual(struct ca_rig *r, struct dual *d)
{
	struct hf_err err;

	rig_user_init(&d->user, "request-1", "张三");
	assert_issued(r, &d->user, 1);
	assert_ok(hf_decode_cert(hf_buf_bytes(&d->user.order.sign_cert), &d->sign, &err));
	assert_ok(hf_decode_cert(hf_buf_bytes(&d->user.order.enc_cert), &d->enc, &err));
}

static void set_serial(struct hf_status_item *item, const struct hf_cert *cert)
{
	*item = (struct hf_status_item){.serial_len = cert->tbs.serialNumber.len};
	memcpy(item->serial, cert->tbs.serialNumber.p, cert->tbs.serialNumber.len);
}

/* One act on one certificate, a second later than the one before. */
static bool change(struct ca_rig *r, int event, int reason, const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_status_item item;

	r->now += HF_SECOND;
	set_serial(&item, cert);
	if (!hf_ca_change(&r->ca, event, reason, &item, 1, NULL, err))
		return false;
	if (!item.done)
		*err = item.err;
	return item.done;
}

static void read_crl(struct ca_rig *r, const char *id, struct hf_buf *der, struct hf_crl *crl)
{
	struct hf_err err;

	hf_buf_init(der, HF_CRL_MAX);
	assert_ok(hf_ca_crl_get(&r->ca, id, der, &err));
	assert_ok(hf_decode_crl(hf_buf_bytes(der), crl, &err));
	assert_ok(hf_crl_verify(crl, strcmp(id, "ca") == 0 ? &r->ca.ca.cert : &r->ca.root.cert, &err));
}

/* The reason under which the newest CRL lists it; -1: it does not. */
static int listed(struct ca_rig *r, const struct hf_cert *cert)
{
	struct hf_buf der;
	struct hf_crl crl;
	struct hf_crl_entry entry;

	read_crl(r, "ca", &der, &crl);
	int reason = hf_crl_find(&crl, cert->tbs.serialNumber, &entry) ? entry.reason : -1;
	if (reason >= 0)
		assert_true(entry.revoked_at <= r->now && entry.revoked_at > r->now - HF_HOUR);
	hf_buf_clear(&der);
	return reason;
}

static uint64_t crl_number(struct ca_rig *r, const char *id)
{
	struct hf_buf der;
	struct hf_crl crl;
	uint8_t number[8];

	read_crl(r, id, &der, &crl);
	assert_true(hf_der_unsigned(crl.number, number, sizeof(number)));
	hf_buf_clear(&der);
	return hf_get_u64(number);
}

/* ---- the life cycle --------------------------------------------------------------------------------------------- */

static void the_life_cycle_has_no_holes(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_lifecycle_check(&hf_cert_lifecycle, &err));
}

static void a_certificate_is_frozen_unfrozen_and_revoked(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;

	make_dual(r, &d);
	assert_ok(change(r, HF_CERT_FREEZE, 0, &d.sign, &err));
	assert_int_equal(listed(r, &d.sign), HF_REASON_CERTIFICATE_HOLD);
	assert_int_equal(listed(r, &d.enc), -1);
	assert_ok(change(r, HF_CERT_UNFREEZE, 0, &d.sign, &err));
	assert_int_equal(listed(r, &d.sign), -1);
	assert_ok(change(r, HF_CERT_FREEZE, 0, &d.sign, &err));
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_KEY_COMPROMISE, &d.sign, &err));
	assert_int_equal(listed(r, &d.sign), HF_REASON_KEY_COMPROMISE);
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_UNSPECIFIED, &d.enc, &err));
	assert_int_equal(listed(r, &d.enc), HF_REASON_UNSPECIFIED);
	assert_int_equal(listed(r, &d.sign), HF_REASON_KEY_COMPROMISE);
	rig_check_accounts(r);
	rig_user_clear(&d.user);
}

static void the_feed_tells_each_change(void **state)
{
	static const struct {
		int event, reason, state, told;
	} steps[] = {
		{HF_CERT_FREEZE, 0, HF_FEED_HELD, HF_REASON_CERTIFICATE_HOLD},
		{HF_CERT_UNFREEZE, 0, HF_FEED_GOOD, HF_REASON_UNSPECIFIED},
		{HF_CERT_REVOKE, HF_REASON_SUPERSEDED, HF_FEED_REVOKED, HF_REASON_SUPERSEDED},
	};
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;
	struct feed_seen seen;
	size_t n = 0;

	make_dual(r, &d);
	for (size_t i = 0; i < NUM(steps); i++)
		assert_ok(change(r, steps[i].event, steps[i].reason, &d.sign, &err));
	assert_refused(change(r, HF_CERT_UNFREEZE, 0, &d.sign, &err), HF_E_STATE, "revoked");
	read_feed(r, &seen);
	assert_int_equal(seen.num_of[HF_FEED_STATUS], NUM(steps));
	assert_int_equal(seen.num_of[HF_FEED_CRL], NUM(steps));
	for (size_t i = 0; i < seen.num; i++) {
		const struct hf_feed_status *status = &seen.records[i].status;
		if (seen.records[i].which != HF_FEED_STATUS)
			continue;
		assert_true(hf_bytes_equal(status->serial, d.sign.tbs.serialNumber));
		assert_int_equal(status->state, steps[n].state);
		assert_int_equal(status->reason, steps[n].told);
		n++;
	}
	feed_seen_clear(&seen);
	rig_user_clear(&d.user);
}

static void what_the_table_has_not_is_refused(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;

	make_dual(r, &d);
	assert_refused(change(r, HF_CERT_UNFREEZE, 0, &d.sign, &err), HF_E_STATE, "unfreeze");
	assert_ok(change(r, HF_CERT_FREEZE, 0, &d.sign, &err));
	assert_refused(change(r, HF_CERT_FREEZE, 0, &d.sign, &err), HF_E_STATE, "held");
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, &d.sign, &err));
	for (int event = HF_CERT_FREEZE; event <= HF_CERT_REVOKE; event++)
		assert_refused(change(r, event, HF_REASON_SUPERSEDED, &d.sign, &err), HF_E_STATE, "revoked");
	assert_int_equal(listed(r, &d.sign), HF_REASON_SUPERSEDED);
	rig_user_clear(&d.user);
}

static void only_reasons_for_revoking_are_taken(void **state)
{
	static const int bad[] = {HF_REASON_CERTIFICATE_HOLD, HF_REASON_REMOVE_FROM_CRL, 7, 11, -1};
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;

	make_dual(r, &d);
	for (size_t i = 0; i < NUM(bad); i++)
		assert_refused(change(r, HF_CERT_REVOKE, bad[i], &d.sign, &err), HF_E_INPUT, "RFC 5280 5.3.1");
	assert_int_equal(COUNT(r, "certificate WHERE state <> 0"), 0);
	rig_user_clear(&d.user);
}

static void an_unknown_serial_is_refused_and_harms_no_other(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;
	struct hf_status_item items[3];

	make_dual(r, &d);
	set_serial(&items[0], &d.sign);
	set_serial(&items[1], &d.sign);
	items[1].serial[5] ^= 1;
	set_serial(&items[2], &d.sign); /* the same once more */
	assert_ok(hf_ca_change(&r->ca, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, items, 3, NULL, &err));
	assert_true(items[0].done);
	assert_false(items[1].done);
	assert_int_equal(items[1].err.code, HF_E_MISSING);
	assert_false(items[2].done);
	assert_int_equal(items[2].err.code, HF_E_STATE);
	/* The root's certificates are not the CA's to revoke. */
	set_serial(&items[0], &r->ca.ca.cert);
	assert_ok(hf_ca_change(&r->ca, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, items, 1, NULL, &err));
	assert_false(items[0].done);
	assert_int_equal(items[0].err.code, HF_E_MISSING);
	rig_user_clear(&d.user);
}

static bool refuse_to_add(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err)
{
	(void)ctx;
	(void)tx;
	(void)audit;
	return hf_fail(err, HF_E_STORE, "no audit, no act");
}

static void without_the_callers_record_nothing_happens(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;
	struct hf_status_item item;
	const struct hf_ca_within within = {refuse_to_add, NULL};

	make_dual(r, &d);
	set_serial(&item, &d.enc);
	assert_refused(hf_ca_change(&r->ca, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, &item, 1, &within, &err), HF_E_STORE,
		"no audit, no act");
	assert_int_equal(COUNT(r, "certificate WHERE state <> 0"), 0);
	assert_int_equal(COUNT(r, "km_revoke"), 0);
	assert_int_equal(COUNT(r, "crl"), 0);
	rig_user_clear(&d.user);
}

/* ---- the KM is told ---------------------------------------------------------------------------------------------- */

static void a_revoked_encryption_certificate_takes_its_key_with_it(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;

	make_dual(r, &d);
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, &d.sign, &err));
	assert_ok(change(r, HF_CERT_FREEZE, 0, &d.enc, &err));
	assert_int_equal(COUNT(r, "km_revoke"), 0); /* the KM keeps no key for the one, and the other may come back */
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, &d.enc, &err));
	assert_int_equal(COUNT(r, "km_revoke"), 1);
	r->km_away = true;
	assert_refused(hf_ca_km_revoke_due(&r->ca, &err), HF_E_PEER, "the KM is away");
	assert_int_equal(COUNT(r, "km_task WHERE open = 1"), 1);
	rig_reopen(r);
	assert_refused(hf_ca_km_revoke_due(&r->ca, &err), HF_E_PEER, "the KM is away");
	assert_int_equal(COUNT(r, "km_task WHERE kind = 1"), 1); /* the same task again */
	assert_km_counts(r, 1, 0);
	r->km_away = false;
	assert_ok(hf_ca_km_revoke_due(&r->ca, &err));
	assert_km_counts(r, 0, 1);
	assert_int_equal(COUNT(r, "km_task WHERE open = 1"), 0);
	r->num_exchanges = 0;
	assert_ok(hf_ca_km_revoke_due(&r->ca, &err));
	assert_int_equal(r->num_exchanges, 0);
	rig_user_clear(&d.user);
}

static void a_km_that_never_had_the_key_has_nothing_to_revoke(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	rig_user_init(&u, "request-1", "张三");
	r->km_away = true;
	assert_ok(rig_issue_all(r, &u, 1, &err));
	r->km_away = false;
	r->now += 6 * HF_MINUTE;
	assert_issued(r, &u, 1);
	assert_int_equal(COUNT(r, "km_revoke"), 1);
	assert_ok(hf_ca_km_revoke_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "km_task WHERE open = 1"), 0);
	assert_km_counts(r, 1, 0);
	rig_user_clear(&u);
}

/* ---- CRLs -------------------------------------------------------------------------------------------------------- */

static void the_number_of_a_crl_grows_strictly(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	uint64_t last = 0;

	for (int i = 0; i < 6; i++) {
		if (i == 3) {
			rig_arm(r, "signed", 1, false);
			assert_refused(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err), HF_E_PEER, "CRL of \"ca\"");
		}
		if (i == 4)
			rig_reopen(r);
		assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
		assert_true(crl_number(r, "ca") > last);
		last = crl_number(r, "ca");
	}
	assert_int_equal(last, 7);
	assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.root, NULL, &err));
	assert_int_equal(crl_number(r, "root"), 1); /* each authority counts its own */
	rig_check_accounts(r);
}

static void a_crl_is_due_when_there_is_none_when_it_ages_and_when_something_changed(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct hf_buf der;
	struct dual d;

	make_dual(r, &d);
	hf_buf_init(&der, HF_CRL_MAX);
	assert_refused(hf_ca_crl_get(&r->ca, "ca", &der, &err), HF_E_MISSING, "no CRL of \"ca\" yet");
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "crl"), 2);
	r->now += 12 * HF_HOUR;
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "crl"), 2);
	r->now += HF_SECOND;
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "crl"), 4);
	/* The act is done, the CRL failed: the timer's turn. An issued certificate makes none due. */
	rig_arm(r, "sign", 1, false);
	assert_ok(change(r, HF_CERT_FREEZE, 0, &d.sign, &err));
	assert_int_equal(listed(r, &d.sign), -1);
	r->fault = (struct rig_fault){0};
	r->now += HF_SECOND;
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "crl"), 5);
	assert_int_equal(listed(r, &d.sign), HF_REASON_CERTIFICATE_HOLD);
	rig_arm(r, "sign", 1, false);
	assert_ok(change(r, HF_CERT_UNFREEZE, 0, &d.sign, &err));
	r->fault = (struct rig_fault){0};
	r->now += HF_SECOND;
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(listed(r, &d.sign), -1);
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "crl"), 6);
	rig_user_clear(&d.user);
	hf_buf_clear(&der);
}

static void an_expired_certificate_leaves_the_crl_a_day_later(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct dual d;

	make_dual(r, &d);
	assert_ok(change(r, HF_CERT_REVOKE, HF_REASON_SUPERSEDED, &d.sign, &err));
	r->now = d.sign.tbs.validity.notAfter + HF_DAY - HF_SECOND;
	struct hf_buf der;
	struct hf_crl crl;
	for (int day = 0; day < 2; day++) {
		assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
		read_crl(r, "ca", &der, &crl);
		assert_int_equal(hf_crl_find(&crl, d.sign.tbs.serialNumber, NULL), day == 0);
		assert_ok(hf_crl_valid_at(&crl, r->now, &err));
		hf_buf_clear(&der);
		r->now += HF_DAY;
	}
	rig_user_clear(&d.user);
}

#define with(name) with_ca(name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_life_cycle_has_no_holes),
		with(a_certificate_is_frozen_unfrozen_and_revoked),
		with(the_feed_tells_each_change),
		with(what_the_table_has_not_is_refused),
		with(only_reasons_for_revoking_are_taken),
		with(an_unknown_serial_is_refused_and_harms_no_other),
		with(without_the_callers_record_nothing_happens),
		with(a_revoked_encryption_certificate_takes_its_key_with_it),
		with(a_km_that_never_had_the_key_has_nothing_to_revoke),
		with(the_number_of_a_crl_grows_strictly),
		with(a_crl_is_due_when_there_is_none_when_it_ages_and_when_something_changed),
		with(an_expired_certificate_leaves_the_crl_a_day_later),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
