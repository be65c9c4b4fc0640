/*
 * Cryptographic messages (GM/T 0010): PKCS#7 with SM2, SM3 and SM4, under object identifiers of their own.
 *
 *     ContentInfo            ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY OPTIONAL }
 *     SignedData             ::= SEQUENCE { version, digestAlgorithms, contentInfo, certificates [0], crls [1],
 *                                           signerInfos }
 *     EnvelopedData          ::= SEQUENCE { version, recipientInfos, encryptedContentInfo }
 *     SignedAndEnvelopedData ::= SEQUENCE { version, recipientInfos, digestAlgorithms, encryptedContentInfo,
 *                                           certificates [0], crls [1], signerInfos }
 *
 * The family 1.2.156.10197.6.1.4.2 is written, PKCS#7's is read too. A signature is an SM2Signature with the default id
 * over the content's octets, or over DER of the authenticated attributes as a SET OF, whose messageDigest is then
 * SM3 of the content. An encrypted key is an SM2Cipher in an OCTET STRING, the content SM4-CBC with PKCS#7 padding, its
 * IV the OCTET STRING in the algorithm's parameters.
 *
 * Private keys live in devices: for a signature the octets to be signed go out and r ‖ s comes in; what is encrypted is
 * handed, with the recipient's SM2 ciphertext, to a function that owns the key.
 *
 * Read besides what we write: NULL parameters; SM2 or SM2-with-SM3 as digestEncryptionAlgorithm; plain SM4 for SM4-CBC
 * when an IV is there; certificates that are not in SET OF order. Only content of type data.
 */
#ifndef HUFU_X509_CMS_H
#define HUFU_X509_CMS_H

#include "x509/cert.h"
#include "x509/signed.h"
#include "x509/sm2obj.h"

#define HF_CMS_MAX         ((size_t)64 << 20) /* octets of a message */
#define HF_CMS_SIGNERS_MAX 16                 /* signers or recipients of one message */

enum hf_cms_type {
	HF_CMS_DATA,
	HF_CMS_SIGNED_DATA,
	HF_CMS_ENVELOPED_DATA,
	HF_CMS_SIGNED_AND_ENVELOPED_DATA,
	HF_CMS_OTHER,
};
/* What a ContentInfo holds, without looking into it. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_cms_type_of(struct hf_bytes der, enum hf_cms_type *type, struct hf_err *err);

/* ---- SignedData (cms_signed.c) ---- */

/* What is to be signed, by one signer. */
struct hf_cms_signing {
	struct hf_bytes content;
	bool detached;                /* the content is not put into the message */
	bool attributes;              /* contentType, messageDigest and signingTime are signed instead of the content */
	int64_t signing_at;           /* with attributes */
	const struct hf_cert *signer; /* its issuer and serial name the signer */
	const struct hf_bytes *certs; /* to be put in, DER; the signer's own among them if it should be */
	size_t num_certs;
};

/* Appends the octets whose SM2 signature (default id) is wanted. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_cms_signed_tbs(const struct hf_cms_signing *signing, struct hf_buf *out, struct hf_err *err);
/* Appends the ContentInfo, given the signature r ‖ s over them. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_cms_signed_encode(const struct hf_cms_signing *signing, const uint8_t signature[HF_SM2_SIG],
	struct hf_buf *out, struct hf_err *err);
/* Both, with the signature from a signer. Errors: the signer's, too; HF_E_VERIFY if it is wrong. */
HF_MUST_USE bool hf_cms_sign(
	const struct hf_cms_signing *signing, const struct hf_signer *signer, struct hf_buf *out, struct hf_err *err);

struct hf_cms_signed {
	struct hf_bytes content;         /* its octets; NULL when detached */
	struct hf_bytes contentType;     /* OID content of data, of either family */
	struct hf_der_list certificates; /* of hf_der_Any */
	struct hf_der_list signerInfos;
};
struct hf_cms_signer {
	struct hf_issuer_serial id;
	struct hf_der_list attributes; /* content NULL: none, the content itself is signed */
	struct hf_bytes contentType;   /* with attributes, as the following */
	struct hf_bytes message_digest;
	bool has_signing_at;
	int64_t signing_at;
	struct hf_bytes signature; /* DER SM2Signature */
};

/* Errors: HF_E_INPUT, HF_E_LIMIT. Nothing is verified yet. */
HF_MUST_USE bool hf_cms_signed_parse(struct hf_bytes der, struct hf_cms_signed *message, struct hf_err *err);
/* Takes the next signer off rest, a copy of signerInfos. */
bool hf_cms_signer_next(struct hf_der_list *rest, struct hf_cms_signer *signer);
/*
 * Every signer must have a certificate among certs, which may sign (keyUsage), and whose key verifies. Whether certs
 * are to be trusted is the caller's business (path.h). content is the detached content, or HF_BYTES_NONE; if it is
 * given and the message has one too, both must be equal. Errors: HF_E_VERIFY, HF_E_MISSING (no certificate of a
 * signer; no content), HF_E_INPUT.
 */
