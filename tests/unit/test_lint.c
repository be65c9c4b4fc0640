#include "x509_fixture.h"

#include "base/hex.h"
#include "x509/lint.h"

#include <stdlib.h>

/*
 * Each rule of the table is broken once: a good object is taken apart, one thing in it is changed, and the rule must
 * speak. A last test walks the table for rules that nobody broke.
 */
#define RULES_MAX 128

struct heard {
	const struct hf_lint_rule *rules[RULES_MAX];
	size_t num;
};

static void hear(void *ctx, const struct hf_lint_rule *rule)
{
	struct heard *heard = ctx;

	assert_true(heard->num < RULES_MAX);
	heard->rules[heard->num++] = rule;
}

static bool heard_rule(const struct heard *heard, const char *id)
{
	for (size_t i = 0; i < heard->num; i++)
		if (strcmp(heard->rules[i]->id, id) == 0)
			return true;
	return false;
}

enum act {
	DROP,  /* the extension */
	FLIP,  /* its criticality */
	VALUE, /* another value, hex */
	ADD,   /* an extension with this value */
	ADD_CRITICAL,
};

struct breakage {
	const char *rule;
	enum hf_profile profile;
	enum act act;
	enum hf_oid oid;
	const char *hex;
};
static const struct breakage breakages[] = {
	{"e_ski", HF_PROFILE_USER_SIGN, DROP, HF_OID_SUBJECT_KEY_IDENTIFIER, NULL},
	{"e_ski_value", HF_PROFILE_USER_SIGN, VALUE, HF_OID_SUBJECT_KEY_IDENTIFIER, "04020102"},
	{"e_aki", HF_PROFILE_USER_SIGN, DROP, HF_OID_AUTHORITY_KEY_IDENTIFIER, NULL},
	{"e_aki", HF_PROFILE_ROOT, DROP, HF_OID_AUTHORITY_KEY_IDENTIFIER, NULL},
	{"w_aki_only_key", HF_PROFILE_USER_SIGN, VALUE, HF_OID_AUTHORITY_KEY_IDENTIFIER, "3006800101820101"},
	{"e_root_aki", HF_PROFILE_ROOT, VALUE, HF_OID_AUTHORITY_KEY_IDENTIFIER, "3003800101"},
	{"e_usage_critical", HF_PROFILE_USER_SIGN, FLIP, HF_OID_KEY_USAGE, NULL},
	{"e_usage_sign", HF_PROFILE_USER_SIGN, DROP, HF_OID_KEY_USAGE, NULL},
	{"e_usage_sign", HF_PROFILE_USER_SIGN, VALUE, HF_OID_KEY_USAGE, "03020780"},
	{"e_usage_enc", HF_PROFILE_USER_ENC, VALUE, HF_OID_KEY_USAGE, "03020430"},
	{"e_usage_enc", HF_PROFILE_DEVICE_ENC, VALUE, HF_OID_KEY_USAGE, "030206c0"},
	{"e_usage_ca", HF_PROFILE_SUB_CA, VALUE, HF_OID_KEY_USAGE, "03020186"},
	{"e_constraints_ca", HF_PROFILE_SUB_CA, DROP, HF_OID_BASIC_CONSTRAINTS, NULL},
	{"e_constraints_ca", HF_PROFILE_ROOT, VALUE, HF_OID_BASIC_CONSTRAINTS, "3000"},
	{"e_constraints_critical", HF_PROFILE_SUB_CA, FLIP, HF_OID_BASIC_CONSTRAINTS, NULL},
	{"e_not_ca", HF_PROFILE_USER_SIGN, ADD_CRITICAL, HF_OID_BASIC_CONSTRAINTS, "30030101ff"},
	{"w_no_constraints", HF_PROFILE_USER_SIGN, ADD_CRITICAL, HF_OID_BASIC_CONSTRAINTS, "3000"},
	{"e_crldp", HF_PROFILE_USER_SIGN, DROP, HF_OID_CRL_DISTRIBUTION_POINTS, NULL},
	{"e_crldp_uri", HF_PROFILE_USER_SIGN, VALUE, HF_OID_CRL_DISTRIBUTION_POINTS, "30083006a004a0028200"},
	{"w_aia_issuers", HF_PROFILE_USER_SIGN, VALUE, HF_OID_AUTHORITY_INFO_ACCESS,
		"300f300d06082b06010505073001860161"},
	{"e_quiet_extensions", HF_PROFILE_USER_SIGN, FLIP, HF_OID_SUBJECT_KEY_IDENTIFIER, NULL},
	{"e_quiet_extensions", HF_PROFILE_USER_SIGN, ADD_CRITICAL, HF_OID_RESIDENT_ID, "130131"},
	{"e_no_ocsp_power", HF_PROFILE_USER_SIGN, ADD, HF_OID_EXT_KEY_USAGE, "300a06082b06010505070309"},
	{"e_no_ocsp_power", HF_PROFILE_SUB_CA, ADD, HF_OID_OCSP_NOCHECK, "0500"},
	{"e_ocsp_power", HF_PROFILE_OCSP, DROP, HF_OID_OCSP_NOCHECK, NULL},
	{"e_ocsp_power", HF_PROFILE_OCSP, DROP, HF_OID_EXT_KEY_USAGE, NULL},
	{"e_enc_purposes", HF_PROFILE_USER_ENC, ADD, HF_OID_EXT_KEY_USAGE, "300a06082b06010505070303"},
	{"e_usage_period", HF_PROFILE_USER_SIGN, ADD, HF_OID_PRIVATE_KEY_USAGE_PERIOD,
		"3011810f32303939303130313030303030305a"},
	{"e_known_critical", HF_PROFILE_USER_SIGN, ADD_CRITICAL, HF_OID_NAME_CONSTRAINTS, "3000"},
};

