#include "x509/cms_int.h"

#include <string.h>

/* The buffers that the lists of one object lie in. */
struct parts {
	struct hf_buf cipher, recipients, digests, signature, signers;
};

static bool make_recipients(const struct hf_sealed_key *key, struct parts *parts, struct hf_err *err)
{
	if (!hf_sm2_cipher_encode(HF_BYTES_OF(key->sym_cipher), &parts->cipher, err))
		return false;
	struct hf_recipient_info info = {
		.version = 1,
		.issuerAndSerialNumber = key->recipient,
		.keyEncryptionAlgorithm = hf_alg_of(HF_OID_SM2_ENCRYPT),
		.encryptedKey = hf_buf_bytes(&parts->cipher),
	};
	return hf_der_list_add(&parts->recipients, &hf_RecipientInfo, &info, err);
}

static bool make_signers(const struct hf_sealed_key *key, struct parts *parts, struct hf_err *err)
{
	if (!hf_sm2sig_encode(key->signature, &parts->signature, err))
		return false;
	struct hf_signer_info info = {
		.version = 1,
		.issuerAndSerialNumber = key->signer,
		.digestAlgorithm = hf_alg_of(HF_OID_SM3),
		.digestEncryptionAlgorithm = hf_alg_of(HF_OID_SM2_SIGN),
		.encryptedDigest = hf_buf_bytes(&parts->signature),
	};
	return hf_der_list_add(&parts->signers, &hf_SignerInfo, &info, err);
}

static bool encode(const struct hf_sealed_key *key, const struct parts *parts, struct hf_buf *out, struct hf_err *err)
{
	struct hf_signed_and_enveloped_data data = {
		.version = 1,
		.recipientInfos = hf_der_list_of(&parts->recipients),
		.digestAlgorithms = hf_der_list_of(&parts->digests),
		.encryptedContentInfo =
			{
				.contentType = hf_oid_bytes(HF_OID_GM_DATA),
				.contentEncryptionAlgorithm = hf_alg_of(HF_OID_SM4_ECB),
				.encryptedContent = HF_BYTES_OF(key->enc_private),
			},
		.signerInfos = hf_der_list_of(&parts->signers),
	};

	return hf_der_encode(&hf_SignedAndEnvelopedData, &data, out, err);
}

//= GM/T 0010 11
bool hf_sealed_key_encode(const struct hf_sealed_key *key, struct hf_buf *out, struct hf_err *err)
{
	struct parts parts;
	struct hf_buf *all[] = {&parts.cipher, &parts.recipients, &parts.digests, &parts.signature, &parts.signers};
	const size_t num = sizeof(all) / sizeof(all[0]);
	struct hf_alg sm3 = hf_alg_of(HF_OID_SM3);

	for (size_t i = 0; i < num; i++)
		hf_buf_init(all[i], HF_CMS_MAX);
	bool ok = make_recipients(key, &parts, err) &&
		  hf_der_list_add(&parts.digests, &hf_AlgorithmIdentifier, &sm3, err) &&
		  make_signers(key, &parts, err) && encode(key, &parts, out, err);
	for (size_t i = 0; i < num; i++)
		hf_buf_clear(all[i]);
	return ok || hf_fail_in(err, "SignedAndEnvelopedData");
}

static bool read_encrypted(const struct hf_encrypted_content_info *info, struct hf_sealed_key *key, struct hf_err *err)
{
	const struct hf_alg *alg = &info->contentEncryptionAlgorithm;

	if (!hf_cms_is(info->contentType, HF_CMS_DATA))
		return hf_fail(err, HF_E_INPUT, "contentType is not data");
	if (!hf_alg_is(alg, HF_OID_SM4_ECB) && !hf_alg_is(alg, HF_OID_SM4))
		return hf_fail(err, HF_E_INPUT, "contentEncryptionAlgorithm is not SM4-ECB (GM/T 0009 7.4)");
	if (!info->encryptedContent.p || info->encryptedContent.len != HF_SM2_SCALAR)
		return hf_fail(err, HF_E_INPUT,
			"encryptedContent has %zu octets; a scalar without padding, which a token can import, has 32 "
			"(GM/T 0016 6.4.10)",
			info->encryptedContent.len);
	memcpy(key->enc_private, info->encryptedContent.p, HF_SM2_SCALAR);
	return true;
}

static bool read_sealed(const struct hf_signed_and_enveloped_data *data, struct hf_sealed_key *key, struct hf_err *err)
{
	struct hf_der_list recipients = data->recipientInfos, signers = data->signerInfos;
	struct hf_recipient_info recipient;
	struct hf_signer_info signer;

	if (data->version != 1)
		return hf_fail(err, HF_E_INPUT, "version is not 1 (GM/T 0010)");
	if (recipients.num != 1 || signers.num != 1 || !hf_der_list_next(&recipients, &hf_RecipientInfo, &recipient) ||
		!hf_der_list_next(&signers, &hf_SignerInfo, &signer))
		return hf_fail(err, HF_E_INPUT, "%zu recipients and %zu signers, expected one of each",
			data->recipientInfos.num, data->signerInfos.num);
	key->recipient = recipient.issuerAndSerialNumber;
	key->signer = signer.issuerAndSerialNumber;
	if (signer.authenticatedAttributes.content.p)
		return hf_fail(err, HF_E_INPUT, "authenticatedAttributes do not belong here");
	return hf_cms_check_digests(&data->digestAlgorithms, err) &&
	       hf_cms_check_recipient(&recipient, key->sym_cipher, err) && hf_cms_check_signer(&signer, err) &&
	       hf_sm2sig_parse(signer.encryptedDigest, key->signature, err) &&
	       read_encrypted(&data->encryptedContentInfo, key, err);
}

/* A SEQUENCE that begins with an OBJECT IDENTIFIER is a ContentInfo; ours begins with its version. */
static bool is_wrapped(struct hf_bytes der)
{
	struct hf_der_tlv tlv;

	return hf_der_next(&der, &tlv, NULL) && tlv.content.len > 0 && tlv.content.p[0] == 0x06;
}

bool hf_sealed_key_parse(struct hf_bytes der, struct hf_sealed_key *key, struct hf_err *err)
{
	struct hf_signed_and_enveloped_data data;

	bool ok = is_wrapped(der)
			  ? hf_cms_unwrap(der, HF_CMS_SIGNED_AND_ENVELOPED_DATA, &hf_SignedAndEnvelopedData, &data, err)
			  : hf_der_decode(&hf_SignedAndEnvelopedData, der, &data, err);
	return ok && (read_sealed(&data, key, err) || hf_fail_in(err, "SignedAndEnvelopedData"));
}

bool hf_sealed_key_verify(const struct hf_sealed_key *key, const uint8_t d[HF_SM2_SCALAR],
	const uint8_t km_pub[HF_SM2_POINT], struct hf_err *err)
{
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(km_pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, (struct hf_bytes){d, HF_SM2_SCALAR}, e);
	bool ok = hf_sm2_verify(km_pub, e, key->signature, err);
	hf_wipe(e, sizeof(e));
	return ok || hf_fail_in(err, "SignedAndEnvelopedData: the KM's signature over the private key");
}
