/* GM/T 0009 objects and GM/T 0010 messages (x509/sm2obj.h, x509/cms.h). */
#include "pki_rig.h"

#include "base/hex.h"
#include "x509/cms.h"
#include "x509/cms_int.h"

#define CONTENT HF_BYTES_LIT("the two halves of the tally matched")

struct rig {
	struct rig_cert ca, signer, other, enc, enc2;
};
static struct rig *rig;

static int set_up(void **state)
{
	static struct rig the_rig;

	(void)state;
	rig = &the_rig;
	rig_issue(&rig->ca, HF_PROFILE_ROOT, "ca", NULL, -HF_DAY, 365 * HF_DAY);
	rig_issue(&rig->signer, HF_PROFILE_USER_SIGN, "signer", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->other, HF_PROFILE_USER_SIGN, "other", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->enc, HF_PROFILE_USER_ENC, "signer", &rig->ca, -HF_DAY, 30 * HF_DAY);
	rig_issue(&rig->enc2, HF_PROFILE_USER_ENC, "other", &rig->ca, -HF_DAY, 30 * HF_DAY);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_clear(&rig->ca);
	rig_clear(&rig->signer);
	rig_clear(&rig->other);
	rig_clear(&rig->enc);
	rig_clear(&rig->enc2);
	return 0;
}

/* ---- GM/T 0009 ---- */

static void a_cipher_keeps_short_coordinates_right_aligned(void **state)
{
	struct hf_err err;
	struct hf_buf der, raw;
	uint8_t octets[HF_SM2_CIPHER_SM4KEY];

	(void)state;
	hf_buf_init(&der, 256);
	hf_buf_init(&raw, 256);
	for (size_t zeros = 0; zeros < 3; zeros++) {
		hf_buf_reset(&der);
		hf_buf_reset(&raw);
		memset(octets, 0x80, sizeof(octets));
		memset(octets, 0, zeros);
		octets[HF_SM2_SCALAR] = (uint8_t)zeros;
		assert_ok(hf_sm2_cipher_encode(HF_BYTES_OF(octets), &der, &err));
		assert_ok(hf_sm2_cipher_parse(hf_buf_bytes(&der), &raw, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&raw), HF_BYTES_OF(octets)));
	}
	assert_refused(hf_sm2_cipher_encode((struct hf_bytes){octets, 96}, &der, &err), HF_E_INPUT, "96 octets");
	hf_buf_clear(&raw);
	hf_buf_clear(&der);
}

static void bad_ciphers_are_refused(void **state)
{
	static const struct {
		const char *x, *hash, *text, *word;
	} rows[] = {
		{"022101" /* 33 octets */, "0420", "0401aa", "longer than 32"},
		{"0201ff", "0420", "0401aa", "negative"},
		{"020101", "041f", "0401aa", "HASH"},
		{"020101", "0420", "0400", "CipherText"},
		{"02020001", "0420", "0401aa", "minimal"},
	};
	struct hf_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hf_buf body, der, raw;
		hf_buf_init(&body, 256);
		hf_buf_init(&der, 256);
		hf_buf_init(&raw, 256);
		assert_true(hf_unhex_buf(hf_bytes_str(rows[i].x), &body));
		memset(hf_buf_extend(&body, i == 0 ? 32 : 0), 1, i == 0 ? 32 : 0);
		assert_true(hf_unhex_buf(HF_BYTES_LIT("020101"), &body));
		assert_true(hf_unhex_buf(hf_bytes_str(rows[i].hash), &body));
		memset(hf_buf_extend(&body, i == 2 ? 31 : 32), 2, i == 2 ? 31 : 32);
		assert_true(hf_unhex_buf(hf_bytes_str(rows[i].text), &body));
		hf_der_put(&der, 0x30, hf_buf_bytes(&body));
		assert_refused(hf_sm2_cipher_parse(hf_buf_bytes(&der), &raw, &err), HF_E_INPUT, rows[i].word);
		hf_buf_clear(&raw);
		hf_buf_clear(&der);
		hf_buf_clear(&body);
	}
}

