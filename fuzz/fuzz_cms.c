/* GM/T 0010 messages and GM/T 0009 objects: whatever is read walks and prints; the objects encode again the same. */
#include "x509/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void messages(struct hf_bytes in, struct hf_buf *text)
{
	struct hf_cms_signed signed_data;
	struct hf_cms_enveloped enveloped;
	struct hf_cms_signer signer;
	struct hf_sealed_key key;

	if (hf_cms_signed_parse(in, &signed_data, NULL)) {
		HF_ASSERT(!hf_cms_signed_verify(&signed_data, HF_BYTES_NONE, NULL, 0, NULL));
		while (hf_cms_signer_next(&signed_data.signerInfos, &signer))
			HF_ASSERT(!signer.attributes.content.p || signer.message_digest.len == HF_SM3_LEN);
	}
	if (hf_cms_enveloped_parse(in, &enveloped, NULL))
		HF_ASSERT(enveloped.encrypted.len > 0 && enveloped.encrypted.len % HF_SM4_BLOCK == 0);
	if (hf_sealed_key_parse(in, &key, NULL))
		HF_ASSERT(key.recipient.serialNumber.len > 0 && key.signer.serialNumber.len > 0);
	(void)!hf_cms_print(in, text, NULL);
}

static void objects(struct hf_bytes in, struct hf_buf *out)
{
	uint8_t d[HF_SM2_SCALAR];
	struct hf_buf raw;
	struct hf_wrapped_key wrapped;

	hf_buf_init(&raw, HF_SM2_CIPHER_MAX);
	hf_buf_reset(out);
	if (hf_sm2_cipher_parse(in, &raw, NULL)) {
		HF_ASSERT(hf_sm2_cipher_encode(hf_buf_bytes(&raw), out, NULL));
		HF_ASSERT(hf_bytes_equal(hf_buf_bytes(out), in));
	}
	hf_buf_reset(out);
	if (hf_sm2_private_parse(in, d, NULL)) {
		HF_ASSERT(hf_sm2_private_encode(d, out, NULL));
		HF_ASSERT(hf_bytes_equal(hf_buf_bytes(out), in));
	}
	hf_buf_reset(out);
	if (hf_enveloped_key_parse(in, &wrapped, NULL))
		HF_ASSERT(hf_enveloped_key_encode(&wrapped, out, NULL));
	hf_buf_clear(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_buf text;

	hf_buf_init(&text, (size_t)1 << 22);
	messages(in, &text);
	objects(in, &text);
	hf_buf_clear(&text);
	return 0;
}
