#include "keyd/policy.h"

#include "audit/journal.h"
#include "base/str.h"
#include "crypto/sm3.h"
#include "x509/decode.h"
#include "x509/kmproto.h"
#include "x509/ocsp.h"

#include <string.h>

#define SIGN_LEDGERED (HF_SIGN_ROOT | HF_SIGN_CA | HF_SIGN_END | HF_SIGN_CRL)

static const struct hf_der_field key_policy_fields[] = {
	HF_DER_FIELD(struct hf_key_policy, name, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_key_policy, index, &hf_der_Small),
	HF_DER_FIELD(struct hf_key_policy, kinds, &hf_der_Small),
	HF_DER_FIELD(struct hf_key_policy, issuer, &hf_der_Any, .tag = HF_DER_CTX(0),
		.flags = HF_DER_EXPLICIT | HF_DER_OPTIONAL),
	HF_DER_FIELD(struct hf_key_policy, maxDays, &hf_der_Small),
	HF_DER_FIELD(struct hf_key_policy, notAfter, &hf_der_GeneralizedTime),
	HF_DER_FIELD(struct hf_key_policy, caPathLen, &hf_der_Small),
};
const struct hf_der_type hf_KeyPolicy = HF_DER_SEQUENCE_TYPE("KeyPolicy", struct hf_key_policy, key_policy_fields);
static const struct hf_der_type KeyPolicyList =
	HF_DER_OF_TYPE("KeyPolicies.keys", HF_DER_SEQUENCE_OF, &hf_KeyPolicy, 1);
static const struct hf_der_field key_policies_fields[] = {
	HF_DER_FIELD(struct hf_key_policies, version, &hf_der_Small),
	HF_DER_FIELD(struct hf_key_policies, service, &hf_der_Utf8String),
	HF_DER_FIELD(struct hf_key_policies, kek, &hf_der_Small),
	HF_DER_FIELD(struct hf_key_policies, keys, &KeyPolicyList),
};
const struct hf_der_type hf_KeyPolicies =
	HF_DER_SEQUENCE_TYPE("KeyPolicies", struct hf_key_policies, key_policies_fields);

static bool near_now(const char *what, int64_t at, int64_t now, struct hf_err *err)
{
	char text[HF_TIME_TEXT_MAX];

	if (at >= now - HF_POLICY_WINDOW && at <= now + HF_POLICY_WINDOW)
		return true;
	hf_time_text(at, false, text);
	return hf_fail(err, HF_E_DENIED, "%s %s is more than ten minutes from this device's clock", what, text);
}

static bool issuer_is(const struct hf_policy_key *key, struct hf_bytes issuer, struct hf_err *err)
{
	if (key->policy->issuer.p && hf_name_equal(issuer, key->policy->issuer))
		return true;
	return hf_fail(err, HF_E_DENIED, "the issuer is not the one of this key");
}

static bool key_id_is(const struct hf_policy_key *key, struct hf_bytes key_id, struct hf_err *err)
{
	uint8_t own[HF_KEY_ID_LEN];

	if (!hf_key_id(key->pub, own, err))
		return false;
	if (hf_bytes_equal(key_id, HF_BYTES_OF(own)))
		return true;
	return hf_fail(err, HF_E_DENIED, "authorityKeyIdentifier is not this key's (GM/T 0015)");
}

/* Which kind of certificate it is; each kind has its own rules. */
static enum hf_sign_kind cert_kind(const struct hf_policy_key *key, const struct hf_cert *cert)
{
	if (!cert->is_ca)
		return HF_SIGN_END;
	return memcmp(cert->pub, key->pub, sizeof(cert->pub)) == 0 ? HF_SIGN_ROOT : HF_SIGN_CA;
}

static bool check_times(const struct hf_policy_key *key, const struct hf_cert *cert, int64_t now, struct hf_err *err)
{
	const struct hf_validity *validity = &cert->tbs.validity;

	if (!near_now("notBefore", validity->notBefore, now, err))
		return false;
	if (validity->notAfter <= validity->notBefore ||
		validity->notAfter - validity->notBefore > key->policy->maxDays * HF_DAY)
		return hf_fail(err, HF_E_DENIED, "validity is longer than the %lld days of this key's policy",
			(long long)key->policy->maxDays);
	if (validity->notAfter > key->policy->notAfter)
		return hf_fail(err, HF_E_DENIED, "notAfter lies behind that of the issuing key");
	return true;
}