static void put_changed(const struct breakage *change, const struct hf_extension *old, struct hf_buf *content)
{
	struct hf_extension extension = *old;
	uint8_t octets[64];
	struct hf_err err;

	if (hf_oid_is(old->extnID, change->oid)) {
		if (change->act == DROP)
			return;
		if (change->act == FLIP)
			extension.critical = !extension.critical;
		if (change->act == VALUE) {
			size_t len = strlen(change->hex) / 2;
			assert_true(hf_unhex(change->hex, octets, len));
			extension.extnValue = (struct hf_bytes){octets, len};
		}
	}
	assert_ok(hf_der_list_add(content, &hf_Extension, &extension, &err));
}

static void change_extensions(
	const struct breakage *change, const struct hf_der_list *extensions, struct hf_buf *content)
{
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;
	uint8_t octets[64];
	struct hf_err err;

	while (hf_der_list_next(&rest, &hf_Extension, &extension))
		put_changed(change, &extension, content);
	if (change->act != ADD && change->act != ADD_CRITICAL)
		return;
	size_t len = strlen(change->hex) / 2;
	assert_true(hf_unhex(change->hex, octets, len));
	extension = (struct hf_extension){.extnID = hf_oid_bytes(change->oid),
		.critical = change->act == ADD_CRITICAL,
		.extnValue = {octets, len}};
	assert_ok(hf_der_list_add(content, &hf_Extension, &extension, &err));
}

/* Encodes the changed TBS and lints it; *heard is what was said. */
static bool lint_changed(const struct hf_tbs_cert *tbs, enum hf_profile profile, struct heard *heard)
{
	const struct hf_lint_report report = {hear, heard};
	struct hf_buf der;
	struct hf_err err;

	heard->num = 0;
	hf_buf_init(&der, HF_CERT_MAX);
	assert_ok(hf_der_encode(&hf_TBSCertificate, tbs, &der, &err));
	bool ok = hf_lint_tbs(hf_buf_bytes(&der), profile, &report, &err);
	hf_buf_clear(&der);
	return ok;
}

static struct fix_cert root, leaf;

static void good_cert(enum hf_profile profile)
{
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&leaf, 9, "张三", profile, profile == HF_PROFILE_ROOT ? NULL : &root);
}

static void clear_certs(void)
{
	fix_clear(&leaf);
	fix_clear(&root);
}

