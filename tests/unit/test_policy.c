/*
 * What a key may sign: each kind of key against each kind of message, and each rule against a message that breaks it.
 */
#include "pki_rig.h"

#include "audit/journal.h"
#include "keyd/policy.h"
#include "x509/kmproto.h"
#include "x509/ocsp.h"

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* The key under test with its name and rules; another key that is none of its business. */
struct fixture {
	struct rig_cert service, stranger; /* the senders of KM messages: the key's holder, and somebody else */
	struct hf_sm2_key own, other;
	struct hf_buf name, other_name;
	struct hf_key_policy policy;
	struct hf_policy_key key;
	struct hf_buf message;
	bool ledgered;
	struct hf_ledger_item item;
};

static void make_name(struct hf_buf *out, const char *cn)
{
	struct hf_err err;
	const struct hf_name_parts parts = {.C = "CN", .O = "Hufu tests", .CN = cn};

	hf_buf_init(out, HF_NAME_MAX);
	assert_ok(hf_name_build(&parts, out, &err));
}

static int set_up(void **state)
{
	struct hf_err err;
	struct fixture *f = calloc(1, sizeof(*f));

	rig_issue(&f->service, HF_PROFILE_ROOT, "service", NULL, -HF_DAY, HF_DAY);
	rig_issue(&f->stranger, HF_PROFILE_ROOT, "stranger", NULL, -HF_DAY, HF_DAY);
	f->own = f->service.key;
	assert_ok(hf_sm2_generate(&f->other, &err));
	make_name(&f->name, "the key's own name");
	make_name(&f->other_name, "another name");
	hf_buf_init(&f->message, HF_TBS_MAX);
	f->policy = (struct hf_key_policy){.name = HF_BYTES_LIT("k"),
		.index = 1,
		.issuer = hf_buf_bytes(&f->name),
		.maxDays = 1000,
		.notAfter = RIG_NOW + 900 * HF_DAY,
		.caPathLen = 1};
	f->key = (struct hf_policy_key){.policy = &f->policy, .service = "ca"};
	memcpy(f->key.pub, f->own.pub, sizeof(f->key.pub));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_clear(&f->service);
	rig_clear(&f->stranger);
	hf_buf_clear(&f->name);
	hf_buf_clear(&f->other_name);
	hf_buf_clear(&f->message);
	free(f);
	return 0;
}

static bool check(struct fixture *f, struct hf_err *err)
{
	return hf_policy_check(&f->key, hf_buf_bytes(&f->message), RIG_NOW, &f->ledgered, &f->item, err);
}

/* ---- messages, each right for the key under test ---------------------------------------------------------------- */

struct cert_plan {
	struct hf_tbs_params params;
	uint8_t serial[HF_SERIAL_LEN], key_id[HF_KEY_ID_LEN];
};

static void plan_cert(struct fixture *f, enum hf_profile profile, struct cert_plan *plan)
{
	struct hf_err err;
	uint8_t random[HF_SERIAL_RANDOM] = {7};
	bool root = profile == HF_PROFILE_ROOT;

	*plan = (struct cert_plan){.params = {.profile = profile,
					   .issuer = hf_buf_bytes(&f->name),
					   .subject = hf_buf_bytes(root ? &f->name : &f->other_name),
					   .not_before = RIG_NOW,
					   .not_after = RIG_NOW + 100 * HF_DAY,
					   .path_len = root ? -1 : 0,
					   .crl_uri = "http://ca.example/ca.crl"}};
	assert_ok(hf_serial_make(RIG_NOW, 0, random, plan->serial, &err));
	assert_ok(hf_key_id(f->own.pub, plan->key_id, &err));
	plan->params.serial = HF_BYTES_OF(plan->serial);
	plan->params.issuer_key_id = HF_BYTES_OF(plan->key_id);
	memcpy(plan->params.pub, root ? f->own.pub : f->other.pub, sizeof(plan->params.pub));
}

static void build_cert(struct fixture *f, const struct cert_plan *plan)
{
	struct hf_err err;

	hf_buf_reset(&f->message);
	assert_ok(hf_tbs_build(&plan->params, &f->message, &err));
}

