/*
 * SHA-1, which signs nothing here: key identifiers (RFC 5280 4.2.1.2 method 1) and the CertIDs of OCSP clients are
 * made with it. Through OpenSSL.
 */
#ifndef HUFU_CRYPTO_SHA1_H
#define HUFU_CRYPTO_SHA1_H

#include "base/bytes.h"
#include "base/err.h"

#define HF_SHA1_LEN 20

/* Errors: HF_E_MEMORY (out of memory, or a libcrypto whose policy has no SHA-1). */
HF_MUST_USE bool hf_sha1(struct hf_bytes data, uint8_t out[HF_SHA1_LEN], struct hf_err *err);

#endif