static void expect(const struct heard *heard, const char *rule, bool passed)
{
	if (!heard_rule(heard, rule))
		fail_msg("%s did not speak", rule);
	if (passed != (rule[0] == 'w'))
		fail_msg("%s: an error stops, a warning does not", rule);
}

static void each_extension_rule_speaks(void **state)
{
	struct heard heard;
	struct hf_buf content;

	(void)state;
	hf_buf_init(&content, HF_CERT_MAX);
	for (size_t i = 0; i < sizeof(breakages) / sizeof(breakages[0]); i++) {
		good_cert(breakages[i].profile);
		struct hf_tbs_cert tbs = leaf.cert.tbs;
		assert_true(lint_changed(&tbs, breakages[i].profile, &heard) && heard.num == 0);
		hf_buf_reset(&content);
		change_extensions(&breakages[i], &leaf.cert.tbs.extensions, &content);
		tbs.extensions = hf_der_list_of(&content);
		bool ok = lint_changed(&tbs, breakages[i].profile, &heard);
		expect(&heard, breakages[i].rule, ok);
		clear_certs();
	}
	hf_buf_clear(&content);
}

/* What is not an extension: one function a rule, changing the decoded TBS. */
static uint8_t scratch[256];

static void v1(struct hf_tbs_cert *tbs)
{
	tbs->version = 0;
	tbs->extensions = (struct hf_der_list){0};
}

static void sm2_without_sm3(struct hf_tbs_cert *tbs)
{
	tbs->signature = hf_alg_of(HF_OID_SM2_SIGN);
}

static void null_parameters(struct hf_tbs_cert *tbs)
{
	tbs->signature = hf_alg_null(HF_OID_SM2_SM3);
}

static void short_serial(struct hf_tbs_cert *tbs)
{
	tbs->serialNumber = HF_BYTES_LIT("\x05");
}

static void backwards(struct hf_tbs_cert *tbs)
{
	tbs->validity.notAfter = tbs->validity.notBefore;
}

static void utf8_country(struct hf_tbs_cert *tbs)
{
	memcpy(scratch, tbs->subject.p, tbs->subject.len);
	scratch[11 - 2] = 0x0C;
	tbs->subject.p = scratch;
}

static void utf8_country_issuer(struct hf_tbs_cert *tbs)
{
	memcpy(scratch, tbs->issuer.p, tbs->issuer.len);
	scratch[11 - 2] = 0x0C;
	tbs->issuer.p = scratch;
}

static void other_issuer(struct hf_tbs_cert *tbs)
{
	tbs->issuer = HF_BYTES_LIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
				   "x");
}

static void own_issuer(struct hf_tbs_cert *tbs)
{
	tbs->issuer = tbs->subject;
}

static void rsa_key(struct hf_tbs_cert *tbs)
{
	tbs->subjectPublicKeyInfo.algorithm = hf_alg_null(HF_OID_RSA_ENCRYPTION);
}

static void curve_as_algorithm(struct hf_tbs_cert *tbs)
{
	tbs->subjectPublicKeyInfo.algorithm = hf_alg_of(HF_OID_SM2);
}

static void unique_id(struct hf_tbs_cert *tbs)
{
	tbs->subjectUniqueID.bytes = HF_BYTES_LIT("\x01");
}

static const struct {
	const char *rule;
	enum hf_profile profile;
	void (*change)(struct hf_tbs_cert *tbs);
} changes[] = {
	{"e_version", HF_PROFILE_USER_SIGN, v1},
	{"e_alg", HF_PROFILE_USER_SIGN, sm2_without_sm3},
	{"w_alg_parameters", HF_PROFILE_USER_SIGN, null_parameters},
	{"w_serial_length", HF_PROFILE_USER_SIGN, short_serial},
	{"e_validity", HF_PROFILE_USER_SIGN, backwards},
	{"e_subject", HF_PROFILE_USER_SIGN, utf8_country},
	{"w_issuer", HF_PROFILE_USER_SIGN, utf8_country_issuer},
	{"e_root_names", HF_PROFILE_ROOT, other_issuer},
	{"e_self_issued", HF_PROFILE_USER_SIGN, own_issuer},
	{"e_key", HF_PROFILE_USER_SIGN, rsa_key},
	{"w_key_oid", HF_PROFILE_USER_SIGN, curve_as_algorithm},
	{"e_unique_ids", HF_PROFILE_USER_SIGN, unique_id},
};

