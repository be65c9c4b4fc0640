#include "x509/cms_int.h"

#include "base/alloc.h"
#include "crypto/rand.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static bool put_recipient(
	const struct hf_cert *cert, const uint8_t key[HF_SM4_KEY], struct hf_buf *recipients, struct hf_err *err)
{
	uint8_t raw[HF_SM2_CIPHER_SM4KEY];
	struct hf_buf der;

	if (!cert->is_sm2)
		return hf_fail(err, HF_E_INPUT, "the recipient's key is not SM2");
	if (cert->has_key_usage && !(cert->key_usage & HF_KU_KEY_ENCIPHERMENT))
		return hf_fail(err, HF_E_DENIED,
			"the recipient's certificate is not for encryption (keyUsage); take the encryption "
			"certificate");
	if (!hf_sm2_encrypt(cert->pub, (struct hf_bytes){key, HF_SM4_KEY}, raw, err))
		return false;
	hf_buf_init(&der, HF_SM2_CIPHER_MAX);
	bool ok = hf_sm2_cipher_encode(HF_BYTES_OF(raw), &der, err);
	struct hf_recipient_info info = {
		.version = 1,
		.issuerAndSerialNumber = hf_cms_id_of(cert),
		.keyEncryptionAlgorithm = hf_alg_of(HF_OID_SM2_ENCRYPT),
		.encryptedKey = hf_buf_bytes(&der),
	};
	ok = ok && hf_der_list_add(recipients, &hf_RecipientInfo, &info, err);
	hf_buf_clear(&der);
	return ok;
}

/* Appends SM4-CBC of plain with PKCS#7 padding. */
static bool encrypt(struct hf_bytes plain, const uint8_t key[HF_SM4_KEY], const uint8_t iv[HF_SM4_BLOCK],
	struct hf_buf *out, struct hf_err *err)
{
	uint8_t chain[HF_SM4_BLOCK], last[HF_SM4_BLOCK];
	size_t whole = plain.len - plain.len % HF_SM4_BLOCK, rest = plain.len - whole;
	uint8_t *p = hf_buf_extend(out, whole + HF_SM4_BLOCK);

	if (!p)
		return hf_fail(err, HF_E_LIMIT, "EnvelopedData: %zu octets of content are too many", plain.len);
	memcpy(chain, iv, sizeof(chain));
	memset(last, (int)(HF_SM4_BLOCK - rest), sizeof(last));
	if (rest > 0)
		memcpy(last, plain.p + whole, rest);
	hf_sm4_cbc_encrypt(key, chain, plain.p, p, whole);
	hf_sm4_cbc_encrypt(key, chain, last, p + whole, sizeof(last));
	hf_wipe(last, sizeof(last));
	return true;
}

static bool wrap(struct hf_buf *recipients, const struct hf_buf *encrypted, const uint8_t iv[HF_SM4_BLOCK],
	struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf parameters;
	struct hf_bytes iv_view = {iv, HF_SM4_BLOCK};

	hf_der_set_sort(recipients);
	hf_buf_init(&parameters, HF_SM4_BLOCK + 2);
	bool ok = hf_der_encode(&hf_der_OctetString, &iv_view, &parameters, err);
	struct hf_enveloped_data data = {
		.version = 1,
		.recipientInfos = hf_der_list_of(recipients),
		.encryptedContentInfo =
			{
				.contentType = hf_oid_bytes(HF_OID_GM_DATA),
				.contentEncryptionAlgorithm = {hf_oid_bytes(HF_OID_SM4_CBC), hf_buf_bytes(&parameters)},
				.encryptedContent = hf_buf_bytes(encrypted),
			},
	};
	ok = ok && hf_cms_wrap(HF_CMS_ENVELOPED_DATA, &hf_EnvelopedData, &data, out, err);
	hf_buf_clear(&parameters);
	return ok;
}

bool hf_cms_envelop(
	struct hf_bytes plain, const struct hf_cert *recipients, size_t num, struct hf_buf *out, struct hf_err *err)
{
	uint8_t key[HF_SM4_KEY], iv[HF_SM4_BLOCK];
	struct hf_buf infos, encrypted;
	bool ok = false;

	hf_buf_init(&infos, HF_CMS_MAX);
	hf_buf_init(&encrypted, HF_CMS_MAX);
	if (num == 0 || num > HF_CMS_SIGNERS_MAX) {
		hf_fail(err, HF_E_INPUT, "EnvelopedData: %zu recipients, expected 1 to %d", num, HF_CMS_SIGNERS_MAX);
		goto out;
	}
	if (!hf_rand(key, sizeof(key), err) || !hf_rand(iv, sizeof(iv), err))
		goto out;
	for (size_t i = 0; i < num; i++)
		if (!put_recipient(&recipients[i], key, &infos, err)) {
			hf_fail_in(err, "EnvelopedData: recipient %zu", i + 1);
			goto out;
		}
	ok = encrypt(plain, key, iv, &encrypted, err) && wrap(&infos, &encrypted, iv, out, err);
out:
	hf_wipe(key, sizeof(key));
	hf_buf_clear(&encrypted);
	hf_buf_clear(&infos);
	return ok;
}

/* ---- reading ---- */

