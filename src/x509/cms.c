#include "x509/cms_int.h"

//= GM/T 0010 6
static const struct hf_der_field content_info_fields[] = {
	HF_DER_FIELD(struct hf_content_info, contentType, &hf_der_Oid),
	HF_DER_FIELD(struct hf_content_info, content, &hf_der_Any, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_ContentInfo =
	HF_DER_SEQUENCE_TYPE("ContentInfo", struct hf_content_info, content_info_fields);

static const struct hf_der_type digest_algorithms =
	HF_DER_OF_TYPE("DigestAlgorithmIdentifiers", HF_DER_SET_OF, &hf_AlgorithmIdentifier, 1);
/* SET OF by the standard; read in any order, since others write their chain from leaf to root. */
static const struct hf_der_type certificate_set =
	HF_DER_OF_TYPE("SET OF Certificate", HF_DER_SEQUENCE_OF, &hf_der_Any, 0);
static const struct hf_der_type attribute_set = HF_DER_OF_TYPE("SET OF Attribute", HF_DER_SET_OF, &hf_Attribute, 1);

static const struct hf_der_field signer_info_fields[] = {
	HF_DER_FIELD(struct hf_signer_info, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_signer_info, issuerAndSerialNumber, &hf_IssuerAndSerialNumber),
	HF_DER_FIELD(struct hf_signer_info, digestAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_signer_info, authenticatedAttributes, &attribute_set, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_signer_info, digestEncryptionAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_signer_info, encryptedDigest, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_signer_info, unauthenticatedAttributes, &attribute_set, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL),
};
const struct hf_der_type hf_SignerInfo = HF_DER_SEQUENCE_TYPE("SignerInfo", struct hf_signer_info, signer_info_fields);
static const struct hf_der_type signer_infos = HF_DER_OF_TYPE("SignerInfos", HF_DER_SET_OF, &hf_SignerInfo, 1);

static const struct hf_der_field signed_data_fields[] = {
	HF_DER_FIELD(struct hf_signed_data, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_signed_data, digestAlgorithms, &digest_algorithms),
	HF_DER_FIELD(struct hf_signed_data, contentInfo, &hf_ContentInfo),
	HF_DER_FIELD(
		struct hf_signed_data, certificates, &certificate_set, .tag = HF_DER_CTX(0), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_signed_data, crls, &certificate_set, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_signed_data, signerInfos, &signer_infos),
};
const struct hf_der_type hf_SignedData = HF_DER_SEQUENCE_TYPE("SignedData", struct hf_signed_data, signed_data_fields);

static const struct hf_der_field recipient_info_fields[] = {
	HF_DER_FIELD(struct hf_recipient_info, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_recipient_info, issuerAndSerialNumber, &hf_IssuerAndSerialNumber),
	HF_DER_FIELD(struct hf_recipient_info, keyEncryptionAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_recipient_info, encryptedKey, &hf_der_OctetString),
};
const struct hf_der_type hf_RecipientInfo =
	HF_DER_SEQUENCE_TYPE("RecipientInfo", struct hf_recipient_info, recipient_info_fields);
static const struct hf_der_type recipient_infos = HF_DER_OF_TYPE("RecipientInfos", HF_DER_SET_OF, &hf_RecipientInfo, 1);

static const struct hf_der_field encrypted_content_info_fields[] = {
	HF_DER_FIELD(struct hf_encrypted_content_info, contentType, &hf_der_Oid),
	HF_DER_FIELD(struct hf_encrypted_content_info, contentEncryptionAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_encrypted_content_info, encryptedContent, &hf_der_OctetString, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_encrypted_content_info, sharedInfo1, &hf_der_OctetString, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_encrypted_content_info, sharedInfo2, &hf_der_OctetString, .tag = HF_DER_CTX(2),
		.flags = HF_DER_OPTIONAL),
};
static const struct hf_der_type EncryptedContentInfo =
	HF_DER_SEQUENCE_TYPE("EncryptedContentInfo", struct hf_encrypted_content_info, encrypted_content_info_fields);

static const struct hf_der_field enveloped_data_fields[] = {
	HF_DER_FIELD(struct hf_enveloped_data, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_enveloped_data, recipientInfos, &recipient_infos),
	HF_DER_FIELD(struct hf_enveloped_data, encryptedContentInfo, &EncryptedContentInfo),
};
const struct hf_der_type hf_EnvelopedData =
	HF_DER_SEQUENCE_TYPE("EnvelopedData", struct hf_enveloped_data, enveloped_data_fields);

#define SEALED struct hf_signed_and_enveloped_data
static const struct hf_der_field signed_and_enveloped_data_fields[] = {
	HF_DER_FIELD(SEALED, version, &hf_der_Small),
	HF_DER_FIELD(SEALED, recipientInfos, &recipient_infos),
	HF_DER_FIELD(SEALED, digestAlgorithms, &digest_algorithms),
	HF_DER_FIELD(SEALED, encryptedContentInfo, &EncryptedContentInfo),
	HF_DER_FIELD(SEALED, certificates, &certificate_set, .tag = HF_DER_CTX(0), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(SEALED, crls, &certificate_set, .tag = HF_DER_CTX(1), .flags = HF_DER_OPTIONAL),
	HF_DER_FIELD(SEALED, signerInfos, &signer_infos),
};
const struct hf_der_type hf_SignedAndEnvelopedData =
	HF_DER_SEQUENCE_TYPE("SignedAndEnvelopedData", SEALED, signed_and_enveloped_data_fields);

static const enum hf_oid family[HF_CMS_OTHER][2] = {
	[HF_CMS_DATA] = {HF_OID_GM_DATA, HF_OID_P7_DATA},
	[HF_CMS_SIGNED_DATA] = {HF_OID_GM_SIGNED_DATA, HF_OID_P7_SIGNED_DATA},
	[HF_CMS_ENVELOPED_DATA] = {HF_OID_GM_ENVELOPED_DATA, HF_OID_P7_ENVELOPED_DATA},
	[HF_CMS_SIGNED_AND_ENVELOPED_DATA] = {HF_OID_GM_SIGNED_AND_ENVELOPED_DATA, HF_OID_P7_SIGNED_AND_ENVELOPED_DATA},
};

bool hf_cms_is(struct hf_bytes oid, enum hf_cms_type type)
{
	return hf_oid_is(oid, family[type][0]) || hf_oid_is(oid, family[type][1]);
}

bool hf_cms_type_of(struct hf_bytes der, enum hf_cms_type *type, struct hf_err *err)
{
	struct hf_content_info info;

	if (!hf_der_decode(&hf_ContentInfo, der, &info, err))
		return false;
	for (*type = HF_CMS_DATA; *type < HF_CMS_OTHER; (*type)++)
		if (hf_cms_is(info.contentType, *type))
			break;
	return true;
}

bool hf_cms_unwrap(
	struct hf_bytes der, enum hf_cms_type want, const struct hf_der_type *type, void *object, struct hf_err *err)
{
	struct hf_content_info info;
	char got[HF_OID_TEXT_MAX];

	if (der.len > HF_CMS_MAX)
		return hf_fail(err, HF_E_LIMIT, "ContentInfo: %zu octets, at most %zu", der.len, HF_CMS_MAX);
	if (!hf_der_decode(&hf_ContentInfo, der, &info, err))
		return false;
	if (!hf_cms_is(info.contentType, want)) {
		hf_oid_text(info.contentType, got);
		return hf_fail(err, HF_E_INPUT, "ContentInfo: contentType %s is not %s (GM/T 0010)", got, type->name);
	}
	if (!info.content.p)
		return hf_fail(err, HF_E_INPUT, "ContentInfo: %s is missing", type->name);
	return hf_der_decode(type, info.content, object, err) || hf_fail_in(err, "ContentInfo");
}

bool hf_cms_wrap(enum hf_cms_type kind, const struct hf_der_type *type, const void *object, struct hf_buf *out,
	struct hf_err *err)
{
	struct hf_buf inner;

	hf_buf_init(&inner, HF_CMS_MAX);
	bool ok = hf_der_encode(type, object, &inner, err);
	if (ok) {
		struct hf_content_info info = {hf_oid_bytes(family[kind][0]), hf_buf_bytes(&inner)};
		ok = hf_der_encode(&hf_ContentInfo, &info, out, err);
	}
	hf_buf_clear(&inner);
	return ok;
}

struct hf_issuer_serial hf_cms_id_of(const struct hf_cert *cert)
{
	return (struct hf_issuer_serial){cert->tbs.issuer, cert->tbs.serialNumber};
}

bool hf_cms_id_is(const struct hf_issuer_serial *id, const struct hf_cert *cert)
{
	return hf_name_equal(id->issuer, cert->tbs.issuer) && hf_bytes_equal(id->serialNumber, cert->tbs.serialNumber);
}

bool hf_cms_set_of(struct hf_buf *content, const struct hf_der_type *element, const void *object, struct hf_err *err)
{
	hf_buf_init(content, HF_CMS_MAX);
	return hf_der_list_add(content, element, object, err);
}

bool hf_cms_check_signer(const struct hf_signer_info *info, struct hf_err *err)
{
	uint8_t signature[HF_SM2_SIG];
	const struct hf_alg *alg = &info->digestEncryptionAlgorithm;

	if (info->version != 1)
		return hf_fail(err, HF_E_INPUT, "SignerInfo: version is not 1 (GM/T 0010)");
	if (!hf_alg_is(&info->digestAlgorithm, HF_OID_SM3))
		return hf_fail(err, HF_E_INPUT, "SignerInfo: digestAlgorithm is not SM3");
	if (!hf_alg_is(alg, HF_OID_SM2_SIGN) && !hf_alg_is(alg, HF_OID_SM2_SM3) && !hf_alg_is(alg, HF_OID_SM2))
		return hf_fail(err, HF_E_INPUT, "SignerInfo: digestEncryptionAlgorithm is not SM2");
	return hf_sm2sig_parse(info->encryptedDigest, signature, err) || hf_fail_in(err, "SignerInfo");
}

bool hf_cms_check_digests(const struct hf_der_list *algorithms, struct hf_err *err)
{
	struct hf_der_list rest = *algorithms;
	struct hf_alg alg;

	while (hf_der_list_next(&rest, &hf_AlgorithmIdentifier, &alg))
		if (!hf_alg_is(&alg, HF_OID_SM3))
			return hf_fail(err, HF_E_INPUT, "digestAlgorithms names another than SM3");
	return true;
}

bool hf_cms_check_recipient(
	const struct hf_recipient_info *info, uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY], struct hf_err *err)
{
	struct hf_sm2_cipher cipher;
	const struct hf_alg *alg = &info->keyEncryptionAlgorithm;

	if (info->version != 0 && info->version != 1)
		return hf_fail(err, HF_E_INPUT, "RecipientInfo: version is not 1 (GM/T 0010)");
	if (!hf_alg_is(alg, HF_OID_SM2_ENCRYPT) && !hf_alg_is(alg, HF_OID_SM2))
		return hf_fail(err, HF_E_INPUT, "RecipientInfo: keyEncryptionAlgorithm is not SM2 encryption");
	if (!hf_der_decode(&hf_SM2Cipher, info->encryptedKey, &cipher, err))
		return hf_fail_in(err, "RecipientInfo: encryptedKey");
	if (cipher.CipherText.len != HF_SM4_KEY)
		return hf_fail(err, HF_E_INPUT, "RecipientInfo: encryptedKey holds %zu octets, an SM4 key has 16",
			cipher.CipherText.len);
	return hf_sm2_cipher_raw(&cipher, sym_cipher, err) || hf_fail_in(err, "RecipientInfo");
}

bool hf_cms_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	static const struct hf_der_type *const types[HF_CMS_OTHER] = {
		[HF_CMS_SIGNED_DATA] = &hf_SignedData,
		[HF_CMS_ENVELOPED_DATA] = &hf_EnvelopedData,
		[HF_CMS_SIGNED_AND_ENVELOPED_DATA] = &hf_SignedAndEnvelopedData,
	};
	union {
		struct hf_signed_data signed_data;
		struct hf_enveloped_data enveloped;
		struct hf_signed_and_enveloped_data both;
	} object;
	enum hf_cms_type kind;

	if (!hf_cms_type_of(der, &kind, err))
		return false;
	if (kind == HF_CMS_DATA || kind == HF_CMS_OTHER)
		return hf_fail(err, HF_E_INPUT,
			"ContentInfo: holds neither signed nor enveloped data (GM/T 0010); nothing else is printed");
	if (!hf_cms_unwrap(der, kind, types[kind], &object, err))
		return false;
	hf_der_print(types[kind], &object, out, 0);
	return true;
}
