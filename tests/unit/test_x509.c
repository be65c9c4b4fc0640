#include "x509_fixture.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/str.h"
#include "x509/lint.h"
#include "x509/path.h"
#include "x509/sm2sig.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <stdlib.h>

static struct hf_bytes unhex(const char *hex, uint8_t *out, size_t size)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= size && hf_unhex(hex, out, len));
	return (struct hf_bytes){out, len};
}

/* A second opinion: OpenSSL's SM2 over the raw tbs with the id set. */
static bool openssl_verifies(const uint8_t pub[HF_SM2_POINT], struct hf_bytes tbs, struct hf_bytes signature)
{
	uint8_t point[1 + HF_SM2_POINT] = {0x04};
	OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t) "SM2", 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)), OSSL_PARAM_END};
	EVP_PKEY_CTX *from = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *verify;

	memcpy(point + 1, pub, HF_SM2_POINT);
	assert_int_equal(EVP_PKEY_fromdata_init(from), 1);
	assert_int_equal(EVP_PKEY_fromdata(from, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	verify = EVP_PKEY_CTX_new(key, NULL);
	assert_true(EVP_PKEY_CTX_set1_id(verify, "1234567812345678", 16) > 0);
	EVP_MD_CTX_set_pkey_ctx(md, verify);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key), 1);
	bool ok = EVP_DigestVerify(md, signature.p, signature.len, tbs.p, tbs.len) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(verify);
	EVP_PKEY_free(key);
	EVP_PKEY_CTX_free(from);
	return ok;
}

/* names */

static void names_are_written_by_the_rules(void **state)
{
	const struct hf_name_parts parts = {
		.C = "CN", .ST = "北京市", .L = "北京", .O = "O,1", .OU = {"部门", "二"}, .CN = "张三", .E = "a@b.cn"};
	struct hf_bytes text;
	struct hf_buf name, out;
	struct hf_err err;

	(void)state;
	hf_buf_init(&name, HF_NAME_MAX);
	hf_buf_init(&out, 4096);
	assert_ok(hf_name_build(&parts, &name, &err));
	hf_hex_put(&out, hf_buf_bytes(&name));
	assert_string_equal(hf_buf_cstr(&out),
		"308187310b300906035504061302434e3112301006035504080c09e58c97e4baace5b882310f300d06035504070c06e5"
		"8c97e4baac310c300a060355040a0c034f2c31310f300d060355040b0c06e983a8e997a8310c300a060355040b0c03e4"
		"ba8c310f300d06035504030c06e5bca0e4b8893115301306092a864886f70d01090116066140622e636e");
	hf_buf_reset(&out);
	hf_name_text(hf_buf_bytes(&name), HF_NAME_SMALL_FIRST, &out);
	assert_string_equal(hf_buf_cstr(&out), "E=a@b.cn,CN=张三,OU=二,OU=部门,O=O\\,1,L=北京,ST=北京市,C=CN");
	hf_buf_reset(&out);
	hf_name_text(hf_buf_bytes(&name), HF_NAME_DER_ORDER, &out);
	assert_string_equal(hf_buf_cstr(&out), "C=CN,ST=北京市,L=北京,O=O\\,1,OU=部门,OU=二,CN=张三,E=a@b.cn");
	assert_ok(hf_name_check_rules(hf_buf_bytes(&name), &err));
	assert_true(hf_name_get(hf_buf_bytes(&name), HF_OID_COMMON_NAME, &text));
	assert_true(hf_bytes_equal(text, hf_bytes_str("张三")));
	assert_false(hf_name_get(hf_buf_bytes(&name), HF_OID_TITLE, &text));
	hf_buf_clear(&out);
	hf_buf_clear(&name);
}

static void parts_of_names_have_limits(void **state)
{
	static const char long_65[] = "12345678901234567890123456789012345678901234567890123456789012345";
	static const char chars_64[] = "张三张三张三张三张三张三张三张三张三张三张三张三张三张三张三张三"
				       "张三张三张三张三张三张三张三张三张三张三张三张三张三张三张三张三";
	const struct {
		struct hf_name_parts parts;
		const char *says;
	} cases[] = {
		{{.C = "cn"}, "two capital letters"},
		{{.C = "CHN"}, "3 characters"},
		{{.C = "C*"}, "two capital letters"},
		{{.CN = long_65}, "CN: 65 characters"},
		{{.CN = "a\nb"}, "control characters"},
		{{.CN = "\xff"}, "not UTF-8"},
		{{.CN = "a\xe2\x80\xae"
			"b"},
			"control characters"},
		{{.E = "张@b.cn"}, "ASCII"},
		{{.O = ""}, "no part"},
	};
	const struct hf_name_parts good = {.CN = chars_64};
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	hf_buf_init(&out, HF_NAME_MAX);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(hf_name_build(&cases[i].parts, &out, &err), HF_E_INPUT, cases[i].says);
	assert_int_equal(out.len, 0);
	assert_ok(hf_name_build(&good, &out, &err));
	hf_buf_clear(&out);
}

static void names_of_others_are_shown_but_not_signed(void **state)
{
	static const struct {
		const char *hex, *text, *says;
	} cases[] = {
		{"3000", "", "empty"},
		/* O before C */
		{"301b310c300a060355040a0c036f6f70310b300906035504061302434e", "C=CN,O=oop", "out of the order"},
		/* C as UTF8String */
		{"300d310b300906035504060c02434e", "C=CN", "must be 13"},
		/* two attributes in one RDN */
		{"301a3118300906035504031302434e300b06035504030c04e5bca061", "CN=CN+CN=张a", "more than one"},
		/* escape sequence in a CN; unknown type; no string */
		{"300e310c300a06035504030c031b5b32", "CN=\\1B[2", "control"},
		{"300c310a300806032a03040c0161", "1.2.3.4=#0c0161", "none of ours"},
		{"300c310a300806035504030401ff", "CN=#0401ff", "must be 0c"},
	};
	uint8_t octets[64];
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	hf_buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_bytes name = unhex(cases[i].hex, octets, sizeof(octets));
		hf_buf_reset(&out);
		hf_name_text(name, HF_NAME_SMALL_FIRST, &out);
		assert_string_equal(hf_buf_cstr(&out), cases[i].text);
		assert_refused(hf_name_check_rules(name, &err), HF_E_INPUT, cases[i].says);
	}
	hf_buf_clear(&out);
}

/* keys and signatures */

