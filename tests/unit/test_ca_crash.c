/*
 * The CA's process ends at every step between an order and its answer, and is started again (design rules 1, 5, 13): a
 * dual certificate is whole or absent, no serial is used twice, and the ledger is what was issued and what became void.
 */
#include "ca_feed.h"

#include <fcntl.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* The writing transactions of one batch: what is known (1), T1 (2), T2 (3). */
static const struct {
	const char *point;
	int at;
	int voids;      /* ledger entries that were signed and never issued */
	bool answered;  /* the certificates were there already */
	bool same_task; /* the KM was asked the same again */
} steps[] = {
	{"begin", 1, 0, false, false},
	{"before commit", 1, 0, false, false},
	{"after commit", 1, 0, false, false},
	{"begin", 2, 0, false, false},
	{"before commit", 2, 0, false, false},
	{"after commit", 2, 0, false, true},
	{"km asked", 1, 0, false, true},
	{"km answered", 1, 0, false, true},
	{"sign", 1, 0, false, true},
	{"signed", 1, 4, false, false},
	{"begin", 3, 4, false, false},
	{"before commit", 3, 4, false, false},
	{"after commit", 3, 0, true, true},
};

struct shot {
	struct ca_rig *rig;
	struct rig_user *users;
};

/* In a process of its own; 9 says that it came through, which it must not. */
static void run_and_die(struct shot *shot, const char *point, int at)
{
	struct hf_err err;
	struct ca_rig *r = shot->rig;
	pid_t pid;
	int status = 0;

	rig_close(r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		rig_open(r);
		if (!hf_ca_reconcile(&r->ca, &err))
			_exit(8);
		rig_arm(r, point, at, true);
		_exit(rig_issue_all(r, shot->users, 2, &err) ? 9 : 7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		fail_msg("%s %d: the child ends with %d", point, at, WEXITSTATUS(status));
	rig_open(r);
}

static void make_users(struct rig_user users[2])
{
	rig_user_init(&users[0], "request-1", "张三");
	rig_user_init(&users[1], "request-2", "李四");
}

static void clear_users(struct rig_user users[2])
{
	rig_user_clear(&users[0]);
	rig_user_clear(&users[1]);
}

/* After anything: two whole pairs, and an account of everything that was ever signed. */
static void check_end(struct ca_rig *r, int64_t voids)
{
	struct hf_err err;

	assert_int_equal(COUNT(r, "certificate WHERE request_id IS NOT NULL"), 4);
	assert_int_equal(COUNT(r, "issuance WHERE state = 1"), 2);
	assert_int_equal(COUNT(r, "issuance"), 2);
	assert_int_equal(COUNT(r, "void_serial"), voids);
	rig_check_accounts(r);
	/* Each void encryption serial goes to the KM, and in the end it has two keys in use. */
	assert_int_equal(COUNT(r, "km_revoke"), voids / 2);
	assert_ok(hf_ca_km_revoke_due(&r->ca, &err));
	assert_int_equal(COUNT(r, "km_revoke"), 0);
	assert_int_equal(COUNT(r, "km_task WHERE kind = 1"), voids > 0);
	assert_int_equal(COUNT(r, "km_task WHERE open = 1"), 0);
	assert_km_counts(r, 2, voids / 2);
}

static void whatever_step_it_dies_at_the_pair_is_whole_or_absent(void **state)
{
	for (size_t i = 0; i < NUM(steps); i++) {
		struct ca_rig *r = *state;
		struct hf_err err;
		struct rig_user users[2];
		struct shot shot = {r, users};

		make_users(users);
		run_and_die(&shot, steps[i].point, steps[i].at);
		int64_t there = COUNT(r, "certificate WHERE request_id IS NOT NULL");
		assert_int_equal(there, steps[i].answered ? 4 : 0);
		assert_ok(hf_ca_reconcile(&r->ca, &err));
		assert_int_equal(COUNT(r, "void_serial"), steps[i].voids);
		rig_check_accounts(r);
		assert_issued(r, users, 2);
		assert_int_equal(COUNT(r, "km_task WHERE kind = 0"), steps[i].voids > 0 ? 2 : 1);
		if (steps[i].same_task)
			assert_int_equal(COUNT(r, "km_task"), 1);
		check_end(r, steps[i].voids);
		clear_users(users);
		if (i + 1 < NUM(steps)) {
			ca_rig_tear_down(state);
			ca_rig_set_up(state);
		}
	}
}

/* It dies again and again before it comes through. */
static void dying_many_times_loses_and_doubles_nothing(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct shot shot = {r, users};

	make_users(users);
	run_and_die(&shot, "km answered", 1);
	run_and_die(&shot, "signed", 1);        /* of the resumed batch */
	run_and_die(&shot, "sign", 1);          /* of new serials */
	run_and_die(&shot, "before commit", 2); /* T2, for T1 is done */
	run_and_die(&shot, "signed", 1);
	assert_issued(r, users, 2);
	check_end(r, 12);
	clear_users(users);
}

/* The step fails, the process lives: the same accounts, without a new start. */
static void whatever_step_fails_asking_again_mends_it(void **state)
{
	for (size_t i = 0; i < NUM(steps); i++) {
		struct ca_rig *r = *state;
		struct hf_err err;
		struct rig_user users[2];

		make_users(users);
		assert_ok(hf_ca_reconcile(&r->ca, &err));
		rig_arm(r, steps[i].point, steps[i].at, false);
		if (rig_issue_all(r, users, 2, &err))
			assert_int_equal(
				users[0].order.err.code == HF_E_PEER || users[0].order.err.code == HF_E_STORE, 1);
		else
			assert_int_equal(err.code, HF_E_STORE);
		assert_false(users[0].order.done);
		assert_false(users[1].order.done);
		assert_true(r->fault.seen >= steps[i].at);
		r->fault = (struct rig_fault){0};
		assert_issued(r, users, 2);
		check_end(r, steps[i].voids);
		clear_users(users);
		if (i + 1 < NUM(steps)) {
			ca_rig_tear_down(state);
			ca_rig_set_up(state);
		}
	}
}

/* ---- void ------------------------------------------------------------------------------------------------------- */

struct listed {
	int num, reason;
};

static bool list_entry(void *ctx, const struct hf_crl_entry *entry)
{
	struct listed *l = ctx;

	l->num++;
	l->reason = entry->reason;
	return true;
}

static void void_serials_are_listed_and_told(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct shot shot = {r, users};
	struct hf_buf der;
	struct hf_crl crl;
	struct listed listed = {0};
	struct feed_seen seen;

	hf_buf_init(&der, HF_CRL_MAX);
	make_users(users);
	assert_ok(hf_ca_crl_due(&r->ca, &err));
	run_and_die(&shot, "signed", 1);
	r->now += HF_SECOND;
	assert_ok(hf_ca_reconcile(&r->ca, &err));
	r->now += HF_SECOND;
	assert_ok(hf_ca_crl_due(&r->ca, &err)); /* what became void makes a new CRL due */
	assert_ok(hf_ca_crl_get(&r->ca, "ca", &der, &err));
	assert_ok(hf_decode_crl(hf_buf_bytes(&der), &crl, &err));
	assert_true(hf_crl_walk(&crl, list_entry, &listed));
	assert_int_equal(listed.num, 4);
	assert_int_equal(listed.reason, HF_REASON_CESSATION_OF_OPERATION);
	read_feed(r, &seen);
	assert_int_equal(seen.num_of[HF_FEED_VOIDED], 4);
	for (size_t i = 0; i < seen.num; i++)
		if (seen.records[i].which == HF_FEED_VOIDED)
			assert_true(hf_crl_find(&crl, seen.records[i].voided.serial, NULL));
	feed_seen_clear(&seen);
	clear_users(users);
	hf_buf_clear(&der);
}

/* Half of a batch's certificates are void when the process dies between; the next order does not take their place. */
static void a_void_serial_is_never_drawn_again(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];
	struct shot shot = {r, users};
	struct hf_ledger_entry entries[64];
	size_t num;

	make_users(users);
	run_and_die(&shot, "signed", 1);
	assert_issued(r, users, 2);
	assert_ok(hf_dev_ledger_read(&r->inner, 0, entries, 64, &num, &err));
	for (size_t i = 0; i < num; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(entries[i].serial, entries[j].serial, 20);
	clear_users(users);
}

/* ---- a CRL that was signed and not published -------------------------------------------------------------------- */

static void a_void_crl_number_is_passed_over(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct hf_buf der;
	struct hf_crl crl;

	hf_buf_init(&der, HF_CRL_MAX);
	assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
	for (int i = 0; i < 2; i++) {
		rig_arm(r, i ? "before commit" : "signed", i + 1, false); /* the first writes the void */
		assert_false(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
		r->fault = (struct rig_fault){0};
	}
	assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
	assert_ok(hf_ca_crl_get(&r->ca, "ca", &der, &err));
	assert_ok(hf_decode_crl(hf_buf_bytes(&der), &crl, &err));
	assert_true(hf_bytes_equal(crl.number, HF_BYTES_LIT("\x04")));
	assert_int_equal(COUNT(r, "void_serial WHERE is_crl = 1"), 2);
	rig_check_accounts(r);
	/* A void number is no serial: it is not on the list. */
	assert_false(hf_crl_find(&crl, HF_BYTES_LIT("\x02"), NULL));
	hf_buf_clear(&der);
}

static void a_certificate_of_the_cas_own_is_accounted_for_too(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct hf_buf name, der;
	struct hf_enrol enrol = {
		.issuer = &r->ca.ca, .profile = HF_PROFILE_OPERATOR, .id = "operator/x", .days = 10, .path_len = -1};

	rig_name(&name, "operator");
	hf_buf_init(&der, HF_CERT_MAX);
	enrol.subject = hf_buf_bytes(&name);
	memcpy(enrol.pub, r->audit_pub, sizeof(enrol.pub));
	rig_arm(r, "before commit", 1, false);
	assert_refused(hf_ca_enrol(&r->ca, &enrol, &der, &err), HF_E_STORE, "certificate for operator/x");
	assert_int_equal(der.len, 0);
	r->fault = (struct rig_fault){0};
	assert_ok(hf_ca_enrol(&r->ca, &enrol, &der, &err));
	assert_true(der.len > 0);
	assert_int_equal(COUNT(r, "void_serial"), 1);
	rig_check_accounts(r);
	enrol.days = RIG_CA_DAYS;
	assert_refused(hf_ca_enrol(&r->ca, &enrol, &der, &err), HF_E_DENIED, "of this key's policy");
	hf_buf_clear(&name);
	hf_buf_clear(&der);
}

/* ---- ledgers and databases that do not belong together ----------------------------------------------------------- */

static void copy_file(struct ca_rig *r, const char *from, const char *to)
{
	struct hf_err err;
	struct hf_buf file;
	char path[HF_PATH_MAX];

	hf_buf_init(&file, 8U << 20);
	rig_path(r, from, path);
	assert_ok(hf_file_read(path, &file, &err));
	rig_path(r, to, path);
	assert_ok(hf_file_write(path, hf_buf_bytes(&file), 0600, &err));
	hf_buf_clear(&file);
}

static void nothing_is_signed_now(struct ca_rig *r, enum hf_code code, const char *word)
{
	struct hf_err err;
	struct rig_user users[2];
	int64_t certificates = COUNT(r, "certificate");
	uint64_t ledger = rig_ledger_number(r);

	make_users(users);
	assert_refused(hf_ca_reconcile(&r->ca, &err), code, word);
	assert_ok(rig_issue_all(r, users, 2, &err));
	assert_order_refused(&users[0], code, word);
	assert_order_refused(&users[1], code, word);
	assert_refused(hf_ca_crl_issue(&r->ca, &r->ca.root, NULL, &err), code, word);
	assert_int_equal(COUNT(r, "certificate"), certificates);
	assert_int_equal(COUNT(r, "issuance WHERE request_id = 'request-1'"), 0);
	assert_int_equal(rig_ledger_number(r), ledger);
	clear_users(users);
}

static void a_ledger_older_than_the_database_issues_nothing(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	rig_user_init(&u, "request-0", "王五");
	rig_close(r);
	copy_file(r, "keyd-ca/ledger", "old");
	rig_open(r);
	assert_issued(r, &u, 1);
	rig_close(r);
	copy_file(r, "keyd-ca/ledger", "new");
	copy_file(r, "old", "keyd-ca/ledger");
	rig_open(r);
	nothing_is_signed_now(r, HF_E_STATE, "the ledger is older");
	rig_close(r);
	copy_file(r, "new", "keyd-ca/ledger");
	rig_open(r);
	assert_ok(hf_ca_reconcile(&r->ca, &err));
	rig_user_clear(&u);
}

static void another_ledger_issues_nothing(void **state)
{
	struct ca_rig *r = *state;
	char path[HF_PATH_MAX];

	rig_close(r);
	rig_path(r, "keyd-ca/ledger", path);
	assert_int_equal(unlink(path), 0);
	rig_open(r);
	nothing_is_signed_now(r, HF_E_STATE, "not the one that this database knows");
}

/* The database went back and both went on: the ledger's entry at that number is another. */
static void a_ledger_that_forked_issues_nothing(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];

	make_users(users);
	rig_close(r);
	copy_file(r, "keyd-ca/ledger", "fork");
	rig_open(r);
	assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.root, NULL, &err));
	rig_close(r);
	copy_file(r, "ca.sqlite", "kept.sqlite");
	copy_file(r, "fork", "keyd-ca/ledger");
	rig_open(r);
	/* The device signs something else at the same number, and more. */
	r->now += HF_SECOND;
	struct hf_ca_settings settings = r->ca.settings;
	r->ca.reconciled = true;
	r->ca.settings.crl_hours = 25;
	assert_ok(hf_ca_crl_issue(&r->ca, &r->ca.ca, NULL, &err));
	rig_close(r);
	copy_file(r, "kept.sqlite", "ca.sqlite");
	rig_open(r);
	r->ca.settings = settings;
	nothing_is_signed_now(r, HF_E_VERIFY, "not the one that this database saw");
	clear_users(users);
}