static void make_cert(struct fixture *f, enum hf_profile profile)
{
	struct cert_plan plan;

	plan_cert(f, profile, &plan);
	build_cert(f, &plan);
}

static void make_root(struct fixture *f)
{
	make_cert(f, HF_PROFILE_ROOT);
}

static void make_sub_ca(struct fixture *f)
{
	make_cert(f, HF_PROFILE_SUB_CA);
}

static void make_end(struct fixture *f)
{
	make_cert(f, HF_PROFILE_USER_SIGN);
}

static void plan_crl(struct fixture *f, struct hf_crl_params *params, uint8_t key_id[HF_KEY_ID_LEN])
{
	struct hf_err err;

	assert_ok(hf_key_id(f->own.pub, key_id, &err));
	*params = (struct hf_crl_params){.issuer = hf_buf_bytes(&f->name),
		.issuer_key_id = {key_id, HF_KEY_ID_LEN},
		.this_update = RIG_NOW,
		.next_update = RIG_NOW + HF_DAY,
		.number = 258};
}

static void build_crl(struct fixture *f, const struct hf_crl_params *params)
{
	struct hf_err err;

	hf_buf_reset(&f->message);
	assert_ok(hf_crl_build(params, &f->message, &err));
}

static void make_crl(struct fixture *f)
{
	struct hf_crl_params params;
	uint8_t key_id[HF_KEY_ID_LEN];

	plan_crl(f, &params, key_id);
	build_crl(f, &params);
}

static void build_ocsp(
	struct fixture *f, struct hf_bytes name, const uint8_t *pub, int64_t produced_at, int64_t this_update)
{
	static const uint8_t hash[20] = {1}, serial[] = {5};
	struct hf_err err;
	const struct hf_ocsp_single single = {
		.id = {.hashAlgorithm = hf_alg_null(HF_OID_SHA1),
			.issuerNameHash = HF_BYTES_OF(hash),
			.issuerKeyHash = HF_BYTES_OF(hash),
			.serialNumber = HF_BYTES_OF(serial)},
		.this_update = this_update,
	};
	struct hf_ocsp_answer answer = {
		.responder = name, .produced_at = produced_at, .singles = &single, .num = 1, .nonce = HF_BYTES_NONE};

	if (pub)
		assert_ok(hf_key_id(pub, answer.responder_key, &err));
	hf_buf_reset(&f->message);
	assert_ok(hf_ocsp_tbs(&answer, &f->message, &err));
}

static void make_ocsp(struct fixture *f)
{
	build_ocsp(f, HF_BYTES_NONE, f->own.pub, RIG_NOW, RIG_NOW);
}

static void make_operation(struct fixture *f)
{
	hf_buf_reset(&f->message);
	hf_buf_put_str(&f->message, "HUFU-OPERATION-1\nca\nPOST\n/v1/issue\n");
}

/* A request to revoke and the answer to it are the same octets by the standard; one to apply is no answer. */
static void build_ask(struct fixture *f, const struct rig_cert *sender, int64_t at)
{
	static const uint8_t task[] = {1}, serial[] = {9};
	struct hf_err err;
	struct hf_km_ask ask = {.verb = HF_KM_APPLY,
		.userCertNo = HF_BYTES_OF(serial),
		.notBefore = RIG_NOW,
		.notAfter = RIG_NOW + HF_DAY};

	memcpy(ask.userPubKey, f->other.pub, sizeof(ask.userPubKey));
	hf_buf_reset(&f->message);
	assert_ok(hf_km_request_tbs(&sender->cert, HF_BYTES_OF(task), at, &ask, 1, &f->message, &err));
}

static void make_ask(struct fixture *f)
{
	build_ask(f, &f->service, RIG_NOW);
}

static void build_give(struct fixture *f, const struct rig_cert *sender, int64_t at)
{
	static const uint8_t task[] = {1};
	struct hf_err err;
	const struct hf_km_answer answer = {.verb = HF_KM_ERROR, .errNo = HF_KM_ERR_BUSY};

	hf_buf_reset(&f->message);
	assert_ok(hf_km_respond_tbs(&sender->cert, HF_BYTES_OF(task), at, &answer, 1, &f->message, &err));
}

