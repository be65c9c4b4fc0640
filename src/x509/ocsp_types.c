#include "x509/ocsp_int.h"

#include "base/str.h"

//= RFC 6960 4.1.1
static const struct hf_der_field certid_fields[] = {
	HF_DER_FIELD(struct hf_certid, hashAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_certid, issuerNameHash, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_certid, issuerKeyHash, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_certid, serialNumber, &hf_der_Integer),
};
const struct hf_der_type hf_CertID = HF_DER_SEQUENCE_TYPE("CertID", struct hf_certid, certid_fields);

static const struct hf_der_field request_item_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_request_item, reqCert, &hf_CertID),
	HF_DER_FIELD(struct hf_ocsp_request_item, singleRequestExtensions, &hf_Extensions, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_ocsp_RequestItem =
	HF_DER_SEQUENCE_TYPE("Request", struct hf_ocsp_request_item, request_item_fields);

static const struct hf_der_type request_list =
	HF_DER_OF_TYPE("SEQUENCE OF Request", HF_DER_SEQUENCE_OF, &hf_ocsp_RequestItem, 1);
static const struct hf_der_type certificates =
	HF_DER_OF_TYPE("SEQUENCE OF Certificate", HF_DER_SEQUENCE_OF, &hf_der_Any, 0);

static const struct hf_der_field tbs_request_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_tbs_request, version, &hf_der_Small, .tag = HF_DER_CTX(0),
		.flags = HF_DER_DEFAULT | HF_DER_EXPLICIT, .dflt = 0),
	HF_DER_FIELD(struct hf_ocsp_tbs_request, requestorName, &hf_GeneralName, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct hf_ocsp_tbs_request, has_name)),
	HF_DER_FIELD(struct hf_ocsp_tbs_request, requestList, &request_list),
	HF_DER_FIELD(struct hf_ocsp_tbs_request, requestExtensions, &hf_Extensions, .tag = HF_DER_CTX(2),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
static const struct hf_der_type TBSRequest =
	HF_DER_SEQUENCE_TYPE("TBSRequest", struct hf_ocsp_tbs_request, tbs_request_fields);

static const struct hf_der_field signature_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_request_signature, signatureAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_ocsp_request_signature, signature, &hf_der_BitString),
	HF_DER_FIELD(struct hf_ocsp_request_signature, certs, &certificates, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
static const struct hf_der_type Signature =
	HF_DER_SEQUENCE_TYPE("Signature", struct hf_ocsp_request_signature, signature_fields);

static const struct hf_der_field request_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_request_der, tbsRequest, &TBSRequest),
	HF_DER_FIELD(struct hf_ocsp_request_der, optionalSignature, &Signature, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct hf_ocsp_request_der, is_signed)),
};
const struct hf_der_type hf_ocsp_OCSPRequest =
	HF_DER_SEQUENCE_TYPE("OCSPRequest", struct hf_ocsp_request_der, request_fields);