static struct hf_wrapped_key wrap_key(const struct hf_sm2_key *inside, const struct hf_sm2_key *recipient)
{
	struct hf_err err;
	struct hf_wrapped_key key;
	uint8_t sm4[HF_SM4_KEY];

	assert_ok(hf_rand(sm4, sizeof(sm4), &err));
	memcpy(key.pub, inside->pub, sizeof(key.pub));
	hf_sm4_ecb_encrypt(sm4, inside->d, key.enc_private, sizeof(key.enc_private));
	assert_ok(hf_sm2_encrypt(recipient->pub, HF_BYTES_OF(sm4), key.sym_cipher, &err));
	return key;
}

static void an_enveloped_key_brings_the_private_key_to_its_recipient(void **state)
{
	struct hf_err err;
	struct hf_buf der, again;
	struct hf_wrapped_key key = wrap_key(&rig->enc.key, &rig->signer.key), got;
	uint8_t sm4[HF_SM4_KEY], d[HF_SM2_SCALAR];

	(void)state;
	hf_buf_init(&der, 1024);
	hf_buf_init(&again, 1024);
	assert_ok(hf_enveloped_key_encode(&key, &der, &err));
	assert_ok(hf_enveloped_key_parse(hf_buf_bytes(&der), &got, &err));
	assert_memory_equal(&got, &key, sizeof(key));
	assert_ok(hf_sm2_decrypt(rig->signer.key.d, HF_BYTES_OF(got.sym_cipher), sm4, &err));
	hf_sm4_ecb_decrypt(sm4, got.enc_private, d, sizeof(d));
	assert_memory_equal(d, rig->enc.key.d, sizeof(d));
	assert_ok(hf_enveloped_key_encode(&got, &again, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), hf_buf_bytes(&again)));
	der.p[der.len - 33] = 1; /* unused bits of the last BIT STRING */
	assert_false(hf_enveloped_key_parse(hf_buf_bytes(&der), &got, &err));
	key.pub[5] ^= 1; /* off the curve */
	hf_buf_reset(&der);
	assert_ok(hf_enveloped_key_encode(&key, &der, &err));
	assert_refused(hf_enveloped_key_parse(hf_buf_bytes(&der), &got, &err), HF_E_INPUT, "Sm2PublicKey");
	hf_buf_clear(&again);
	hf_buf_clear(&der);
}

static void a_private_key_is_a_positive_number(void **state)
{
	static const char *const bad[] = {"020100", "0201ff",
		"0221010000000000000000000000000000000000000000000000000000000000000000", "02020001", "0400"};
	struct hf_err err;
	struct hf_buf der;
	uint8_t d[HF_SM2_SCALAR];

	(void)state;
	hf_buf_init_secret(&der, 64);
	assert_ok(hf_sm2_private_encode(rig->enc.key.d, &der, &err));
	assert_ok(hf_sm2_private_parse(hf_buf_bytes(&der), d, &err));
	assert_memory_equal(d, rig->enc.key.d, sizeof(d));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		hf_buf_reset(&der);
		assert_true(hf_unhex_buf(hf_bytes_str(bad[i]), &der));
		assert_false(hf_sm2_private_parse(hf_buf_bytes(&der), d, &err));
	}
	hf_buf_clear(&der);
}

/* ---- SignedData ---- */

static struct hf_cms_signing signing(bool attributes, bool detached)
{
	static struct hf_bytes certs[2];

	certs[0] = hf_buf_bytes(&rig->signer.der);
	certs[1] = hf_buf_bytes(&rig->ca.der);
	return (struct hf_cms_signing){
		.content = CONTENT,
		.detached = detached,
		.attributes = attributes,
		.signing_at = RIG_NOW + 7,
		.signer = &rig->signer.cert,
		.certs = certs,
		.num_certs = 2,
	};
}

static void make_signed(bool attributes, bool detached, size_t num_certs, struct hf_buf *der)
{
	struct hf_err err;
	struct hf_cms_signing what = signing(attributes, detached);
	struct hf_signer signer = rig_signer(&rig->signer.key);

	what.num_certs = num_certs;
	hf_buf_init(der, HF_CMS_MAX);
	assert_ok(hf_cms_sign(&what, &signer, der, &err));
}

