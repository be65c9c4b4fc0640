#include "skf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static bool is_zero(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum |= p[i];
	return sum == 0;
}

bool skf_point_get(const BYTE x[64], const BYTE y[64], uint8_t out[HF_SM2_POINT])
{
	if (!is_zero(x, 32) || !is_zero(y, 32))
		return false;
	memcpy(out, x + 32, 32);
	memcpy(out + 32, y + 32, 32);
	return true;
}

void skf_point_put(const uint8_t in[HF_SM2_POINT], BYTE x[64], BYTE y[64])
{
	memset(x, 0, 64);
	memset(y, 0, 64);
	memcpy(x + 32, in, 32);
	memcpy(y + 32, in + 32, 32);
}

ULONG skf_pub_get(const ECCPUBLICKEYBLOB *blob, uint8_t out[HF_SM2_POINT])
{
	struct hf_err err = {0};

	if (blob->BitLen != 256)
		return SAR_MODULUSLENERR;
	if (!skf_point_get(blob->XCoordinate, blob->YCoordinate, out))
		return SAR_INDATAERR;
	return hf_sm2_point_check(out, &err) ? SAR_OK : skf_sar(&err);
}

void skf_pub_put(const uint8_t in[HF_SM2_POINT], ECCPUBLICKEYBLOB *blob)
{
	blob->BitLen = 256;
	skf_point_put(in, blob->XCoordinate, blob->YCoordinate);
}

void skf_cipher_put(const uint8_t *c1c3c2, size_t plain_len, ECCCIPHERBLOB *blob)
{
	skf_point_put(c1c3c2, blob->XCoordinate, blob->YCoordinate);
	memcpy(blob->HASH, c1c3c2 + HF_SM2_POINT, sizeof(blob->HASH));
	blob->CipherLen = (ULONG)plain_len;
	memcpy((uint8_t *)blob + SKF_CIPHER_HEAD, c1c3c2 + HF_SM2_CIPHER_EXTRA, plain_len);
}

ULONG skf_cipher_open(const uint8_t d[32], const ECCCIPHERBLOB *blob, size_t max, uint8_t *out)
{
	struct hf_err err = {0};
	size_t len = blob->CipherLen;

	if (len == 0 || len > max || len > HF_SM2_PLAIN_MAX)
		return SAR_INDATALENERR;
	uint8_t *in = hf_try_alloc(HF_SM2_CIPHER_EXTRA + len, 1);
	if (!in)
		return SAR_MEMORYERR;
	ULONG rv = SAR_INDATAERR;
	if (skf_point_get(blob->XCoordinate, blob->YCoordinate, in)) {
		memcpy(in + HF_SM2_POINT, blob->HASH, HF_SM3_LEN);
		memcpy(in + HF_SM2_CIPHER_EXTRA, (const uint8_t *)blob + SKF_CIPHER_HEAD, len);
		bool ok = hf_sm2_decrypt(d, (struct hf_bytes){in, HF_SM2_CIPHER_EXTRA + len}, out, &err);
		rv = ok ? SAR_OK : skf_sar(&err);
	}
	free(in);
	return rv;
}

bool skf_name_ok(const char *name, size_t max)
{
	size_t len = name ? strnlen(name, max + 1) : 0;

	if (len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)
			return false;
	return true;
}

ULONG skf_give(const void *data, size_t len, void *out, ULONG *out_len)
{
	if (!out_len)
		return SAR_INVALIDPARAMERR;
	ULONG room = *out_len;
	*out_len = (ULONG)len;
	if (!out)
		return SAR_OK;
	if (room < len)
		return SAR_BUFFER_TOO_SMALL;
	if (len > 0)
		memcpy(out, data, len);
	return SAR_OK;
}
