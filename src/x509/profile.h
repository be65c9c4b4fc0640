/*
 * What Hufu's own certificates look like (GM/T 0015, GM/T 0043): one row of a table a profile, one builder.
 *
 *     profile      basicConstraints  keyUsage (critical)                              extKeyUsage
 *     root         cA, critical      keyCertSign cRLSign                              -
 *     sub_ca       cA, critical      keyCertSign cRLSign                              -
 *     user_sign    -                 digitalSignature nonRepudiation                  -
 *     user_enc     -                 keyEncipherment dataEncipherment keyAgreement    -
 *     device_sign  -                 as user_sign                                     serverAuth clientAuth
 *     device_enc   -                 as user_enc                                      serverAuth clientAuth
 *     ocsp         -                 as user_sign                                     OCSPSigning, + OCSP nocheck
 *     service      -                 as user_sign                                     -
 *     service_enc  -                 as user_enc                                      -
 *     operator     -                 as user_sign                                     clientAuth
 *
 * Extensions stand in the order that operating CAs write: AIA, AKI, BC, CP, CRLDP, SAN, KU, SKI, EKU, nocheck, then the
 * identity extensions. The order is the same for all, so that a reader of two certificates sees only what differs.
 */
#ifndef HUFU_X509_PROFILE_H
#define HUFU_X509_PROFILE_H

#include "x509/cert.h"

enum hf_profile {
	HF_PROFILE_ROOT,
	HF_PROFILE_SUB_CA,
	HF_PROFILE_USER_SIGN,
	HF_PROFILE_USER_ENC,
	HF_PROFILE_DEVICE_SIGN,
	HF_PROFILE_DEVICE_ENC,
	HF_PROFILE_OCSP,
	HF_PROFILE_SERVICE,
	HF_PROFILE_SERVICE_ENC,
	HF_PROFILE_OPERATOR,
	HF_NUM_PROFILES
};

struct hf_profile_row {
	const char *name; /* stable: in configuration, policies and the database */
	bool is_ca, is_root;
	unsigned key_usage;
	enum hf_oid purposes[2]; /* HF_OID_UNKNOWN = none */
	bool nocheck;
};
const struct hf_profile_row *hf_profile_row(enum hf_profile profile);
/* False when no profile has this name. */
HF_MUST_USE bool hf_profile_named(const char *name, enum hf_profile *profile);

#define HF_IDENTITIES_MAX 4
struct hf_identity {
	enum hf_identity_kind kind;
	const char *value;
};

#define HF_TBS_MAX 8192 /* octets that a TBS of ours may have */

struct hf_tbs_params {
	enum hf_profile profile;
	struct hf_bytes serial;  /* INTEGER content: see hf_serial_make */
	struct hf_bytes issuer;  /* the issuer's subject Name, byte for byte; root: the subject */
	struct hf_bytes subject; /* Name, see hf_name_build */
	int64_t not_before, not_after;
	uint8_t pub[HF_SM2_POINT];
	struct hf_bytes issuer_key_id;         /* the issuer's subjectKeyIdentifier; root: not looked at */
	int path_len;                          /* CAs: -1 = no limit */
	const char *crl_uri;                   /* CRLDP; required but for the root and OCSP */
	const char *ocsp_uri, *ca_issuers_uri; /* AIA; NULL = not written */
	const char *policy;                    /* dotted; NULL = not written */
	const char *email, *dns;               /* SAN; NULL = not written */
	enum hf_identity_edition edition;
	struct hf_identity identities[HF_IDENTITIES_MAX];
	size_t num_identities;
};
/* Appends the TBSCertificate. It is not linted: call hf_lint_tbs before it is signed. Errors: HF_E_INPUT, HF_E_LIMIT.
 */
HF_MUST_USE bool hf_tbs_build(const struct hf_tbs_params *params, struct hf_buf *out, struct hf_err *err);

/*
 * Serial numbers (design rule 12), 18 octets:
 *
 *     milliseconds since 1970, 6 octets | CRL shard, 2 octets | random, 10 octets
 *
 * ordered by time, 80 random bits, and the first octet is 01 to 7F from November 2004 on, so that the INTEGER is
 * positive without a zero octet in front and always 18 octets long.
 */
#define HF_SERIAL_LEN    18
#define HF_SERIAL_RANDOM 10
/* Errors: HF_E_CLOCK (at is outside 2004-11-03 to 6429). */
HF_MUST_USE bool hf_serial_make(int64_t at, uint16_t shard, const uint8_t random[HF_SERIAL_RANDOM],
	uint8_t out[HF_SERIAL_LEN], struct hf_err *err);
/* False when the serial is not of this shape. Either out may be NULL. */
bool hf_serial_read(struct hf_bytes serial, int64_t *at, uint16_t *shard);

#endif
