/*
 * The form of a signed call: operation.h.
 */
#include "access/operation.h"

#include "access/access_int.h"
#include "base/hex.h"
#include "base/str.h"
#include "der/der.h"

#include <string.h>

//= GM/T 0009 7.3
/* SM2Signature ::= SEQUENCE { R INTEGER, S INTEGER } */
struct sm2_signature {
	struct hf_bytes R, S;
};

static const struct hf_der_field sm2_signature_fields[] = {
	HF_DER_FIELD(struct sm2_signature, R, &hf_der_Integer),
	HF_DER_FIELD(struct sm2_signature, S, &hf_der_Integer),
};
static const struct hf_der_type sm2_signature_type =
	HF_DER_SEQUENCE_TYPE("SM2Signature", struct sm2_signature, sm2_signature_fields);

/* No blanks, no control characters, nothing outside ASCII: a line that cannot run into the next one. */
static bool visible(const char *text, size_t max)
{
	size_t len = 0;

	for (; text[len]; len++)
		if (text[len] < 0x21 || text[len] > 0x7e)
			return false;
	return len > 0 && len <= max;
}

static bool parts_check(const struct hf_call *call, struct hf_err *err)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", NULL};

	if (!hf_access_id_ok(call->service, 1, 16))
		return hf_fail(err, HF_E_INPUT, "call: no such service name");
	if (!hf_str_in(call->method, methods))
		return hf_fail(err, HF_E_INPUT, "call: method: expected GET, POST, PUT or DELETE");
	if (call->path[0] != '/' || !visible(call->path, HF_CALL_PATH_MAX))
		return hf_fail(err, HF_E_INPUT, "call: path: expected '/' and visible ASCII, at most %d octets",
			HF_CALL_PATH_MAX);
	if (!hf_access_id_ok(call->operation_id, HF_CALL_ID_MIN, HF_CALL_ID_MAX))
		return hf_fail(err, HF_E_INPUT, "call: %s: expected %d to %d of [A-Za-z0-9._-]",
			HF_CALL_HEADER_OPERATION, HF_CALL_ID_MIN, HF_CALL_ID_MAX);
	if (!hf_access_id_ok(call->operator_id, 1, HF_OPERATOR_ID_MAX))
		return hf_fail(err, HF_E_INPUT, "call: %s: expected 1 to %d of [A-Za-z0-9._-]", HF_CALL_HEADER_OPERATOR,
			HF_OPERATOR_ID_MAX);
	return true;
}

bool hf_call_seal(struct hf_call *call, struct hf_err *err)
{
	uint8_t hash[HF_SM3_LEN];
	char hex[2 * HF_SM3_LEN + 1];

	call->canonical_len = 0;
	if (!parts_check(call, err))
		return false;
	if (!visible(call->time, HF_TIME_TEXT_MAX) || !hf_time_read(call->time, &call->at))
		return hf_fail(
			err, HF_E_INPUT, "call: %s: expected a time like 2026-11-22T10:31:09Z", HF_CALL_HEADER_TIME);
	hf_sm3(call->body, hash);
	hf_hex(HF_BYTES_OF(hash), hex);
	if (!hf_fmt(call->canonical, sizeof(call->canonical), "HUFU-OPERATION-1\n%s\n%s %s\n%s\n%s\n%s\n%s\n",
		    call->service, call->method, call->path, hex, call->operation_id, call->time, call->operator_id))
		return hf_fail(err, HF_E_INTERNAL, "call: the canonical form does not fit");
	call->canonical_len = strlen(call->canonical);
	hf_sm3(hf_call_canonical(call), call->hash);
	return true;
}

struct hf_bytes hf_call_canonical(const struct hf_call *call)
{
	return (struct hf_bytes){(const uint8_t *)call->canonical, call->canonical_len};
}

void hf_call_digest(const struct hf_call *call, const uint8_t pub[HF_SM2_POINT], uint8_t e[HF_SM3_LEN])
{
	uint8_t z[HF_SM3_LEN];

	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, hf_call_canonical(call), e);
}

void hf_call_signature_text(const uint8_t signature[HF_SM2_SIG], char out[HF_CALL_SIG_TEXT])
{
	uint8_t r[HF_SM2_SCALAR + 1], s[HF_SM2_SCALAR + 1];
	struct sm2_signature sig = {hf_der_positive(signature, HF_SM2_SCALAR, r),
		hf_der_positive(signature + HF_SM2_SCALAR, HF_SM2_SCALAR, s)};
	struct hf_buf der, text;

	hf_buf_init(&der, 80);
	hf_buf_init(&text, HF_CALL_SIG_TEXT);
	HF_ASSERT(hf_der_encode(&sm2_signature_type, &sig, &der, NULL));
	HF_ASSERT(hf_base64_put(&text, hf_buf_bytes(&der)));
	hf_fmt_cut(out, HF_CALL_SIG_TEXT, "%s", hf_buf_cstr(&text));
	hf_buf_clear(&text);
	hf_buf_clear(&der);
}

bool hf_call_signature_read(const char *text, uint8_t signature[HF_SM2_SIG], struct hf_err *err)
{
	struct sm2_signature sig;
	struct hf_buf der;
	bool ok;

	hf_buf_init(&der, 80);
	ok = hf_base64_get(&der, hf_bytes_str(text), false) &&
	     hf_der_decode(&sm2_signature_type, hf_buf_bytes(&der), &sig, NULL) &&
	     hf_der_unsigned(sig.R, signature, HF_SM2_SCALAR) &&
	     hf_der_unsigned(sig.S, signature + HF_SM2_SCALAR, HF_SM2_SCALAR);
	hf_buf_clear(&der);
	return ok ||
	       hf_fail(err, HF_E_INPUT, "call: %s: expected base64 of a DER SM2Signature (GM/T 0009 7.3), nothing else",
		       HF_CALL_HEADER_SIGNATURE);
}

bool hf_call_read(struct hf_call *call, const char *operator_id, const char *operation_id, const char *time,
	const char *signature, struct hf_err *err)
{
	call->operator_id = operator_id ? operator_id : "";
	call->operation_id = operation_id ? operation_id : "";
	call->time = time ? time : "";
	call->at = 0;
	call->canonical_len = 0;
	if (!operator_id || !operation_id || !time || !signature)
		return hf_fail(err, HF_E_DENIED, "this needs a signed call: the header %s is missing",
			!operator_id    ? HF_CALL_HEADER_OPERATOR
			: !operation_id ? HF_CALL_HEADER_OPERATION
			: !time         ? HF_CALL_HEADER_TIME
					: HF_CALL_HEADER_SIGNATURE);
	return hf_call_signature_read(signature, call->signature, err) && hf_call_seal(call, err);
}
