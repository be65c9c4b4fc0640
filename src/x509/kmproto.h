/*
 * The messages between a CA and its KM (GM/T 0014-2012 5.2): a CA applies for encryption key pairs, restores them and
 * revokes them, many at a time, and the KM answers; both sign.
 *
 *     CARequest ::= SEQUENCE { ksRequest KSRequest, signatureAlgorithm AlgorithmIdentifier, signatureValue OCTET STRING
 * } KSRequest ::= SEQUENCE { version INTEGER (v2 = 1), caName EntName, requestList SEQUENCE OF Request, requestTime
 * GeneralizedTime, taskNO INTEGER } Request   ::= CHOICE { applykeyreq [0], restorekeyreq [1], revokekeyreq [2] }
 *     KMRespond ::= SEQUENCE { ksRespond KSRespond, signatureAlgorithm AlgorithmIdentifier, signatureValue OCTET STRING
 * } KSRespond ::= SEQUENCE { version INTEGER (v2 = 1), kmName EntName, respondList SEQUENCE OF Respond, respondTime
 * GeneralizedTime, taskNO INTEGER } Respond   ::= CHOICE { applyKeyRespond [0], restoreKeyRespond [1], revokeKeyRespond
 * [2], errorPkgRespond [3] }
 *
 * The CHOICEs are written with IMPLICIT tags and read with IMPLICIT or EXPLICIT ones, since implementations differ. The
 * signature is SM2-with-SM3 with the default id over the DER of ksRequest / ksRespond, as DER SM2Signature.
 *
 * respondList answers requestList in order, one Respond a Request (an error packet names no certificate, so the place
 * is what tells). A message that is refused as a whole gets one error packet, whatever it asked. taskNO is unique for a
 * CA and comes back in the answer: asked again with the same body it brings the same octets.
 *
 *     CA:  hf_km_request_tbs → hf_signed_make_octets → … → hf_km_respond_parse, _verify, hf_km_answer_next, _fits
 *     KM:  hf_km_request_parse → the CA by caName → _verify, hf_km_ask_next → … → hf_km_respond_tbs → sign
 */
#ifndef HUFU_X509_KMPROTO_H
#define HUFU_X509_KMPROTO_H

#include "x509/cert.h"
#include "x509/cms.h"

#define HF_KM_MESSAGE_MAX  ((size_t)1 << 20) /* octets */
#define HF_KM_REQUESTS_MAX 1000              /* in one message */
#define HF_KM_VERSION      1                 /* v2 */
#define HF_KM_TEXT_MAX     256               /* octets of userName, dsCode, extendInfo, errDesc */

/* Who sends: a name, and what identifies its certificate. */
struct hf_ent_name {
	struct hf_alg hashAlgorithm;
	struct hf_general_name entName; /* directoryName: the certificate's subject */
	struct hf_bytes entPubKeyHash;  /* SM3 of the public key bits, without tag, length and unused bits */
	struct hf_bytes serialNumber;
};
extern const struct hf_der_type hf_EntName;

/* The EntName of this certificate's holder; hash is filled, it and cert must outlive the result. */
struct hf_ent_name hf_ent_name_of(const struct hf_cert *cert, uint8_t hash[HF_SM3_LEN]);
/*
 * Is it this certificate's holder? A hash of the whole SubjectPublicKeyInfo is taken, too. Errors: HF_E_DENIED, whose
 * text says what differs.
 */
HF_MUST_USE bool hf_ent_name_check(const struct hf_ent_name *name, const struct hf_cert *cert, struct hf_err *err);

/* The numbers of error packets. The standard's text has none, so these are Hufu's own. */
enum hf_km_error {
	HF_KM_ERR_NONE = 0,
	/* the four classes that GM/T 0014's predecessor tells apart */
	HF_KM_ERR_VERIFY = 1,
	HF_KM_ERR_INTERNAL = 2,
	HF_KM_ERR_RESPOND = 3,
	HF_KM_ERR_RECEIPT = 4,
	/* the message as a whole */
	HF_KM_ERR_MALFORMED = 10,
	HF_KM_ERR_UNKNOWN_CA = 11,
	HF_KM_ERR_VERSION = 12,
	HF_KM_ERR_TASK_CONFLICT = 13,
	HF_KM_ERR_TIME = 14,
	HF_KM_ERR_LIMIT = 15,
	HF_KM_ERR_BUSY = 16,
	/* one request */
	HF_KM_ERR_ALGORITHM = 20,
	HF_KM_ERR_CERT_NO = 21,
	HF_KM_ERR_CERT_NO_USED = 22,
	HF_KM_ERR_USER_KEY = 23,
	HF_KM_ERR_VALIDITY = 24,
	HF_KM_ERR_USER_INFO = 25,
	HF_KM_ERR_NO_SUCH_KEY = 26,
	HF_KM_ERR_KEY_STATE = 27,
	HF_KM_ERR_NO_SPARE_KEY = 28,
};
struct hf_km_error_text {
	enum hf_km_error number;
	const char *name, *en, *zh;
};
/* The whole table, ended by a name that is NULL. */
extern const struct hf_km_error_text hf_km_errors[];
/* NULL when it is none of ours. */
const struct hf_km_error_text *hf_km_error_find(int64_t number);