static void each_field_rule_speaks(void **state)
{
	struct heard heard;

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		good_cert(changes[i].profile);
		struct hf_tbs_cert tbs = leaf.cert.tbs;
		changes[i].change(&tbs);
		bool ok = lint_changed(&tbs, changes[i].profile, &heard);
		expect(&heard, changes[i].rule, ok);
		clear_certs();
	}
}

static void a_time_in_the_wrong_type_is_found(void **state)
{
	static const uint8_t utc[] = "\x17\x0d"
				     "261121110000Z",
			     generalized[] = "\x18\x0f"
					     "20261121110000Z";
	struct heard heard = {.num = 0};
	const struct hf_lint_report report = {hear, &heard};
	struct hf_buf der;
	struct hf_err err;

	(void)state;
	good_cert(HF_PROFILE_USER_SIGN);
	struct hf_bytes tbs = hf_buf_bytes(&leaf.tbs);
	const uint8_t *at = memmem(tbs.p, tbs.len, utc, sizeof(utc) - 1);
	assert_non_null(at);
	hf_buf_init(&der, HF_CERT_MAX);
	hf_buf_put(&der, tbs.p, (size_t)(at - tbs.p));
	hf_buf_put(&der, generalized, sizeof(generalized) - 1);
	hf_buf_put(&der, at + sizeof(utc) - 1, tbs.len - (size_t)(at - tbs.p) - (sizeof(utc) - 1));
	hf_put_u16(der.p + 2, (uint16_t)(hf_get_u16(der.p + 2) + 2)); /* the TBS */
	at = memmem(der.p, der.len, generalized, sizeof(generalized) - 1);
	der.p[at - der.p - 1] = (uint8_t)(der.p[at - der.p - 1] + 2); /* the validity */
	assert_refused(hf_lint_tbs(hf_buf_bytes(&der), HF_PROFILE_USER_SIGN, &report, &err), HF_E_INPUT, "e_encoding");
	expect(&heard, "e_encoding", false);
	hf_buf_clear(&der);
	clear_certs();
}

static void lint_crl_as(const struct hf_tbs_crl *tbs, const char *rule)
{
	struct heard heard = {.num = 0};
	const struct hf_lint_report report = {hear, &heard};
	struct hf_buf der;
	struct hf_crl crl;
	struct hf_err err;

	hf_buf_init(&der, HF_CERT_MAX);
	assert_ok(hf_der_encode(&hf_TBSCertList, tbs, &der, &err));
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&der), &crl, &err));
	bool ok = hf_lint_crl(&crl, &report, &err);
	if (rule)
		expect(&heard, rule, ok);
	else
		assert_true(ok && heard.num == 0);
	hf_buf_clear(&der);
}

