/*
 * The types of GM/T 0010 as tables, for the files of CMS only. Members are spelt as in the standard.
 */
#ifndef HUFU_X509_CMS_INT_H
#define HUFU_X509_CMS_INT_H

#include "x509/cms.h"
#include "x509/csr.h"
#include "x509/sm2sig.h"

struct hf_content_info {
	struct hf_bytes contentType, content; /* content: a TLV; NULL when absent */
};
struct hf_signer_info {
	int64_t version;
	struct hf_issuer_serial issuerAndSerialNumber;
	struct hf_alg digestAlgorithm;
	struct hf_der_list authenticatedAttributes;
	struct hf_alg digestEncryptionAlgorithm;
	struct hf_bytes encryptedDigest;
	struct hf_der_list unauthenticatedAttributes;
};
struct hf_signed_data {
	int64_t version;
	struct hf_der_list digestAlgorithms;
	struct hf_content_info contentInfo;
	struct hf_der_list certificates, crls;
	struct hf_der_list signerInfos;
};
struct hf_recipient_info {
	int64_t version;
	struct hf_issuer_serial issuerAndSerialNumber;
	struct hf_alg keyEncryptionAlgorithm;
	struct hf_bytes encryptedKey;
};
struct hf_encrypted_content_info {
	struct hf_bytes contentType;
	struct hf_alg contentEncryptionAlgorithm;
	struct hf_bytes encryptedContent, sharedInfo1, sharedInfo2;
};
struct hf_enveloped_data {
	int64_t version;
	struct hf_der_list recipientInfos;
	struct hf_encrypted_content_info encryptedContentInfo;
};
struct hf_signed_and_enveloped_data {
	int64_t version;
	struct hf_der_list recipientInfos, digestAlgorithms;
	struct hf_encrypted_content_info encryptedContentInfo;
	struct hf_der_list certificates, crls, signerInfos;
};

extern const struct hf_der_type hf_ContentInfo, hf_SignerInfo, hf_SignedData, hf_RecipientInfo, hf_EnvelopedData,
	hf_SignedAndEnvelopedData;

/* The OID is data / that of the given type, in either family. */
bool hf_cms_is(struct hf_bytes oid, enum hf_cms_type type);
/* Decodes a ContentInfo and the object of this type in it. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_cms_unwrap(
	struct hf_bytes der, enum hf_cms_type want, const struct hf_der_type *type, void *object, struct hf_err *err);
/* Appends a ContentInfo of this type (GM/T family) around the object. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_cms_wrap(enum hf_cms_type kind, const struct hf_der_type *type, const void *object,
	struct hf_buf *out, struct hf_err *err);

struct hf_issuer_serial hf_cms_id_of(const struct hf_cert *cert);
bool hf_cms_id_is(const struct hf_issuer_serial *id, const struct hf_cert *cert);
/* A SET OF one element, in a buffer of the caller. */
HF_MUST_USE bool hf_cms_set_of(
	struct hf_buf *content, const struct hf_der_type *element, const void *object, struct hf_err *err);

/* Version, SM3, SM2, and a signature that is one. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_cms_check_signer(const struct hf_signer_info *info, struct hf_err *err);
/* All algorithms are SM3. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_cms_check_digests(const struct hf_der_list *algorithms, struct hf_err *err);
/* Version, SM2, and a ciphertext of an SM4 key, whose raw form goes to sym_cipher. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_cms_check_recipient(
	const struct hf_recipient_info *info, uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY], struct hf_err *err);

#endif