enum hf_km_verb { HF_KM_APPLY, HF_KM_RESTORE, HF_KM_REVOKE, HF_KM_ERROR };

/* One Request. */
struct hf_km_ask {
	enum hf_km_verb verb;             /* not HF_KM_ERROR */
	struct hf_bytes userCertNo;       /* INTEGER content: the serial of the encryption certificate */
	uint8_t userPubKey[HF_SM2_POINT]; /* apply, restore: the user's signing key, which protects what is returned */
	int64_t notBefore, notAfter;      /* apply */
	struct hf_bytes userName;         /* apply; NULL when absent, as the following */
	struct hf_bytes dsCode;           /* 地区代码, to be stored by the KM */
	struct hf_bytes extendInfo;
	enum hf_km_error error; /* set by reading: well-formed, but to be answered by this error */
};

/* Appends the KSRequest to be signed. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_km_request_tbs(const struct hf_cert *ca, struct hf_bytes taskNO, int64_t at,
	const struct hf_km_ask *asks, size_t num, struct hf_buf *out, struct hf_err *err);

/* A message as read, a CARequest or a KMRespond. */
struct hf_km_message {
	struct hf_bytes tbs;       /* ksRequest / ksRespond, whole TLV */
	struct hf_bytes signature; /* DER SM2Signature */
	struct hf_ent_name sender; /* caName / kmName */
	int64_t at;                /* requestTime / respondTime */
	struct hf_bytes taskNO;    /* INTEGER content */
	struct hf_der_list list;   /* walk a copy with hf_km_ask_next / hf_km_answer_next */
};

/*
 * Errors: HF_E_LIMIT (larger than HF_KM_MESSAGE_MAX, more than HF_KM_REQUESTS_MAX requests), HF_E_INPUT (not DER,
 * another version or algorithm).
 */
HF_MUST_USE bool hf_km_request_parse(struct hf_bytes der, struct hf_km_message *message, struct hf_err *err);
/* The same of the KSRequest alone, without a signature: for the policy of a CA's message key. */
HF_MUST_USE bool hf_km_request_tbs_parse(struct hf_bytes tbs, struct hf_km_message *message, struct hf_err *err);
bool hf_km_ask_next(struct hf_der_list *rest, struct hf_km_ask *ask);

/* One Respond. */
struct hf_km_answer {
	enum hf_km_verb verb;
	struct hf_bytes userCertNo;      /* INTEGER content; not in HF_KM_ERROR */
	uint8_t retPubKey[HF_SM2_POINT]; /* apply, restore */
	struct hf_sealed_key retPriKey;  /* apply, restore */
	int64_t errNo;                   /* HF_KM_ERROR: enum hf_km_error, or a peer's own number */
	struct hf_bytes errDesc;         /* UTF-8 for people; NULL: none (written: the table's text) */
};

/* Appends the KSRespond to be signed. Errors: HF_E_INPUT, HF_E_LIMIT. */
HF_MUST_USE bool hf_km_respond_tbs(const struct hf_cert *km, struct hf_bytes taskNO, int64_t at,
	const struct hf_km_answer *answers, size_t num, struct hf_buf *out, struct hf_err *err);
/* Errors: as hf_km_request_parse. A retPriKey that a token could not import is refused here. */
HF_MUST_USE bool hf_km_respond_parse(struct hf_bytes der, struct hf_km_message *message, struct hf_err *err);
/* The same of the KSRespond alone: for the policy of a KM's key. */
HF_MUST_USE bool hf_km_respond_tbs_parse(struct hf_bytes tbs, struct hf_km_message *message, struct hf_err *err);
bool hf_km_answer_next(struct hf_der_list *rest, struct hf_km_answer *answer);

/*
 * Either message: the sender is the holder of cert, and its signature is right. Errors: HF_E_DENIED (another sender),
 * HF_E_VERIFY.
 */
HF_MUST_USE bool hf_km_message_verify(
	const struct hf_km_message *message, const struct hf_cert *cert, struct hf_err *err);

/*
 * Does this answer belong to this request: same kind, same userCertNo? An error packet becomes an error whose text has
 * its number and description. Errors: HF_E_PEER (error packet), HF_E_VERIFY (another's answer).
 */
HF_MUST_USE bool hf_km_answer_fits(const struct hf_km_answer *answer, const struct hf_km_ask *ask, struct hf_err *err);
/* What goes into the token: ENVELOPEDKEYBLOB (GM/T 0016) and SM2EnvelopedKey (GM/T 0009) are made of this. */
void hf_km_answer_key(const struct hf_km_answer *answer, struct hf_wrapped_key *key);

/* For people: either message. Errors: as the parse functions. */
HF_MUST_USE bool hf_km_print(struct hf_bytes der, struct hf_buf *out, struct hf_err *err);

#endif
