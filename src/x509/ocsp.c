#include "x509/ocsp.h"

#include "base/clock.h"
#include "x509/ocsp_int.h"
#include "x509/sm2sig.h"

#include <string.h>

bool hf_ocsp_issuer_init(struct hf_ocsp_issuer *issuer, const struct hf_cert *cert, struct hf_err *err)
{
	//= RFC 6960 4.1.1
	struct hf_bytes key = cert->tbs.subjectPublicKeyInfo.subjectPublicKey.bytes;

	if (!cert->is_sm2)
		return hf_fail(err, HF_E_INPUT, "the issuer's certificate has no SM2 key");
	hf_sm3(cert->tbs.subject, issuer->name_sm3);
	hf_sm3(key, issuer->key_sm3);
	return hf_sha1(cert->tbs.subject, issuer->name_sha1, err) && hf_sha1(key, issuer->key_sha1, err);
}

bool hf_ocsp_issuer_is(const struct hf_ocsp_issuer *issuer, const struct hf_certid *id)
{
	bool is_sm3 = hf_alg_is(&id->hashAlgorithm, HF_OID_SM3);

	if (!is_sm3 && !hf_alg_is(&id->hashAlgorithm, HF_OID_SHA1))
		return false;
	struct hf_certid own = hf_certid_make(issuer, is_sm3 ? HF_OID_SM3 : HF_OID_SHA1, id->serialNumber);
	return hf_bytes_equal(id->issuerNameHash, own.issuerNameHash) &&
	       hf_bytes_equal(id->issuerKeyHash, own.issuerKeyHash);
}

struct hf_certid hf_certid_make(const struct hf_ocsp_issuer *issuer, enum hf_oid hash, struct hf_bytes serial)
{
	struct hf_certid id = {.hashAlgorithm = hf_alg_null(hash), .serialNumber = serial};

	HF_ASSERT(hash == HF_OID_SM3 || hash == HF_OID_SHA1);
	if (hash == HF_OID_SM3) {
		id.issuerNameHash = HF_BYTES_OF(issuer->name_sm3);
		id.issuerKeyHash = HF_BYTES_OF(issuer->key_sm3);
	} else {
		id.issuerNameHash = HF_BYTES_OF(issuer->name_sha1);
		id.issuerKeyHash = HF_BYTES_OF(issuer->key_sha1);
	}
	return id;
}

/* NULL and absent parameters mean the same here: responders rewrite one into the other. */
bool hf_certid_equal(const struct hf_certid *a, const struct hf_certid *b)
{
	return hf_alg_is(&a->hashAlgorithm, hf_oid_of(b->hashAlgorithm.algorithm)) &&
	       hf_bytes_equal(a->issuerNameHash, b->issuerNameHash) &&
	       hf_bytes_equal(a->issuerKeyHash, b->issuerKeyHash) && hf_bytes_equal(a->serialNumber, b->serialNumber);
}

//= RFC 9654 2.1
bool hf_ocsp_nonce_get(const struct hf_der_list *extensions, struct hf_bytes *nonce, struct hf_err *err)
{
	struct hf_der_list rest = *extensions;
	struct hf_extension extension;

	*nonce = HF_BYTES_NONE;
	while (hf_der_list_next(&rest, &hf_Extension, &extension)) {
		if (!hf_oid_is(extension.extnID, HF_OID_OCSP_NONCE)) {
			if (extension.critical)
				return hf_fail(err, HF_E_INPUT, "unknown critical extension (RFC 6960 4.4)");
			continue;
		}
		if (nonce->p)
			return hf_fail(err, HF_E_INPUT, "nonce: twice");
		if (!hf_der_decode(&hf_der_OctetString, extension.extnValue, nonce, err))
			return hf_fail_in(err, "nonce");
		if (nonce->len == 0 || nonce->len > HF_OCSP_NONCE_MAX)
			return hf_fail(err, HF_E_INPUT, "nonce: %zu octets, expected 1 to %d (RFC 9654 2.1)",
				nonce->len, HF_OCSP_NONCE_MAX);
	}
	return true;
}

bool hf_ocsp_nonce_put(struct hf_buf *content, struct hf_bytes nonce, struct hf_err *err)
{
	if (nonce.len == 0 || nonce.len > HF_OCSP_NONCE_MAX)
		return hf_fail(err, HF_E_INPUT, "nonce: %zu octets, expected 1 to %d (RFC 9654 2.1)", nonce.len,
			HF_OCSP_NONCE_MAX);
	return hf_ext_put(content, HF_OID_OCSP_NONCE, false, &hf_der_OctetString, &nonce, err);
}

static bool check_certid(const struct hf_certid *id, struct hf_err *err)
{
	if (id->serialNumber.len > HF_SERIAL_MAX)
		return hf_fail(err, HF_E_INPUT, "serialNumber: %zu octets, at most %d (RFC 5280 4.1.2.2)",
			id->serialNumber.len, HF_SERIAL_MAX);
	return true;
}

