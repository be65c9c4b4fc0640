/*
 * A CA and its KM in one process, begun as `hufu init` begins them: two software devices behind keyd's core, two
 * stores, root and operating CA, and a clock that stands still. Everything can be closed and opened again, the KM can
 * be away, and each step of the CA can be made to fail or to end the process.
 */
#ifndef HUFU_TESTS_UNIT_CA_RIG_H
#define HUFU_TESTS_UNIT_CA_RIG_H

#include "keyd_rig.h"

#include "base/hex.h"
#include "ca/enrol.h"
#include "ca/lifecycle.h"
#include "ca/query.h"
#include "km/km.h"

#include <sys/wait.h>

#define RIG_ROOT_DAYS 7300
#define RIG_CA_DAYS   2000

/* Where the next step fails or dies. Steps are counted from 1 since `armed`. */
struct rig_fault {
	const char *point; /* "begin", "before commit", "after commit" of a store's writing transaction; "km asked", "km
			      answered", "sign", "signed" */
	int at;            /* which of them */
	bool die;          /* _exit(0) instead of failing */
	int seen;
};

struct ca_rig {
	char folder[256], library[HF_PATH_MAX];
	int64_t now;
	struct hf_clock clock;
	struct hf_buf root_name, ca_name;
	struct hf_buf root_der, ca_der, service_der, km_der;
	uint8_t root_pub[64], ca_pub[64], service_pub[64], audit_pub[64], km_pub[64];
	struct hf_keyd *keyd, *km_keyd;
	struct hf_dev inner, dev, km_dev; /* dev: inner with faults */
	struct hf_store *store, *km_store;
	struct hf_ca ca;
	struct hf_km km;
	struct rig_fault fault;
	bool km_away, silent;
	int num_exchanges;
};

/* True: the step goes wrong now. */
static inline bool rig_hit(struct ca_rig *r, const char *point)
{
	if (!r->fault.point || strcmp(r->fault.point, point) != 0 || ++r->fault.seen != r->fault.at)
		return false;
	if (r->fault.die)
		_exit(0);
	return true;
}

static inline void rig_arm(struct ca_rig *r, const char *point, int at, bool die)
{
	r->fault = (struct rig_fault){.point = point, .at = at, .die = die};
}

static inline bool rig_store_fault(void *ctx, const char *point)
{
	return !rig_hit(ctx, point);
}

/* ---- the device, with faults ------------------------------------------------------------------------------------ */

static inline bool rig_dev_public(void *ctx, const char *key, uint8_t pub[64], struct hf_err *err)
{
	return hf_dev_public_key(&((struct ca_rig *)ctx)->inner, key, pub, err);
}

static inline bool rig_dev_sign(
	void *ctx, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct ca_rig *r = ctx;
	bool ledgered = strcmp(key, "ca") == 0 || strcmp(key, "root") == 0;

	if (ledgered && rig_hit(r, "sign"))
		return hf_fail(err, HF_E_PEER, "keyd is away");
	if (!hf_dev_sign(&r->inner, key, tbs, num, sigs, err))
		return false;
	if (ledgered && rig_hit(r, "signed"))
		return hf_fail(err, HF_E_PEER, "keyd is gone");
	return true;
}

static inline bool rig_dev_state(void *ctx, struct hf_ledger_state *state, struct hf_err *err)
{
	return hf_dev_ledger_state(&((struct ca_rig *)ctx)->inner, state, err);
}

static inline bool rig_dev_read(
	void *ctx, uint64_t after, struct hf_ledger_entry *entries, size_t max, size_t *num, struct hf_err *err)
{
	return hf_dev_ledger_read(&((struct ca_rig *)ctx)->inner, after, entries, max, num, err);
}

static const struct hf_dev_ops rig_dev_ops = {
	.public_key = rig_dev_public, .sign = rig_dev_sign, .ledger_state = rig_dev_state, .ledger_read = rig_dev_read};

