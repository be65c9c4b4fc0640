/*
 * The types of GM/T 0014 5.2 as tables, for the files of kmproto only. Members are spelt as in the standard.
 */
#ifndef HUFU_X509_KMPROTO_INT_H
#define HUFU_X509_KMPROTO_INT_H

#include "x509/kmproto.h"

/* userName, dsCode, extendInfo, errDesc occur under EXPLICIT tags (any string inside) and under IMPLICIT ones. */
struct hf_km_text {
	struct hf_bytes any;      /* TLV inside the EXPLICIT tag; this one is written */
	struct hf_bytes implicit; /* content of an IMPLICIT one */
};

struct hf_app_user_info {
	struct hf_bytes userCertNo;
	struct hf_spki userPubKey;
	int64_t notBefore, notAfter;
	struct hf_km_text userName, dsCode, extendInfo;
};
struct hf_apply_key_req {
	struct hf_alg appKeyType;
	struct hf_bytes appKeyLen;
	struct hf_alg retAsymAlg, retSymAlg, retHashAlg;
	struct hf_app_user_info appUserInfo;
};
struct hf_restore_key_req {
	struct hf_alg retAsymAlg, retSymAlg, retHashAlg;
	struct hf_bytes userCertNo;
	struct hf_spki userPubKey;
};
struct hf_revoke_key_req {
	struct hf_bytes userCertNo;
};
struct hf_km_request_der {
	int which;
	union {
		struct hf_apply_key_req applykeyreq;
		struct hf_restore_key_req restorekeyreq;
		struct hf_revoke_key_req revokekeyreq;
	};
};
struct hf_ret_key_respond {
	struct hf_bytes userCertNo;
	struct hf_spki retPubKey;
	struct hf_bytes retPriKey; /* SignedAndEnvelopedData, TLV */
};
struct hf_error_pkg_respond {
	struct hf_bytes errNo;
	struct hf_km_text errDesc;
};
struct hf_km_respond_der {
	int which;
	union {
		struct hf_ret_key_respond applyKeyRespond;
		struct hf_ret_key_respond restoreKeyRespond;
		struct hf_revoke_key_req revokeKeyRespond;
		struct hf_error_pkg_respond errorPkgRespond;
	};
};
/* KSRequest and KSRespond have one shape. */
struct hf_ks_message {
	int64_t version;
	struct hf_ent_name name;
	struct hf_der_list list;
	int64_t time;
	struct hf_bytes taskNO;
};
/* CARequest and KMRespond, too. */
struct hf_km_signed {
	struct hf_bytes tbs;
	struct hf_alg signatureAlgorithm;
	struct hf_bytes signatureValue;
};

extern const struct hf_der_type hf_km_Request, hf_km_RequestExplicit, hf_km_Respond, hf_km_RespondExplicit,
	hf_km_KSRequest, hf_km_KSRespond, hf_km_Signed, hf_km_ErrDesc;

/* The octets of a text in whichever form it came; NULL when absent. Errors: HF_E_INPUT (two forms, or no string). */
HF_MUST_USE bool hf_km_text_read(const struct hf_km_text *text, struct hf_bytes *out, struct hf_err *err);
/* Decodes a list element with IMPLICIT tags, or else with EXPLICIT ones. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_km_decode_either(const struct hf_der_type *implicit, const struct hf_der_type *with_explicit,
	struct hf_bytes der, void *out, struct hf_err *err);
/* What KSRequest and KSRespond share: size, version, number of elements, sizes of the numbers. */
HF_MUST_USE bool hf_km_message_read(
	struct hf_bytes tbs, const struct hf_der_type *type, struct hf_km_message *message, struct hf_err *err);
/* The signed wrapping of both. */
HF_MUST_USE bool hf_km_message_open(
	struct hf_bytes der, struct hf_bytes *tbs, struct hf_bytes *signature, struct hf_err *err);
/* Appends the KSRequest or KSRespond around a list. */
HF_MUST_USE bool hf_km_message_tbs(const struct hf_der_type *type, const struct hf_cert *sender, struct hf_bytes taskNO,
	int64_t at, const struct hf_buf *list, struct hf_buf *out, struct hf_err *err);
/* A positive INTEGER of at most 20 octets. */
bool hf_km_number_ok(struct hf_bytes number);

#endif