static void make_give(struct fixture *f)
{
	build_give(f, &f->service, RIG_NOW);
}

static void build_head(struct fixture *f, const char *service, int64_t at)
{
	static const uint8_t hash[32] = {3};
	struct hf_err err;
	const struct hf_journal_head head = {.version = 1,
		.service = hf_bytes_str(service),
		.name = HF_BYTES_LIT("audit"),
		.number = 7,
		.hash = HF_BYTES_OF(hash),
		.at = at};

	hf_buf_reset(&f->message);
	assert_ok(hf_der_encode(&hf_JournalHead, &head, &f->message, &err));
}

static void make_head(struct fixture *f)
{
	build_head(f, "ca", RIG_NOW);
}

static void build_request(struct fixture *f, const uint8_t *pub)
{
	struct hf_err err;

	hf_buf_reset(&f->message);
	assert_ok(hf_csr_build_info(hf_buf_bytes(&f->name), pub, &f->message, &err));
}

static void make_request(struct fixture *f)
{
	build_request(f, f->own.pub);
}

static const struct {
	const char *name;
	enum hf_sign_kind kind;
	void (*make)(struct fixture *f);
	bool ledgered;
} messages[] = {
	{"its own root certificate", HF_SIGN_ROOT, make_root, true},
	{"a subordinate CA's certificate", HF_SIGN_CA, make_sub_ca, true},
	{"an end entity's certificate", HF_SIGN_END, make_end, true},
	{"a CRL", HF_SIGN_CRL, make_crl, true},
	{"an OCSP answer", HF_SIGN_OCSP, make_ocsp, false},
	{"an operation", HF_SIGN_OPERATION, make_operation, false},
	{"a KSRequest", HF_SIGN_KM_ASK, make_ask, false},
	{"a KSRespond", HF_SIGN_KM_GIVE, make_give, false},
	{"a journal's head", HF_SIGN_JOURNAL, make_head, false},
	{"a PKCS#10", HF_SIGN_REQUEST, make_request, false},
};

/* ---- keys × messages -------------------------------------------------------------------------------------------- */

static void every_kind_of_message_is_in_the_matrix(void **state)
{
	int64_t all = 0;

	(void)state;
	for (size_t i = 0; i < NUM(messages); i++)
		all |= messages[i].kind;
	assert_int_equal(all, HF_SIGN_ALL);
}

static void a_key_signs_its_own_kinds_and_no_others(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	for (size_t key = 0; key < NUM(messages); key++)
		for (size_t m = 0; m < NUM(messages); m++) {
			f->policy.kinds = messages[key].kind;
			messages[m].make(f);
			err = (struct hf_err){0};
			bool allowed = check(f, &err);
			if (allowed != (key == m))
				fail_msg("a key for %s: %s: %s", messages[key].name, messages[m].name, err.text);
			if (allowed)
				assert_int_equal(f->ledgered, messages[m].ledgered);
			else
				assert_int_equal(err.code, HF_E_DENIED);
		}
}

static void a_key_with_all_kinds_but_one_refuses_that_one(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	for (size_t m = 0; m < NUM(messages); m++) {
		messages[m].make(f);
		f->policy.kinds = HF_SIGN_ALL;
		assert_ok(check(f, &err));
		assert_int_equal(f->ledgered, messages[m].ledgered);
		f->policy.kinds = HF_SIGN_ALL & ~messages[m].kind;
		assert_refused(check(f, &err), HF_E_DENIED, "this key");
		assert_false(f->ledgered);
	}
}

static void what_is_ledgered_is_the_serial_and_the_hash(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	uint8_t hash[32];

	f->policy.kinds = HF_SIGN_END | HF_SIGN_CRL;
	make_end(f);
	assert_ok(check(f, &err));
	hf_sm3(hf_buf_bytes(&f->message), hash);
	assert_memory_equal(f->item.tbs_hash, hash, sizeof(hash));
	assert_false(f->item.is_crl);
	assert_int_equal(f->item.serial[0], 0); /* 18 octets, to the right */
	assert_int_equal(f->item.serial[1], 0);
	assert_int_not_equal(f->item.serial[2], 0);
	assert_int_equal(f->item.serial[10], 7);
	make_crl(f);
	assert_ok(check(f, &err));
	assert_true(f->item.is_crl);
	assert_int_equal(f->item.serial[18], 1);
	assert_int_equal(f->item.serial[19], 2);
}