static void keys_are_read_in_both_spellings(void **state)
{
	struct hf_sm2_key key = fix_key(7);
	uint8_t point[HF_SM2_POINT_DER], pub[HF_SM2_POINT];
	struct hf_spki spki = hf_spki_of(key.pub, point);
	struct hf_err err;

	(void)state;
	assert_ok(hf_spki_sm2(&spki, pub, &err));
	assert_memory_equal(pub, key.pub, sizeof(pub));
	spki.algorithm = hf_alg_of(HF_OID_SM2);
	assert_ok(hf_spki_sm2(&spki, pub, &err));
	spki.algorithm = hf_alg_null(HF_OID_SM2);
	assert_ok(hf_spki_sm2(&spki, pub, &err));
	spki.algorithm = hf_alg_of(HF_OID_EC_PUBLIC_KEY);
	assert_refused(hf_spki_sm2(&spki, pub, &err), HF_E_INPUT, "no SM2 key");
	spki.algorithm = hf_alg_of(HF_OID_RSA_ENCRYPTION);
	assert_refused(hf_spki_sm2(&spki, pub, &err), HF_E_INPUT, "1.2.840.113549.1.1.1");
	spki = hf_spki_of(key.pub, point);
	point[64] ^= 1;
	assert_refused(hf_spki_sm2(&spki, pub, &err), HF_E_INPUT, "curve");
	point[64] ^= 1;
	point[0] = 0x06;
	assert_refused(hf_spki_sm2(&spki, pub, &err), HF_E_INPUT, "not 04");
	point[0] = 0x04;
	spki.subjectPublicKey.bytes.len--;
	assert_refused(hf_spki_sm2(&spki, pub, &err), HF_E_INPUT, "not 04");
}

static void signatures_are_strict_der(void **state)
{
	static const struct {
		const char *hex, *says;
	} bad[] = {
		{"3006020100020101", "positive"},
		{"3006020101020100", "positive"},
		{"30060201ff020101", "positive"},
		{"300702020001020101", "not minimal"},
		{"300602010102010100", "left over"},
		{"3009020101020101020101", "left over"},
		{"308106020101020101", "not minimal"},
		{"3003020101", "missing"},
		{"30260221010000000000000000000000000000000000000000000000000000000000000000020101", "positive"},
	};
	uint8_t octets[80], sig[HF_SM2_SIG] = {0}, back[HF_SM2_SIG];
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(hf_sm2sig_parse(unhex(bad[i].hex, octets, sizeof(octets)), back, &err), HF_E_INPUT,
			bad[i].says);
	hf_buf_init(&out, HF_SM2SIG_DER_MAX);
	memset(sig, 0xFF, 32);
	sig[63] = 5;
	assert_ok(hf_sm2sig_encode(sig, &out, &err));
	assert_ok(hf_sm2sig_parse(hf_buf_bytes(&out), back, &err));
	assert_memory_equal(sig, back, sizeof(sig));
	memset(sig, 0x80, 64);
	hf_buf_reset(&out);
	assert_ok(hf_sm2sig_encode(sig, &out, &err));
	assert_int_equal(out.len, HF_SM2SIG_DER_MAX);
	hf_buf_clear(&out);
}

/* A device that lies in its n-th signature. */
struct liar {
	struct hf_sm2_key key;
	size_t at;
};

static bool liar_sign(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	struct liar *liar = ctx;

	if (!fix_sign(&liar->key, tbs, num, sigs, err))
		return false;
	sigs[liar->at][40] ^= 1;
	return true;
}

static bool broken_device(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	(void)ctx, (void)tbs, (void)num, (void)sigs;
	return hf_fail(err, HF_E_DEVICE, "the device is gone");
}

static void the_door_out_opens_for_all_or_none(void **state)
{
	struct liar liar = {.key = fix_key(3), .at = 1};
	struct hf_signer signer = fix_signer(&liar.key);
	struct hf_bytes tbs[] = {HF_BYTES_LIT("\x04\x01"
					      "a"),
		HF_BYTES_LIT("\x04\x01"
			     "b")};
	struct hf_buf out[2];
	struct hf_err err;

	(void)state;
	hf_buf_init(&out[0], 1000);
	hf_buf_init(&out[1], 1000);
	hf_buf_put_str(&out[0], "keep");
	signer.sign = liar_sign;
	signer.ctx = &liar;
	assert_refused(hf_signed_make(&signer, tbs, 2, out, &err), HF_E_VERIFY, "signature 1");
	assert_int_equal(out[0].len, 4);
	assert_int_equal(out[1].len, 0);
	signer.sign = broken_device;
	assert_refused(hf_signed_make(&signer, tbs, 2, out, &err), HF_E_DEVICE, "gone");
	signer = fix_signer(&liar.key);
	tbs[1] = HF_BYTES_LIT("\x04\x01"
			      "bc");
	assert_refused(hf_signed_make(&signer, tbs, 2, out, &err), HF_E_INPUT, "left over");
	tbs[1] = HF_BYTES_LIT("\x04\x01"
			      "b");
	hf_buf_clear(&out[1]);
	hf_buf_init(&out[1], 50);
	assert_refused(hf_signed_make(&signer, tbs, 2, out, &err), HF_E_LIMIT, "larger");
	assert_int_equal(out[0].len, 4);
	hf_buf_clear(&out[1]);
	hf_buf_init(&out[1], 1000);
	assert_ok(hf_signed_make(&signer, tbs, 2, out, &err));
	assert_true(out[1].len <= tbs[1].len + HF_SIGNED_EXTRA);
	hf_buf_reset(&out[1]);
	assert_ok(hf_signed_make_octets(&signer, &tbs[1], 1, &out[1], &err));
	assert_int_equal(out[1].p[2 + 3 + 12], 0x04); /* an OCTET STRING where the other has a BIT STRING */
	hf_buf_clear(&out[0]);
	hf_buf_clear(&out[1]);
}

/* extensions */