static bool check_usage(
	const struct hf_policy_key *key, const struct hf_cert *cert, enum hf_sign_kind kind, struct hf_err *err)
{
	if (kind == HF_SIGN_END) {
		if (cert->has_constraints)
			return hf_fail(err, HF_E_DENIED, "an end entity has no basicConstraints here");
		if (cert->key_usage != HF_KU_SIGN && cert->key_usage != HF_KU_ENCRYPT)
			return hf_fail(err, HF_E_DENIED,
				"keyUsage is neither that of a signing nor of an encryption certificate "
				"(GM/T 0043 6.3)");
		return true;
	}
	if (cert->key_usage != HF_KU_CA)
		return hf_fail(err, HF_E_DENIED, "keyUsage of a CA is keyCertSign and cRLSign");
	if (kind == HF_SIGN_CA && (cert->path_len < 0 || cert->path_len > key->policy->caPathLen))
		return hf_fail(
			err, HF_E_DENIED, "pathLenConstraint may be at most %lld", (long long)key->policy->caPathLen);
	return true;
}

static bool check_cert(const struct hf_policy_key *key, struct hf_bytes message, int64_t now,
	struct hf_ledger_item *item, struct hf_err *err)
{
	struct hf_cert cert;

	if (!hf_decode_tbs_cert(message, &cert, err))
		return false;
	enum hf_sign_kind kind = cert_kind(key, &cert);
	if (!(key->policy->kinds & kind))
		return hf_fail(err, HF_E_DENIED, "this key signs no certificates of %s",
			kind == HF_SIGN_END  ? "end entities"
			: kind == HF_SIGN_CA ? "CAs"
					     : "its own");
	if (!cert.is_sm2 || !hf_alg_is(&cert.tbs.signature, HF_OID_SM2_SM3) || cert.tbs.version != 2)
		return hf_fail(
			err, HF_E_DENIED, "only version 3 certificates of SM2 keys with SM2-with-SM3 are signed");
	if (cert.unknown_critical)
		return hf_fail(err, HF_E_DENIED, "a critical extension is not known here");
	bool own = memcmp(cert.pub, key->pub, sizeof(cert.pub)) == 0;
	if (own != (kind == HF_SIGN_ROOT) || hf_name_equal(cert.tbs.subject, cert.tbs.issuer) != own)
		return hf_fail(err, HF_E_DENIED, "only the root's own certificate names itself and its own key");
	if (!hf_der_unsigned(cert.tbs.serialNumber, item->serial, sizeof(item->serial)))
		return hf_fail(err, HF_E_DENIED, "the serial number is negative or longer than 20 octets");
	return issuer_is(key, cert.tbs.issuer, err) && key_id_is(key, cert.authority_key_id, err) &&
	       check_times(key, &cert, now, err) && check_usage(key, &cert, kind, err);
}

static bool check_crl(const struct hf_policy_key *key, const struct hf_crl *crl, int64_t now,
	struct hf_ledger_item *item, struct hf_err *err)
{
	const struct hf_tbs_crl *tbs = &crl->tbs;

	if (!(key->policy->kinds & HF_SIGN_CRL))
		return hf_fail(err, HF_E_DENIED, "this key signs no CRLs");
	item->is_crl = true;
	if (!hf_alg_is(&tbs->signature, HF_OID_SM2_SM3))
		return hf_fail(err, HF_E_DENIED, "only CRLs with SM2-with-SM3 are signed");
	if (crl->unknown_critical || crl->is_delta)
		return hf_fail(
			err, HF_E_DENIED, "the CRL is a delta CRL or has a critical extension that is not known here");
	if (!crl->number.p || !hf_der_unsigned(crl->number, item->serial, sizeof(item->serial)))
		return hf_fail(err, HF_E_DENIED, "the CRL has no cRLNumber");
	if (!tbs->has_next_update || tbs->nextUpdate <= tbs->thisUpdate ||
		tbs->nextUpdate - tbs->thisUpdate > HF_POLICY_CRL_MAX)
		return hf_fail(err, HF_E_DENIED, "the CRL has no nextUpdate within 366 days behind its thisUpdate");
	return issuer_is(key, tbs->issuer, err) && key_id_is(key, crl->authority_key_id, err) &&
	       near_now("thisUpdate", tbs->thisUpdate, now, err);
}

static bool check_ocsp(const struct hf_policy_key *key, struct hf_bytes message, int64_t now, struct hf_err *err)
{
	struct hf_response_data data;
	struct hf_ocsp_single single;
	uint8_t own[HF_KEY_ID_LEN];

	if (!hf_ocsp_tbs_parse(message, &data, err) || !hf_key_id(key->pub, own, err))
		return false;
	bool named = data.responderID.which == 0 ? hf_name_equal(data.responderID.byName, key->policy->issuer)
						 : hf_bytes_equal(data.responderID.byKey, HF_BYTES_OF(own));
	if (!named)
		return hf_fail(err, HF_E_DENIED, "responderID is not this key");
	if (!near_now("producedAt", data.producedAt, now, err))
		return false;
	for (struct hf_der_list rest = data.responses; hf_ocsp_single_next(&rest, &single);)
		if (single.this_update > now + HF_POLICY_WINDOW)
			return hf_fail(err, HF_E_DENIED, "thisUpdate lies in the future");
	return true;
}