/* ---- the KM ----------------------------------------------------------------------------------------------------- */

static inline bool rig_exchange(void *ctx, struct hf_bytes request, struct hf_buf *respond, struct hf_err *err)
{
	struct ca_rig *r = ctx;
	struct hf_km_job job;

	r->num_exchanges++;
	if (r->km_away || rig_hit(r, "km asked"))
		return hf_fail(err, HF_E_PEER, "the KM is away");
	hf_km_job_init(&job);
	job.request = request;
	hf_km_serve(&r->km, &job, 1);
	bool ok = job.done || hf_fail(err, HF_E_PEER, "the KM refuses: %s", job.err.text);
	hf_buf_put_bytes(respond, hf_buf_bytes(&job.respond));
	hf_km_job_clear(&job);
	if (ok && rig_hit(r, "km answered"))
		return hf_fail(err, HF_E_PEER, "the connection broke");
	return ok;
}

/* ---- making ----------------------------------------------------------------------------------------------------- */

static inline void rig_path(const struct ca_rig *r, const char *name, char out[HF_PATH_MAX])
{
	hf_fmt_cut(out, HF_PATH_MAX, "%s/%s", r->folder, name);
}

static inline void rig_make_devices(struct ca_rig *r)
{
	struct hf_err err;
	char folder[HF_PATH_MAX];
	struct hf_keyd_init ca = {.folder = folder,
		.library = r->library,
		.service = "ca",
		.iterations = RIG_ITERATIONS,
		.keys = {{.name = "root", .index = 1}, {.name = "ca", .index = 2}, {.name = "service", .index = 3},
			{.name = "audit", .index = 4}},
		.num_keys = 4};
	struct hf_keyd_init km = {.folder = folder,
		.library = r->library,
		.service = "km",
		.iterations = RIG_ITERATIONS,
		.kek = true,
		.keys = {{.name = "km", .index = 1}},
		.num_keys = 1};
	const int64_t now = r->now;
	const struct hf_key_policy policies[] = {
		{HF_BYTES_LIT("root"), 1, HF_SIGN_ROOT | HF_SIGN_CA | HF_SIGN_END | HF_SIGN_CRL,
			hf_buf_bytes(&r->root_name), RIG_ROOT_DAYS, now + (RIG_ROOT_DAYS + 1) * HF_DAY, 0},
		{HF_BYTES_LIT("ca"), 2, HF_SIGN_END | HF_SIGN_CRL, hf_buf_bytes(&r->ca_name), 1827,
			now + RIG_CA_DAYS * HF_DAY, 0},
		{HF_BYTES_LIT("service"), 3, HF_SIGN_OPERATION | HF_SIGN_KM_ASK, HF_BYTES_NONE, 0, now, 0},
		{HF_BYTES_LIT("audit"), 4, HF_SIGN_JOURNAL, HF_BYTES_NONE, 0, now, 0},
	};
	const struct hf_key_policy km_policy = {HF_BYTES_LIT("km"), 1, HF_SIGN_KM_GIVE, HF_BYTES_NONE, 0, now, 0};

	rig_path(r, "keyd-ca", folder);
	assert_ok(hf_keyd_make(&ca, &err));
	assert_ok(hf_keyd_write_policy(folder, "ca", 0, policies, 4, &err));
	rig_path(r, "keyd-km", folder);
	assert_ok(hf_keyd_make(&km, &err));
	assert_ok(hf_keyd_write_policy(folder, "km", 1, &km_policy, 1, &err));
	memcpy(r->root_pub, ca.keys[0].pub, 64);
	memcpy(r->ca_pub, ca.keys[1].pub, 64);
	memcpy(r->service_pub, ca.keys[2].pub, 64);
	memcpy(r->audit_pub, ca.keys[3].pub, 64);
	memcpy(r->km_pub, km.keys[0].pub, 64);
}