static void each_rule_for_lists_speaks(void **state)
{
	const struct hf_crl_entry entries[] = {{.serial = HF_BYTES_LIT("\x01"), .revoked_at = FIX_NOW},
		{.serial = HF_BYTES_LIT("\x02"), .revoked_at = FIX_NOW}};
	struct hf_buf der, entries_twice, extensions;
	struct hf_crl crl;
	struct hf_err err;

	(void)state;
	good_cert(HF_PROFILE_USER_SIGN);
	struct hf_crl_params params = {.issuer = hf_buf_bytes(&root.name),
		.issuer_key_id = root.cert.subject_key_id,
		.this_update = FIX_NOW,
		.next_update = FIX_NOW + HF_DAY,
		.number = 1,
		.entries = entries,
		.num_entries = 2};
	hf_buf_init(&der, HF_CERT_MAX);
	hf_buf_init(&entries_twice, HF_CERT_MAX);
	hf_buf_init(&extensions, HF_CERT_MAX);
	assert_ok(hf_crl_build(&params, &der, &err));
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&der), &crl, &err));
	lint_crl_as(&crl.tbs, NULL);

	struct hf_tbs_crl tbs = crl.tbs;
	tbs.has_version = false;
	tbs.crlExtensions = (struct hf_der_list){0};
	lint_crl_as(&tbs, "e_crl_version");
	lint_crl_as(&tbs, "e_crl_aki");
	lint_crl_as(&tbs, "e_crl_number");
	tbs = crl.tbs;
	tbs.signature = hf_alg_of(HF_OID_SM2_SIGN);
	lint_crl_as(&tbs, "e_crl_alg");
	tbs.signature = hf_alg_null(HF_OID_SM2_SM3);
	lint_crl_as(&tbs, "w_crl_alg_parameters");
	tbs = crl.tbs;
	tbs.issuer = HF_BYTES_LIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01"
				  "x");
	lint_crl_as(&tbs, "w_crl_issuer");
	tbs = crl.tbs;
	tbs.has_next_update = false;
	lint_crl_as(&tbs, "e_crl_next_update");
	tbs = crl.tbs;
	tbs.thisUpdate -= HF_DAY;
	lint_crl_as(&tbs, "e_crl_entry_dates");
	tbs = crl.tbs;
	hf_buf_put_bytes(&entries_twice, tbs.revokedCertificates.content);
	hf_buf_put_bytes(&entries_twice, tbs.revokedCertificates.content);
	tbs.revokedCertificates = hf_der_list_of(&entries_twice);
	lint_crl_as(&tbs, "e_crl_unique");
	tbs = crl.tbs;
	assert_ok(hf_ext_put_aki(&extensions, root.cert.subject_key_id, &err));
	assert_ok(hf_ext_put_number(&extensions, HF_OID_CRL_NUMBER, 0, &err));
	tbs.crlExtensions = hf_der_list_of(&extensions);
	lint_crl_as(&tbs, "w_crl_number_positive");
	assert_ok(hf_ext_put(&extensions, HF_OID_CPS_URI, true, &hf_OcspNoCheck, "", &err));
	tbs.crlExtensions = hf_der_list_of(&extensions);
	lint_crl_as(&tbs, "e_crl_known_critical");
	hf_buf_reset(&der);
	struct hf_crl_entry removed = entries[0];
	removed.reason = HF_REASON_REMOVE_FROM_CRL;
	params.entries = &removed;
	params.num_entries = 1;
	assert_ok(hf_crl_build(&params, &der, &err));
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&der), &crl, &err));
	lint_crl_as(&crl.tbs, "e_crl_entry_reasons");
	hf_buf_clear(&extensions);
	hf_buf_clear(&entries_twice);
	hf_buf_clear(&der);
	clear_certs();
}

static void a_list_with_the_wrong_time_type_is_found(void **state)
{
	static const uint8_t utc[] = "\x17\x0d"
				     "261122110000Z",
			     generalized[] = "\x18\x0f"
					     "20261122110000Z";
	struct heard heard = {.num = 0};
	const struct hf_lint_report report = {hear, &heard};
	struct hf_buf der, made;
	struct hf_crl crl;
	struct hf_err err;

	(void)state;
	good_cert(HF_PROFILE_USER_SIGN);
	struct hf_crl_params params = {.issuer = hf_buf_bytes(&root.name),
		.issuer_key_id = root.cert.subject_key_id,
		.this_update = FIX_NOW,
		.next_update = FIX_NOW + HF_DAY,
		.number = 1};
	hf_buf_init(&der, HF_CERT_MAX);
	hf_buf_init(&made, HF_CERT_MAX);
	assert_ok(hf_crl_build(&params, &made, &err));
	const uint8_t *at = memmem(made.p, made.len, utc, sizeof(utc) - 1);
	assert_non_null(at);
	hf_buf_put(&der, made.p, (size_t)(at - made.p));
	hf_buf_put(&der, generalized, sizeof(generalized) - 1);
	hf_buf_put(&der, at + sizeof(utc) - 1, made.len - (size_t)(at - made.p) - (sizeof(utc) - 1));
	uint8_t *len = der.p[1] == 0x81 ? der.p + 2 : der.p + 1;
	*len = (uint8_t)(*len + 2);
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&der), &crl, &err));
	assert_refused(hf_lint_crl(&crl, &report, &err), HF_E_INPUT, "e_crl_encoding");
	expect(&heard, "e_crl_encoding", false);
	hf_buf_clear(&made);
	hf_buf_clear(&der);
	clear_certs();
}