static void key_usage_is_a_named_bit_list(void **state)
{
	static const struct {
		unsigned usage;
		const char *hex;
	} cases[] = {{HF_KU_SIGN, "030206c0"}, {HF_KU_ENCRYPT, "03020338"}, {HF_KU_CA, "03020106"},
		{HF_KU_DECIPHER_ONLY, "0303070080"}};
	static const char *const bad[] = {"030100", "030205c0", "030307c000",
		"03020080"
		"",
		"0304060000c0", NULL};
	struct hf_der_bits bits;
	uint8_t octets[8], made[2];
	struct hf_buf out;
	struct hf_err err;
	unsigned usage;

	(void)state;
	hf_buf_init(&out, 16);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hf_bytes want = unhex(cases[i].hex, octets, sizeof(octets));
		bits = hf_key_usage_bits(cases[i].usage, made);
		hf_buf_reset(&out);
		assert_ok(hf_der_encode(&hf_KeyUsage, &bits, &out, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&out), want));
		assert_ok(hf_der_decode(&hf_KeyUsage, want, &bits, &err));
		assert_ok(hf_key_usage_of(&bits, &usage, &err));
		assert_int_equal(usage, cases[i].usage);
	}
	for (size_t i = 0; bad[i]; i++) {
		assert_ok(hf_der_decode(&hf_KeyUsage, unhex(bad[i], octets, sizeof(octets)), &bits, &err));
		assert_refused(hf_key_usage_of(&bits, &usage, &err), HF_E_INPUT, "keyUsage");
	}
	hf_buf_clear(&out);
}

static void identities_are_written_by_edition_and_read_in_any_shape(void **state)
{
	static const struct {
		enum hf_identity_edition edition;
		enum hf_identity_kind kind;
		const char *hex;
	} cases[] = {
		{HF_IDENTITY_2012, HF_IDENTITY_RESIDENT,
			"300f06082a811cd014040101040380"
			"0131"},
		{HF_IDENTITY_2012, HF_IDENTITY_PASSPORT, "300f06082a811cd0140401010403820131"},
		{HF_IDENTITY_2012, HF_IDENTITY_USCC, "300f06082a811cd0140401040403130131"},
		{HF_IDENTITY_2023, HF_IDENTITY_RESIDENT, "301006092a811cd014040101010403130131"},
		{HF_IDENTITY_2023, HF_IDENTITY_PASSPORT, "301006092a811cd0140401010204030c0131"},
		{HF_IDENTITY_2023, HF_IDENTITY_USCC, "300e06072a811cd01404040403130131"},
	};
	/* identifyCode with an EXPLICIT tag, and bare */
	static const char *const read_only[] = {
		"301106082a811cd0140401010405a003130131", "300f06082a811cd0140401010403130131", NULL};
	uint8_t octets[32];
	struct hf_bytes value;
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	hf_buf_init(&out, 256);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hf_buf_reset(&out);
		assert_ok(hf_identity_put(&out, cases[i].edition, cases[i].kind, "1", &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&out), unhex(cases[i].hex, octets, sizeof(octets))));
		struct hf_der_list list = hf_der_list_of(&out);
		assert_true(hf_identity_get(&list, cases[i].kind, &value));
		assert_true(hf_bytes_equal(value, HF_BYTES_LIT("1")));
	}
	for (size_t i = 0; read_only[i]; i++) {
		struct hf_der_list list = {.content = unhex(read_only[i], octets, sizeof(octets)), .num = 1};
		assert_true(hf_identity_get(&list, HF_IDENTITY_RESIDENT, &value));
		assert_true(hf_bytes_equal(value, HF_BYTES_LIT("1")));
		assert_false(hf_identity_get(&list, HF_IDENTITY_PASSPORT, &value));
	}
	assert_refused(
		hf_identity_put(&out, HF_IDENTITY_2023, HF_IDENTITY_MILITARY, "1", &err), HF_E_INPUT, "no identity");
	assert_refused(
		hf_identity_put(&out, HF_IDENTITY_2023, HF_IDENTITY_USCC, "张", &err), HF_E_INPUT, "PrintableString");
	assert_refused(hf_identity_put(&out, HF_IDENTITY_2023, HF_IDENTITY_PASSPORT, "", &err), HF_E_INPUT, "1 to 64");
	for (unsigned i = 0; i < HF_NUM_IDENTITIES; i++)
		assert_non_null(hf_identity_name((enum hf_identity_kind)i));
	hf_buf_clear(&out);
}

static void extensions_are_checked_as_a_list(void **state)
{
	static const uint8_t unknown[] = {0x30, 0x0A, 0x06, 0x02, 0x2A, 0x03, 0x01, 0x01, 0xFF, 0x04, 0x01, 0x00};
	struct hf_der_list list;
	struct hf_buf out;
	struct hf_err err;
	bool flagged;
	int64_t seven = 7;

	(void)state;
	hf_buf_init(&out, 65536);
	assert_ok(hf_ext_put_number(&out, HF_OID_CRL_NUMBER, 1, &err));
	hf_buf_put(&out, unknown, sizeof(unknown));
	list = hf_der_list_of(&out);
	assert_ok(hf_ext_check(&list, &flagged, &err));
	assert_true(flagged);
	hf_buf_put(&out, unknown, sizeof(unknown));
	list = hf_der_list_of(&out);
	assert_refused(hf_ext_check(&list, &flagged, &err), HF_E_INPUT, "1.2.3 is there twice");
	hf_buf_reset(&out);
	assert_ok(hf_ext_put(&out, HF_OID_REASON_CODE, false, &hf_CRLReason, &seven, &err));
	list = hf_der_list_of(&out);
	assert_refused(hf_ext_check(&list, &flagged, &err), HF_E_INPUT, "no reason has the number 7");
	hf_buf_reset(&out);
	assert_ok(hf_ext_put(&out, HF_OID_KEY_USAGE, true, &hf_CRLReason, &seven, &err));
	list = hf_der_list_of(&out);
	assert_refused(hf_ext_check(&list, &flagged, &err), HF_E_INPUT, "extension keyUsage");
	hf_buf_reset(&out);
	for (uint8_t i = 0; i < 65; i++) {
		uint8_t one[] = {0x30, 0x07, 0x06, 0x02, 0x2A, 0x03, 0x04, 0x01, 0x00};
		one[5] = i;
		hf_buf_put(&out, one, sizeof(one));
	}
	list = hf_der_list_of(&out);
	assert_refused(hf_ext_check(&list, &flagged, &err), HF_E_LIMIT, "more than 64");
	assert_int_equal(hf_reason_named("superseded"), HF_REASON_SUPERSEDED);
	assert_int_equal(hf_reason_named("nonsense"), -1);
	hf_buf_clear(&out);
}

/* certificates */

