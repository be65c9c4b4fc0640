#include "x509/ocsp.h"

#include "base/clock.h"
#include "x509/cert.h"
#include "x509/decode.h"
#include "x509/ocsp_int.h"
#include "x509/signed.h"

static bool parse_basic(struct hf_bytes der, struct hf_ocsp_response *response, struct hf_err *err)
{
	struct hf_ocsp_basic basic;

	if (!hf_der_decode(&hf_ocsp_BasicOCSPResponse, der, &basic, err))
		return false;
	if (!hf_alg_check_sm2_sm3(&basic.signatureAlgorithm, err) || basic.signature.unused != 0)
		return hf_fail_in(err, "BasicOCSPResponse");
	response->tbs = basic.tbsResponseData;
	response->signature = basic.signature.bytes;
	response->certs = basic.certs;
	return hf_ocsp_tbs_parse(basic.tbsResponseData, &response->data, err);
}

bool hf_ocsp_response_parse(struct hf_bytes der, struct hf_ocsp_response *response, struct hf_err *err)
{
	struct hf_ocsp_response_der object;

	if (der.len > HF_OCSP_RESPONSE_MAX)
		return hf_fail(err, HF_E_LIMIT, "OCSPResponse: %zu octets, at most %zu", der.len, HF_OCSP_RESPONSE_MAX);
	if (!hf_der_decode(&hf_ocsp_OCSPResponse, der, &object, err))
		return false;
	if (!hf_ocsp_status_name(object.responseStatus))
		return hf_fail(err, HF_E_INPUT, "OCSPResponse: unknown responseStatus (RFC 6960 4.2.1)");
	*response = (struct hf_ocsp_response){.status = object.responseStatus};
	if (object.has_bytes != (object.responseStatus == HF_OCSP_SUCCESSFUL))
		return hf_fail(err, HF_E_INPUT,
			"OCSPResponse: responseBytes belong to status successful, and only there (RFC 6960 4.2.1)");
	if (!object.has_bytes)
		return true;
	if (!hf_oid_is(object.responseBytes.responseType, HF_OID_OCSP_BASIC))
		return hf_fail(err, HF_E_INPUT, "OCSPResponse: responseType is not id-pkix-ocsp-basic");
	return parse_basic(object.responseBytes.response, response, err);
}

/* Is this the certificate that responderID names? */
static bool is_responder(const struct hf_responder_id *id, const struct hf_cert *cert)
{
	struct hf_ocsp_issuer hashes;

	if (id->which == 0)
		return hf_name_equal(id->byName, cert->tbs.subject);
	return hf_ocsp_issuer_init(&hashes, cert, NULL) && hf_bytes_equal(id->byKey, HF_BYTES_OF(hashes.key_sha1));
}

//= RFC 6960 4.2.2.2
static bool check_delegate(const struct hf_cert *cert, const struct hf_ocsp_expect *expect,
	struct hf_ocsp_result *result, struct hf_err *err)
{
	struct hf_extension nocheck;

	if (!hf_cert_verify(cert, expect->issuer, err) || !hf_cert_valid_at(cert, expect->now, err))
		return hf_fail_in(err, "responder's certificate");
	if (!hf_ext_has_purpose(&cert->tbs.extensions, HF_OID_KP_OCSP_SIGNING))
		return hf_fail(err, HF_E_VERIFY, "responder's certificate has no OCSPSigning (RFC 6960 4.2.2.2)");
	if (cert->unknown_critical)
		return hf_fail(err, HF_E_VERIFY, "responder's certificate has an unknown critical extension");
	if (cert->has_key_usage && !(cert->key_usage & (HF_KU_DIGITAL_SIGNATURE | HF_KU_NON_REPUDIATION)))
		return hf_fail(err, HF_E_VERIFY, "responder's certificate may not sign (keyUsage)");
	result->delegated = true;
	result->nocheck = hf_ext_find(&cert->tbs.extensions, HF_OID_OCSP_NOCHECK, &nocheck);
	return true;
}

/* Finds the key that signed: the issuer's own, or that of a responder's certificate in the response. */
static bool find_signer(const struct hf_ocsp_response *response, const struct hf_ocsp_expect *expect,
	struct hf_cert *signer, struct hf_ocsp_result *result, struct hf_err *err)
{
	struct hf_der_list rest = response->certs;
	struct hf_bytes der;

	if (is_responder(&response->data.responderID, expect->issuer)) {
		*signer = *expect->issuer;
		return true;
	}
	while (hf_der_list_next_raw(&rest, &der)) {
		if (!hf_decode_cert(der, signer, err))
			return hf_fail_in(err, "certs");
		if (is_responder(&response->data.responderID, signer))
			return check_delegate(signer, expect, result, err);
	}
	return hf_fail(err, HF_E_VERIFY, "responderID is neither the issuer nor a certificate in the response");
}

