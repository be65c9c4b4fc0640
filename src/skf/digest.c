#include "skf_int.h"

#include <string.h>

ULONG DEVAPI SKF_DigestInit(
	DEVHANDLE hDev, ULONG ulAlgID, ECCPUBLICKEYBLOB *pPubKey, BYTE *pucID, ULONG ulIDLen, HANDLE *phHash)
{
	struct skf_call call;
	uint8_t pub[HF_SM2_POINT], z[HF_SM3_LEN];
	bool with_z = pPubKey && pucID && ulIDLen > 0;

	if (!phHash || (pPubKey && !with_z) || ulIDLen > HF_SM2_ID_MAX)
		return SAR_INVALIDPARAMERR;
	if (ulAlgID != SGD_SM3)
		return SAR_NOTSUPPORTYETERR;
	ULONG rv = with_z ? skf_pub_get(pPubKey, pub) : SAR_OK;
	if (rv == SAR_OK)
		rv = skf_enter(hDev, SKF_DEV, &call);
	if (rv != SAR_OK)
		return rv;
	struct skf_hash *hash = skf_obj_new(SKF_HASH, sizeof(*hash), &call.dev->obj);
	if (hash) {
		hf_sm3_init(&hash->sm3);
		if (with_z) {
			hf_sm2_z(pub, (struct hf_bytes){pucID, ulIDLen}, z);
			hf_sm3_update(&hash->sm3, z, sizeof(z));
		}
		hash->started = true;
		rv = skf_handle_new(&hash->obj, phHash);
	} else {
		rv = SAR_MEMORYERR;
	}
	skf_leave(&call);
	return rv;
}

/* More data, then, when wanted, the end. */
static ULONG digest_step(HANDLE handle, const BYTE *data, ULONG len, bool end, BYTE *out, ULONG *out_len)
{
	struct skf_call call;
	uint8_t digest[HF_SM3_LEN];

	if ((len > 0 && !data) || (end && !out_len))
		return SAR_INVALIDPARAMERR;
	ULONG rv = skf_enter(handle, SKF_HASH, &call);
	if (rv != SAR_OK)
		return rv;
	struct skf_hash *hash = (struct skf_hash *)call.obj;
	if (!hash->started) {
		rv = SAR_HASHOBJERR;
	} else if (end && !out) {
		*out_len = HF_SM3_LEN;
	} else if (end && *out_len < HF_SM3_LEN) {
		*out_len = HF_SM3_LEN;
		rv = SAR_BUFFER_TOO_SMALL;
	} else {
		if (len > 0)
			hf_sm3_update(&hash->sm3, data, len);
		if (end) {
			hf_sm3_final(&hash->sm3, digest);
			rv = skf_give(digest, sizeof(digest), out, out_len);
			hash->started = false;
		}
	}
	skf_leave(&call);
	return rv;
}

ULONG DEVAPI SKF_Digest(HANDLE hHash, BYTE *pbData, ULONG ulDataLen, BYTE *pbHashData, ULONG *pulHashLen)
{
	return digest_step(hHash, pbData, ulDataLen, true, pbHashData, pulHashLen);
}

ULONG DEVAPI SKF_DigestUpdate(HANDLE hHash, BYTE *pbData, ULONG ulDataLen)
{
	return digest_step(hHash, pbData, ulDataLen, false, NULL, NULL);
}

ULONG DEVAPI SKF_DigestFinal(HANDLE hHash, BYTE *pHashData, ULONG *pulHashLen)
{
	return digest_step(hHash, NULL, 0, true, pHashData, pulHashLen);
}

ULONG DEVAPI SKF_CloseHandle(HANDLE hHandle)
{
	return skf_handle_close(hHandle, 1u << SKF_KEY | 1u << SKF_HASH);
}