static inline void rig_open_keyd(struct ca_rig *r)
{
	struct hf_err err;
	char folder[HF_PATH_MAX];
	const struct hf_keyd_options options = {folder, r->library, &r->clock};

	rig_path(r, "keyd-ca", folder);
	assert_ok(hf_keyd_open(&options, &r->keyd, &err));
	rig_path(r, "keyd-km", folder);
	assert_ok(hf_keyd_open(&options, &r->km_keyd, &err));
	r->inner = hf_keyd_dev(r->keyd);
	r->dev = (struct hf_dev){&rig_dev_ops, r};
	r->km_dev = hf_keyd_dev(r->km_keyd);
}

static inline void rig_open_stores(struct ca_rig *r)
{
	static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_ca_schema};
	static const struct hf_schema *const km_schemas[] = {&hf_journal_schema, &hf_km_schema};
	struct hf_err err;
	char path[HF_PATH_MAX];
	struct hf_store_options options = {
		.path = path, .schemas = schemas, .num_schemas = 2, .fault = rig_store_fault, .fault_ctx = r};

	rig_path(r, "ca.sqlite", path);
	assert_ok(hf_store_open(&options, &r->store, &err));
	options = (struct hf_store_options){.path = path, .schemas = km_schemas, .num_schemas = 2};
	rig_path(r, "km.sqlite", path);
	assert_ok(hf_store_open(&options, &r->km_store, &err));
}

static inline void rig_ca_init(struct ca_rig *r)
{
	r->ca = (struct hf_ca){.store = r->store, .dev = &r->dev, .clock = &r->clock, .km = {rig_exchange, r}};
	r->ca.settings = (struct hf_ca_settings){.crl_uri = "http://ocsp.example/crl",
		.ocsp_uri = "http://ocsp.example/ocsp",
		.issuer_uri = "http://ocsp.example/ca",
		.crl_hours = 24,
		.max_days = 1827};
}

/* Everything as two daemons have it. */
static inline void rig_open(struct ca_rig *r)
{
	struct hf_err err;

	r->fault = (struct rig_fault){0};
	rig_open_keyd(r);
	rig_open_stores(r);
	rig_ca_init(r);
	assert_ok(hf_ca_open(&r->ca, r->folder, &err));
	r->km = (struct hf_km){
		.store = r->km_store, .dev = &r->km_dev, .clock = &r->clock, .spare_low = 4, .spare_target = 16};
	assert_ok(hf_km_open(&r->km, r->folder, &err));
}

static inline void rig_close(struct ca_rig *r)
{
	if (!r->store)
		return;
	hf_km_close(&r->km);
	hf_ca_close(&r->ca);
	hf_store_close(r->store);
	hf_store_close(r->km_store);
	hf_keyd_close(r->keyd);
	hf_keyd_close(r->km_keyd);
	r->store = r->km_store = NULL;
}

static inline void rig_reopen(struct ca_rig *r)
{
	rig_close(r);
	rig_open(r);
}

static inline void rig_enrol(struct ca_rig *r, const struct hf_authority *issuer, enum hf_profile profile,
	const char *cn, const uint8_t pub[64], struct hf_buf *der)
{
	struct hf_err err;
	struct hf_buf name;
	struct hf_enrol enrol = {.issuer = issuer, .profile = profile, .id = cn, .days = 1800, .path_len = -1};

	rig_name(&name, cn);
	enrol.subject = hf_buf_bytes(&name);
	memcpy(enrol.pub, pub, sizeof(enrol.pub));
	assert_ok(hf_ca_enrol(&r->ca, &enrol, der, &err));
	hf_buf_clear(&name);
}

static inline void rig_authority(const char *id, const struct hf_buf *der, struct hf_authority *authority)
{
	struct hf_err err;

	*authority = (struct hf_authority){0};
	hf_fmt_cut(authority->id, sizeof(authority->id), "%s", id);
	assert_ok(hf_decode_cert(hf_buf_bytes(der), &authority->cert, &err));
}

