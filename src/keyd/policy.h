/*
 * What each key may sign (design rule 5: sign what you understand). The policy of a service's keys is one DER file that
 * is made with the keys and read once; keyd re-parses every message by the kinds that its key allows and refuses all
 * else. So a CA process that was taken over cannot mint a sub-CA, back-date, sign a foreign issuer or outlive the CA.
 *
 *     KeyPolicies ::= SEQUENCE { version INTEGER (1), service UTF8String, kek INTEGER, keys SEQUENCE OF KeyPolicy }
 *     KeyPolicy   ::= SEQUENCE { name UTF8String, index INTEGER,       -- SDF key index
 *                                kinds INTEGER,                        -- bits of enum hf_sign_kind
 *                                issuer [0] EXPLICIT Name OPTIONAL,    -- of what it signs
 *                                maxDays INTEGER,                      -- longest validity of a certificate
 *                                notAfter GeneralizedTime,             -- of the key's own certificate
 *                                caPathLen INTEGER }                   -- of CA certificates, at most
 */
#ifndef HUFU_KEYD_POLICY_H
#define HUFU_KEYD_POLICY_H

#include "der/der.h"
#include "keyd/ledger.h"

enum hf_sign_kind {
	HF_SIGN_ROOT = 1 << 0,      /* its own self-signed certificate */
	HF_SIGN_CA = 1 << 1,        /* certificates of subordinate CAs */
	HF_SIGN_END = 1 << 2,       /* certificates of end entities */
	HF_SIGN_CRL = 1 << 3,       /* its CRLs */
	HF_SIGN_OCSP = 1 << 4,      /* ResponseData (RFC 6960) */
	HF_SIGN_OPERATION = 1 << 5, /* signed operations (access/operation.h) of this service */
	HF_SIGN_KM_ASK = 1 << 6,    /* KSRequest (GM/T 0014) */
	HF_SIGN_KM_GIVE = 1 << 7,   /* KSRespond (GM/T 0014), and the scalar inside a re-wrap */
	HF_SIGN_JOURNAL = 1 << 8,   /* JournalHead (audit/journal.h) of this service */
	HF_SIGN_REQUEST = 1 << 9,   /* PKCS#10 for its own public key */
	HF_SIGN_ALL = (1 << 10) - 1
};

struct hf_key_policy {
	struct hf_bytes name; /* UTF-8, < HF_DEV_NAME_MAX */
	int64_t index, kinds;
	struct hf_bytes issuer; /* Name; NULL when it signs no certificates, CRLs or OCSP answers */
	int64_t maxDays, notAfter, caPathLen;
};
extern const struct hf_der_type hf_KeyPolicy;

struct hf_key_policies {
	int64_t version;
	struct hf_bytes service;
	int64_t kek; /* index; 0: this device wraps no keys */
	struct hf_der_list keys;
};
extern const struct hf_der_type hf_KeyPolicies;

/* A key whose messages are checked. */
struct hf_policy_key {
	const struct hf_key_policy *policy;
	const char *service;
	uint8_t pub[64];
};

/* How far a TBS time may lie from now (design rule 14). */
#define HF_POLICY_WINDOW  (10 * HF_MINUTE)
/* The longest that a CRL may stand in for what is revoked later. */
#define HF_POLICY_CRL_MAX (366 * HF_DAY)

/*
 * Is the message one that the key may sign now? *ledgered tells that item must go into the ledger first.
 * Errors: HF_E_DENIED, naming the rule that refused it.
 */
HF_MUST_USE bool hf_policy_check(const struct hf_policy_key *key, struct hf_bytes message, int64_t now, bool *ledgered,
	struct hf_ledger_item *item, struct hf_err *err);

#endif
