#include "crypto/sha1.h"

#include <openssl/evp.h>

bool hf_sha1(struct hf_bytes data, uint8_t out[HF_SHA1_LEN], struct hf_err *err)
{
	if (EVP_Digest(data.p, data.len, out, NULL, EVP_sha1(), NULL) != 1)
		return hf_fail(err, HF_E_MEMORY, "SHA-1: libcrypto refuses (no memory, or its policy has no SHA-1)");
	return true;
}
