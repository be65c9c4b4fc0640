#include "skf_int.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "HUFUCON1"

enum {
	AT_NAME = 8,
	AT_APP = AT_NAME + SKF_NAME_MAX,
	AT_FLAGS = AT_APP + 16,
	AT_PAIR = AT_FLAGS + 4,
	PAIR_LEN = HF_SM2_POINT + HF_SM4_BLOCK + HF_SM2_SCALAR,
	AT_CERT_LEN = AT_PAIR + 2 * PAIR_LEN,
	AT_CERTS = AT_CERT_LEN + 8,
	FILE_MAX = AT_CERTS + 2 * SKF_CERT_MAX + HF_SM3_LEN
};

void skf_container_entry(char entry[SKF_ENTRY_MAX], const struct skf_app *app, const char *name)
{
	char prefix[SKF_PREFIX_MAX];

	skf_prefix(prefix, 'c', app->id);
	skf_entry(entry, prefix, name);
}

static size_t encode(const struct skf_call *call, const struct skf_content *content, uint8_t *out)
{
	uint8_t *at = out + AT_CERTS;

	memset(out, 0, AT_CERTS);
	memcpy(out, MAGIC, 8);
	memcpy(out + AT_NAME, call->con->name, strlen(call->con->name));
	memcpy(out + AT_APP, call->app->id, sizeof(call->app->id));
	for (int i = 0; i < 2; i++) {
		const struct skf_pair *pair = &content->pair[i];
		uint8_t *to = out + AT_PAIR + i * PAIR_LEN;
		out[AT_FLAGS + i] = pair->there;
		memcpy(to, pair->pub, HF_SM2_POINT);
		memcpy(to + HF_SM2_POINT, pair->iv, HF_SM4_BLOCK);
		memcpy(to + HF_SM2_POINT + HF_SM4_BLOCK, pair->sealed, HF_SM2_SCALAR);
		hf_put_u32(out + AT_CERT_LEN + 4 * i, content->cert_len[i]);
		memcpy(at, content->cert[i], content->cert_len[i]);
		at += content->cert_len[i];
	}
	size_t len = (size_t)(at - out);
	hf_hmac_sm3(HF_BYTES_OF(call->app->mac), (struct hf_bytes){out, len}, at);
	return len + HF_SM3_LEN;
}

static bool decode(const struct skf_call *call, const uint8_t *in, size_t len, struct skf_content *content)
{
	uint8_t name[SKF_NAME_MAX] = {0}, tag[HF_SM3_LEN];
	const uint8_t *at = in + AT_CERTS;

	if (len < AT_CERTS + HF_SM3_LEN || memcmp(in, MAGIC, 8) != 0)
		return false;
	memcpy(name, call->con->name, strlen(call->con->name));
	if (memcmp(in + AT_NAME, name, sizeof(name)) != 0 ||
		memcmp(in + AT_APP, call->app->id, sizeof(call->app->id)) != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		struct skf_pair *pair = &content->pair[i];
		const uint8_t *from = in + AT_PAIR + i * PAIR_LEN;
		pair->there = in[AT_FLAGS + i] == 1;
		memcpy(pair->pub, from, HF_SM2_POINT);
		memcpy(pair->iv, from + HF_SM2_POINT, HF_SM4_BLOCK);
		memcpy(pair->sealed, from + HF_SM2_POINT + HF_SM4_BLOCK, HF_SM2_SCALAR);
		content->cert_len[i] = hf_get_u32(in + AT_CERT_LEN + 4 * i);
		if (content->cert_len[i] > SKF_CERT_MAX || (size_t)(in + len - HF_SM3_LEN - at) < content->cert_len[i])
			return false;
		memcpy(content->cert[i], at, content->cert_len[i]);
		at += content->cert_len[i];
	}
	if (at != in + len - HF_SM3_LEN)
		return false;
	/* Without a PIN the tag's key is not known: then only public things are read, and their readers verify them. */
	if (call->app->rights == 0)
		return true;
	hf_hmac_sm3(HF_BYTES_OF(call->app->mac), (struct hf_bytes){in, len - HF_SM3_LEN}, tag);
	return hf_secret_equal(tag, at, sizeof(tag));
}

ULONG skf_content_read(const struct skf_call *call, struct skf_content **out)
{
	char entry[SKF_ENTRY_MAX];
	size_t len = 0;
	uint8_t *in = hf_try_alloc(FILE_MAX, 1);
	struct skf_content *content = hf_try_alloc(1, sizeof(*content));

	ULONG rv = in && content ? SAR_OK : SAR_MEMORYERR;
	if (rv == SAR_OK) {
		skf_container_entry(entry, call->app, call->con->name);
		rv = skf_read(call->dev->dir, entry, in, FILE_MAX, &len);
		rv = rv == SAR_FILE_NOT_EXIST ? SAR_OBJERR : rv;
	}
	/* A file without octets is a container without content: see skf_touch. */
	if (rv == SAR_OK && len > 0 && !decode(call, in, len, content))
		rv = SAR_FILEERR;
	free(in);
	if (rv != SAR_OK) {
		free(content);
		return rv;
	}
	*out = content;
	return SAR_OK;
}

ULONG skf_content_write(const struct skf_call *call, const struct skf_content *content)
{
	char entry[SKF_ENTRY_MAX];
	uint8_t *out = hf_try_alloc(FILE_MAX, 1);

	if (!out)
		return SAR_MEMORYERR;
	size_t len = encode(call, content, out);
	skf_container_entry(entry, call->app, call->con->name);
	ULONG rv = skf_replace(call->dev->dir, entry, (struct hf_bytes){out, len});
	free(out);
	return rv;
}

ULONG skf_pair_seal(const struct skf_app *app, const struct hf_sm2_key *key, struct skf_pair *pair)
{
	uint8_t iv[HF_SM4_BLOCK];

	if (skf_rand(pair->iv, sizeof(pair->iv)) != SAR_OK)
		return SAR_GENRANDERR;
	memcpy(iv, pair->iv, sizeof(iv));
	hf_sm4_cbc_encrypt(app->enc, iv, key->d, pair->sealed, HF_SM2_SCALAR);
	memcpy(pair->pub, key->pub, HF_SM2_POINT);
	pair->there = true;
	return SAR_OK;
}

void skf_pair_open(const struct skf_app *app, const struct skf_pair *pair, uint8_t d[HF_SM2_SCALAR])
{
	uint8_t iv[HF_SM4_BLOCK];

	memcpy(iv, pair->iv, sizeof(iv));
	hf_sm4_cbc_decrypt(app->enc, iv, pair->sealed, d, HF_SM2_SCALAR);
}