//= RFC 6960 4.2.1
static const struct hf_der_field responder_id_fields[] = {
	HF_DER_FIELD(struct hf_responder_id, byName, &hf_Name, .tag = HF_DER_CTX(1), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(
		struct hf_responder_id, byKey, &hf_der_OctetString, .tag = HF_DER_CTX(2), .flags = HF_DER_EXPLICIT),
};
static const struct hf_der_type ResponderID =
	HF_DER_CHOICE_TYPE("ResponderID", struct hf_responder_id, responder_id_fields);

/* RevokedInfo lies in its CertStatus, so its offsets count from there. */
#define REVOKED offsetof(struct hf_ocsp_cert_status, revoked)
static const struct hf_der_field revoked_info_fields[] = {
	{
		.name = "revocationTime",
		.type = &hf_der_GeneralizedTime,
		.offset = offsetof(struct hf_ocsp_cert_status, revoked.revocationTime) - REVOKED,
	},
	{
		.name = "revocationReason",
		.type = &hf_der_Enumerated,
		.offset = offsetof(struct hf_ocsp_cert_status, revoked.revocationReason) - REVOKED,
		.tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT,
		.has = offsetof(struct hf_ocsp_cert_status, revoked.has_reason) - REVOKED + 1,
	},
};
static const struct hf_der_type RevokedInfo = {
	.name = "RevokedInfo",
	.kind = HF_DER_SEQUENCE,
	.size = sizeof(((struct hf_ocsp_cert_status *)0)->revoked),
	.fields = revoked_info_fields,
	.num_fields = sizeof(revoked_info_fields) / sizeof(revoked_info_fields[0]),
};

/* In the order of enum hf_ocsp_state. */
static const struct hf_der_field cert_status_fields[] = {
	{.name = "good", .type = &hf_der_Null, .tag = HF_DER_CTX(0)},
	{.name = "revoked", .type = &RevokedInfo, .offset = REVOKED, .tag = HF_DER_CTX(1)},
	{.name = "unknown", .type = &hf_der_Null, .tag = HF_DER_CTX(2)},
};
static const struct hf_der_type CertStatus =
	HF_DER_CHOICE_TYPE("CertStatus", struct hf_ocsp_cert_status, cert_status_fields);

static const struct hf_der_field single_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_single_der, certID, &hf_CertID),
	HF_DER_FIELD(struct hf_ocsp_single_der, certStatus, &CertStatus),
	HF_DER_FIELD(struct hf_ocsp_single_der, thisUpdate, &hf_der_GeneralizedTime),
	HF_DER_FIELD(struct hf_ocsp_single_der, nextUpdate, &hf_der_GeneralizedTime, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct hf_ocsp_single_der, has_next)),
	HF_DER_FIELD(struct hf_ocsp_single_der, singleExtensions, &hf_Extensions, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_ocsp_SingleResponse =
	HF_DER_SEQUENCE_TYPE("SingleResponse", struct hf_ocsp_single_der, single_fields);

static const struct hf_der_type single_list =
	HF_DER_OF_TYPE("SEQUENCE OF SingleResponse", HF_DER_SEQUENCE_OF, &hf_ocsp_SingleResponse, 1);

static const struct hf_der_field response_data_fields[] = {
	HF_DER_FIELD(struct hf_response_data, version, &hf_der_Small, .tag = HF_DER_CTX(0),
		.flags = HF_DER_DEFAULT | HF_DER_EXPLICIT, .dflt = 0),
	HF_DER_FIELD(struct hf_response_data, responderID, &ResponderID),
	HF_DER_FIELD(struct hf_response_data, producedAt, &hf_der_GeneralizedTime),
	HF_DER_FIELD(struct hf_response_data, responses, &single_list),
	HF_DER_FIELD(struct hf_response_data, responseExtensions, &hf_Extensions, .tag = HF_DER_CTX(1),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_ocsp_ResponseData =
	HF_DER_SEQUENCE_TYPE("ResponseData", struct hf_response_data, response_data_fields);

static const struct hf_der_field basic_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_basic, tbsResponseData, &hf_der_Any),
	HF_DER_FIELD(struct hf_ocsp_basic, signatureAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_ocsp_basic, signature, &hf_der_BitString),
	HF_DER_FIELD(struct hf_ocsp_basic, certs, &certificates, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT),
};
const struct hf_der_type hf_ocsp_BasicOCSPResponse =
	HF_DER_SEQUENCE_TYPE("BasicOCSPResponse", struct hf_ocsp_basic, basic_fields);

static const struct hf_der_field response_bytes_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_response_bytes, responseType, &hf_der_Oid),
	HF_DER_FIELD(struct hf_ocsp_response_bytes, response, &hf_der_OctetString),
};
static const struct hf_der_type ResponseBytes =
	HF_DER_SEQUENCE_TYPE("ResponseBytes", struct hf_ocsp_response_bytes, response_bytes_fields);

static const struct hf_der_field response_fields[] = {
	HF_DER_FIELD(struct hf_ocsp_response_der, responseStatus, &hf_der_Enumerated),
	HF_DER_FIELD(struct hf_ocsp_response_der, responseBytes, &ResponseBytes, .tag = HF_DER_CTX(0),
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT, .has = HF_DER_HAS(struct hf_ocsp_response_der, has_bytes)),
};
const struct hf_der_type hf_ocsp_OCSPResponse =
	HF_DER_SEQUENCE_TYPE("OCSPResponse", struct hf_ocsp_response_der, response_fields);

const char *hf_ocsp_state_name(enum hf_ocsp_state state)
{
	static const char *const names[] = {"good", "revoked", "unknown"};

	return names[state];
}

const char *hf_ocsp_status_name(int64_t status)
{
	static const char *const names[] = {
		[HF_OCSP_SUCCESSFUL] = "successful",
		[HF_OCSP_MALFORMED_REQUEST] = "malformedRequest",
		[HF_OCSP_INTERNAL_ERROR] = "internalError",
		[HF_OCSP_TRY_LATER] = "tryLater",
		[HF_OCSP_SIG_REQUIRED] = "sigRequired",
		[HF_OCSP_UNAUTHORIZED] = "unauthorized",
	};

	return status >= 0 && status <= HF_OCSP_UNAUTHORIZED ? names[status] : NULL;
}