static void a_signed_message_verifies_in_all_its_forms(void **state)
{
	struct hf_err err;

	(void)state;
	for (unsigned form = 0; form < 4; form++) {
		bool attributes = form & 1, detached = form & 2;
		struct hf_buf der, signed_octets;
		struct hf_cms_signed message;
		struct hf_cms_signer signer;
		struct hf_cms_signing what = signing(attributes, detached);
		enum hf_cms_type type;

		make_signed(attributes, detached, 2, &der);
		assert_ok(hf_cms_type_of(hf_buf_bytes(&der), &type, &err));
		assert_int_equal(type, HF_CMS_SIGNED_DATA);
		assert_ok(hf_cms_signed_parse(hf_buf_bytes(&der), &message, &err));
		assert_int_equal(message.content.p == NULL, detached);
		assert_int_equal(message.certificates.num, 2);
		assert_ok(hf_cms_signed_verify(&message, CONTENT, &rig->signer.cert, 1, &err));
		if (!detached)
			assert_ok(hf_cms_signed_verify(&message, HF_BYTES_NONE, &rig->signer.cert, 1, &err));
		struct hf_der_list rest = message.signerInfos;
		assert_true(hf_cms_signer_next(&rest, &signer));
		assert_int_equal(signer.has_signing_at, attributes);
		if (attributes)
			assert_int_equal(signer.signing_at, RIG_NOW);
		hf_buf_init(&signed_octets, HF_CMS_MAX);
		assert_ok(hf_cms_signed_tbs(&what, &signed_octets, &err));
		assert_int_equal(signed_octets.p[0], attributes ? 0x31 /* SET OF */ : CONTENT.p[0]);
		assert_true(rig_openssl_verifies(rig->signer.key.pub, hf_buf_bytes(&signed_octets), signer.signature));
		hf_buf_clear(&signed_octets);
		hf_buf_clear(&der);
	}
}

static void a_message_that_is_not_the_signers_is_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_cms_signed message;
	struct hf_cert imposter = rig->other.cert;

	(void)state;
	make_signed(true, true, 0, &der);
	assert_ok(hf_cms_signed_parse(hf_buf_bytes(&der), &message, &err));
	assert_refused(
		hf_cms_signed_verify(&message, HF_BYTES_NONE, &rig->signer.cert, 1, &err), HF_E_MISSING, "detached");
	assert_refused(hf_cms_signed_verify(&message, HF_BYTES_LIT("another"), &rig->signer.cert, 1, &err), HF_E_VERIFY,
		"messageDigest");
	assert_refused(hf_cms_signed_verify(&message, CONTENT, &rig->other.cert, 1, &err), HF_E_MISSING, "signer");
	assert_refused(hf_cms_signed_verify(&message, CONTENT, NULL, 0, &err), HF_E_MISSING, "signer");
	imposter.tbs.serialNumber = rig->signer.cert.tbs.serialNumber;
	assert_refused(hf_cms_signed_verify(&message, CONTENT, &imposter, 1, &err), HF_E_VERIFY, "");
	imposter = rig->signer.cert;
	imposter.key_usage = HF_KU_ENCRYPT;
	assert_refused(hf_cms_signed_verify(&message, CONTENT, &imposter, 1, &err), HF_E_VERIFY, "keyUsage");
	hf_buf_clear(&der);
	make_signed(false, false, 0, &der);
	assert_ok(hf_cms_signed_parse(hf_buf_bytes(&der), &message, &err));
	assert_refused(hf_cms_signed_verify(&message, HF_BYTES_LIT("another"), &rig->signer.cert, 1, &err), HF_E_VERIFY,
		"content inside");
	hf_buf_clear(&der);
}

