#include "dev/signer.h"

#include <string.h>

static bool sign(void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	const struct hf_dev_key *key = ctx;

	return hf_dev_sign(key->dev, key->name, tbs, num, sigs, err);
}

struct hf_signer hf_dev_signer(struct hf_dev_key *key, bool check)
{
	struct hf_signer signer = {.check = check, .sign = sign, .ctx = key};

	memcpy(signer.pub, key->pub, sizeof(signer.pub));
	return signer;
}
