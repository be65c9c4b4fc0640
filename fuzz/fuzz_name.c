/* Names: whatever is a name shows as one plain line in both orders, and keeps or breaks the rules for ours. */
#include "x509/name.h"

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes name = {data, size}, text;
	struct hf_buf small_first, der_order;
	struct hf_err err;

	if (size > 65536)
		return 0;
	hf_buf_init(&small_first, 4 * size + 65536);
	hf_buf_init(&der_order, 4 * size + 65536);
	hf_name_text(name, HF_NAME_SMALL_FIRST, &small_first);
	hf_name_text(name, HF_NAME_DER_ORDER, &der_order);
	HF_ASSERT(hf_utf8_is_line(hf_buf_bytes(&small_first)));
	if (hf_buf_ok(&small_first) && hf_buf_ok(&der_order))
		HF_ASSERT(small_first.len == der_order.len);
	if (hf_name_check(name, &err))
		(void)hf_name_get(name, HF_OID_COMMON_NAME, &text);
	else
		HF_ASSERT(!hf_name_check_rules(name, &err));
	(void)!hf_name_check_rules(name, &err);
	hf_buf_clear(&der_order);
	hf_buf_clear(&small_first);
	return 0;
}