/* ---- certificates: one rule each -------------------------------------------------------------------------------- */

static void wrong_issuer(struct fixture *f, struct cert_plan *p)
{
	static struct hf_buf third;

	(void)f;
	hf_buf_clear(&third);
	make_name(&third, "a third name");
	p->params.issuer = hf_buf_bytes(&third);
}

static void wrong_key_id(struct fixture *f, struct cert_plan *p)
{
	(void)f;
	p->key_id[3] ^= 1;
}

static void back_dated(struct fixture *f, struct cert_plan *p)
{
	(void)f;
	p->params.not_before -= HF_POLICY_WINDOW + HF_SECOND;
}

static void post_dated(struct fixture *f, struct cert_plan *p)
{
	(void)f;
	p->params.not_before += HF_POLICY_WINDOW + HF_SECOND;
}

static void too_long(struct fixture *f, struct cert_plan *p)
{
	f->policy.notAfter = INT64_MAX;
	p->params.not_after = p->params.not_before + 1000 * HF_DAY + HF_SECOND;
}

static void behind_the_ca(struct fixture *f, struct cert_plan *p)
{
	p->params.not_after = f->policy.notAfter + HF_SECOND;
}

static void own_key(struct fixture *f, struct cert_plan *p)
{
	memcpy(p->params.pub, f->own.pub, sizeof(p->params.pub));
}

static void own_name(struct fixture *f, struct cert_plan *p)
{
	p->params.subject = hf_buf_bytes(&f->name);
}

static void other_name(struct fixture *f, struct cert_plan *p)
{
	p->params.subject = hf_buf_bytes(&f->other_name);
}

static void no_path_len(struct fixture *f, struct cert_plan *p)
{
	(void)f;
	p->params.path_len = -1;
}

static void long_path(struct fixture *f, struct cert_plan *p)
{
	(void)f;
	p->params.path_len = 2;
}

/* A root that somebody else made, whole in itself. */
static void others_root(struct fixture *f, struct cert_plan *p)
{
	struct hf_err err;

	memcpy(p->params.pub, f->other.pub, sizeof(p->params.pub));
	p->params.issuer = p->params.subject = hf_buf_bytes(&f->other_name);
	assert_ok(hf_key_id(f->other.pub, p->key_id, &err));
}

static const struct {
	const char *name;
	enum hf_profile profile;
	void (*spoil)(struct fixture *f, struct cert_plan *plan);
	const char *word;
} bad_certs[] = {
	{"issuer", HF_PROFILE_USER_SIGN, wrong_issuer, "issuer is not the one"},
	{"issuer of a CA", HF_PROFILE_SUB_CA, wrong_issuer, "issuer is not the one"},
	{"AKI", HF_PROFILE_USER_ENC, wrong_key_id, "authorityKeyIdentifier"},
	{"back-dated", HF_PROFILE_USER_SIGN, back_dated, "notBefore"},
	{"post-dated", HF_PROFILE_USER_SIGN, post_dated, "notBefore"},
	{"back-dated CA", HF_PROFILE_SUB_CA, back_dated, "notBefore"},
	{"validity", HF_PROFILE_USER_SIGN, too_long, "longer than the 1000 days"},
	{"notAfter", HF_PROFILE_USER_SIGN, behind_the_ca, "notAfter lies behind"},
	{"an end entity with the CA's key", HF_PROFILE_USER_SIGN, own_key, "only the root's own"},
	{"an end entity with the CA's name", HF_PROFILE_USER_SIGN, own_name, "only the root's own"},
	{"a CA with the CA's name", HF_PROFILE_SUB_CA, own_name, "only the root's own"},
	{"a root with another name", HF_PROFILE_ROOT, other_name, "issuer is not the one"},
	{"a CA without pathLen", HF_PROFILE_SUB_CA, no_path_len, "pathLenConstraint may be at most 1"},
	{"a CA with a long path", HF_PROFILE_SUB_CA, long_path, "pathLenConstraint may be at most 1"},
	{"a stranger's root", HF_PROFILE_ROOT, others_root, "only the root's own"},
};

