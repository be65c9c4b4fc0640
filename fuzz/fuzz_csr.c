/* Certification requests: whatever comes through the door prints and lints, and its info encodes back. */
#include "x509/decode.h"
#include "x509/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_buf out;
	struct hf_csr csr;
	struct hf_err err;

	if (!hf_decode_csr(in, &csr, &err) && !hf_decode_tbs_csr(in, &csr, &err))
		return 0;
	hf_buf_init(&out, 1 << 20);
	hf_csr_print(&csr, &out);
	(void)!hf_lint_csr(&csr, NULL, &err);
	hf_buf_reset(&out);
	HF_ASSERT(hf_der_encode(&hf_CertificationRequestInfo, &csr.info, &out, &err));
	HF_ASSERT(hf_bytes_equal(hf_buf_bytes(&out), csr.info_der));
	hf_buf_clear(&out);
	return 0;
}