static inline void rig_write_pem(struct ca_rig *r, const char *name, const struct hf_buf *der)
{
	struct hf_err err;
	struct hf_buf pem;
	char path[HF_PATH_MAX];

	hf_buf_init(&pem, 2 * HF_CERT_MAX);
	hf_pem_put(&pem, "CERTIFICATE", hf_buf_bytes(der));
	rig_path(r, name, path);
	assert_ok(hf_file_write(path, hf_buf_bytes(&pem), 0644, &err));
	hf_buf_clear(&pem);
}

static inline void rig_make_authorities(struct ca_rig *r, struct hf_authority *root, struct hf_authority *ca)
{
	struct hf_err err;
	struct hf_enrol enrol = {.profile = HF_PROFILE_ROOT,
		.id = "authority/root",
		.subject = hf_buf_bytes(&r->root_name),
		.days = RIG_ROOT_DAYS,
		.path_len = -1};

	memcpy(enrol.pub, r->root_pub, sizeof(enrol.pub));
	assert_ok(hf_ca_enrol(&r->ca, &enrol, &r->root_der, &err));
	rig_authority("root", &r->root_der, root);
	enrol = (struct hf_enrol){.issuer = root,
		.profile = HF_PROFILE_SUB_CA,
		.id = "authority/ca",
		.subject = hf_buf_bytes(&r->ca_name),
		.days = RIG_CA_DAYS};
	memcpy(enrol.pub, r->ca_pub, sizeof(enrol.pub));
	assert_ok(hf_ca_enrol(&r->ca, &enrol, &r->ca_der, &err));
	rig_authority("ca", &r->ca_der, ca);
	assert_ok(hf_ca_authority_put(&r->ca, "root", hf_buf_bytes(&r->root_der), &err));
	assert_ok(hf_ca_authority_put(&r->ca, "ca", hf_buf_bytes(&r->ca_der), &err));
	assert_ok(hf_ca_tell_authority(&r->ca, "ca", "ca", hf_buf_bytes(&r->ca_der), &err));
}

static inline void rig_begin(struct ca_rig *r)
{
	struct hf_err err;
	struct hf_authority root, ca;

	rig_open_keyd(r);
	rig_open_stores(r);
	rig_ca_init(r);
	pthread_mutex_init(&r->ca.ledger_lock, NULL);
	rig_make_authorities(r, &root, &ca);
	rig_enrol(r, &root, HF_PROFILE_SERVICE, "the KM", r->km_pub, &r->km_der);
	rig_enrol(r, &ca, HF_PROFILE_SERVICE, "the CA's messages", r->service_pub, &r->service_der);
	pthread_mutex_destroy(&r->ca.ledger_lock);
	rig_write_pem(r, "service.crt", &r->service_der);
	rig_write_pem(r, "km.crt", &r->km_der);
	const struct hf_km_peer peer = {"ca", hf_buf_bytes(&r->service_der)};
	assert_ok(hf_km_init(r->km_store, &r->clock, &peer, 1, &err));
	hf_store_close(r->store);
	hf_store_close(r->km_store);
	hf_keyd_close(r->keyd);
	hf_keyd_close(r->km_keyd);
}

static inline int ca_rig_set_up(void **state)
{
	struct hf_err err;
	struct ca_rig *r = calloc(1, sizeof(*r));
	struct hf_buf *ders[] = {&r->root_der, &r->ca_der, &r->service_der, &r->km_der};

	rig_folder_make(r->folder);
	rig_built("libhufusdf.so", r->library);
	r->now = RIG_NOW;
	r->clock = (struct hf_clock){rig_clock_now, &r->now};
	rig_name(&r->root_name, "Hufu test root");
	rig_name(&r->ca_name, "Hufu test CA");
	for (size_t i = 0; i < sizeof(ders) / sizeof(ders[0]); i++)
		hf_buf_init(ders[i], HF_CERT_MAX);
	rig_make_devices(r);
	rig_begin(r);
	rig_open(r);
	assert_ok(hf_km_refill(&r->km, 16, &err));
	*state = r;
	return 0;
}