bool hf_ocsp_request_parse(struct hf_bytes der, struct hf_ocsp_request *request, struct hf_err *err)
{
	struct hf_ocsp_request_der object;
	struct hf_ocsp_request_item item;

	if (der.len > HF_OCSP_REQUEST_MAX)
		return hf_fail(err, HF_E_LIMIT, "OCSPRequest: %zu octets, at most %zu", der.len, HF_OCSP_REQUEST_MAX);
	if (!hf_der_decode(&hf_ocsp_OCSPRequest, der, &object, err))
		return false;
	if (object.tbsRequest.version != 0)
		return hf_fail(err, HF_E_INPUT, "OCSPRequest: version is not v1 (RFC 6960 4.1.1)");
	if (object.tbsRequest.requestList.num > HF_OCSP_SINGLES_MAX)
		return hf_fail(err, HF_E_LIMIT, "OCSPRequest: %zu certificates, at most %d",
			object.tbsRequest.requestList.num, HF_OCSP_SINGLES_MAX);
	*request = (struct hf_ocsp_request){.requestList = object.tbsRequest.requestList};
	if (!hf_ocsp_nonce_get(&object.tbsRequest.requestExtensions, &request->nonce, err))
		return hf_fail_in(err, "OCSPRequest");
	for (struct hf_der_list rest = request->requestList; hf_der_list_next(&rest, &hf_ocsp_RequestItem, &item);) {
		struct hf_bytes none;
		if (!check_certid(&item.reqCert, err) || !hf_ocsp_nonce_get(&item.singleRequestExtensions, &none, err))
			return hf_fail_in(err, "OCSPRequest: Request");
	}
	return true;
}

bool hf_ocsp_request_next(struct hf_der_list *rest, struct hf_certid *id)
{
	struct hf_ocsp_request_item item;

	if (!hf_der_list_next(rest, &hf_ocsp_RequestItem, &item))
		return false;
	*id = item.reqCert;
	return true;
}

bool hf_ocsp_ask(const struct hf_certid *ids, size_t num, struct hf_bytes nonce, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf list, extensions;
	struct hf_ocsp_request_der object = {0};
	bool ok = false;

	hf_buf_init(&list, HF_OCSP_REQUEST_MAX);
	hf_buf_init(&extensions, HF_OCSP_REQUEST_MAX);
	for (size_t i = 0; i < num; i++) {
		struct hf_ocsp_request_item item = {.reqCert = ids[i]};
		if (!hf_der_list_add(&list, &hf_ocsp_RequestItem, &item, err))
			goto out;
	}
	object.tbsRequest.requestList = hf_der_list_of(&list);
	if (nonce.p) {
		if (!hf_ocsp_nonce_put(&extensions, nonce, err))
			goto out;
		object.tbsRequest.requestExtensions = hf_der_list_of(&extensions);
	}
	ok = hf_der_encode(&hf_ocsp_OCSPRequest, &object, out, err);
out:
	hf_buf_clear(&extensions);
	hf_buf_clear(&list);
	return ok;
}

static int64_t whole_second(int64_t at)
{
	return at - at % HF_SECOND;
}

static bool add_single(const struct hf_ocsp_single *single, struct hf_buf *list, struct hf_err *err)
{
	struct hf_ocsp_single_der object = {
		.certID = single->id,
		.certStatus.which = (int)single->state,
		.thisUpdate = whole_second(single->this_update),
		.has_next = single->next_update != 0,
		.nextUpdate = whole_second(single->next_update),
	};

	if (single->state == HF_OCSP_REVOKED) {
		object.certStatus.revoked.revocationTime = whole_second(single->revoked_at);
		object.certStatus.revoked.has_reason = single->reason > HF_REASON_UNSPECIFIED;
		object.certStatus.revoked.revocationReason = single->reason;
	}
	if (single->next_update != 0 && single->next_update < single->this_update)
		return hf_fail(err, HF_E_INPUT, "SingleResponse: nextUpdate before thisUpdate");
	return hf_der_list_add(list, &hf_ocsp_SingleResponse, &object, err);
}

bool hf_ocsp_tbs(const struct hf_ocsp_answer *answer, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf list, extensions;
	struct hf_response_data object = {.producedAt = whole_second(answer->produced_at)};
	bool ok = false;

	hf_buf_init(&list, HF_OCSP_RESPONSE_MAX);
	hf_buf_init(&extensions, HF_OCSP_REQUEST_MAX);
	object.responderID.which = answer->responder.p ? 0 : 1;
	if (answer->responder.p)
		object.responderID.byName = answer->responder;
	else
		object.responderID.byKey = HF_BYTES_OF(answer->responder_key);
	for (size_t i = 0; i < answer->num; i++)
		if (!add_single(&answer->singles[i], &list, err))
			goto out;
	object.responses = hf_der_list_of(&list);
	if (answer->nonce.p) {
		if (!hf_ocsp_nonce_put(&extensions, answer->nonce, err))
			goto out;
		object.responseExtensions = hf_der_list_of(&extensions);
	}
	ok = hf_der_encode(&hf_ocsp_ResponseData, &object, out, err);
out:
	hf_buf_clear(&extensions);
	hf_buf_clear(&list);
	return ok;
}

