#include "skf_int.h"

#include "crypto/rand.h"

#include <string.h>

void skf_seal_keys(struct hf_bytes secret, struct skf_seal_keys *out)
{
	uint8_t both[HF_SM4_KEY + HF_SM3_LEN];

	hf_sm3_kdf(secret, both, sizeof(both));
	memcpy(out->enc, both, HF_SM4_KEY);
	memcpy(out->mac, both + HF_SM4_KEY, HF_SM3_LEN);
	hf_wipe(both, sizeof(both));
}

ULONG skf_rand(void *out, size_t len)
{
	return hf_rand(out, len, NULL) ? SAR_OK : SAR_GENRANDERR;
}

ULONG skf_sar(const struct hf_err *err)
{
	switch (err->code) {
	case HF_E_MEMORY:
		return SAR_MEMORYERR;
	case HF_E_DEVICE:
		return SAR_GENRANDERR;
	case HF_E_INPUT:
	case HF_E_VERIFY:
		return SAR_INDATAERR;
	default:
		return SAR_FAIL;
	}
}