static void a_certificate_that_breaks_one_rule_is_refused_by_that_rule(void **state)
{
	struct fixture *f = *state;
	const struct hf_key_policy policy = f->policy;
	struct hf_err err;
	struct cert_plan plan;

	for (size_t i = 0; i < NUM(bad_certs); i++) {
		f->policy = policy;
		f->policy.kinds = HF_SIGN_ROOT | HF_SIGN_CA | HF_SIGN_END;
		plan_cert(f, bad_certs[i].profile, &plan);
		build_cert(f, &plan);
		assert_ok(check(f, &err));
		bad_certs[i].spoil(f, &plan);
		build_cert(f, &plan);
		assert_refused(check(f, &err), HF_E_DENIED, bad_certs[i].word);
	}
}

static void a_sub_ca_or_a_strangers_root_is_refused_by_the_key_for_users(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct cert_plan plan;

	f->policy.kinds = HF_SIGN_END | HF_SIGN_CRL;
	make_sub_ca(f);
	assert_refused(check(f, &err), HF_E_DENIED, "no certificates of CAs");
	make_root(f);
	assert_refused(check(f, &err), HF_E_DENIED, "no certificates of its own");
	plan_cert(f, HF_PROFILE_ROOT, &plan);
	others_root(f, &plan);
	build_cert(f, &plan);
	assert_refused(check(f, &err), HF_E_DENIED, "no certificates of CAs");
}

static void the_limits_themselves_are_allowed(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct cert_plan plan;

	f->policy.kinds = HF_SIGN_END | HF_SIGN_CA;
	plan_cert(f, HF_PROFILE_USER_SIGN, &plan);
	plan.params.not_before -= HF_POLICY_WINDOW;
	plan.params.not_after = f->policy.notAfter;
	build_cert(f, &plan);
	assert_ok(check(f, &err));
	plan_cert(f, HF_PROFILE_SUB_CA, &plan);
	plan.params.path_len = 1;
	build_cert(f, &plan);
	assert_ok(check(f, &err));
}

/* ---- certificates that no builder of ours makes ----------------------------------------------------------------- */

static void put_raw(struct hf_buf *list, const char *der, size_t len)
{
	assert_true(hf_buf_put(list, der, len));
}

/* Writes the TBS again with one extension left out and the octets of others added. */
static void replace_extension(struct fixture *f, enum hf_oid leave_out, const struct hf_buf *add)
{
	struct hf_err err;
	struct hf_tbs_cert tbs;
	struct hf_extension extension, out;
	struct hf_bytes tlv;
	struct hf_buf list, der;

	hf_buf_init(&list, HF_TBS_MAX);
	hf_buf_init(&der, HF_TBS_MAX);
	assert_ok(hf_der_decode(&hf_TBSCertificate, hf_buf_bytes(&f->message), &tbs, &err));
	bool there = hf_ext_find(&tbs.extensions, leave_out, &out);
	for (struct hf_der_list rest = tbs.extensions; hf_der_list_next_raw(&rest, &tlv);) {
		assert_ok(hf_der_decode(&hf_Extension, tlv, &extension, &err));
		if (!there || !hf_bytes_equal(extension.extnID, out.extnID))
			hf_buf_put_bytes(&list, tlv);
	}
	hf_buf_put_bytes(&list, hf_buf_bytes(add));
	tbs.extensions = hf_der_list_of(&list);
	assert_ok(hf_der_encode(&hf_TBSCertificate, &tbs, &der, &err));
	hf_buf_reset(&f->message);
	hf_buf_put_bytes(&f->message, hf_buf_bytes(&der));
	hf_buf_clear(&der);
	hf_buf_clear(&list);
}