static inline int ca_rig_tear_down(void **state)
{
	struct ca_rig *r = *state;
	struct hf_buf *bufs[] = {&r->root_name, &r->ca_name, &r->root_der, &r->ca_der, &r->service_der, &r->km_der};

	rig_close(r);
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		hf_buf_clear(bufs[i]);
	rig_folder_remove(r->folder);
	free(r);
	return 0;
}

/* ---- orders ----------------------------------------------------------------------------------------------------- */

/* A user with a key, and what is ordered for it. */
struct rig_user {
	struct hf_sm2_key key;
	struct hf_buf subject, pkcs10;
	char request_id[72];
	struct hf_order order;
};

static inline void rig_user_init(struct rig_user *u, const char *request_id, const char *cn)
{
	struct hf_err err;

	*u = (struct rig_user){0};
	rig_name(&u->subject, cn);
	hf_buf_init(&u->pkcs10, HF_CSR_MAX);
	assert_ok(hf_sm2_generate(&u->key, &err));
	const struct hf_signer signer = rig_signer(&u->key);
	assert_ok(hf_csr_make(&signer, hf_buf_bytes(&u->subject), &u->pkcs10, &err));
	hf_fmt_cut(u->request_id, sizeof(u->request_id), "%s", request_id);
	hf_order_init(&u->order);
	u->order.request_id = u->request_id;
	u->order.template = "person";
	u->order.subject = hf_buf_bytes(&u->subject);
	u->order.pkcs10 = hf_buf_bytes(&u->pkcs10);
	u->order.validity_days = 365;
}

static inline void rig_user_clear(struct rig_user *u)
{
	hf_order_clear(&u->order);
	hf_buf_clear(&u->subject);
	hf_buf_clear(&u->pkcs10);
}

/* Issues the orders of these users as one batch. Orders are moved there and back. */
static inline bool rig_issue_all(struct ca_rig *r, struct rig_user *users, size_t num, struct hf_err *err)
{
	struct hf_order orders[8];

	for (size_t i = 0; i < num; i++)
		orders[i] = users[i].order;
	bool ok = hf_ca_issue(&r->ca, orders, num, NULL, err);
	for (size_t i = 0; i < num; i++)
		users[i].order = orders[i];
	return ok;
}

#define assert_issued(r, users, num)                                                                                   \
	do {                                                                                                           \
		assert_ok(rig_issue_all(r, users, num, &err));                                                         \
		for (size_t n_ = 0; n_ < (num); n_++)                                                                  \
			if (!(users)[n_].order.done)                                                                   \
				fail_msg("order %zu: %s", n_, (users)[n_].order.err.text);                             \
	} while (0)

#define assert_order_refused(user, want_code, word)                                                                    \
	do {                                                                                                           \
		assert_false((user)->order.done);                                                                      \
		assert_string_equal(hf_code_name((user)->order.err.code), hf_code_name(want_code));                    \
		if (!strstr((user)->order.err.text, word))                                                             \
			fail_msg("\"%s\" does not say \"%s\"", (user)->order.err.text, word);                          \
	} while (0)

/* ---- looking ---------------------------------------------------------------------------------------------------- */

struct rig_count {
	const char *sql;
	int64_t num;
};

static inline bool rig_count_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct rig_count *count = ctx;
	struct hf_query *q = hf_query(tx, count->sql);
	bool row = false;
	bool ok = hf_query_next(q, &row, err);

	count->num = ok && row ? hf_query_col_i64(q, 0) : -1;
	hf_query_done(q);
	return ok;
}

