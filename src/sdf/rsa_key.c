#include "sdf/rsa_key.h"

#include <string.h>

#define E_AT   HF_SDF_RSA_LEN
#define E_LEN  4
#define D_AT   (E_AT + E_LEN)
#define SEALED (HF_SDF_RSA_TAIL - D_AT)
#define HALF   (HF_SDF_RSA_LEN / 2)

/* d and the five of the Chinese remainder theorem, in the order of the tail. */
static void list(RSArefPrivateKey *key, unsigned char *parts[5])
{
	parts[0] = key->prime[0];
	parts[1] = key->prime[1];
	parts[2] = key->pexp[0];
	parts[3] = key->pexp[1];
	parts[4] = key->coef;
}

static void cipher_with(const uint8_t secret[HF_SDF_SECRET], const uint8_t *in, uint8_t *out)
{
	uint8_t counter[HF_SM4_BLOCK];

	memcpy(counter, secret + HF_SM4_KEY, sizeof(counter));
	hf_sm4_ctr(secret, counter, in, out, SEALED);
}

void hf_rsa_key_seal(const RSArefPrivateKey *key, const uint8_t secret[HF_SDF_SECRET], uint8_t tail[HF_SDF_RSA_TAIL])
{
	RSArefPrivateKey own = *key;
	unsigned char *parts[5];

	list(&own, parts);
	memcpy(tail, key->m, HF_SDF_RSA_LEN);
	memcpy(tail + E_AT, key->e + HF_SDF_RSA_LEN - E_LEN, E_LEN);
	memcpy(tail + D_AT, key->d, HF_SDF_RSA_LEN);
	for (size_t i = 0; i < 5; i++)
		memcpy(tail + D_AT + HF_SDF_RSA_LEN + i * HALF, parts[i], HALF);
	cipher_with(secret, tail + D_AT, tail + D_AT);
	hf_wipe(&own, sizeof(own));
}

void hf_rsa_key_public(const uint8_t tail[HF_SDF_RSA_TAIL], RSArefPublicKey *out)
{
	memset(out, 0, sizeof(*out));
	out->bits = HF_SDF_RSA_LEN * 8;
	memcpy(out->m, tail, HF_SDF_RSA_LEN);
	memcpy(out->e + HF_SDF_RSA_LEN - E_LEN, tail + E_AT, E_LEN);
}

void hf_rsa_key_open(const uint8_t tail[HF_SDF_RSA_TAIL], const uint8_t secret[HF_SDF_SECRET], RSArefPrivateKey *key)
{
	uint8_t clear[SEALED];
	unsigned char *parts[5];

	memset(key, 0, sizeof(*key));
	list(key, parts);
	key->bits = HF_SDF_RSA_LEN * 8;
	memcpy(key->m, tail, HF_SDF_RSA_LEN);
	memcpy(key->e + HF_SDF_RSA_LEN - E_LEN, tail + E_AT, E_LEN);
	cipher_with(secret, tail + D_AT, clear);
	memcpy(key->d, clear, HF_SDF_RSA_LEN);
	for (size_t i = 0; i < 5; i++)
		memcpy(parts[i], clear + HF_SDF_RSA_LEN + i * HALF, HALF);
	hf_wipe(clear, sizeof(clear));
}

int hf_rsa_key_find(struct hf_sdf_device *device, uint32_t index, uint32_t use, RSArefPublicKey *out)
{
	uint8_t tail[HF_SDF_RSA_TAIL];
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find_tail(device, index, use, &kept, tail);

	if (rc == SDR_OK)
		hf_rsa_key_public(tail, out);
	return rc;
}

int hf_rsa_key_private(struct hf_sdf_session *session, uint32_t index, uint32_t use, RSArefPrivateKey *key,
	uint8_t secret[HF_SDF_SECRET])
{
	uint8_t tail[HF_SDF_RSA_TAIL];
	struct hf_sdf_kept kept;
	int rc = hf_sdf_device_find_tail(session->device, index, use, &kept, tail);

	if (rc == SDR_OK)
		rc = hf_sdf_session_secret(session, &kept, secret);
	if (rc == SDR_OK)
		hf_rsa_key_open(tail, secret, key);
	return rc;
}