static void an_unknown_critical_extension_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf add;

	hf_buf_init(&add, 64);
	f->policy.kinds = HF_SIGN_END;
	make_end(f);
	put_raw(&add, "\x30\x07\x06\x02\x2A\x03\x04\x01\x00", 9);
	replace_extension(f, HF_OID_UNKNOWN, &add);
	assert_ok(check(f, &err)); /* unknown, but nobody must understand it */
	hf_buf_reset(&add);
	make_end(f);
	put_raw(&add, "\x30\x0A\x06\x02\x2A\x03\x01\x01\xFF\x04\x01\x00", 12);
	replace_extension(f, HF_OID_UNKNOWN, &add);
	assert_refused(check(f, &err), HF_E_DENIED, "critical extension");
	hf_buf_clear(&add);
}

static void a_mixed_key_usage_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf add;
	static const unsigned usages[] = {HF_KU_SIGN | HF_KU_KEY_ENCIPHERMENT, HF_KU_DIGITAL_SIGNATURE,
		HF_KU_KEY_ENCIPHERMENT | HF_KU_DATA_ENCIPHERMENT, HF_KU_SIGN | HF_KU_KEY_CERT_SIGN, HF_KU_CRL_SIGN,
		HF_KU_CA};

	hf_buf_init(&add, 64);
	f->policy.kinds = HF_SIGN_END;
	for (size_t i = 0; i < NUM(usages); i++) {
		make_end(f);
		hf_buf_reset(&add);
		assert_ok(hf_ext_put_key_usage(&add, usages[i], &err));
		replace_extension(f, HF_OID_KEY_USAGE, &add);
		assert_refused(check(f, &err), HF_E_DENIED, "GM/T 0043");
	}
	hf_buf_reset(&add);
	make_end(f);
	replace_extension(f, HF_OID_KEY_USAGE, &add);
	assert_refused(check(f, &err), HF_E_DENIED, "keyUsage");
	f->policy.kinds = HF_SIGN_CA;
	make_sub_ca(f);
	assert_ok(hf_ext_put_key_usage(&add, HF_KU_CA | HF_KU_DIGITAL_SIGNATURE, &err));
	replace_extension(f, HF_OID_KEY_USAGE, &add);
	assert_refused(check(f, &err), HF_E_DENIED, "keyCertSign and cRLSign");
	hf_buf_clear(&add);
}

static void basic_constraints_in_an_end_entity_are_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf add;

	hf_buf_init(&add, 64);
	f->policy.kinds = HF_SIGN_END;
	make_end(f);
	put_raw(&add, "\x30\x0C\x06\x03\x55\x1D\x13\x01\x01\xFF\x04\x02\x30\x00", 14); /* cA FALSE */
	replace_extension(f, HF_OID_UNKNOWN, &add);
	assert_refused(check(f, &err), HF_E_DENIED, "no basicConstraints");
	hf_buf_reset(&add);
	make_end(f);
	put_raw(&add, "\x30\x0F\x06\x03\x55\x1D\x13\x01\x01\xFF\x04\x05\x30\x03\x01\x01\xFF", 17); /* cA TRUE */
	replace_extension(f, HF_OID_UNKNOWN, &add);
	assert_refused(check(f, &err), HF_E_DENIED, "no certificates of CAs");
	hf_buf_clear(&add);
}

/* ---- CRLs ------------------------------------------------------------------------------------------------------- */

static void a_crl_of_another_issuer_or_time_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_crl_params good, bad;
	uint8_t key_id[HF_KEY_ID_LEN], other_id[HF_KEY_ID_LEN];

	f->policy.kinds = HF_SIGN_CRL;
	plan_crl(f, &good, key_id);
	bad = good;
	bad.issuer = hf_buf_bytes(&f->other_name);
	build_crl(f, &bad);
	assert_refused(check(f, &err), HF_E_DENIED, "issuer is not the one");
	bad = good;
	assert_ok(hf_key_id(f->other.pub, other_id, &err));
	bad.issuer_key_id = HF_BYTES_OF(other_id);
	build_crl(f, &bad);
	assert_refused(check(f, &err), HF_E_DENIED, "authorityKeyIdentifier");
	bad = good;
	bad.this_update = RIG_NOW - HF_DAY;
	build_crl(f, &bad);
	assert_refused(check(f, &err), HF_E_DENIED, "thisUpdate");
	bad = good;
	bad.next_update = RIG_NOW + HF_POLICY_CRL_MAX;
	build_crl(f, &bad);
	assert_ok(check(f, &err));
	bad.next_update += HF_SECOND;
	build_crl(f, &bad);
	assert_refused(check(f, &err), HF_E_DENIED, "366 days");
}

