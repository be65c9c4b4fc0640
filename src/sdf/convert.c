#include "sdf/sdf_int.h"

#include <stddef.h>
#include <string.h>

/* A field of the standard is 64 octets with the number at its right end. */
#define LEFT (ECCref_MAX_LEN - HF_SM2_SCALAR)

static void number_out(const uint8_t in[HF_SM2_SCALAR], unsigned char out[ECCref_MAX_LEN])
{
	memset(out, 0, LEFT);
	memcpy(out + LEFT, in, HF_SM2_SCALAR);
}

static bool number_in(const unsigned char in[ECCref_MAX_LEN], uint8_t out[HF_SM2_SCALAR])
{
	static const uint8_t zeros[LEFT];

	memcpy(out, in + LEFT, HF_SM2_SCALAR);
	return memcmp(in, zeros, LEFT) == 0;
}

int hf_sdf_point_in(const ECCrefPublicKey *in, uint8_t pub[HF_SM2_POINT])
{
	struct hf_err err;

	if (in->bits != 256 || !number_in(in->x, pub) || !number_in(in->y, pub + HF_SM2_SCALAR))
		return SDR_KEYERR;
	return hf_sm2_point_check(pub, &err) ? SDR_OK : hf_sdf_code(&err, SDR_KEYERR);
}

void hf_sdf_point_out(const uint8_t pub[HF_SM2_POINT], ECCrefPublicKey *out)
{
	out->bits = 256;
	number_out(pub, out->x);
	number_out(pub + HF_SM2_SCALAR, out->y);
}

bool hf_sdf_sig_in(const ECCSignature *in, uint8_t sig[HF_SM2_SIG])
{
	return number_in(in->r, sig) && number_in(in->s, sig + HF_SM2_SCALAR);
}

void hf_sdf_sig_out(const uint8_t sig[HF_SM2_SIG], ECCSignature *out)
{
	number_out(sig, out->r);
	number_out(sig + HF_SM2_SCALAR, out->s);
}

void hf_sdf_cipher_out(const uint8_t *flat, size_t plain_len, ECCCipher *out)
{
	number_out(flat, out->x);
	number_out(flat + HF_SM2_SCALAR, out->y);
	memcpy(out->M, flat + HF_SM2_POINT, HF_SM3_LEN);
	out->L = (unsigned int)plain_len;
	memcpy((uint8_t *)out + offsetof(ECCCipher, C), flat + HF_SM2_CIPHER_EXTRA, plain_len);
}

bool hf_sdf_cipher_in(const ECCCipher *in, uint8_t *flat)
{
	if (!number_in(in->x, flat) || !number_in(in->y, flat + HF_SM2_SCALAR))
		return false;
	memcpy(flat + HF_SM2_POINT, in->M, HF_SM3_LEN);
	memcpy(flat + HF_SM2_CIPHER_EXTRA, (const uint8_t *)in + offsetof(ECCCipher, C), in->L);
	return true;
}

int hf_sdf_code(const struct hf_err *err, int otherwise)
{
	if (err->code == HF_E_MEMORY)
		return SDR_NOBUFFER;
	return err->code == HF_E_DEVICE ? SDR_RANDERR : otherwise;
}