static bool encode_response(const struct hf_ocsp_basic *basic, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf inner;

	hf_buf_init(&inner, HF_OCSP_RESPONSE_MAX);
	bool ok = hf_der_encode(&hf_ocsp_BasicOCSPResponse, basic, &inner, err);
	struct hf_ocsp_response_der object = {
		.responseStatus = HF_OCSP_SUCCESSFUL,
		.has_bytes = true,
		.responseBytes = {hf_oid_bytes(HF_OID_OCSP_BASIC), hf_buf_bytes(&inner)},
	};
	ok = ok && hf_der_encode(&hf_ocsp_OCSPResponse, &object, out, err);
	hf_buf_clear(&inner);
	return ok;
}

bool hf_ocsp_respond(struct hf_bytes tbs, const uint8_t signature[HF_SM2_SIG], const struct hf_bytes *certs, size_t num,
	struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf sig, list;

	hf_buf_init(&sig, HF_SM2SIG_DER_MAX);
	hf_buf_init(&list, HF_OCSP_RESPONSE_MAX);
	bool ok = hf_sm2sig_encode(signature, &sig, err);
	for (size_t i = 0; ok && i < num; i++)
		ok = hf_der_list_add(&list, &hf_der_Any, &certs[i], err);
	if (ok) {
		struct hf_ocsp_basic basic = {
			.tbsResponseData = tbs,
			.signatureAlgorithm = hf_alg_of(HF_OID_SM2_SM3),
			.signature = {.bytes = hf_buf_bytes(&sig)},
		};
		if (num > 0)
			basic.certs = hf_der_list_of(&list);
		ok = encode_response(&basic, out, err);
	}
	hf_buf_clear(&list);
	hf_buf_clear(&sig);
	return ok;
}

bool hf_ocsp_refuse(enum hf_ocsp_status status, struct hf_buf *out, struct hf_err *err)
{
	struct hf_ocsp_response_der object = {.responseStatus = status};

	HF_ASSERT(status != HF_OCSP_SUCCESSFUL);
	return hf_der_encode(&hf_ocsp_OCSPResponse, &object, out, err);
}

struct hf_ocsp_single hf_ocsp_single_of(const struct hf_ocsp_single_der *der)
{
	const struct hf_ocsp_cert_status *status = &der->certStatus;

	return (struct hf_ocsp_single){
		.id = der->certID,
		.state = (enum hf_ocsp_state)status->which,
		.revoked_at = status->revoked.revocationTime,
		.reason = status->revoked.has_reason ? (int)status->revoked.revocationReason : -1,
		.this_update = der->thisUpdate,
		.next_update = der->has_next ? der->nextUpdate : 0,
	};
}

static bool check_single(const struct hf_ocsp_single_der *single, struct hf_err *err)
{
	const struct hf_ocsp_cert_status *status = &single->certStatus;
	struct hf_bytes none;

	if (status->revoked.has_reason && !hf_reason_name(status->revoked.revocationReason))
		return hf_fail(err, HF_E_INPUT, "revocationReason is unknown (RFC 5280 5.3.1)");
	if (single->has_next && single->nextUpdate < single->thisUpdate)
		return hf_fail(err, HF_E_INPUT, "nextUpdate before thisUpdate");
	return check_certid(&single->certID, err) && hf_ocsp_nonce_get(&single->singleExtensions, &none, err);
}

bool hf_ocsp_tbs_parse(struct hf_bytes der, struct hf_response_data *data, struct hf_err *err)
{
	struct hf_ocsp_single_der single;

	if (der.len > HF_OCSP_RESPONSE_MAX)
		return hf_fail(err, HF_E_LIMIT, "ResponseData: %zu octets, at most %zu", der.len, HF_OCSP_RESPONSE_MAX);
	if (!hf_der_decode(&hf_ocsp_ResponseData, der, data, err))
		return false;
	if (data->version != 0)
		return hf_fail(err, HF_E_INPUT, "ResponseData: version is not v1 (RFC 6960 4.2.1)");
	if (data->responderID.which == 1 && data->responderID.byKey.len != HF_SHA1_LEN)
		return hf_fail(err, HF_E_INPUT, "ResponseData: byKey is no SHA-1 hash (RFC 6960 4.2.1)");
	for (struct hf_der_list rest = data->responses; hf_der_list_next(&rest, &hf_ocsp_SingleResponse, &single);)
		if (!check_single(&single, err))
			return hf_fail_in(err, "ResponseData: SingleResponse");
	return hf_ocsp_nonce_get(&data->responseExtensions, &data->nonce, err) || hf_fail_in(err, "ResponseData");
}

bool hf_ocsp_single_next(struct hf_der_list *rest, struct hf_ocsp_single *single)
{
	struct hf_ocsp_single_der object;

	if (!hf_der_list_next(rest, &hf_ocsp_SingleResponse, &object))
		return false;
	*single = hf_ocsp_single_of(&object);
	return true;
}