/* Writes the TBSCertList again without its extensions but AKI, and with what is to be added. */
static void replace_crl_extensions(struct fixture *f, const struct hf_buf *add, bool keep_number)
{
	struct hf_err err;
	struct hf_tbs_crl tbs;
	struct hf_extension aki, number, extension;
	struct hf_bytes tlv;
	struct hf_buf list, der;

	hf_buf_init(&list, HF_TBS_MAX);
	hf_buf_init(&der, HF_TBS_MAX);
	assert_ok(hf_der_decode(&hf_TBSCertList, hf_buf_bytes(&f->message), &tbs, &err));
	assert_true(hf_ext_find(&tbs.crlExtensions, HF_OID_AUTHORITY_KEY_IDENTIFIER, &aki));
	assert_true(hf_ext_find(&tbs.crlExtensions, HF_OID_CRL_NUMBER, &number));
	for (struct hf_der_list rest = tbs.crlExtensions; hf_der_list_next_raw(&rest, &tlv);) {
		assert_ok(hf_der_decode(&hf_Extension, tlv, &extension, &err));
		if (hf_bytes_equal(extension.extnID, aki.extnID) ||
			(keep_number && hf_bytes_equal(extension.extnID, number.extnID)))
			hf_buf_put_bytes(&list, tlv);
	}
	hf_buf_put_bytes(&list, hf_buf_bytes(add));
	tbs.crlExtensions = hf_der_list_of(&list);
	assert_ok(hf_der_encode(&hf_TBSCertList, &tbs, &der, &err));
	hf_buf_reset(&f->message);
	hf_buf_put_bytes(&f->message, hf_buf_bytes(&der));
	hf_buf_clear(&der);
	hf_buf_clear(&list);
}

static void a_crl_without_number_or_with_unknown_rules_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf add;

	hf_buf_init(&add, 64);
	f->policy.kinds = HF_SIGN_CRL;
	make_crl(f);
	replace_crl_extensions(f, &add, true);
	assert_ok(check(f, &err));
	make_crl(f);
	replace_crl_extensions(f, &add, false);
	assert_refused(check(f, &err), HF_E_DENIED, "no cRLNumber");
	make_crl(f);
	put_raw(&add, "\x30\x0A\x06\x02\x2A\x03\x01\x01\xFF\x04\x01\x00", 12);
	replace_crl_extensions(f, &add, true);
	assert_refused(check(f, &err), HF_E_DENIED, "critical extension");
	hf_buf_reset(&add);
	make_crl(f);
	put_raw(&add, "\x30\x0D\x06\x03\x55\x1D\x1B\x01\x01\xFF\x04\x03\x02\x01\x01", 15); /* deltaCRLIndicator */
	replace_crl_extensions(f, &add, true);
	assert_refused(check(f, &err), HF_E_DENIED, "delta CRL");
	hf_buf_clear(&add);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static void an_ocsp_answer_of_another_responder_or_time_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_OCSP;
	build_ocsp(f, hf_buf_bytes(&f->name), NULL, RIG_NOW, RIG_NOW);
	assert_ok(check(f, &err));
	build_ocsp(f, hf_buf_bytes(&f->other_name), NULL, RIG_NOW, RIG_NOW);
	assert_refused(check(f, &err), HF_E_DENIED, "responderID is not this key");
	build_ocsp(f, HF_BYTES_NONE, f->other.pub, RIG_NOW, RIG_NOW);
	assert_refused(check(f, &err), HF_E_DENIED, "responderID is not this key");
	build_ocsp(f, HF_BYTES_NONE, f->own.pub, RIG_NOW - HF_HOUR, RIG_NOW - HF_HOUR);
	assert_refused(check(f, &err), HF_E_DENIED, "producedAt");
	build_ocsp(f, HF_BYTES_NONE, f->own.pub, RIG_NOW, RIG_NOW + HF_HOUR);
	assert_refused(check(f, &err), HF_E_DENIED, "thisUpdate lies in the future");
}