static void every_profile_is_built_linted_signed_and_read(void **state)
{
	struct fix_cert root, ca, leaf;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&ca, 2, "CA", HF_PROFILE_SUB_CA, &root);
	assert_ok(hf_cert_verify(&ca.cert, &root.cert, &err));
	assert_true(openssl_verifies(root.key.pub, ca.cert.tbs_der, ca.cert.signature));
	for (unsigned i = 0; i < HF_NUM_PROFILES; i++) {
		enum hf_profile profile = (enum hf_profile)i, named;
		const struct hf_profile_row *row = hf_profile_row(profile);
		bool is_ca = row->is_ca;
		assert_true(hf_profile_named(row->name, &named) && named == profile);
		fix_issue(&leaf, 9, "张三", profile, row->is_root ? NULL : is_ca ? &root : &ca);
		assert_ok(hf_lint_tbs(hf_buf_bytes(&leaf.tbs), profile, NULL, &err));
		assert_true(openssl_verifies(row->is_root ? leaf.key.pub
					     : is_ca      ? root.key.pub
							  : ca.key.pub,
			leaf.cert.tbs_der, leaf.cert.signature));
		assert_int_equal(leaf.cert.key_usage, row->key_usage);
		assert_int_equal(leaf.cert.has_constraints, is_ca);
		assert_memory_equal(leaf.cert.pub, leaf.key.pub, HF_SM2_POINT);
		fix_clear(&leaf);
	}
	fix_clear(&ca);
	fix_clear(&root);
}

static void the_extensions_stand_in_the_usual_order(void **state)
{
	static const enum hf_oid order[] = {HF_OID_AUTHORITY_INFO_ACCESS, HF_OID_AUTHORITY_KEY_IDENTIFIER,
		HF_OID_CERTIFICATE_POLICIES, HF_OID_CRL_DISTRIBUTION_POINTS, HF_OID_SUBJECT_ALT_NAME, HF_OID_KEY_USAGE,
		HF_OID_SUBJECT_KEY_IDENTIFIER, HF_OID_EXT_KEY_USAGE, HF_OID_RESIDENT_ID,
		HF_OID_UNIFIED_SOCIAL_CREDIT_CODE};
	struct fix_cert root, leaf;
	struct hf_extension extension;
	struct hf_bytes value;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_begin(&leaf, 9, "device");
	struct hf_tbs_params params = fix_params(&leaf, HF_PROFILE_DEVICE_SIGN, &root);
	params.policy = "1.2.156.112554.1.1";
	params.email = "a@b.cn";
	params.dns = "www.b.cn";
	params.edition = HF_IDENTITY_2023;
	params.identities[0] = (struct hf_identity){HF_IDENTITY_RESIDENT, "370202197612238255"};
	params.identities[1] = (struct hf_identity){HF_IDENTITY_USCC, "113702023690060231"};
	params.num_identities = 2;
	fix_issue_params(&leaf, &params, &root);
	struct hf_der_list rest = leaf.cert.tbs.extensions;
	assert_int_equal(rest.num, sizeof(order) / sizeof(order[0]));
	for (size_t i = 0; hf_der_list_next(&rest, &hf_Extension, &extension); i++)
		assert_true(hf_oid_is(extension.extnID, order[i]));
	assert_true(hf_identity_get(&leaf.cert.tbs.extensions, HF_IDENTITY_RESIDENT, &value));
	assert_true(hf_bytes_equal(value, HF_BYTES_LIT("370202197612238255")));
	assert_true(hf_ext_access_uri(&leaf.cert.tbs.extensions, HF_OID_AD_CA_ISSUERS, &value));
	assert_true(hf_bytes_equal(value, HF_BYTES_LIT("http://ca.example.cn/ca.crt")));
	assert_true(hf_ext_crl_uri(&leaf.cert.tbs.extensions, &value));
	assert_true(hf_bytes_equal(value, HF_BYTES_LIT("http://ca.example.cn/crl/1.crl")));
	fix_clear(&leaf);
	fix_clear(&root);
}

static void the_builder_refuses_what_it_cannot_write(void **state)
{
	struct fix_cert root, leaf;
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_begin(&leaf, 9, "leaf");
	hf_buf_init(&out, HF_TBS_MAX);
	struct hf_tbs_params good = fix_params(&leaf, HF_PROFILE_USER_SIGN, &root), params = good;
	params.issuer_key_id = HF_BYTES_NONE;
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_INPUT, "key identifier is missing");
	params = good;
	params.pub[5] ^= 1;
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_INPUT, "user_sign");
	params = good;
	params.crl_uri = "http://虎/";
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_INPUT, "IA5String");
	params = good;
	params.subject = HF_BYTES_LIT("\x31\x00");
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_INPUT, "subject");
	params = good;
	params.policy = "1.2.x";
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_INPUT, "object identifier");
	params = good;
	params.num_identities = HF_IDENTITIES_MAX + 1;
	assert_refused(hf_tbs_build(&params, &out, &err), HF_E_LIMIT, "identities");
	assert_int_equal(out.len, 0);
	hf_buf_clear(&out);
	fix_clear(&leaf);
	fix_clear(&root);
}

static void serials_are_ordered_positive_and_carry_their_shard(void **state)
{
	static const uint8_t high[HF_SERIAL_RANDOM] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, low[10] = {0};
	uint8_t a[HF_SERIAL_LEN], b[HF_SERIAL_LEN];
	struct hf_err err;
	uint16_t shard;
	int64_t at;

	(void)state;
	assert_ok(hf_serial_make(FIX_NOW, 0xFFFE, high, a, &err));
	assert_ok(hf_serial_make(FIX_NOW + HF_SECOND / 1000, 0, low, b, &err));
	assert_true(memcmp(a, b, sizeof(a)) < 0);
	assert_true(a[0] >= 0x01 && a[0] <= 0x7F);
	assert_true(hf_serial_read(HF_BYTES_OF(a), &at, &shard));
	assert_int_equal(shard, 0xFFFE);
	assert_true(at == FIX_NOW);
	assert_false(hf_serial_read((struct hf_bytes){a, 17}, &at, &shard));
	assert_refused(hf_serial_make(1000 * HF_DAY, 0, low, a, &err), HF_E_CLOCK, "2004");
	assert_refused(hf_serial_make(-1, 0, low, a, &err), HF_E_CLOCK, "clock");
}

/* Every single flipped bit is refused by the door in or by the signature. One bit of each octet, all bits in turn. */
static void a_flipped_bit_in_a_certificate_is_refused(void **state)
{
	struct fix_cert root, leaf;
	struct hf_cert cert;
	uint8_t octets[2048];

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&leaf, 9, "张三", HF_PROFILE_USER_SIGN, &root);
	struct hf_bytes der = {octets, leaf.der.len};
	memcpy(octets, leaf.der.p, der.len);
	assert_true(hf_decode_cert(der, &cert, NULL) && hf_cert_verify_signature(&cert, root.key.pub, NULL));
	for (size_t i = 0; i < der.len; i++) {
		octets[i] ^= (uint8_t)(1u << i % 8);
		if (hf_decode_cert(der, &cert, NULL) && hf_cert_verify_signature(&cert, root.key.pub, NULL))
			fail_msg("octet %zu may be flipped", i);
		octets[i] ^= (uint8_t)(1u << i % 8);
		struct hf_bytes cut = {octets, i};
		assert_false(hf_decode_cert(cut, &cert, NULL));
	}
	fix_clear(&leaf);
	fix_clear(&root);
}