/* "HUFU-OPERATION-1 LF <service> LF …": of another service it is a call on that service, made by this one. */
static bool check_operation(struct hf_bytes message, struct hf_err *err)
{
	if (!hf_utf8_valid(message) || message.p[message.len - 1] != '\n')
		return hf_fail(err, HF_E_DENIED, "a signed operation is lines of text");
	return true;
}

static bool check_journal(const struct hf_policy_key *key, struct hf_bytes message, int64_t now, struct hf_err *err)
{
	struct hf_journal_head head;

	if (!hf_der_decode(&hf_JournalHead, message, &head, err))
		return false;
	if (!hf_bytes_equal(head.service, hf_bytes_str(key->service)))
		return hf_fail(err, HF_E_DENIED, "the journal is another service's");
	return near_now("the head's time", head.at, now, err);
}

/* A key speaks in its own name only (GM/T 0014 5.2.2: entPubKeyHash). */
static bool sender_is(const struct hf_policy_key *key, const struct hf_ent_name *sender, struct hf_err *err)
{
	uint8_t point[1 + HF_SM2_POINT] = {0x04};
	uint8_t hash[HF_SM3_LEN];

	memcpy(point + 1, key->pub, HF_SM2_POINT);
	hf_sm3(HF_BYTES_OF(point), hash);
	if (hf_bytes_equal(sender->entPubKeyHash, HF_BYTES_OF(hash)))
		return true;
	return hf_fail(err, HF_E_DENIED, "the sender that the message names is not this key");
}

static bool check_km(
	const struct hf_policy_key *key, struct hf_bytes message, bool ask, int64_t now, struct hf_err *err)
{
	struct hf_km_message km;

	if (!(ask ? hf_km_request_tbs_parse(message, &km, err) : hf_km_respond_tbs_parse(message, &km, err)))
		return false;
	return sender_is(key, &km.sender, err) && near_now(ask ? "requestTime" : "respondTime", km.at, now, err);
}

static bool check_request(const struct hf_policy_key *key, struct hf_bytes message, struct hf_err *err)
{
	struct hf_csr csr;

	if (!hf_decode_tbs_csr(message, &csr, err))
		return false;
	if (memcmp(csr.pub, key->pub, sizeof(csr.pub)) != 0)
		return hf_fail(err, HF_E_DENIED, "the PKCS#10 is for another key");
	return true;
}

/* What goes into the ledger; what the message is, its form decides. */
static bool check_ledgered(const struct hf_policy_key *key, struct hf_bytes message, int64_t now,
	struct hf_ledger_item *item, struct hf_err *err)
{
	struct hf_crl crl;

	hf_sm3(message, item->tbs_hash);
	if (hf_decode_tbs_crl(message, &crl, NULL))
		return check_crl(key, &crl, now, item, err);
	return check_cert(key, message, now, item, err);
}

/* A key with several kinds of messages: the first that fits. The text is the last one's that does not. */
static bool check_others(const struct hf_policy_key *key, struct hf_bytes message, int64_t now, struct hf_err *err)
{
	int64_t kinds = key->policy->kinds;

	return ((kinds & HF_SIGN_OCSP) && check_ocsp(key, message, now, err)) ||
	       ((kinds & HF_SIGN_JOURNAL) && check_journal(key, message, now, err)) ||
	       ((kinds & HF_SIGN_KM_ASK) && check_km(key, message, true, now, err)) ||
	       ((kinds & HF_SIGN_KM_GIVE) && check_km(key, message, false, now, err)) ||
	       ((kinds & HF_SIGN_REQUEST) && check_request(key, message, err));
}

bool hf_policy_check(const struct hf_policy_key *key, struct hf_bytes message, int64_t now, bool *ledgered,
	struct hf_ledger_item *item, struct hf_err *err)
{
	int64_t kinds = key->policy->kinds;
	struct hf_err why = {0};

	*ledgered = false;
	*item = (struct hf_ledger_item){0};
	if (message.len == 0)
		return hf_fail(err, HF_E_DENIED, "nothing to sign");
	/* Text is told from DER by its first octets, so that no message can be both. */
	if (hf_bytes_start_with(message, HF_BYTES_LIT("HUFU-OPERATION-1\n")))
		return kinds & HF_SIGN_OPERATION ? check_operation(message, err)
						 : hf_fail(err, HF_E_DENIED, "this key signs no operations");
	if (check_others(key, message, now, &why))
		return true;
	*ledgered = (kinds & SIGN_LEDGERED) != 0;
	if (*ledgered && check_ledgered(key, message, now, item, &why))
		return true;
	*ledgered = false;
	return hf_fail(err, HF_E_DENIED, "this key does not sign this message: %.400s",
		why.text[0] ? why.text : "it is no signed operation");
}
