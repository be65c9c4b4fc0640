/*
 * Orders that are not issued, and why; and what the caller adds to the transaction of those that are.
 */
#include "ca_rig.h"

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void bad_signature(struct rig_user *u)
{
	u->pkcs10.p[u->pkcs10.len - 1] ^= 1;
}

static void other_subject(struct rig_user *u)
{
	hf_buf_clear(&u->subject);
	rig_name(&u->subject, "somebody else");
	u->order.subject = hf_buf_bytes(&u->subject);
}

static void unknown_template(struct rig_user *u)
{
	u->order.template = "emperor";
}

static void too_many_days(struct rig_user *u)
{
	u->order.validity_days = 1828;
}

static void no_days(struct rig_user *u)
{
	u->order.validity_days = 0;
}

static void identity_not_allowed(struct rig_user *u)
{
	u->order.identities[0] = (struct hf_identity){HF_IDENTITY_TAXATION, "123456789012345"};
	u->order.num_identities = 1;
}

static void identity_of_wrong_form(struct rig_user *u)
{
	u->order.identities[0] = (struct hf_identity){HF_IDENTITY_RESIDENT, "甲乙丙"};
	u->order.num_identities = 1;
}

static void short_id(struct rig_user *u)
{
	u->request_id[7] = '\0';
}

static void no_der(struct rig_user *u)
{
	u->pkcs10.len--;
	u->order.pkcs10 = hf_buf_bytes(&u->pkcs10);
}

static void bad_email(struct rig_user *u)
{
	u->order.email = "张@example.cn";
}

static const struct {
	const char *name;
	void (*spoil)(struct rig_user *u);
	enum hf_code code;
	const char *word;
} refusals[] = {
	{"CSR signature", bad_signature, HF_E_VERIFY, ""},
	{"subject", other_subject, HF_E_INPUT, "not the approved one"},
	{"template", unknown_template, HF_E_INPUT, "no template \"emperor\""},
	{"days", too_many_days, HF_E_INPUT, "allows 1 to 1827"},
	{"no days", no_days, HF_E_INPUT, "allows 1 to 1827"},
	{"identity", identity_not_allowed, HF_E_INPUT, "person takes no taxation"},
	{"identity's form", identity_of_wrong_form, HF_E_INPUT, ""},
	{"request id", short_id, HF_E_INPUT, "8 to 64"},
	{"no DER", no_der, HF_E_INPUT, ""},
	{"e-mail", bad_email, HF_E_INPUT, ""},
};

static void a_refused_order_leaves_no_trace_and_harms_no_other(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	char id[32];

	for (size_t i = 0; i < NUM(refusals); i++) {
		int64_t issued = COUNT(r, "issuance");
		hf_fmt_cut(id, sizeof(id), "request-bad-%zu", i);
		rig_user_init(&users[0], id, "a bad one");
		hf_fmt_cut(id, sizeof(id), "request-good-%zu", i);
		rig_user_init(&users[1], id, "a good one");
		refusals[i].spoil(&users[0]);
		assert_ok(rig_issue_all(r, users, 2, &err));
		if (users[0].order.done)
			fail_msg("issued: %s", refusals[i].name);
		assert_order_refused(&users[0], refusals[i].code, refusals[i].word);
		assert_true(users[1].order.done);
		assert_int_equal(COUNT(r, "issuance"), issued + 1);
		rig_user_clear(&users[0]);
		rig_user_clear(&users[1]);
	}
	assert_int_equal(COUNT(r, "issuance WHERE state <> 1"), 0);
	assert_int_equal(COUNT(r, "km_revoke"), 0);
	assert_km_counts(r, NUM(refusals), 0);
}

/* keyd would refuse such a certificate, and with it the whole batch. */
static void the_cas_own_name_is_refused_before_it_reaches_the_batch(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];

	rig_user_init(&users[0], "request-1", "Hufu test CA");
	rig_user_init(&users[1], "request-2", "张三");
	assert_ok(rig_issue_all(r, users, 2, &err));
	assert_order_refused(&users[0], HF_E_INPUT, "the CA's own");
	assert_true(users[1].order.done);
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

static void a_validity_behind_the_cas_end_is_refused(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	r->now += (RIG_CA_DAYS - 250) * HF_DAY;
	rig_user_init(&u, "request-1", "张三");
	assert_ok(rig_issue_all(r, &u, 1, &err));
	assert_order_refused(&u, HF_E_INPUT, "behind the CA's own end");
	u.order.validity_days = 249;
	assert_issued(r, &u, 1);
	rig_user_clear(&u);
}

/* ---- what the caller adds --------------------------------------------------------------------------------------- */

struct adding {
	struct hf_order *orders;
	bool fails;
	int calls, num_done;
};

static bool add(void *ctx, struct hf_tx *tx, struct hf_journal_batch *audit, struct hf_err *err)
{
	struct adding *a = ctx;

	(void)tx;
	(void)audit;
	a->calls++;
	a->num_done = a->orders[0].done + a->orders[1].done;
	return !a->fails || hf_fail(err, HF_E_STORE, "the caller cannot write");
}

static void the_caller_is_told_the_outcome_and_can_stop_it(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct hf_order orders[2];
	struct adding adding = {.orders = orders, .fails = true};
	const struct hf_ca_within within = {add, &adding};

	rig_user_init(&users[0], "request-1", "张三");
	rig_user_init(&users[1], "request-2", "李四");
	users[1].order.template = "emperor";
	orders[0] = users[0].order;
	orders[1] = users[1].order;
	assert_refused(hf_ca_issue(&r->ca, orders, 2, &within, &err), HF_E_STORE, "the caller cannot write");
	assert_int_equal(adding.num_done, 1);
	assert_false(orders[0].done);
	assert_string_equal(orders[0].err.text, "the caller cannot write");
	assert_int_equal(COUNT(r, "certificate WHERE request_id IS NOT NULL"), 0);
	adding.fails = false;
	assert_ok(hf_ca_issue(&r->ca, orders, 2, &within, &err));
	assert_true(orders[0].done);
	assert_int_equal(adding.num_done, 1);
	assert_int_equal(COUNT(r, "void_serial"), 2); /* what had been signed the first time */
	rig_check_accounts(r);
	orders[0].template = "emperor";
	adding.calls = 0;
	assert_ok(hf_ca_issue(&r->ca, orders, 2, &within, &err)); /* nothing to issue: in a transaction of its own */
	assert_int_equal(adding.calls, 1);
	users[0].order = orders[0];
	users[1].order = orders[1];
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_ca(a_refused_order_leaves_no_trace_and_harms_no_other),
		with_ca(the_cas_own_name_is_refused_before_it_reaches_the_batch),
		with_ca(a_validity_behind_the_cas_end_is_refused),
		with_ca(the_caller_is_told_the_outcome_and_can_stop_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
