#include "skf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static ULONG cipher_init(HANDLE handle, const BLOCKCIPHERPARAM *param, bool encrypting)
{
	struct skf_call call;

	if (param->PaddingType != SKF_PADDING_NONE && param->PaddingType != SKF_PADDING_PKCS5)
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(handle, SKF_KEY, &call);
	if (rv != SAR_OK)
		return rv;
	struct skf_key *key = (struct skf_key *)call.obj;
	if (key->alg == SGD_SM4_CBC && param->IVLen != HF_SM4_BLOCK) {
		rv = SAR_INVALIDPARAMERR;
	} else {
		memcpy(key->iv, param->IV, sizeof(key->iv));
		key->padded = param->PaddingType == SKF_PADDING_PKCS5;
		key->encrypting = encrypting;
		key->rest_len = 0;
		key->running = true;
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_EncryptInit(HANDLE hKey, BLOCKCIPHERPARAM EncryptParam)
{
	return cipher_init(hKey, &EncryptParam, true);
}

ULONG DEVAPI SKF_DecryptInit(HANDLE hKey, BLOCKCIPHERPARAM DecryptParam)
{
	return cipher_init(hKey, &DecryptParam, false);
}

static void run_blocks(struct skf_key *key, const uint8_t *in, uint8_t *out, size_t len)
{
	if (len == 0)
		return;
	if (key->alg == SGD_SM4_ECB && key->encrypting)
		hf_sm4_ecb_encrypt(key->key, in, out, len);
	else if (key->alg == SGD_SM4_ECB)
		hf_sm4_ecb_decrypt(key->key, in, out, len);
	else if (key->encrypting)
		hf_sm4_cbc_encrypt(key->key, key->iv, in, out, len);
	else
		hf_sm4_cbc_decrypt(key->key, key->iv, in, out, len);
}

/* What one step takes in and gives out. in is rest ‖ data, ‖ padding at the end of an encryption. */
struct step {
	size_t whole; /* octets to run now */
	size_t keep;  /* octets that wait for more */
	size_t pad;   /* octets of padding to add */
};

static ULONG plan(const struct skf_key *key, size_t len, bool end, struct step *step)
{
	size_t total = key->rest_len + len;

	*step = (struct step){0};
	if (end && key->encrypting && key->padded)
		step->pad = HF_SM4_BLOCK - total % HF_SM4_BLOCK;
	total += step->pad;
	step->whole = total / HF_SM4_BLOCK * HF_SM4_BLOCK;
	/* A padded ciphertext's last block waits for the end, for it carries the padding. */
	if (!end && !key->encrypting && key->padded && step->whole == total && step->whole > 0)
		step->whole -= HF_SM4_BLOCK;
	step->keep = total - step->whole;
	if (end && (step->keep != 0 || (!key->encrypting && key->padded && step->whole == 0)))
		return SAR_INDATALENERR;
	return SAR_OK;
}

/* The octets of PKCS#5 padding at the end, or 0 when it is wrong. All 16 octets are looked at in any case. */
static size_t padding_of(const uint8_t last[HF_SM4_BLOCK])
{
	unsigned n = last[HF_SM4_BLOCK - 1];
	unsigned bad = n < 1 || n > HF_SM4_BLOCK;

	for (unsigned i = 0; i < HF_SM4_BLOCK; i++) {
		unsigned inside = HF_SM4_BLOCK - i <= n;
		bad |= inside & (last[i] != n);
	}
	return bad ? 0 : n;
}

static ULONG run(
	struct skf_key *key, struct hf_bytes data, bool end, const struct step *step, BYTE *out, ULONG *out_len)
{
	size_t total = step->whole + step->keep, give = step->whole;
	uint8_t *work = hf_try_alloc(total, 1);
	ULONG rv = SAR_OK;

	if (!work)
		return SAR_MEMORYERR;
	memcpy(work, key->rest, key->rest_len);
	if (data.len > 0)
		memcpy(work + key->rest_len, data.p, data.len);
	memset(work + key->rest_len + data.len, (int)step->pad, step->pad);
	run_blocks(key, work, work, step->whole);
	memcpy(key->rest, work + step->whole, step->keep);
	key->rest_len = step->keep;
	if (end && !key->encrypting && key->padded) {
		size_t pad = padding_of(work + step->whole - HF_SM4_BLOCK);
		rv = pad > 0 ? SAR_OK : SAR_DECRYPTPADERR;
		give -= pad;
	}
	if (end)
		key->running = false;
	if (rv == SAR_OK && give > 0)
		memcpy(out, work, give);
	*out_len = rv == SAR_OK ? (ULONG)give : 0;
	hf_wipe(work, total);
	free(work);
	return rv;
}

static ULONG cipher_step(HANDLE handle, bool encrypting, const BYTE *in, ULONG len, bool end, BYTE *out, ULONG *out_len)
{
	struct skf_call call;
	struct step step;

	if (!out_len || (len > 0 && !in))
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(handle, SKF_KEY, &call);
	if (rv != SAR_OK)
		return rv;
	struct skf_key *key = (struct skf_key *)call.obj;
	if (!key->running || key->encrypting != encrypting)
		rv = SAR_NOTINITIALIZEERR;
	else
		rv = plan(key, len, end, &step);
	if (rv == SAR_OK && (!out || *out_len < step.whole)) {
		/* Asked for the room only, or not enough: nothing was taken in. A padded decryption may need less. */
		*out_len = (ULONG)step.whole;
		rv = out ? SAR_BUFFER_TOO_SMALL : SAR_OK;
	} else if (rv == SAR_OK) {
		rv = run(key, (struct hf_bytes){in, len}, end, &step, out, out_len);
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_Encrypt(HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData, ULONG *pulEncryptedLen)
{
	return cipher_step(hKey, true, pbData, ulDataLen, true, pbEncryptedData, pulEncryptedLen);
}

ULONG DEVAPI SKF_EncryptUpdate(
	HANDLE hKey, BYTE *pbData, ULONG ulDataLen, BYTE *pbEncryptedData, ULONG *pulEncryptedLen)
{
	return cipher_step(hKey, true, pbData, ulDataLen, false, pbEncryptedData, pulEncryptedLen);
}

ULONG DEVAPI SKF_EncryptFinal(HANDLE hKey, BYTE *pbEncryptedData, ULONG *pulEncryptedDataLen)
{
	return cipher_step(hKey, true, NULL, 0, true, pbEncryptedData, pulEncryptedDataLen);
}

ULONG DEVAPI SKF_Decrypt(HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData, ULONG *pulDataLen)
{
	return cipher_step(hKey, false, pbEncryptedData, ulEncryptedLen, true, pbData, pulDataLen);
}

ULONG DEVAPI SKF_DecryptUpdate(
	HANDLE hKey, BYTE *pbEncryptedData, ULONG ulEncryptedLen, BYTE *pbData, ULONG *pulDataLen)
{
	return cipher_step(hKey, false, pbEncryptedData, ulEncryptedLen, false, pbData, pulDataLen);
}

ULONG DEVAPI SKF_DecryptFinal(HANDLE hKey, BYTE *pbDecryptedData, ULONG *pulDecryptedDataLen)
{
	return cipher_step(hKey, false, NULL, 0, true, pbDecryptedData, pulDecryptedDataLen);
}