/* Without certificates: what they hold is not under this signature; who trusts them verifies them. */
static void no_flipped_bit_of_a_signed_message_is_accepted(void **state)
{
	struct hf_err err;
	struct hf_buf der;
	struct hf_cms_signed message;

	(void)state;
	for (unsigned attributes = 0; attributes < 2; attributes++) {
		make_signed(attributes, false, 0, &der);
		for (size_t i = 0; i < der.len; i++) {
			uint8_t was = der.p[i];
			der.p[i] ^= (uint8_t)(1 << i % 8);
			if (hf_cms_signed_parse(hf_buf_bytes(&der), &message, &err) &&
				hf_cms_signed_verify(&message, HF_BYTES_NONE, &rig->signer.cert, 1, &err))
				fail_msg("octet %zu of %zu", i, der.len);
			der.p[i] = was;
		}
		hf_buf_clear(&der);
	}
}

/* Puts other signers, digest OIDs or families into a message of ours by its own tables. */
static void two_signers_and_the_pkcs7_family_are_read(void **state)
{
	struct hf_err err;
	struct hf_buf first, second, signers, body, der;
	struct hf_signed_data a, b;
	struct hf_cms_signed message;
	struct hf_cms_signing what = signing(false, false);
	struct hf_signer other = rig_signer(&rig->other.key);
	struct hf_cert certs[] = {rig->other.cert, rig->signer.cert};
	struct hf_signer_info info;

	(void)state;
	make_signed(false, false, 0, &first);
	what.signer = &rig->other.cert;
	hf_buf_init(&second, HF_CMS_MAX);
	hf_buf_init(&signers, HF_CMS_MAX);
	hf_buf_init(&body, HF_CMS_MAX);
	hf_buf_init(&der, HF_CMS_MAX);
	assert_ok(hf_cms_sign(&what, &other, &second, &err));
	assert_ok(hf_cms_unwrap(hf_buf_bytes(&first), HF_CMS_SIGNED_DATA, &hf_SignedData, &a, &err));
	assert_ok(hf_cms_unwrap(hf_buf_bytes(&second), HF_CMS_SIGNED_DATA, &hf_SignedData, &b, &err));
	assert_true(hf_der_list_next(&b.signerInfos, &hf_SignerInfo, &info));
	info.digestEncryptionAlgorithm = hf_alg_null(HF_OID_SM2_SM3);
	info.digestAlgorithm = hf_alg_null(HF_OID_SM3);
	assert_ok(hf_der_list_add(&signers, &hf_SignerInfo, &info, &err));
	hf_buf_put_bytes(&signers, a.signerInfos.content);
	hf_der_set_sort(&signers);
	a.signerInfos = hf_der_list_of(&signers);
	a.contentInfo.contentType = hf_oid_bytes(HF_OID_P7_DATA);
	assert_ok(hf_der_encode(&hf_SignedData, &a, &body, &err));
	struct hf_content_info outer = {hf_oid_bytes(HF_OID_P7_SIGNED_DATA), hf_buf_bytes(&body)};
	assert_ok(hf_der_encode(&hf_ContentInfo, &outer, &der, &err));
	assert_ok(hf_cms_signed_parse(hf_buf_bytes(&der), &message, &err));
	assert_int_equal(message.signerInfos.num, 2);
	assert_ok(hf_cms_signed_verify(&message, HF_BYTES_NONE, certs, 2, &err));
	assert_refused(hf_cms_signed_verify(&message, HF_BYTES_NONE, certs, 1, &err), HF_E_MISSING, "signer");
	hf_buf_clear(&der);
	hf_buf_clear(&body);
	hf_buf_clear(&signers);
	hf_buf_clear(&second);
	hf_buf_clear(&first);
}

static void attributes_of_another_content_type_are_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, changed;
	struct hf_signed_data data;
	struct hf_cms_signed message;

	(void)state;
	make_signed(true, false, 0, &der);
	hf_buf_init(&changed, HF_CMS_MAX);
	assert_ok(hf_cms_unwrap(hf_buf_bytes(&der), HF_CMS_SIGNED_DATA, &hf_SignedData, &data, &err));
	data.contentInfo.contentType = hf_oid_bytes(HF_OID_P7_DATA);
	assert_ok(hf_cms_wrap(HF_CMS_SIGNED_DATA, &hf_SignedData, &data, &changed, &err));
	assert_refused(hf_cms_signed_parse(hf_buf_bytes(&changed), &message, &err), HF_E_INPUT, "contentType");
	hf_buf_clear(&changed);
	hf_buf_clear(&der);
}

