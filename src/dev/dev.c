#include "dev/dev.h"

#include <string.h>

static bool check_call(const char *key, size_t num, struct hf_err *err)
{
	if (key && strlen(key) >= HF_DEV_NAME_MAX)
		return hf_fail(err, HF_E_MISSING, "no key is called \"%.32s\"", key);
	if (num > HF_DEV_BATCH_MAX)
		return hf_fail(err, HF_E_LIMIT, "%zu at once, at most %d go", num, HF_DEV_BATCH_MAX);
	return true;
}

bool hf_dev_public_key(const struct hf_dev *dev, const char *key, uint8_t pub[64], struct hf_err *err)
{
	return check_call(key, 1, err) && dev->ops->public_key(dev->ctx, key, pub, err);
}

bool hf_dev_sign(const struct hf_dev *dev, const char *key, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64],
	struct hf_err *err)
{
	if (!check_call(key, num, err))
		return false;
	for (size_t i = 0; i < num; i++)
		if (tbs[i].len > HF_DEV_TBS_MAX)
			return hf_fail(err, HF_E_LIMIT, "message %zu is longer than %u octets", i, HF_DEV_TBS_MAX);
	return num == 0 || dev->ops->sign(dev->ctx, key, tbs, num, sigs, err);
}

bool hf_dev_generate(const struct hf_dev *dev, size_t num, struct hf_dev_pair *pairs, struct hf_err *err)
{
	return check_call(NULL, num, err) && (num == 0 || dev->ops->generate(dev->ctx, num, pairs, err));
}

bool hf_dev_rewrap(const struct hf_dev *dev, const char *key, const struct hf_dev_rewrap *in, size_t num,
	struct hf_dev_envelope *out, struct hf_err *err)
{
	return check_call(key, num, err) && (num == 0 || dev->ops->rewrap(dev->ctx, key, in, num, out, err));
}

bool hf_dev_ledger_state(const struct hf_dev *dev, struct hf_ledger_state *state, struct hf_err *err)
{
	return dev->ops->ledger_state(dev->ctx, state, err);
}

bool hf_dev_ledger_read(const struct hf_dev *dev, uint64_t after, struct hf_ledger_entry *entries, size_t max,
	size_t *num, struct hf_err *err)
{
	return dev->ops->ledger_read(dev->ctx, after, entries, max, num, err);
}