static void sign_tbs(struct hf_sm2_key *key, const struct hf_der_type *type, const void *object, struct hf_buf *der)
{
	struct hf_signer signer = fix_signer(key);
	struct hf_buf tbs;
	struct hf_err err;

	hf_buf_init(&tbs, HF_CERT_MAX);
	hf_buf_reset(der);
	assert_ok(hf_der_encode(type, object, &tbs, &err));
	struct hf_bytes view = hf_buf_bytes(&tbs);
	assert_ok(hf_signed_make(&signer, &view, 1, der, &err));
	hf_buf_clear(&tbs);
}

static void the_door_in_asks_what_values_mean(void **state)
{
	static const uint8_t long_serial[21] = {1}, negative[] = {0x80}, zero[] = {0};
	static const char *const says[] = {"none of v1", "extensions need v3", "positive", "positive", "positive",
		"not the same inside", "curve", "is there twice", "unique identifiers"};
	struct fix_cert root;
	struct hf_cert cert;
	struct hf_buf der, twice;
	struct hf_err err;
	uint8_t point[HF_SM2_POINT_DER];

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	hf_buf_init(&der, HF_CERT_MAX);
	hf_buf_init(&twice, HF_CERT_MAX);
	hf_buf_put_bytes(&twice, root.cert.tbs.extensions.content);
	hf_buf_put_bytes(&twice, root.cert.tbs.extensions.content);
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		struct hf_tbs_cert tbs = root.cert.tbs;
		switch (i) {
		case 0:
			tbs.version = 3;
			break;
		case 1:
			tbs.version = 1;
			break;
		case 2:
			tbs.serialNumber = HF_BYTES_OF(long_serial);
			break;
		case 3:
			tbs.serialNumber = HF_BYTES_OF(negative);
			break;
		case 4:
			tbs.serialNumber = HF_BYTES_OF(zero);
			break;
		case 5:
			tbs.signature = hf_alg_null(HF_OID_SM2_SM3);
			break;
		case 6:
			tbs.subjectPublicKeyInfo = hf_spki_of(root.key.pub, point);
			point[10] ^= 1;
			break;
		case 7:
			tbs.extensions = hf_der_list_of(&twice);
			break;
		default:
			tbs.version = 0;
			tbs.extensions = (struct hf_der_list){0};
			tbs.issuerUniqueID.bytes = HF_BYTES_OF(zero);
		}
		sign_tbs(&root.key, &hf_TBSCertificate, &tbs, &der);
		assert_refused(hf_decode_cert(hf_buf_bytes(&der), &cert, &err), HF_E_INPUT, says[i]);
	}
	hf_buf_reset(&der);
	memset(hf_buf_extend(&der, HF_CERT_MAX), 0x30, HF_CERT_MAX);
	assert_refused(hf_decode_cert((struct hf_bytes){der.p, HF_CERT_MAX}, &cert, &err), HF_E_INPUT, "certificate");
	assert_refused(
		hf_decode_cert((struct hf_bytes){der.p, HF_CERT_MAX + 1}, &cert, &err), HF_E_LIMIT, "at most 65536");
	hf_buf_clear(&twice);
	hf_buf_clear(&der);
	fix_clear(&root);
}

/* requests */

static void requests_prove_possession(void **state)
{
	struct hf_sm2_key key = fix_key(5);
	struct hf_signer signer = fix_signer(&key);
	struct hf_buf name, out;
	struct hf_csr csr;
	struct hf_err err;

	(void)state;
	fix_name("张三", &name);
	hf_buf_init(&out, HF_CSR_MAX);
	assert_ok(hf_csr_make(&signer, hf_buf_bytes(&name), &out, &err));
	assert_ok(hf_decode_csr(hf_buf_bytes(&out), &csr, &err));
	assert_ok(hf_csr_verify(&csr, &err));
	assert_ok(hf_lint_csr(&csr, NULL, &err));
	assert_true(openssl_verifies(key.pub, csr.info_der, csr.signature));
	assert_memory_equal(csr.pub, key.pub, sizeof(key.pub));
	for (size_t i = 0; i < out.len; i++) {
		out.p[i] ^= (uint8_t)(1u << i % 8);
		if (hf_decode_csr(hf_buf_bytes(&out), &csr, NULL) && hf_csr_verify(&csr, NULL))
			fail_msg("octet %zu may be flipped", i);
		out.p[i] ^= (uint8_t)(1u << i % 8);
	}
	/* signed with another key than the one inside */
	struct hf_sm2_key other = fix_key(6);
	struct hf_csr_info info = csr.info;
	assert_ok(hf_decode_csr(hf_buf_bytes(&out), &csr, &err));
	info = csr.info;
	struct hf_buf forged;
	hf_buf_init(&forged, HF_CSR_MAX);
	sign_tbs(&other, &hf_CertificationRequestInfo, &info, &forged);
	assert_ok(hf_decode_csr(hf_buf_bytes(&forged), &csr, &err));
	assert_refused(hf_csr_verify(&csr, &err), HF_E_VERIFY, "proof of possession");
	assert_refused(hf_lint_csr(&csr, NULL, &err), HF_E_INPUT, "e_csr_possession");
	assert_ok(hf_decode_csr(hf_buf_bytes(&out), &csr, &err));
	info = csr.info;
	info.version = 1;
	sign_tbs(&key, &hf_CertificationRequestInfo, &info, &forged);
	assert_refused(hf_decode_csr(hf_buf_bytes(&forged), &csr, &err), HF_E_INPUT, "must be v1(0)");
	/* without the empty attributes, as some tools write it */
	info.version = 0;
	info.attributes = (struct hf_der_list){0};
	sign_tbs(&key, &hf_CertificationRequestInfo, &info, &forged);
	assert_ok(hf_decode_csr(hf_buf_bytes(&forged), &csr, &err));
	assert_ok(hf_csr_verify(&csr, &err));
	hf_buf_clear(&forged);
	hf_buf_clear(&out);
	hf_buf_clear(&name);
}