static bool check_nonce(const struct hf_response_data *data, const struct hf_ocsp_expect *expect, struct hf_err *err)
{
	if (!expect->nonce.p || hf_bytes_equal(data->nonce, expect->nonce))
		return true;
	return hf_fail(err, HF_E_VERIFY,
		data->nonce.p ? "nonce is not the one that was sent (RFC 9654 2.1)"
			      : "nonce is missing (RFC 9654 2.1)");
}

//= RFC 6960 3.2
static bool check_times(const struct hf_ocsp_single *single, const struct hf_ocsp_expect *expect, struct hf_err *err)
{
	char now[HF_TIME_TEXT_MAX], then[HF_TIME_TEXT_MAX];
	int64_t last = single->next_update ? single->next_update : single->this_update + expect->max_age;

	hf_time_text(expect->now, false, now);
	hf_time_text(single->this_update, false, then);
	if (single->this_update > expect->now + expect->skew)
		return hf_fail(err, HF_E_CLOCK, "thisUpdate %s is in the future (now %s)", then, now);
	hf_time_text(last, false, then);
	if (last < expect->now - expect->skew)
		return hf_fail(err, HF_E_CLOCK, "the answer was good until %s (now %s)", then, now);
	return true;
}

static bool find_single(const struct hf_response_data *data, const struct hf_ocsp_expect *expect,
	struct hf_ocsp_single *single, struct hf_err *err)
{
	struct hf_der_list rest = data->responses;
	struct hf_ocsp_issuer issuer;

	if (!hf_ocsp_issuer_init(&issuer, expect->issuer, err))
		return false;
	while (hf_ocsp_single_next(&rest, single))
		if (hf_ocsp_issuer_is(&issuer, &single->id) && hf_bytes_equal(single->id.serialNumber, expect->serial))
			return true;
	return hf_fail(err, HF_E_MISSING, "nothing is said about this certificate (no such CertID)");
}

static bool check_response(const struct hf_ocsp_response *response, const struct hf_ocsp_expect *expect,
	struct hf_ocsp_result *result, struct hf_err *err)
{
	struct hf_cert signer;
	struct hf_ocsp_single single;

	if (!find_signer(response, expect, &signer, result, err) ||
		!hf_signed_verify(signer.pub, response->tbs, response->signature, err) ||
		!check_nonce(&response->data, expect, err) || !find_single(&response->data, expect, &single, err) ||
		!check_times(&single, expect, err))
		return false;
	result->state = single.state;
	result->revoked_at = single.revoked_at;
	result->reason = single.reason;
	result->produced_at = response->data.producedAt;
	result->this_update = single.this_update;
	result->next_update = single.next_update;
	return true;
}

bool hf_ocsp_check(
	struct hf_bytes der, const struct hf_ocsp_expect *expect, struct hf_ocsp_result *result, struct hf_err *err)
{
	struct hf_ocsp_response response;

	*result = (struct hf_ocsp_result){.state = HF_OCSP_UNKNOWN};
	if (!hf_ocsp_response_parse(der, &response, err))
		return false;
	if (response.status != HF_OCSP_SUCCESSFUL)
		return hf_fail(err, HF_E_PEER, "the responder answered %s", hf_ocsp_status_name(response.status));
	return check_response(&response, expect, result, err) || hf_fail_in(err, "OCSPResponse");
}

bool hf_ocsp_request_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_ocsp_request request;
	struct hf_ocsp_request_der object;

	if (!hf_ocsp_request_parse(der, &request, err) || !hf_der_decode(&hf_ocsp_OCSPRequest, der, &object, err))
		return false;
	hf_der_print(&hf_ocsp_OCSPRequest, &object, out, 0);
	return true;
}

bool hf_ocsp_response_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err)
{
	struct hf_ocsp_response response;

	if (!hf_ocsp_response_parse(der, &response, err))
		return false;
	hf_buf_printf(out, "OCSPResponse\nresponseStatus: %s\n", hf_ocsp_status_name(response.status));
	if (response.status != HF_OCSP_SUCCESSFUL)
		return true;
	hf_der_print(&hf_ocsp_ResponseData, &response.data, out, 0);
	hf_buf_put_str(out, "signature: ");
	hf_der_print(&hf_der_OctetString, &response.signature, out, 0);
	hf_buf_printf(out, "certs: %zu\n", response.certs.num);
	return true;
}