static void a_journals_head_of_another_service_or_time_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_JOURNAL;
	build_head(f, "ra", RIG_NOW);
	assert_refused(check(f, &err), HF_E_DENIED, "another service's");
	build_head(f, "ca", RIG_NOW - HF_HOUR);
	assert_refused(check(f, &err), HF_E_DENIED, "the head's time");
}

static void km_messages_of_another_sender_or_time_are_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_KM_ASK;
	build_ask(f, &f->service, RIG_NOW - HF_HOUR);
	assert_refused(check(f, &err), HF_E_DENIED, "requestTime");
	build_ask(f, &f->stranger, RIG_NOW);
	assert_refused(check(f, &err), HF_E_DENIED, "the sender");
	f->policy.kinds = HF_SIGN_KM_GIVE;
	build_give(f, &f->service, RIG_NOW + HF_HOUR);
	assert_refused(check(f, &err), HF_E_DENIED, "respondTime");
	build_give(f, &f->stranger, RIG_NOW);
	assert_refused(check(f, &err), HF_E_DENIED, "the sender");
}

static void a_request_for_another_key_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_REQUEST;
	build_request(f, f->other.pub);
	assert_refused(check(f, &err), HF_E_DENIED, "another key");
}

static void an_operation_is_lines_of_text(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_OPERATION;
	make_operation(f);
	hf_buf_put_str(&f->message, "no end");
	assert_refused(check(f, &err), HF_E_DENIED, "lines of text");
	make_operation(f);
	hf_buf_put_str(&f->message, "\xFF\n");
	assert_refused(check(f, &err), HF_E_DENIED, "lines of text");
	hf_buf_reset(&f->message);
	hf_buf_put_str(&f->message, "anything else\n");
	assert_refused(check(f, &err), HF_E_DENIED, "no signed operation");
}

/* Nothing that is cut, lengthened, empty, or no DER at all gets by any key. */
static void what_is_not_whole_der_is_refused_by_every_key(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	f->policy.kinds = HF_SIGN_ALL;
	for (size_t m = 0; m < NUM(messages); m++) {
		if (messages[m].kind == HF_SIGN_OPERATION)
			continue;
		messages[m].make(f);
		size_t len = f->message.len;
		for (size_t cut = 0; cut < len; cut += 1 + cut / 8) {
			f->message.len = cut;
			assert_refused(check(f, &err), HF_E_DENIED, "");
		}
		f->message.len = len;
		hf_buf_put_u8(&f->message, 0);
		assert_refused(check(f, &err), HF_E_DENIED, "");
	}
	hf_buf_reset(&f->message);
	assert_refused(check(f, &err), HF_E_DENIED, "nothing to sign");
	hf_buf_put_str(&f->message, "0123456789012345678901234567890123456789");
	assert_refused(check(f, &err), HF_E_DENIED, "does not sign this message");
}

#define with(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(every_kind_of_message_is_in_the_matrix),
		with(a_key_signs_its_own_kinds_and_no_others),
		with(a_key_with_all_kinds_but_one_refuses_that_one),
		with(what_is_ledgered_is_the_serial_and_the_hash),
		with(a_certificate_that_breaks_one_rule_is_refused_by_that_rule),
		with(a_sub_ca_or_a_strangers_root_is_refused_by_the_key_for_users),
		with(the_limits_themselves_are_allowed),
		with(an_unknown_critical_extension_is_refused),
		with(a_mixed_key_usage_is_refused),
		with(basic_constraints_in_an_end_entity_are_refused),
		with(a_crl_of_another_issuer_or_time_is_refused),
		with(a_crl_without_number_or_with_unknown_rules_is_refused),
		with(an_ocsp_answer_of_another_responder_or_time_is_refused),
		with(a_journals_head_of_another_service_or_time_is_refused),
		with(km_messages_of_another_sender_or_time_are_refused),
		with(a_request_for_another_key_is_refused),
		with(an_operation_is_lines_of_text),
		with(what_is_not_whole_der_is_refused_by_every_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
