/*
 * The SM2 objects of GM/T 0009 clause 7 (its SM2Signature is in sm2sig.h).
 *
 *     SM2PrivateKey   ::= INTEGER
 *     SM2Cipher       ::= SEQUENCE { XCoordinate INTEGER, YCoordinate INTEGER,
 *                                    HASH OCTET STRING (SIZE(32)), CipherText OCTET STRING }
 *     SM2EnvelopedKey ::= SEQUENCE { symAlgID AlgorithmIdentifier, symEncryptedKey SM2Cipher,
 *                                    Sm2PublicKey BIT STRING, Sm2EncryptedPrivateKey BIT STRING }
 *
 * The raw form of an SM2Cipher is C1 ‖ C3 ‖ C2 as crypto/sm2.h and the devices have it: C1 is x ‖ y, 64 octets, and the
 * coordinates are padded on the left. Whether C1 is on the curve is asked where it is decrypted.
 *
 * struct hf_wrapped_key is what a device gives out when a private key leaves it (GM/T 0009 7.4, GM/T 0016
 * ENVELOPEDKEYBLOB, GM/T 0014 retPriKey): the scalar under a random SM4 key (ECB, two blocks, no padding), and that SM4
 * key under the recipient's SM2 key.
 */
#ifndef HUFU_X509_SM2OBJ_H
#define HUFU_X509_SM2OBJ_H

#include "crypto/sm2.h"
#include "crypto/sm4.h"
#include "der/der.h"

struct hf_sm2_cipher {
	struct hf_bytes XCoordinate, YCoordinate;
	struct hf_bytes HASH, CipherText;
};

extern const struct hf_der_type hf_SM2Cipher;

/* Ciphertexts longer than this are refused, by hf_sm2_encrypt too. */
#define HF_SM2_CIPHER_MAX (HF_SM2_CIPHER_EXTRA + HF_SM2_PLAIN_MAX)

/* Appends DER of raw, at least HF_SM2_CIPHER_EXTRA + 1 octets. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_sm2_cipher_encode(struct hf_bytes raw, struct hf_buf *out, struct hf_err *err);
/*
 * Appends the raw form of DER. Errors: HF_E_INPUT (a coordinate is negative or above 32 octets, HASH is not 32 octets,
 * CipherText is empty), HF_E_LIMIT.
 */
HF_MUST_USE bool hf_sm2_cipher_parse(struct hf_bytes der, struct hf_buf *raw, struct hf_err *err);
/* The same for an object that is decoded already; raw has room for HF_SM2_CIPHER_EXTRA + CipherText.len. */
HF_MUST_USE bool hf_sm2_cipher_raw(const struct hf_sm2_cipher *cipher, uint8_t *raw, struct hf_err *err);

/* An SM4 key under an SM2 key. */
#define HF_SM2_CIPHER_SM4KEY (HF_SM2_CIPHER_EXTRA + HF_SM4_KEY)

struct hf_wrapped_key {
	uint8_t pub[HF_SM2_POINT];                /* of the private key inside */
	uint8_t enc_private[HF_SM2_SCALAR];       /* SM4-ECB of the scalar */
	uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY]; /* C1 ‖ C3 ‖ C2 of the SM4 key */
};

/* SM2EnvelopedKey, written with symAlgID SM4-ECB without parameters. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_enveloped_key_encode(const struct hf_wrapped_key *key, struct hf_buf *out, struct hf_err *err);
/* symAlgID may be SM4-ECB or plain SM4, without parameters or NULL. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_enveloped_key_parse(struct hf_bytes der, struct hf_wrapped_key *key, struct hf_err *err);

/* SM2PrivateKey. out should be a secret buffer. Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_sm2_private_encode(const uint8_t d[HF_SM2_SCALAR], struct hf_buf *out, struct hf_err *err);
/* Errors: HF_E_INPUT (negative, zero, or above 32 octets; below n is asked by crypto). */
HF_MUST_USE bool hf_sm2_private_parse(struct hf_bytes der, uint8_t d[HF_SM2_SCALAR], struct hf_err *err);

#endif
