/*
 * OCSP (RFC 6960), both sides, without a network and without a key.
 *
 *     OCSPRequest  ::= SEQUENCE { tbsRequest TBSRequest, optionalSignature [0] EXPLICIT Signature OPTIONAL }
 *     OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL }
 *     BasicOCSPResponse ::= SEQUENCE { tbsResponseData ResponseData, signatureAlgorithm AlgorithmIdentifier,
 *                                      signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
 *
 * A responder:  hf_ocsp_request_parse → for each CertID: hf_ocsp_issuer_is? look the serial up → hf_ocsp_tbs
 *               → (another process signs) → hf_ocsp_respond; or hf_ocsp_refuse.
 * A client:     hf_certid_make, hf_ocsp_ask → (HTTP) → hf_ocsp_check.
 *
 * A CertID names the issuer by two hashes, SHA-1 or SM3, over the issuer's Name and over its public key bits (without
 * tag, length and the count of unused bits, RFC 6960 4.1.1). A request's optional signature is decoded, not verified:
 * RFC 6960 lets a responder ask for one and ours does not.
 */
#ifndef HUFU_X509_OCSP_H
#define HUFU_X509_OCSP_H

#include "crypto/sha1.h"
#include "x509/alg.h"
#include "x509/cert.h"

#define HF_OCSP_REQUEST_MAX  ((size_t)16 * 1024)  /* octets of a request that we read */
#define HF_OCSP_RESPONSE_MAX ((size_t)256 * 1024) /* octets of a response that we read */
#define HF_OCSP_SINGLES_MAX  64                   /* CertIDs in one request */
#define HF_OCSP_NONCE_MAX    128                  /* octets; RFC 9654 2.1 */

struct hf_certid {
	struct hf_alg hashAlgorithm;
	struct hf_bytes issuerNameHash, issuerKeyHash;
	struct hf_bytes serialNumber; /* INTEGER content */
};
extern const struct hf_der_type hf_CertID;

/* An issuer's hashes, made once. */
struct hf_ocsp_issuer {
	uint8_t name_sha1[HF_SHA1_LEN], key_sha1[HF_SHA1_LEN];
	uint8_t name_sm3[HF_SM3_LEN], key_sm3[HF_SM3_LEN];
};

/* From the issuer's certificate. Errors: HF_E_INPUT (no SM2 key), those of hf_sha1. */
HF_MUST_USE bool hf_ocsp_issuer_init(struct hf_ocsp_issuer *issuer, const struct hf_cert *cert, struct hf_err *err);
/* The CertID is about a certificate of this issuer (in SHA-1 or SM3). */
bool hf_ocsp_issuer_is(const struct hf_ocsp_issuer *issuer, const struct hf_certid *id);
/* A CertID by HF_OID_SM3 or HF_OID_SHA1, holding views into issuer and serial. */
struct hf_certid hf_certid_make(const struct hf_ocsp_issuer *issuer, enum hf_oid hash, struct hf_bytes serial);
bool hf_certid_equal(const struct hf_certid *a, const struct hf_certid *b);

/* A request as read. Views into its DER. */
struct hf_ocsp_request {
	struct hf_der_list requestList; /* walk a copy with hf_ocsp_request_next */
	struct hf_bytes nonce;          /* the nonce's octets; NULL when there is none */
};

/*
 * Errors: HF_E_LIMIT (larger than HF_OCSP_REQUEST_MAX, more than HF_OCSP_SINGLES_MAX CertIDs), HF_E_INPUT (not DER, no
 * CertID, version not v1, a nonce that is no OCTET STRING of 1 to HF_OCSP_NONCE_MAX octets, an unknown critical
 * extension): answer malformedRequest.
 */
HF_MUST_USE bool hf_ocsp_request_parse(struct hf_bytes der, struct hf_ocsp_request *request, struct hf_err *err);
/* Takes the next CertID off rest; false when none is left. */
bool hf_ocsp_request_next(struct hf_der_list *rest, struct hf_certid *id);
/* Appends a request for these certificates; nonce may be HF_BYTES_NONE. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_ocsp_ask(
	const struct hf_certid *ids, size_t num, struct hf_bytes nonce, struct hf_buf *out, struct hf_err *err);

enum hf_ocsp_state { HF_OCSP_GOOD, HF_OCSP_REVOKED, HF_OCSP_UNKNOWN };
/* "good", "revoked", "unknown" */
const char *hf_ocsp_state_name(enum hf_ocsp_state state);

/* What is said of one certificate. Times are written in whole seconds, rounded down. */
struct hf_ocsp_single {
	struct hf_certid id; /* as the client sent it */
	enum hf_ocsp_state state;
	int64_t revoked_at; /* HF_OCSP_REVOKED only, as reason */
	int reason;         /* enum hf_reason; -1 or unspecified: none is written */
	int64_t this_update;
	int64_t next_update; /* 0: none is written */
};

