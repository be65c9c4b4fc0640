/* JSON bodies: whatever is taken is at most so deep, and every getter says yes or why not. */
#include "api/json.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get_all(const struct hf_json *doc)
{
	static const char *const names[] = {"requests", "items", "ticket", "pkcs10", "at", NULL};
	struct hf_json list, item;
	struct hf_buf octets;
	struct hf_err err;
	const char *text;
	int64_t v;
	size_t num;

	hf_buf_init(&octets, 1024);
	(void)!hf_json_only(doc, names, &err);
	for (size_t i = 0; names[i]; i++) {
		if (hf_json_str(doc, names[i], 32, &text, &err))
			HF_ASSERT(hf_utf8_is_line(hf_bytes_str(text)) && hf_utf8_len(hf_bytes_str(text)) <= 32);
		(void)!hf_json_i64(doc, names[i], 0, 9, &v, &err);
		(void)!hf_json_base64(doc, names[i], &octets, &err);
		HF_ASSERT(octets.len <= 1024);
		if (!hf_json_array(doc, names[i], 8, &list, &num, &err))
			continue;
		for (size_t k = 0; k < num; k++) {
			hf_json_at(&list, k, &item);
			(void)!hf_json_str(&item, "id", 32, &text, &err);
			(void)!hf_json_item_str(&list, k, 32, &text, &err);
		}
	}
	hf_buf_clear(&octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_json doc;
	struct hf_err err;

	if (hf_json_parse((struct hf_bytes){data, size}, &doc, &err))
		get_all(&doc);
	else
		HF_ASSERT(hf_utf8_is_line(hf_bytes_str(err.text)));
	hf_json_free(&doc);
	return 0;
}