/* ---- EnvelopedData ---- */

static void what_is_enveloped_opens_for_its_recipients_only(void **state)
{
	struct hf_err err;
	static uint8_t content[70];
	struct hf_cert recipients[] = {rig->enc.cert, rig->enc2.cert};
	struct hf_cms_opener opener = {hf_cms_open_with_scalar, NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)i;
	for (size_t len = 0; len <= sizeof(content); len += 1 + len / 3) {
		struct hf_buf der, plain;
		struct hf_cms_enveloped message;
		hf_buf_init(&der, HF_CMS_MAX);
		hf_buf_init_secret(&plain, HF_CMS_MAX);
		assert_ok(hf_cms_envelop((struct hf_bytes){content, len}, recipients, 2, &der, &err));
		assert_ok(hf_cms_enveloped_parse(hf_buf_bytes(&der), &message, &err));
		assert_int_equal(message.encrypted.len, len / 16 * 16 + 16);
		opener.ctx = rig->enc.key.d;
		assert_ok(hf_cms_enveloped_open(&message, &rig->enc.cert, &opener, &plain, &err));
		assert_true(hf_bytes_equal(hf_buf_bytes(&plain), (struct hf_bytes){content, len}));
		hf_buf_reset(&plain);
		opener.ctx = rig->enc2.key.d;
		assert_ok(hf_cms_enveloped_open(&message, &rig->enc2.cert, &opener, &plain, &err));
		assert_int_equal(plain.len, len);
		assert_refused(hf_cms_enveloped_open(&message, &rig->enc.cert, &opener, &plain, &err), HF_E_VERIFY, "");
		assert_refused(hf_cms_enveloped_open(&message, &rig->signer.cert, &opener, &plain, &err), HF_E_MISSING,
			"not for this certificate");
		hf_buf_clear(&plain);
		hf_buf_clear(&der);
	}
}

static void a_signing_certificate_is_no_recipient(void **state)
{
	struct hf_err err;
	struct hf_buf der;

	(void)state;
	hf_buf_init(&der, HF_CMS_MAX);
	assert_refused(hf_cms_envelop(CONTENT, &rig->signer.cert, 1, &der, &err), HF_E_DENIED, "keyUsage");
	assert_refused(hf_cms_envelop(CONTENT, NULL, 0, &der, &err), HF_E_INPUT, "0 recipients");
	assert_int_equal(der.len, 0);
	hf_buf_clear(&der);
}

/* Decrypts nothing, and gives a last block of the test's choice. */
static bool open_to_last_block(void *ctx, const uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY],
	const struct hf_cms_enveloped *message, uint8_t *blocks, struct hf_err *err)
{
	(void)sym_cipher;
	(void)err;
	memcpy(blocks + message->encrypted.len - HF_SM4_BLOCK, ctx, HF_SM4_BLOCK);
	return true;
}

static void wrong_padding_is_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, plain;
	struct hf_cms_enveloped message;
	uint8_t last[HF_SM4_BLOCK];
	struct hf_cms_opener opener = {open_to_last_block, last};

	(void)state;
	hf_buf_init(&der, HF_CMS_MAX);
	hf_buf_init(&plain, HF_CMS_MAX);
	assert_ok(hf_cms_envelop(CONTENT, &rig->enc.cert, 1, &der, &err));
	assert_ok(hf_cms_enveloped_parse(hf_buf_bytes(&der), &message, &err));
	for (unsigned num = 0; num <= 17; num++) {
		bool right = num >= 1 && num <= 16;
		memset(last, (int)num, sizeof(last));
		hf_buf_reset(&plain);
		assert_int_equal(hf_cms_enveloped_open(&message, &rig->enc.cert, &opener, &plain, &err), right);
		if (right)
			assert_int_equal(plain.len, message.encrypted.len - num);
		if (num >= 2) {
			last[num > 16 ? 0 : 16 - num] ^= 1;
			assert_refused(hf_cms_enveloped_open(&message, &rig->enc.cert, &opener, &plain, &err),
				HF_E_VERIFY, "padding");
		}
	}
	hf_buf_clear(&plain);
	hf_buf_clear(&der);
}

