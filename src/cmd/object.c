#include "cmd/object.h"

#include "base/hex.h"
#include "base/str.h"
#include "x509/kmproto.h"

#include <string.h>

#define LABEL_MAX 48

/* ---- recognising ------------------------------------------------------------------------------------------------ */

static bool print_cert(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_cert cert;

	if (!hf_decode_cert_foreign(der, &cert, err))
		return false;
	if (out)
		hf_cert_print(&cert, out);
	return true;
}

static bool print_csr(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_csr csr;

	if (!hf_decode_csr(der, &csr, err))
		return false;
	if (out)
		hf_csr_print(&csr, out);
	return true;
}

static bool print_crl(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_crl crl;

	if (!hf_decode_crl_foreign(der, &crl, err))
		return false;
	if (out)
		hf_crl_print(&crl, out);
	return true;
}

/* In the order in which DER is tried: the outer shapes that say most come first. out may be NULL for the first three.
 */
static const struct {
	const char *name;
	bool (*print)(struct hf_bytes der, struct hf_buf *out, struct hf_err *err);
} kinds[HF_OBJECT_NUM_KINDS] = {
	[HF_OBJECT_CERT] = {"certificate", print_cert},
	[HF_OBJECT_CSR] = {"certification request", print_csr},
	[HF_OBJECT_CRL] = {"CRL", print_crl},
	[HF_OBJECT_OCSP_REQUEST] = {"OCSP request", hf_ocsp_request_print},
	[HF_OBJECT_OCSP_RESPONSE] = {"OCSP response", hf_ocsp_response_print},
	[HF_OBJECT_CMS] = {"GM/T 0010 message", hf_cms_print},
	[HF_OBJECT_KM] = {"GM/T 0014 message", hf_km_print},
};

const char *hf_object_name(enum hf_object_kind kind)
{
	return (unsigned)kind < HF_OBJECT_NUM_KINDS ? kinds[kind].name : "object";
}

bool hf_object_kind_of(struct hf_bytes der, enum hf_object_kind *kind, struct hf_err *err)
{
	struct hf_err first = {0}, why;
	struct hf_buf scratch;

	hf_buf_init(&scratch, 4 * HF_FILE_MAX);
	for (int i = 0; i < HF_OBJECT_NUM_KINDS; i++) {
		hf_buf_reset(&scratch);
		if (kinds[i].print(der, &scratch, &why)) {
			*kind = (enum hf_object_kind)i;
			hf_buf_clear(&scratch);
			return true;
		}
		if (i == 0)
			first = why;
	}
	hf_buf_clear(&scratch);
	return hf_fail(err, HF_E_INPUT,
		"neither certificate, request, CRL, OCSP message, GM/T 0010 nor GM/T 0014 message; as a %s",
		first.text);
}

bool hf_object_print(enum hf_object_kind kind, struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	return kinds[kind].print(der, out, err);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* The label of the next "-----BEGIN label-----". */
static bool next_label(struct hf_bytes text, char out[LABEL_MAX])
{
	static const char begin[] = "-----BEGIN ";
	const uint8_t *from = text.len > 0 ? memmem(text.p, text.len, begin, sizeof(begin) - 1) : NULL;
	size_t len = 0;

	if (!from)
		return false;
	from += sizeof(begin) - 1;
	while (from + len < text.p + text.len && from[len] != '-' && from[len] != '\n')
		len++;
	return hf_fmt(out, LABEL_MAX, "%.*s", len < LABEL_MAX ? (int)len : LABEL_MAX, (const char *)from);
}

bool hf_object_next(struct hf_bytes *file, struct hf_buf *der, struct hf_err *err)
{
	char label[LABEL_MAX];

	hf_buf_reset(der);
	if (file->len == 0)
		return hf_fail(err, HF_E_MISSING, "nothing is left");
	if (file->p[0] == 0x30) {
		const bool ok = hf_buf_put_bytes(der, *file);

		*file = HF_BYTES_NONE;
		return ok || hf_fail(err, HF_E_LIMIT, "larger than %zu octets", der->max);
	}
	if (!next_label(*file, label))
		return hf_fail(err, HF_E_MISSING, "neither DER nor a PEM block (RFC 7468)");
	if (strstr(label, "PRIVATE KEY"))
		return hf_fail(err, HF_E_INPUT, "a private key: it is not printed");
	return hf_pem_next(file, label, der, err);
}