static void each_rule_for_requests_speaks(void **state)
{
	struct hf_sm2_key key = fix_key(5);
	struct hf_signer signer = fix_signer(&key);
	struct heard heard = {.num = 0};
	const struct hf_lint_report report = {hear, &heard};
	struct hf_buf der;
	struct hf_csr csr;
	struct hf_err err;

	(void)state;
	hf_buf_init(&der, HF_CSR_MAX);
	/* CN as PrintableString */
	assert_ok(hf_csr_make(&signer,
		HF_BYTES_LIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01"
			     "x"),
		&der, &err));
	assert_ok(hf_decode_csr(hf_buf_bytes(&der), &csr, &err));
	assert_refused(hf_lint_csr(&csr, &report, &err), HF_E_INPUT, "e_csr_subject");
	csr.signatureAlgorithm = hf_alg_of(HF_OID_SM2_SIGN);
	bool ok = hf_lint_csr(&csr, &report, &err);
	expect(&heard, "e_csr_alg", ok);
	expect(&heard, "e_csr_possession", ok);
	hf_buf_clear(&der);
}

static void no_two_rules_have_one_name_and_all_say_why(void **state)
{
	size_t num;
	const struct hf_lint_rule *rules = hf_lint_rules(&num);

	(void)state;
	for (size_t i = 0; i < num; i++) {
		assert_true(
			rules[i].id[0] == (rules[i].severity == HF_LINT_ERROR ? 'e' : 'w') && rules[i].id[1] == '_');
		assert_true(strlen(rules[i].text) > 10 && strlen(rules[i].clause) > 5);
		assert_true(rules[i].kinds != 0 && rules[i].check);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rules[i].id, rules[j].id);
	}
}

static void nobody_forgot_to_break_a_rule(void **state)
{
	/* broken by name above */
	static const char *const elsewhere[] = {"e_encoding", "e_crl_version", "e_crl_aki", "e_crl_number", "e_crl_alg",
		"w_crl_alg_parameters", "w_crl_issuer", "e_crl_next_update", "e_crl_entry_dates", "e_crl_unique",
		"w_crl_number_positive", "e_crl_known_critical", "e_crl_entry_reasons", "e_csr_subject", "e_csr_alg",
		"e_csr_possession", "e_crl_encoding", NULL};
	size_t num;
	const struct hf_lint_rule *rules = hf_lint_rules(&num);

	(void)state;
	for (size_t i = 0; i < num; i++) {
		bool broken = false;
		for (size_t j = 0; j < sizeof(breakages) / sizeof(breakages[0]); j++)
			broken |= strcmp(breakages[j].rule, rules[i].id) == 0;
		for (size_t j = 0; j < sizeof(changes) / sizeof(changes[0]); j++)
			broken |= strcmp(changes[j].rule, rules[i].id) == 0;
		for (size_t j = 0; elsewhere[j]; j++)
			broken |= strcmp(elsewhere[j], rules[i].id) == 0;
		if (!broken)
			fail_msg("nothing breaks %s", rules[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_extension_rule_speaks),
		cmocka_unit_test(each_field_rule_speaks),
		cmocka_unit_test(a_time_in_the_wrong_type_is_found),
		cmocka_unit_test(each_rule_for_lists_speaks),
		cmocka_unit_test(a_list_with_the_wrong_time_type_is_found),
		cmocka_unit_test(each_rule_for_requests_speaks),
		cmocka_unit_test(no_two_rules_have_one_name_and_all_say_why),
		cmocka_unit_test(nobody_forgot_to_break_a_rule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