static void bad_enveloped_messages_are_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, changed;
	struct hf_enveloped_data data, bad;
	struct hf_cms_enveloped message;
	uint8_t iv[] = {0x04, 0x08, 1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	hf_buf_init(&der, HF_CMS_MAX);
	hf_buf_init(&changed, HF_CMS_MAX);
	assert_ok(hf_cms_envelop(CONTENT, &rig->enc.cert, 1, &der, &err));
	for (size_t len = 0; len < der.len; len++)
		assert_false(hf_cms_enveloped_parse((struct hf_bytes){der.p, len}, &message, &err));
	assert_ok(hf_cms_unwrap(hf_buf_bytes(&der), HF_CMS_ENVELOPED_DATA, &hf_EnvelopedData, &data, &err));
#define REFUSED(change, word)                                                                                          \
	do {                                                                                                           \
		bad = data;                                                                                            \
		change;                                                                                                \
		hf_buf_reset(&changed);                                                                                \
		assert_ok(hf_cms_wrap(HF_CMS_ENVELOPED_DATA, &hf_EnvelopedData, &bad, &changed, &err));                \
		assert_refused(hf_cms_enveloped_parse(hf_buf_bytes(&changed), &message, &err), HF_E_INPUT, word);      \
	} while (0)
	REFUSED(bad.version = 2, "version");
	REFUSED(bad.encryptedContentInfo.encryptedContent.len = 17, "blocks");
	REFUSED(bad.encryptedContentInfo.encryptedContent = HF_BYTES_NONE, "blocks");
	REFUSED(bad.encryptedContentInfo.contentEncryptionAlgorithm.parameters = HF_BYTES_NONE, "IV");
	REFUSED(bad.encryptedContentInfo.contentEncryptionAlgorithm.parameters = HF_BYTES_OF(iv), "8 octets");
	REFUSED(bad.encryptedContentInfo.contentEncryptionAlgorithm = hf_alg_of(HF_OID_SM3), "SM4-CBC");
	REFUSED(bad.encryptedContentInfo.contentType = hf_oid_bytes(HF_OID_GM_SIGNED_DATA), "not data");
#undef REFUSED
	struct hf_cms_signed other;
	assert_refused(hf_cms_signed_parse(hf_buf_bytes(&der), &other, &err), HF_E_INPUT, "is not SignedData");
	hf_buf_clear(&changed);
	hf_buf_clear(&der);
}

/* ---- SignedAndEnvelopedData ---- */

static struct hf_sealed_key seal(void)
{
	struct hf_wrapped_key wrapped = wrap_key(&rig->enc.key, &rig->signer.key);
	struct hf_sealed_key key = {
		.recipient = hf_cms_id_of(&rig->signer.cert),
		.signer = hf_cms_id_of(&rig->other.cert),
	};

	memcpy(key.enc_private, wrapped.enc_private, sizeof(key.enc_private));
	memcpy(key.sym_cipher, wrapped.sym_cipher, sizeof(key.sym_cipher));
	rig_sign_one(&rig->other.key, HF_BYTES_OF(rig->enc.key.d), key.signature);
	return key;
}

