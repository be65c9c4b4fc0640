/* Certificates: whatever comes through the door prints, lints, and encodes to what comes through the door again. */
#include "x509/decode.h"
#include "x509/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct hf_cert *cert, struct hf_buf *out)
{
	struct hf_cert twin;
	struct hf_err err;

	hf_buf_reset(out);
	/* A GeneralizedTime before 1950 is read and not written. */
	if (!hf_der_encode(&hf_TBSCertificate, &cert->tbs, out, &err))
		return;
	HF_ASSERT(hf_decode_tbs_cert(hf_buf_bytes(out), &twin, &err));
	HF_ASSERT(hf_bytes_equal(twin.tbs.serialNumber, cert->tbs.serialNumber));
	HF_ASSERT(twin.key_usage == cert->key_usage && twin.is_ca == cert->is_ca);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_bytes in = {data, size};
	struct hf_buf out;
	struct hf_cert cert;
	struct hf_err err;

	if (!hf_decode_cert(in, &cert, &err) && !hf_decode_tbs_cert(in, &cert, &err))
		return 0;
	hf_buf_init(&out, 1 << 20);
	hf_cert_print(&cert, &out);
	for (unsigned kind = HF_LINT_ROOT; kind <= HF_LINT_ENC; kind <<= 1)
		(void)!hf_lint_cert(&cert, kind, NULL, &err);
	again(&cert, &out);
	hf_buf_clear(&out);
	return 0;
}