struct hf_ocsp_answer {
	struct hf_bytes responder;          /* Name: responderID byName; HF_BYTES_NONE: byKey */
	uint8_t responder_key[HF_SHA1_LEN]; /* byKey: SHA-1 of the responder's public key bits (hf_key_id) */
	int64_t produced_at;
	const struct hf_ocsp_single *singles;
	size_t num;            /* 1 to HF_OCSP_SINGLES_MAX, in the order of the request */
	struct hf_bytes nonce; /* of the request, or HF_BYTES_NONE */
};

/*
 * Appends ResponseData, the octets to be signed (SM2-with-SM3, default id). No key is needed here, so that many of
 * these can go to the device process as one batch. Errors: HF_E_INPUT, HF_E_LIMIT.
 */
HF_MUST_USE bool hf_ocsp_tbs(const struct hf_ocsp_answer *answer, struct hf_buf *out, struct hf_err *err);
/*
 * Appends the OCSPResponse around what hf_ocsp_tbs made: status successful, signature r ‖ s, and the responder's
 * certificates (num may be 0). Errors: HF_E_INPUT, HF_E_LIMIT.
 */
HF_MUST_USE bool hf_ocsp_respond(struct hf_bytes tbs, const uint8_t signature[HF_SM2_SIG], const struct hf_bytes *certs,
	size_t num, struct hf_buf *out, struct hf_err *err);

/* RFC 6960 4.2.1; 4 is not used. */
enum hf_ocsp_status {
	HF_OCSP_SUCCESSFUL = 0,
	HF_OCSP_MALFORMED_REQUEST = 1,
	HF_OCSP_INTERNAL_ERROR = 2,
	HF_OCSP_TRY_LATER = 3,
	HF_OCSP_SIG_REQUIRED = 5,
	HF_OCSP_UNAUTHORIZED = 6,
};
/* "malformedRequest", …; NULL for a number that the standard does not know. */
const char *hf_ocsp_status_name(int64_t status);
/* Appends an unsigned OCSPResponse of this status (not successful). Errors: HF_E_LIMIT. */
HF_MUST_USE bool hf_ocsp_refuse(enum hf_ocsp_status status, struct hf_buf *out, struct hf_err *err);

/*
 * ResponseData, taken apart: for the policy of a responder's key, and for the client. Errors: HF_E_INPUT, HF_E_LIMIT.
 */
struct hf_responder_id {
	int which; /* 0 byName, 1 byKey */
	union {
		struct hf_bytes byName;
		struct hf_bytes byKey;
	};
};
struct hf_response_data {
	int64_t version;
	struct hf_responder_id responderID;
	int64_t producedAt;
	struct hf_der_list responses; /* walk a copy with hf_ocsp_single_next */
	struct hf_der_list responseExtensions;
	struct hf_bytes nonce; /* taken from responseExtensions */
};
HF_MUST_USE bool hf_ocsp_tbs_parse(struct hf_bytes der, struct hf_response_data *data, struct hf_err *err);
bool hf_ocsp_single_next(struct hf_der_list *rest, struct hf_ocsp_single *single);

/* A whole response taken apart, nothing verified. Other statuses than successful leave the rest empty. */
struct hf_ocsp_response {
	int64_t status;
	struct hf_bytes tbs; /* whole TLV */
	struct hf_response_data data;
	struct hf_bytes signature; /* DER SM2Signature */
	struct hf_der_list certs;  /* of hf_der_Any */
};
HF_MUST_USE bool hf_ocsp_response_parse(struct hf_bytes der, struct hf_ocsp_response *response, struct hf_err *err);

/* What a client asked, and how old an answer may be. */
struct hf_ocsp_expect {
	const struct hf_cert *issuer;
	struct hf_bytes serial; /* of the certificate asked about */
	struct hf_bytes nonce;  /* HF_BYTES_NONE: none was sent, none is compared */
	int64_t now;
	int64_t skew;    /* how far clocks may differ */
	int64_t max_age; /* since thisUpdate, where there is no nextUpdate */
};
struct hf_ocsp_result {
	enum hf_ocsp_state state;
	int64_t revoked_at;
	int reason; /* -1: none given */
	int64_t produced_at, this_update, next_update;
	bool delegated; /* signed by a responder's own certificate, not by the CA's key */
	bool nocheck;   /* delegated, and its certificate has id-pkix-ocsp-nocheck; without it, ask about it */
};

/*
 * Verifies a response: status, signature by the issuer or by a responder that it delegated (its certificate in the
 * response: issued by the same CA, OCSPSigning, valid now), the CertID, the nonce, the times. Errors: HF_E_PEER (the
 * responder refused: its status), HF_E_VERIFY (signature, nonce, or who signed), HF_E_MISSING (nothing is said about
 * this certificate), HF_E_CLOCK (not yet or no longer valid), HF_E_INPUT, HF_E_LIMIT.
 */
HF_MUST_USE bool hf_ocsp_check(
	struct hf_bytes der, const struct hf_ocsp_expect *expect, struct hf_ocsp_result *result, struct hf_err *err);

/* For people. Errors: as the parse functions. */
HF_MUST_USE bool hf_ocsp_request_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err);
HF_MUST_USE bool hf_ocsp_response_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err);

#endif