static void requested_extensions_are_found(void **state)
{
	struct hf_sm2_key key = fix_key(5);
	struct hf_buf name, info_der, list, value, attributes, der;
	struct hf_csr csr;
	struct hf_err err;

	(void)state;
	fix_name("device", &name);
	hf_buf_init(&info_der, HF_CSR_MAX);
	hf_buf_init(&list, 4096);
	hf_buf_init(&value, 4096);
	hf_buf_init(&attributes, 4096);
	hf_buf_init(&der, HF_CSR_MAX);
	assert_ok(hf_csr_build_info(hf_buf_bytes(&name), key.pub, &info_der, &err));
	assert_ok(hf_decode_tbs_csr(hf_buf_bytes(&info_der), &csr, &err));
	assert_ok(hf_ext_put_key_usage(&list, HF_KU_SIGN, &err));
	struct hf_der_list extensions = hf_der_list_of(&list);
	assert_ok(hf_der_encode(&hf_Extensions, &extensions, &value, &err));
	struct hf_attribute attribute = {
		.type = hf_oid_bytes(HF_OID_EXTENSION_REQUEST), .values = hf_der_list_of(&value)};
	assert_ok(hf_der_list_add(&attributes, &hf_Attribute, &attribute, &err));
	struct hf_csr_info info = csr.info;
	info.attributes = hf_der_list_of(&attributes);
	sign_tbs(&key, &hf_CertificationRequestInfo, &info, &der);
	assert_ok(hf_decode_csr(hf_buf_bytes(&der), &csr, &err));
	assert_int_equal(csr.extensions.num, 1);
	/* two values are one too many */
	hf_buf_put_bytes(&value, (struct hf_bytes){value.p, value.len});
	attribute.values = hf_der_list_of(&value);
	hf_buf_reset(&attributes);
	assert_ok(hf_der_list_add(&attributes, &hf_Attribute, &attribute, &err));
	info.attributes = hf_der_list_of(&attributes);
	sign_tbs(&key, &hf_CertificationRequestInfo, &info, &der);
	assert_refused(hf_decode_csr(hf_buf_bytes(&der), &csr, &err), HF_E_INPUT, "exactly one value");
	hf_buf_clear(&der);
	hf_buf_clear(&attributes);
	hf_buf_clear(&value);
	hf_buf_clear(&list);
	hf_buf_clear(&info_der);
	hf_buf_clear(&name);
}

/* lists */

static const uint8_t serial_1[] = {0x01, 0x02, 0x03}, serial_2[] = {0x01, 0x02, 0x04}, serial_3[] = {0x05};

static struct hf_crl_params crl_params(const struct fix_cert *issuer, const struct hf_crl_entry *entries, size_t num)
{
	return (struct hf_crl_params){
		.issuer = hf_buf_bytes(&issuer->name),
		.issuer_key_id = issuer->cert.subject_key_id,
		.this_update = FIX_NOW,
		.next_update = FIX_NOW + HF_DAY,
		.number = 7,
		.entries = entries,
		.num_entries = num,
	};
}

static void make_crl(
	struct fix_cert *issuer, const struct hf_crl_params *params, struct hf_buf *der, struct hf_crl *crl)
{
	struct hf_signer signer = fix_signer(&issuer->key);
	struct hf_buf tbs;
	struct hf_err err;

	hf_buf_init(&tbs, HF_CRL_MAX);
	hf_buf_init(der, HF_CRL_MAX);
	assert_ok(hf_crl_build(params, &tbs, &err));
	struct hf_bytes view = hf_buf_bytes(&tbs);
	assert_ok(hf_decode_tbs_crl(view, crl, &err));
	assert_ok(hf_signed_make(&signer, &view, 1, der, &err));
	assert_ok(hf_decode_crl(hf_buf_bytes(der), crl, &err));
	hf_buf_clear(&tbs);
}

static bool count_to_two(void *ctx, const struct hf_crl_entry *entry)
{
	(void)entry;
	return ++*(int *)ctx < 2;
}

static void lists_are_built_read_and_searched(void **state)
{
	const struct hf_crl_entry entries[] = {
		{.serial = HF_BYTES_OF(serial_1),
			.revoked_at = FIX_NOW - HF_HOUR + 123456,
			.reason = HF_REASON_KEY_COMPROMISE,
			.has_invalidity = true,
			.invalid_since = FIX_NOW - HF_DAY},
		{.serial = HF_BYTES_OF(serial_2), .revoked_at = FIX_NOW, .reason = HF_REASON_CERTIFICATE_HOLD},
		{.serial = HF_BYTES_OF(serial_3), .revoked_at = FIX_NOW},
	};
	struct fix_cert root;
	struct hf_crl crl;
	struct hf_crl_entry entry;
	struct hf_buf der;
	struct hf_err err;
	int seen = 0;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	struct hf_crl_params params = crl_params(&root, entries, 3);
	make_crl(&root, &params, &der, &crl);
	assert_ok(hf_crl_verify(&crl, &root.cert, &err));
	assert_true(openssl_verifies(root.key.pub, crl.tbs_der, crl.signature));
	assert_ok(hf_lint_crl(&crl, NULL, &err));
	assert_true(crl.number.len == 1 && crl.number.p[0] == 7);
	assert_true(hf_crl_find(&crl, HF_BYTES_OF(serial_1), &entry));
	assert_int_equal(entry.reason, HF_REASON_KEY_COMPROMISE);
	assert_true(entry.has_invalidity && entry.invalid_since == FIX_NOW - HF_DAY);
	assert_true(entry.revoked_at == FIX_NOW - HF_HOUR);
	assert_true(hf_crl_find(&crl, HF_BYTES_OF(serial_3), &entry));
	assert_false(entry.has_invalidity || entry.reason);
	assert_false(hf_crl_find(&crl, HF_BYTES_LIT("\x01\x02"), NULL));
	assert_false(hf_crl_walk(&crl, count_to_two, &seen));
	assert_int_equal(seen, 2);
	assert_ok(hf_crl_valid_at(&crl, FIX_NOW + HF_DAY + HF_SECOND - 1, &err));
	assert_refused(hf_crl_valid_at(&crl, FIX_NOW + HF_DAY + HF_SECOND, &err), HF_E_VERIFY, "replaced by");
	assert_refused(hf_crl_valid_at(&crl, FIX_NOW - 1, &err), HF_E_VERIFY, "CRL is of");
	for (size_t i = 0; i < der.len; i++) {
		der.p[i] ^= (uint8_t)(1u << i % 8);
		if (hf_decode_crl(hf_buf_bytes(&der), &crl, NULL) && hf_crl_verify(&crl, &root.cert, NULL))
			fail_msg("octet %zu may be flipped", i);
		der.p[i] ^= (uint8_t)(1u << i % 8);
	}
	hf_buf_clear(&der);
	params.num_entries = 0;
	make_crl(&root, &params, &der, &crl);
	assert_null(crl.tbs.revokedCertificates.content.p);
	hf_buf_clear(&der);
	fix_clear(&root);
}