/* A backup of the database was brought back: what was issued since is void, and revoked. */
static void a_database_older_than_its_ledger_voids_what_it_lacks(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user users[2];

	make_users(users);
	rig_close(r);
	copy_file(r, "ca.sqlite", "backup.sqlite");
	rig_open(r);
	assert_issued(r, users, 1);
	rig_close(r);
	copy_file(r, "backup.sqlite", "ca.sqlite");
	rig_open(r);
	assert_ok(hf_ca_reconcile(&r->ca, &err));
	assert_int_equal(COUNT(r, "void_serial"), 2);
	rig_check_accounts(r);
	assert_issued(r, users, 2);
	assert_int_equal(COUNT(r, "void_serial"), 2);
	rig_check_accounts(r);
	clear_users(users);
}

static void a_new_device_process_is_reconciled_with(void **state)
{
	struct ca_rig *r = *state;
	struct hf_err err;
	struct rig_user u;

	rig_user_init(&u, "request-1", "张三");
	assert_ok(hf_ca_reconcile(&r->ca, &err));
	/* An entry that this process knows nothing of: asked of the old keyd, whose answer was lost. */
	rig_arm(r, "signed", 1, false);
	assert_ok(rig_issue_all(r, &u, 1, &err));
	r->ca.reconciled = true;
	r->fault = (struct rig_fault){0};
	hf_ca_keyd_changed(&r->ca);
	assert_ok(hf_ca_reconcile(&r->ca, &err));
	assert_int_equal(COUNT(r, "void_serial"), 2);
	rig_check_accounts(r);
	rig_user_clear(&u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_ca(whatever_step_it_dies_at_the_pair_is_whole_or_absent),
		with_ca(dying_many_times_loses_and_doubles_nothing),
		with_ca(whatever_step_fails_asking_again_mends_it),
		with_ca(void_serials_are_listed_and_told),
		with_ca(a_void_serial_is_never_drawn_again),
		with_ca(a_void_crl_number_is_passed_over),
		with_ca(a_certificate_of_the_cas_own_is_accounted_for_too),
		with_ca(a_ledger_older_than_the_database_issues_nothing),
		with_ca(another_ledger_issues_nothing),
		with_ca(a_ledger_that_forked_issues_nothing),
		with_ca(a_database_older_than_its_ledger_voids_what_it_lacks),
		with_ca(a_new_device_process_is_reconciled_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