/* CBC when there is an IV; some write the mode-less SM4 for it. */
static bool read_cipher(const struct hf_alg *alg, struct hf_cms_enveloped *message, struct hf_err *err)
{
	struct hf_bytes iv;

	if (hf_alg_is(alg, HF_OID_SM4_ECB)) {
		message->ecb = true;
		return true;
	}
	if (!hf_oid_is(alg->algorithm, HF_OID_SM4_CBC) && !hf_oid_is(alg->algorithm, HF_OID_SM4))
		return hf_fail(err, HF_E_INPUT, "contentEncryptionAlgorithm is neither SM4-CBC nor SM4-ECB");
	if (!alg->parameters.p || !hf_der_decode(&hf_der_OctetString, alg->parameters, &iv, err))
		return hf_fail(err, HF_E_INPUT, "contentEncryptionAlgorithm: no IV in its parameters");
	if (iv.len != HF_SM4_BLOCK)
		return hf_fail(err, HF_E_INPUT, "contentEncryptionAlgorithm: the IV has %zu octets, not 16", iv.len);
	memcpy(message->iv, iv.p, HF_SM4_BLOCK);
	return true;
}

static bool read_enveloped(const struct hf_enveloped_data *data, struct hf_cms_enveloped *message, struct hf_err *err)
{
	const struct hf_encrypted_content_info *info = &data->encryptedContentInfo;
	struct hf_cms_recipient recipient;
	struct hf_recipient_info recipient_info;

	*message = (struct hf_cms_enveloped){
		.recipientInfos = data->recipientInfos,
		.encrypted = info->encryptedContent,
	};
	if (data->version != 0 && data->version != 1)
		return hf_fail(err, HF_E_INPUT, "version is not 1 (GM/T 0010)");
	if (data->recipientInfos.num > HF_CMS_SIGNERS_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "%zu recipients, at most %d", data->recipientInfos.num, HF_CMS_SIGNERS_MAX);
	if (!hf_cms_is(info->contentType, HF_CMS_DATA))
		return hf_fail(err, HF_E_INPUT, "contentType is not data; others are not read");
	if (!info->encryptedContent.p || info->encryptedContent.len == 0 ||
		info->encryptedContent.len % HF_SM4_BLOCK != 0)
		return hf_fail(err, HF_E_INPUT, "encryptedContent is missing, or not whole blocks of 16 octets");
	for (struct hf_der_list rest = data->recipientInfos;
		hf_der_list_next(&rest, &hf_RecipientInfo, &recipient_info);)
		if (!hf_cms_check_recipient(&recipient_info, recipient.sym_cipher, err))
			return false;
	return read_cipher(&info->contentEncryptionAlgorithm, message, err);
}

bool hf_cms_enveloped_parse(struct hf_bytes der, struct hf_cms_enveloped *message, struct hf_err *err)
{
	struct hf_enveloped_data data;

	if (!hf_cms_unwrap(der, HF_CMS_ENVELOPED_DATA, &hf_EnvelopedData, &data, err))
		return false;
	return read_enveloped(&data, message, err) || hf_fail_in(err, "EnvelopedData");
}

bool hf_cms_enveloped_find(const struct hf_cms_enveloped *message, const struct hf_cert *cert,
	struct hf_cms_recipient *recipient, struct hf_err *err)
{
	struct hf_der_list rest = message->recipientInfos;
	struct hf_recipient_info info;

	while (hf_der_list_next(&rest, &hf_RecipientInfo, &info)) {
		if (!hf_cms_id_is(&info.issuerAndSerialNumber, cert))
			continue;
		recipient->id = info.issuerAndSerialNumber;
		return hf_cms_check_recipient(&info, recipient->sym_cipher, err);
	}
	return hf_fail(err, HF_E_MISSING, "EnvelopedData: not for this certificate (%zu recipients, none is it)",
		message->recipientInfos.num);
}

bool hf_cms_open_with_scalar(void *ctx, const uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY],
	const struct hf_cms_enveloped *message, uint8_t *blocks, struct hf_err *err)
{
	uint8_t key[HF_SM4_KEY], iv[HF_SM4_BLOCK];

	if (!hf_sm2_decrypt(ctx, (struct hf_bytes){sym_cipher, HF_SM2_CIPHER_SM4KEY}, key, err))
		return false;
	memcpy(iv, message->iv, sizeof(iv));
	if (message->ecb)
		hf_sm4_ecb_decrypt(key, message->encrypted.p, blocks, message->encrypted.len);
	else
		hf_sm4_cbc_decrypt(key, iv, message->encrypted.p, blocks, message->encrypted.len);
	hf_wipe(key, sizeof(key));
	return true;
}

/* The number of padding octets of the last block, 0 if it is wrong; looks at all of it whatever it finds. */
static size_t padding_of(const uint8_t block[HF_SM4_BLOCK])
{
	unsigned num = block[HF_SM4_BLOCK - 1], wrong = num == 0 || num > HF_SM4_BLOCK;

	for (unsigned i = 0; i < HF_SM4_BLOCK; i++)
		wrong |= (unsigned)(i < num) & (unsigned)(block[HF_SM4_BLOCK - 1 - i] != num);
	return wrong ? 0 : num;
}

bool hf_cms_enveloped_open(const struct hf_cms_enveloped *message, const struct hf_cert *cert,
	const struct hf_cms_opener *opener, struct hf_buf *plain, struct hf_err *err)
{
	struct hf_cms_recipient recipient;
	size_t len = message->encrypted.len, padding;
	uint8_t *blocks = hf_alloc(len, 1);
	bool ok = hf_cms_enveloped_find(message, cert, &recipient, err) &&
		  opener->open(opener->ctx, recipient.sym_cipher, message, blocks, err);

	if (ok) {
		padding = padding_of(blocks + len - HF_SM4_BLOCK);
		if (padding == 0)
			ok = hf_fail(err, HF_E_VERIFY, "EnvelopedData: does not decrypt (padding)");
		else if (!hf_buf_put(plain, blocks, len - padding))
			ok = hf_fail(err, HF_E_LIMIT, "EnvelopedData: more than %zu octets of content", plain->max);
	}
	hf_wipe(blocks, len);
	free(blocks);
	return ok;
}