static void lists_with_two_answers_are_not_built(void **state)
{
	const struct hf_crl_entry entries[] = {{.serial = HF_BYTES_OF(serial_1), .revoked_at = FIX_NOW},
		{.serial = HF_BYTES_OF(serial_2), .revoked_at = FIX_NOW, .reason = 7},
		{.serial = HF_BYTES_OF(serial_1), .revoked_at = FIX_NOW}};
	struct fix_cert root;
	struct hf_buf out;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	hf_buf_init(&out, HF_CRL_MAX);
	struct hf_crl_params params = crl_params(&root, entries, 3);
	assert_refused(hf_crl_build(&params, &out, &err), HF_E_INPUT, "010203 is given twice");
	params.num_entries = 2;
	assert_refused(hf_crl_build(&params, &out, &err), HF_E_INPUT, "entry 010204: no reason");
	params.num_entries = 1;
	params.only_cas = true;
	assert_refused(hf_crl_build(&params, &out, &err), HF_E_INPUT, "scope");
	params.idp_uri = "http://ca.example.cn/crl/1.crl";
	assert_ok(hf_crl_build(&params, &out, &err));
	struct hf_crl crl;
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&out), &crl, &err));
	assert_true(crl.has_idp && !crl.unknown_critical);
	hf_buf_clear(&out);
	fix_clear(&root);
}

/* chains */

static void chains_hold_only_when_every_link_does(void **state)
{
	struct fix_cert root, ca, leaf, stranger;
	struct hf_path_result result;
	struct hf_crl crls[2];
	struct hf_buf root_crl, ca_crl;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&ca, 2, "CA", HF_PROFILE_SUB_CA, &root);
	fix_issue(&leaf, 9, "张三", HF_PROFILE_USER_SIGN, &ca);
	fix_issue(&stranger, 4, "Root", HF_PROFILE_ROOT, NULL);
	struct hf_crl_params params = crl_params(&root, NULL, 0);
	make_crl(&root, &params, &root_crl, &crls[0]);
	params = crl_params(&ca, NULL, 0);
	make_crl(&ca, &params, &ca_crl, &crls[1]);
	struct hf_cert pool[] = {ca.cert, root.cert};
	struct hf_path_params path = {.anchors = &root.cert,
		.num_anchors = 1,
		.pool = pool,
		.num_pool = 1,
		.crls = crls,
		.num_crls = 2,
		.at = FIX_NOW};
	assert_ok(hf_path_find(&path, &leaf.cert, &result, &err));
	path.num_pool = 2;
	assert_ok(hf_path_find(&path, &leaf.cert, &result, &err));
	path.num_pool = 0;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "no certificate of its issuer");
	assert_refused(hf_cert_verify(&leaf.cert, &root.cert, &err), HF_E_VERIFY, "byte for byte");
	path.num_pool = 1;
	path.anchors = &stranger.cert;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "does not match");
	assert_refused(hf_cert_verify(&ca.cert, &stranger.cert, &err), HF_E_VERIFY, "authorityKeyIdentifier");
	path.anchors = &root.cert;
	path.at = FIX_NOW + 366 * HF_DAY;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "was valid until");
	path.at = FIX_NOW + 2 * HF_DAY;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "should have been replaced");
	path.at = FIX_NOW;
	path.num_crls = 1;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "certificate 0: no CRL");
	path.revocation = HF_PATH_REVOCATION_GIVEN;
	assert_ok(hf_path_find(&path, &leaf.cert, &result, &err));
	pool[0].is_ca = false;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "does not say cA");
	assert_refused(hf_cert_verify(&leaf.cert, &pool[0], &err), HF_E_VERIFY, "does not say cA");
	pool[0] = ca.cert;
	pool[0].key_usage = HF_KU_CRL_SIGN;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "keyCertSign");
	assert_refused(hf_cert_verify(&leaf.cert, &pool[0], &err), HF_E_VERIFY, "keyCertSign");
	pool[0] = ca.cert;
	struct hf_cert short_root = root.cert;
	short_root.path_len = 0;
	path.anchors = &short_root;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "pathLenConstraint");
	short_root.path_len = 1;
	assert_ok(hf_path_find(&path, &leaf.cert, &result, &err));
	hf_buf_clear(&root_crl);
	hf_buf_clear(&ca_crl);
	fix_clear(&stranger);
	fix_clear(&leaf);
	fix_clear(&ca);
	fix_clear(&root);
}

static void a_revoked_certificate_breaks_its_chain(void **state)
{
	struct fix_cert root, leaf;
	struct hf_buf der;
	struct hf_crl crl;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&leaf, 9, "张三", HF_PROFILE_USER_SIGN, &root);
	struct hf_crl_entry entry = {
		.serial = leaf.cert.tbs.serialNumber, .revoked_at = FIX_NOW, .reason = HF_REASON_CERTIFICATE_HOLD};
	struct hf_crl_params params = crl_params(&root, &entry, 1);
	make_crl(&root, &params, &der, &crl);
	struct hf_path_result result;
	struct hf_path_params path = {
		.anchors = &root.cert, .num_anchors = 1, .crls = &crl, .num_crls = 1, .at = FIX_NOW};
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "revoked: certificateHold");
	/* a stale list that names it is no comfort, nor does it outweigh a current one that does not */
	path.at = FIX_NOW + 2 * HF_DAY;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "should have been replaced");
	struct hf_crl both[2] = {crl};
	struct hf_buf later;
	params.num_entries = 0;
	params.next_update = FIX_NOW + 3 * HF_DAY;
	make_crl(&root, &params, &later, &both[1]);
	path.crls = both;
	path.num_crls = 2;
	assert_ok(hf_path_find(&path, &leaf.cert, &result, &err));
	/* of two current lists, the one that names it counts */
	for (int order = 0; order < 2; order++) {
		path.at = FIX_NOW;
		assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "revoked: certificateHold");
		struct hf_crl first = both[0];
		both[0] = both[1];
		both[1] = first;
	}
	path.crls = &crl;
	path.num_crls = 1;
	hf_buf_clear(&later);
	hf_buf_clear(&der);
	params.num_entries = 0;
	params.idp_uri = "http://ca.example.cn/arl.crl";
	params.only_cas = true;
	make_crl(&root, &params, &der, &crl);
	path.at = FIX_NOW;
	assert_refused(hf_path_find(&path, &leaf.cert, &result, &err), HF_E_VERIFY, "another kind of certificate");
	hf_buf_clear(&der);
	fix_clear(&leaf);
	fix_clear(&root);
}