HF_MUST_USE bool hf_cms_signed_verify(const struct hf_cms_signed *message, struct hf_bytes content,
	const struct hf_cert *certs, size_t num_certs, struct hf_err *err);

/* ---- EnvelopedData (cms_enveloped.c) ---- */

/*
 * Appends a ContentInfo with plain under a random SM4 key, that key under each recipient's SM2 key. Recipients'
 * certificates must allow keyEncipherment if they have a keyUsage. Errors: HF_E_INPUT, HF_E_DENIED (keyUsage),
 * HF_E_LIMIT, HF_E_DEVICE (no randomness).
 */
HF_MUST_USE bool hf_cms_envelop(
	struct hf_bytes plain, const struct hf_cert *recipients, size_t num, struct hf_buf *out, struct hf_err *err);

struct hf_cms_enveloped {
	struct hf_der_list recipientInfos;
	bool ecb;                  /* SM4-ECB (read only); otherwise SM4-CBC */
	uint8_t iv[HF_SM4_BLOCK];  /* CBC */
	struct hf_bytes encrypted; /* whole blocks, at least one; the padding is inside */
};
struct hf_cms_recipient {
	struct hf_issuer_serial id;
	uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY]; /* C1 ‖ C3 ‖ C2 of the SM4 key */
};

/* Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_cms_enveloped_parse(struct hf_bytes der, struct hf_cms_enveloped *message, struct hf_err *err);
/* The part for the holder of this certificate. Errors: HF_E_MISSING. */
HF_MUST_USE bool hf_cms_enveloped_find(const struct hf_cms_enveloped *message, const struct hf_cert *cert,
	struct hf_cms_recipient *recipient, struct hf_err *err);

/*
 * Who owns the private key: opens sym_cipher and decrypts message->encrypted (same length) to blocks, the padding left
 * in. A token imports the session key and decrypts; a program has the scalar.
 */
struct hf_cms_opener {
	bool (*open)(void *ctx, const uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY], const struct hf_cms_enveloped *message,
		uint8_t *blocks, struct hf_err *err);
	void *ctx;
};
/* An opener's function whose ctx is the scalar, uint8_t[HF_SM2_SCALAR]. Errors: HF_E_VERIFY, HF_E_INPUT. */
bool hf_cms_open_with_scalar(void *ctx, const uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY],
	const struct hf_cms_enveloped *message, uint8_t *blocks, struct hf_err *err);
/* Appends the content. Errors: HF_E_MISSING (not for this certificate), HF_E_VERIFY (padding), the opener's. */
HF_MUST_USE bool hf_cms_enveloped_open(const struct hf_cms_enveloped *message, const struct hf_cert *cert,
	const struct hf_cms_opener *opener, struct hf_buf *plain, struct hf_err *err);

/* ---- SignedAndEnvelopedData, as the KM gives out a private key (cms_sealed.c; GM/T 0014 5.2.3) ---- */

/*
 * All parts come from the device; docs/decisions/0003-signed-and-enveloped.md says how and why they are put together
 * so. The signature is over the scalar in clear: only a device that opens the envelope can verify it.
 */
struct hf_sealed_key {
	struct hf_issuer_serial recipient;
	uint8_t enc_private[HF_SM2_SCALAR];       /* SM4-ECB of the scalar, two blocks, no padding */
	uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY]; /* C1 ‖ C3 ‖ C2 of the SM4 key */
	struct hf_issuer_serial signer;
	uint8_t signature[HF_SM2_SIG]; /* r ‖ s over the scalar */
};
/* Appends a SignedAndEnvelopedData without ContentInfo. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_sealed_key_encode(const struct hf_sealed_key *key, struct hf_buf *out, struct hf_err *err);
/* Reads it with or without ContentInfo; one recipient, one signer. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_sealed_key_parse(struct hf_bytes der, struct hf_sealed_key *key, struct hf_err *err);
/* By who has opened it: is this the scalar that the KM signed? Errors: HF_E_VERIFY. */
HF_MUST_USE bool hf_sealed_key_verify(const struct hf_sealed_key *key, const uint8_t d[HF_SM2_SCALAR],
	const uint8_t km_pub[HF_SM2_POINT], struct hf_err *err);

/* For people: any of the above. Errors: as the parse functions. */
HF_MUST_USE bool hf_cms_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err);

#endif
