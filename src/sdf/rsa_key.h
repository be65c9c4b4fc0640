/*
 * RSA pairs kept inside: a record whose secret (32 octets) opens the tail behind it,
 *     n (256) ‖ e (4) ‖ SM4-CTR(d (256) ‖ p ‖ q ‖ dp ‖ dq ‖ 1/q (128 each))
 * with the secret's first 16 octets as the key and its last 16 as the first counter. The record holds SM3 of the tail.
 */
#ifndef HUFU_SDF_RSA_KEY_H
#define HUFU_SDF_RSA_KEY_H

#include "sdf/rsa.h"

/* Makes the tail of a new pair. */
void hf_rsa_key_seal(const RSArefPrivateKey *key, const uint8_t secret[HF_SDF_SECRET], uint8_t tail[HF_SDF_RSA_TAIL]);
void hf_rsa_key_open(const uint8_t tail[HF_SDF_RSA_TAIL], const uint8_t secret[HF_SDF_SECRET], RSArefPrivateKey *key);
void hf_rsa_key_public(const uint8_t tail[HF_SDF_RSA_TAIL], RSArefPublicKey *out);

/* The public key of an internal pair. SDR_KEYNOTEXIST. */
int hf_rsa_key_find(struct hf_sdf_device *device, uint32_t index, uint32_t use, RSArefPublicKey *out);
/* The private key, if the session has the right, and its secret. SDR_KEYNOTEXIST, SDR_PRKRERR. The caller wipes both.
 */
int hf_rsa_key_private(struct hf_sdf_session *session, uint32_t index, uint32_t use, RSArefPrivateKey *key,
	uint8_t secret[HF_SDF_SECRET]);

#endif