/* sql: a literal that gives one number. */
static inline int64_t rig_count_of(struct hf_store *store, const char *sql)
{
	struct hf_err err;
	struct rig_count count = {sql, 0};

	assert_ok(hf_store_read(store, rig_count_tx, &count, &err));
	return count.num;
}

#define COUNT(r, sql) rig_count_of((r)->store, "SELECT COUNT(*) FROM " sql)

static inline uint64_t rig_ledger_number(struct ca_rig *r)
{
	struct hf_err err;
	struct hf_ledger_state state;

	assert_ok(hf_dev_ledger_state(&r->inner, &state, &err));
	return state.number;
}

static inline bool rig_counts_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_km_count(tx, ctx, err);
}

#define assert_km_counts(r, used, old)                                                                                 \
	do {                                                                                                           \
		struct hf_km_counts got_;                                                                              \
		assert_ok(hf_store_read((r)->km_store, rig_counts_tx, &got_, &err));                                   \
		assert_int_equal(got_.in_use, used);                                                                   \
		assert_int_equal(got_.history, old);                                                                   \
	} while (0)

/* ---- the ledger's accounts: set(signed) = set(issued) + set(void) ------------------------------------------------ */

struct rig_account {
	struct hf_ledger_entry entry;
	int64_t issued, voided;
};

static inline bool rig_account_tx(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct rig_account *a = ctx;
	uint8_t scratch[21];
	struct hf_bytes serial = hf_der_positive(a->entry.serial, sizeof(a->entry.serial), scratch);
	struct hf_query *q;
	bool row = false;

	if (a->entry.is_crl) {
		q = hf_query(tx, "SELECT COUNT(*) FROM crl WHERE ca = ? AND number = ? AND tbs_hash = ?");
		hf_query_text(q, a->entry.key);
		hf_query_i64(q, (int64_t)hf_get_u64(a->entry.serial + 12));
	} else {
		q = hf_query(tx, "SELECT COUNT(*) FROM certificate WHERE ca = ? AND serial = ? AND tbs_hash = ?");
		hf_query_text(q, a->entry.key);
		hf_query_bytes(q, serial);
	}
	hf_query_bytes(q, HF_BYTES_OF(a->entry.tbs_hash));
	bool ok = hf_query_next(q, &row, err);
	a->issued = hf_query_col_i64(q, 0);
	hf_query_done(q);
	if (!ok)
		return false;
	q = hf_query(tx, "SELECT COUNT(*) FROM void_serial WHERE ca = ? AND serial = ? AND is_crl = ?");
	hf_query_text(q, a->entry.key);
	hf_query_bytes(q, serial);
	hf_query_bool(q, a->entry.is_crl);
	ok = hf_query_next(q, &row, err);
	a->voided = hf_query_col_i64(q, 0);
	hf_query_done(q);
	return ok;
}

/* Every entry is issued or void, one of both; and nothing else is. */
static inline void rig_check_accounts(struct ca_rig *r)
{
	struct hf_err err;
	struct rig_account account;
	uint64_t number = rig_ledger_number(r);
	int64_t issued = 0, voided = 0;
	size_t num;

	for (uint64_t n = 0; n < number; n++) {
		assert_ok(hf_dev_ledger_read(&r->inner, n, &account.entry, 1, &num, &err));
		assert_int_equal(num, 1);
		assert_ok(hf_store_read(r->store, rig_account_tx, &account, &err));
		if (account.issued + account.voided != 1)
			fail_msg("ledger entry %llu: issued %lld, void %lld", (unsigned long long)n + 1,
				(long long)account.issued, (long long)account.voided);
		issued += account.issued;
		voided += account.voided;
	}
	assert_int_equal(issued, COUNT(r, "certificate") + COUNT(r, "crl"));
	assert_int_equal(voided, COUNT(r, "void_serial"));
}

#define with_ca(name) cmocka_unit_test_setup_teardown(name, ca_rig_set_up, ca_rig_tear_down)

#endif