static void a_sealed_key_is_read_as_the_device_made_it(void **state)
{
	struct hf_err err;
	struct hf_buf der, wrapped, again;
	struct hf_sealed_key key = seal(), got;
	struct hf_signed_and_enveloped_data data;

	(void)state;
	hf_buf_init(&der, 65536);
	hf_buf_init(&wrapped, 65536);
	hf_buf_init(&again, 65536);
	assert_ok(hf_sealed_key_encode(&key, &der, &err));
	assert_ok(hf_sealed_key_parse(hf_buf_bytes(&der), &got, &err));
	assert_memory_equal(got.enc_private, key.enc_private, sizeof(key.enc_private));
	assert_memory_equal(got.sym_cipher, key.sym_cipher, sizeof(key.sym_cipher));
	assert_memory_equal(got.signature, key.signature, sizeof(key.signature));
	assert_true(hf_cms_id_is(&got.recipient, &rig->signer.cert));
	assert_true(hf_cms_id_is(&got.signer, &rig->other.cert));
	assert_ok(hf_sealed_key_encode(&got, &again, &err));
	assert_true(hf_bytes_equal(hf_buf_bytes(&der), hf_buf_bytes(&again)));

	assert_ok(hf_der_decode(&hf_SignedAndEnvelopedData, hf_buf_bytes(&der), &data, &err));
	assert_ok(hf_cms_wrap(HF_CMS_SIGNED_AND_ENVELOPED_DATA, &hf_SignedAndEnvelopedData, &data, &wrapped, &err));
	assert_ok(hf_sealed_key_parse(hf_buf_bytes(&wrapped), &got, &err));
	assert_memory_equal(got.signature, key.signature, sizeof(key.signature));

	assert_ok(hf_sealed_key_verify(&got, rig->enc.key.d, rig->other.key.pub, &err));
	assert_refused(hf_sealed_key_verify(&got, rig->enc2.key.d, rig->other.key.pub, &err), HF_E_VERIFY, "signature");
	assert_refused(hf_sealed_key_verify(&got, rig->enc.key.d, rig->signer.key.pub, &err), HF_E_VERIFY, "signature");
	hf_buf_clear(&again);
	hf_buf_clear(&wrapped);
	hf_buf_clear(&der);
}

static void a_padded_private_key_is_refused(void **state)
{
	struct hf_err err;
	struct hf_buf der, changed;
	struct hf_sealed_key key = seal(), got;
	struct hf_signed_and_enveloped_data data;
	uint8_t padded[48] = {0};

	(void)state;
	hf_buf_init(&der, 65536);
	hf_buf_init(&changed, 65536);
	assert_ok(hf_sealed_key_encode(&key, &der, &err));
	assert_ok(hf_der_decode(&hf_SignedAndEnvelopedData, hf_buf_bytes(&der), &data, &err));
	data.encryptedContentInfo.encryptedContent = HF_BYTES_OF(padded);
	assert_ok(hf_der_encode(&hf_SignedAndEnvelopedData, &data, &changed, &err));
	assert_refused(hf_sealed_key_parse(hf_buf_bytes(&changed), &got, &err), HF_E_INPUT, "48 octets");
	for (size_t len = 0; len < der.len; len++)
		assert_false(hf_sealed_key_parse((struct hf_bytes){der.p, len}, &got, &err));
	hf_buf_clear(&changed);
	hf_buf_clear(&der);
}

static void messages_can_be_read_by_people(void **state)
{
	struct hf_err err;
	struct hf_buf der, text;

	(void)state;
	hf_buf_init(&text, 65536);
	make_signed(true, false, 1, &der);
	assert_ok(hf_cms_print(hf_buf_bytes(&der), &text, &err));
	assert_non_null(strstr(hf_buf_cstr(&text), "SignedData"));
	assert_non_null(strstr(hf_buf_cstr(&text), "messageDigest"));
	hf_buf_clear(&der);
	hf_buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cipher_keeps_short_coordinates_right_aligned),
		cmocka_unit_test(bad_ciphers_are_refused),
		cmocka_unit_test(an_enveloped_key_brings_the_private_key_to_its_recipient),
		cmocka_unit_test(a_private_key_is_a_positive_number),
		cmocka_unit_test(a_signed_message_verifies_in_all_its_forms),
		cmocka_unit_test(a_message_that_is_not_the_signers_is_refused),
		cmocka_unit_test(no_flipped_bit_of_a_signed_message_is_accepted),
		cmocka_unit_test(two_signers_and_the_pkcs7_family_are_read),
		cmocka_unit_test(attributes_of_another_content_type_are_refused),
		cmocka_unit_test(what_is_enveloped_opens_for_its_recipients_only),
		cmocka_unit_test(a_signing_certificate_is_no_recipient),
		cmocka_unit_test(wrong_padding_is_refused),
		cmocka_unit_test(bad_enveloped_messages_are_refused),
		cmocka_unit_test(a_sealed_key_is_read_as_the_device_made_it),
		cmocka_unit_test(a_padded_private_key_is_refused),
		cmocka_unit_test(messages_can_be_read_by_people),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