static void a_pair_is_one_person_with_two_keys(void **state)
{
	struct fix_cert root, sign, enc;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_issue(&sign, 8, "张三", HF_PROFILE_USER_SIGN, &root);
	fix_issue(&enc, 9, "张三", HF_PROFILE_USER_ENC, &root);
	assert_ok(hf_lint_pair(&sign.cert, &enc.cert, &err));
	assert_refused(hf_lint_pair(&enc.cert, &sign.cert, &err), HF_E_INPUT, "keyUsage");
	assert_refused(hf_lint_pair(&sign.cert, &sign.cert, &err), HF_E_INPUT, "serial number");
	assert_refused(hf_lint_pair(&sign.cert, &root.cert, &err), HF_E_INPUT, "subjects differ");
	fix_clear(&enc);
	fix_clear(&sign);
	fix_clear(&root);
}

/* Against tests/golden/NAME; HUFU_GOLDEN_WRITE=1 writes it anew. */
static void assert_golden(const char *name, struct hf_buf *text)
{
	const char *root = getenv("HUFU_SOURCE_ROOT");
	char path[HF_PATH_MAX];
	struct hf_buf want;
	struct hf_err err;

	hf_fmt_cut(path, sizeof(path), "%s/tests/golden/%s", root ? root : ".", name);
	if (getenv("HUFU_GOLDEN_WRITE"))
		assert_ok(hf_file_write(path, hf_buf_bytes(text), 0644, &err));
	hf_buf_init(&want, 1 << 20);
	assert_ok(hf_file_read(path, &want, &err));
	assert_string_equal(hf_buf_cstr(text), hf_buf_cstr(&want));
	hf_buf_clear(&want);
}

static void printed_texts_are_golden(void **state)
{
	const struct hf_crl_entry entries[] = {{.serial = HF_BYTES_OF(serial_1),
						       .revoked_at = FIX_NOW,
						       .reason = HF_REASON_SUPERSEDED,
						       .has_invalidity = true,
						       .invalid_since = FIX_NOW - HF_DAY},
		{.serial = HF_BYTES_OF(serial_3), .revoked_at = FIX_NOW}};
	struct fix_cert root, leaf;
	struct hf_buf text, tbs;
	struct hf_cert cert;
	struct hf_crl crl;
	struct hf_csr csr;
	struct hf_err err;

	(void)state;
	fix_issue(&root, 1, "Root", HF_PROFILE_ROOT, NULL);
	fix_begin(&leaf, 9, "www.example.cn");
	struct hf_tbs_params params = fix_params(&leaf, HF_PROFILE_DEVICE_ENC, &root);
	params.policy = "1.2.156.112554.1.1";
	params.dns = "www.example.cn";
	params.identities[0] = (struct hf_identity){HF_IDENTITY_RESIDENT, "370202197612238255"};
	params.identities[1] = (struct hf_identity){HF_IDENTITY_USCC, "113702023690060231"};
	params.num_identities = 2;
	fix_issue_params(&leaf, &params, &root);
	hf_buf_init(&text, 1 << 20);
	hf_buf_init(&tbs, HF_CRL_MAX);
	/* without the signatures, which differ from run to run */
	assert_ok(hf_decode_tbs_cert(hf_buf_bytes(&leaf.tbs), &cert, &err));
	hf_cert_print(&cert, &text);
	assert_golden("x509_cert.txt", &text);
	hf_buf_reset(&text);
	struct hf_crl_params list = crl_params(&root, entries, 2);
	list.idp_uri = "http://ca.example.cn/crl/1.crl";
	list.only_user_certs = true;
	assert_ok(hf_crl_build(&list, &tbs, &err));
	assert_ok(hf_decode_tbs_crl(hf_buf_bytes(&tbs), &crl, &err));
	hf_crl_print(&crl, &text);
	assert_golden("x509_crl.txt", &text);
	hf_buf_reset(&text);
	hf_buf_reset(&tbs);
	assert_ok(hf_csr_build_info(hf_buf_bytes(&leaf.name), leaf.key.pub, &tbs, &err));
	assert_ok(hf_decode_tbs_csr(hf_buf_bytes(&tbs), &csr, &err));
	hf_csr_print(&csr, &text);
	assert_golden("x509_csr.txt", &text);
	hf_buf_clear(&tbs);
	hf_buf_clear(&text);
	fix_clear(&leaf);
	fix_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_written_by_the_rules),
		cmocka_unit_test(parts_of_names_have_limits),
		cmocka_unit_test(names_of_others_are_shown_but_not_signed),
		cmocka_unit_test(keys_are_read_in_both_spellings),
		cmocka_unit_test(signatures_are_strict_der),
		cmocka_unit_test(the_door_out_opens_for_all_or_none),
		cmocka_unit_test(key_usage_is_a_named_bit_list),
		cmocka_unit_test(identities_are_written_by_edition_and_read_in_any_shape),
		cmocka_unit_test(extensions_are_checked_as_a_list),
		cmocka_unit_test(every_profile_is_built_linted_signed_and_read),
		cmocka_unit_test(the_extensions_stand_in_the_usual_order),
		cmocka_unit_test(the_builder_refuses_what_it_cannot_write),
		cmocka_unit_test(serials_are_ordered_positive_and_carry_their_shard),
		cmocka_unit_test(a_flipped_bit_in_a_certificate_is_refused),
		cmocka_unit_test(the_door_in_asks_what_values_mean),
		cmocka_unit_test(requests_prove_possession),
		cmocka_unit_test(requested_extensions_are_found),
		cmocka_unit_test(lists_are_built_read_and_searched),
		cmocka_unit_test(lists_with_two_answers_are_not_built),
		cmocka_unit_test(chains_hold_only_when_every_link_does),
		cmocka_unit_test(a_revoked_certificate_breaks_its_chain),
		cmocka_unit_test(a_pair_is_one_person_with_two_keys),
		cmocka_unit_test(printed_texts_are_golden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
