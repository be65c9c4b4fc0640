/* GM/T 0014 messages: whatever is read walks to its end and prints, with and without its signature. */
#include "x509/kmproto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_request(struct hf_km_message *message)
{
	struct hf_km_ask ask;
	size_t num = 0;

	for (struct hf_der_list rest = message->list; hf_km_ask_next(&rest, &ask); num++)
		HF_ASSERT(ask.error != HF_KM_ERR_NONE || ask.userCertNo.len > 0);
	HF_ASSERT(num == message->list.num && num <= HF_KM_REQUESTS_MAX);
}

static void walk_respond(struct hf_km_message *message)
{
	struct hf_km_answer answer;
	size_t num = 0;

	for (struct hf_der_list rest = message->list; hf_km_answer_next(&rest, &answer); num++)
		HF_ASSERT(answer.verb == HF_KM_ERROR || answer.userCertNo.len > 0);
	HF_ASSERT(num == message->list.num && num <= HF_KM_REQUESTS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_km_message message;
	struct hf_buf text;

	hf_buf_init(&text, (size_t)1 << 23);
	if (hf_km_request_tbs_parse(in, &message, NULL))
		walk_request(&message);
	if (hf_km_respond_tbs_parse(in, &message, NULL))
		walk_respond(&message);
	bool is_message = hf_km_request_parse(in, &message, NULL) || hf_km_respond_parse(in, &message, NULL);
	HF_ASSERT(hf_km_print(in, &text, NULL) == is_message);
	hf_buf_clear(&text);
	return 0;
}
