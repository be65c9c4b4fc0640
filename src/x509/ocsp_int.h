/*
 * The types of RFC 6960 as tables, for the files of OCSP only. Members are spelt as in RFC 6960 4.1.1 and 4.2.1.
 */
#ifndef HUFU_X509_OCSP_INT_H
#define HUFU_X509_OCSP_INT_H

#include "x509/ext.h"
#include "x509/ocsp.h"

struct hf_ocsp_request_item {
	struct hf_certid reqCert;
	struct hf_der_list singleRequestExtensions;
};
struct hf_ocsp_tbs_request {
	int64_t version;
	bool has_name;
	struct hf_general_name requestorName;
	struct hf_der_list requestList;
	struct hf_der_list requestExtensions;
};
struct hf_ocsp_request_signature {
	struct hf_alg signatureAlgorithm;
	struct hf_der_bits signature;
	struct hf_der_list certs;
};
struct hf_ocsp_request_der {
	struct hf_ocsp_tbs_request tbsRequest;
	bool is_signed;
	struct hf_ocsp_request_signature optionalSignature;
};
struct hf_ocsp_cert_status {
	int which; /* enum hf_ocsp_state */
	struct {
		int64_t revocationTime;
		bool has_reason;
		int64_t revocationReason;
	} revoked;
};
struct hf_ocsp_single_der {
	struct hf_certid certID;
	struct hf_ocsp_cert_status certStatus;
	int64_t thisUpdate;
	bool has_next;
	int64_t nextUpdate;
	struct hf_der_list singleExtensions;
};
struct hf_ocsp_basic {
	struct hf_bytes tbsResponseData; /* TLV: its octets are what is signed */
	struct hf_alg signatureAlgorithm;
	struct hf_der_bits signature;
	struct hf_der_list certs;
};
struct hf_ocsp_response_bytes {
	struct hf_bytes responseType, response;
};
struct hf_ocsp_response_der {
	int64_t responseStatus;
	bool has_bytes;
	struct hf_ocsp_response_bytes responseBytes;
};

extern const struct hf_der_type hf_ocsp_RequestItem, hf_ocsp_OCSPRequest, hf_ocsp_SingleResponse, hf_ocsp_ResponseData,
	hf_ocsp_BasicOCSPResponse, hf_ocsp_OCSPResponse;

/* The nonce in these extensions; NULL when there is none. Unknown critical extensions are refused (HF_E_INPUT). */
HF_MUST_USE bool hf_ocsp_nonce_get(const struct hf_der_list *extensions, struct hf_bytes *nonce, struct hf_err *err);
/* Appends Extensions' content that holds the nonce. */
HF_MUST_USE bool hf_ocsp_nonce_put(struct hf_buf *content, struct hf_bytes nonce, struct hf_err *err);
/* Fills the public form from the table's. */
struct hf_ocsp_single hf_ocsp_single_of(const struct hf_ocsp_single_der *der);

#endif
