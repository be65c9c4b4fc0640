/* OCSP requests and responses: whatever is read prints, walks, and encodes again to the same octets. */
#include "x509/ocsp_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_again(const struct hf_der_type *type, const void *object, struct hf_bytes want)
{
	struct hf_buf out;

	hf_buf_init(&out, HF_OCSP_RESPONSE_MAX + 64);
	HF_ASSERT(hf_der_encode(type, object, &out, NULL));
	HF_ASSERT(hf_bytes_equal(hf_buf_bytes(&out), want));
	hf_buf_clear(&out);
}

static void request(struct hf_bytes in, struct hf_buf *text)
{
	struct hf_ocsp_request parsed;
	struct hf_ocsp_request_der object;
	struct hf_certid id;

	if (!hf_ocsp_request_parse(in, &parsed, NULL))
		return;
	while (hf_ocsp_request_next(&parsed.requestList, &id))
		HF_ASSERT(id.serialNumber.len > 0);
	HF_ASSERT(hf_der_decode(&hf_ocsp_OCSPRequest, in, &object, NULL));
	same_again(&hf_ocsp_OCSPRequest, &object, in);
	HF_ASSERT(hf_ocsp_request_print(in, text, NULL));
}

static void response(struct hf_bytes in, struct hf_buf *text)
{
	struct hf_ocsp_response parsed;
	struct hf_ocsp_single single;

	if (!hf_ocsp_response_parse(in, &parsed, NULL))
		return;
	HF_ASSERT(hf_ocsp_response_print(in, text, NULL));
	if (parsed.status != HF_OCSP_SUCCESSFUL)
		return;
	same_again(&hf_ocsp_ResponseData, &parsed.data, parsed.tbs);
	while (hf_ocsp_single_next(&parsed.data.responses, &single))
		HF_ASSERT(single.state <= HF_OCSP_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_response_data tbs;
	struct hf_buf text;

	hf_buf_init(&text, (size_t)1 << 22);
	request(in, &text);
	response(in, &text);
	if (hf_ocsp_tbs_parse(in, &tbs, NULL))
		same_again(&hf_ocsp_ResponseData, &tbs, in);
	hf_buf_clear(&text);
	return 0;
}
