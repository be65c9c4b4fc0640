/*
 * RSA of 2048 bits through OpenSSL, for the RSA calls of GM/T 0018: the only file of this folder that sees OpenSSL.
 * Numbers stand right-aligned in the standard's structs. Operations are raw, 256 octets to 256 octets; the private one
 * is blinded and its result checked with the public key, so that a fault tells nothing.
 */
#ifndef HUFU_SDF_RSA_H
#define HUFU_SDF_RSA_H

#include "sdf/sdf_int.h"

#define HF_SDF_RSA_LEN 256

/* Errors of all: HF_E_INPUT (a key or a number is out of shape), HF_E_MEMORY, HF_E_INTERNAL (OpenSSL gave up). */
HF_MUST_USE bool hf_rsa_generate(RSArefPrivateKey *key, struct hf_err *err);
/* 2048 bits, odd, e odd and of 2 to 256 bits. */
HF_MUST_USE bool hf_rsa_check(const RSArefPublicKey *key, struct hf_err *err);
HF_MUST_USE bool hf_rsa_public(
	const RSArefPublicKey *key, const uint8_t in[HF_SDF_RSA_LEN], uint8_t out[HF_SDF_RSA_LEN], struct hf_err *err);
HF_MUST_USE bool hf_rsa_private(
	const RSArefPrivateKey *key, const uint8_t in[HF_SDF_RSA_LEN], uint8_t out[HF_SDF_RSA_LEN], struct hf_err *err);
void hf_rsa_public_of(const RSArefPrivateKey *key, RSArefPublicKey *out);

#endif
