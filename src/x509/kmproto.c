#include "x509/kmproto_int.h"

#include "base/clock.h"
#include "x509/signed.h"

//= GM/T 0014 5.2.3
static const struct hf_der_field ent_name_fields[] = {
	HF_DER_FIELD(struct hf_ent_name, hashAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_ent_name, entName, &hf_GeneralName),
	HF_DER_FIELD(struct hf_ent_name, entPubKeyHash, &hf_der_OctetString),
	HF_DER_FIELD(struct hf_ent_name, serialNumber, &hf_der_Integer),
};
const struct hf_der_type hf_EntName = HF_DER_SEQUENCE_TYPE("EntName", struct hf_ent_name, ent_name_fields);

/* A text under context tag n: EXPLICIT with any string inside, or IMPLICIT. */
#define TEXT(Struct, member, n)                                                                                        \
	{                                                                                                              \
		.name = #member,                                                                                       \
		.type = &hf_der_Any,                                                                                   \
		.offset = offsetof(Struct, member.any),                                                                \
		.tag = HF_DER_CTX(n),                                                                                  \
		.flags = HF_DER_OPTIONAL | HF_DER_EXPLICIT,                                                            \
	},                                                                                                             \
	{                                                                                                              \
		.name = #member, .type = &hf_der_OctetString, .offset = offsetof(Struct, member.implicit),             \
		.tag = HF_DER_CTX(n), .flags = HF_DER_OPTIONAL,                                                        \
	}

static const struct hf_der_field app_user_info_fields[] = {
	HF_DER_FIELD(struct hf_app_user_info, userCertNo, &hf_der_Integer),
	HF_DER_FIELD(struct hf_app_user_info, userPubKey, &hf_SubjectPublicKeyInfo),
	HF_DER_FIELD(struct hf_app_user_info, notBefore, &hf_der_GeneralizedTime),
	HF_DER_FIELD(struct hf_app_user_info, notAfter, &hf_der_GeneralizedTime),
	TEXT(struct hf_app_user_info, userName, 0),
	TEXT(struct hf_app_user_info, dsCode, 1),
	TEXT(struct hf_app_user_info, extendInfo, 2),
};
static const struct hf_der_type AppUserInfo =
	HF_DER_SEQUENCE_TYPE("AppUserInfo", struct hf_app_user_info, app_user_info_fields);

static const struct hf_der_field apply_fields[] = {
	HF_DER_FIELD(struct hf_apply_key_req, appKeyType, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_apply_key_req, appKeyLen, &hf_der_Integer),
	HF_DER_FIELD(struct hf_apply_key_req, retAsymAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_apply_key_req, retSymAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_apply_key_req, retHashAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_apply_key_req, appUserInfo, &AppUserInfo),
};
static const struct hf_der_type ApplyKeyReq =
	HF_DER_SEQUENCE_TYPE("ApplyKeyReq", struct hf_apply_key_req, apply_fields);

static const struct hf_der_field restore_fields[] = {
	HF_DER_FIELD(struct hf_restore_key_req, retAsymAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_restore_key_req, retSymAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_restore_key_req, retHashAlg, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_restore_key_req, userCertNo, &hf_der_Integer),
	HF_DER_FIELD(struct hf_restore_key_req, userPubKey, &hf_SubjectPublicKeyInfo),
};
static const struct hf_der_type RestoreKeyReq =
	HF_DER_SEQUENCE_TYPE("RestoreKeyReq", struct hf_restore_key_req, restore_fields);

static const struct hf_der_field revoke_fields[] = {
	HF_DER_FIELD(struct hf_revoke_key_req, userCertNo, &hf_der_Integer),
};
static const struct hf_der_type RevokeKeyReq =
	HF_DER_SEQUENCE_TYPE("RevokeKeyReq", struct hf_revoke_key_req, revoke_fields);

/* The last alternative is a bare INTEGER, which some peers send for RevokeKeyReq. */
#define REQUEST struct hf_km_request_der
static const struct hf_der_field request_fields[] = {
	HF_DER_FIELD(REQUEST, applykeyreq, &ApplyKeyReq, .tag = HF_DER_CTX(0)),
	HF_DER_FIELD(REQUEST, restorekeyreq, &RestoreKeyReq, .tag = HF_DER_CTX(1)),
	HF_DER_FIELD(REQUEST, revokekeyreq, &RevokeKeyReq, .tag = HF_DER_CTX(2)),
	HF_DER_FIELD(REQUEST, revokekeyreq.userCertNo, &hf_der_Integer, .tag = HF_DER_CTX(2)),
};
static const struct hf_der_field request_explicit_fields[] = {
	HF_DER_FIELD(REQUEST, applykeyreq, &ApplyKeyReq, .tag = HF_DER_CTX(0), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(REQUEST, restorekeyreq, &RestoreKeyReq, .tag = HF_DER_CTX(1), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(REQUEST, revokekeyreq, &RevokeKeyReq, .tag = HF_DER_CTX(2), .flags = HF_DER_EXPLICIT),
};
const struct hf_der_type hf_km_Request = HF_DER_CHOICE_TYPE("Request", REQUEST, request_fields);
const struct hf_der_type hf_km_RequestExplicit = HF_DER_CHOICE_TYPE("Request", REQUEST, request_explicit_fields);

static const struct hf_der_field ret_key_fields[] = {
	HF_DER_FIELD(struct hf_ret_key_respond, userCertNo, &hf_der_Integer),
	HF_DER_FIELD(struct hf_ret_key_respond, retPubKey, &hf_SubjectPublicKeyInfo),
	HF_DER_FIELD(struct hf_ret_key_respond, retPriKey, &hf_der_Any),
};
static const struct hf_der_type RetKeyRespond =
	HF_DER_SEQUENCE_TYPE("RetKeyRespond", struct hf_ret_key_respond, ret_key_fields);
static const struct hf_der_type RevokeKeyRespond =
	HF_DER_SEQUENCE_TYPE("RevokeKeyRespond", struct hf_revoke_key_req, revoke_fields);

static const struct hf_der_field error_fields[] = {
	HF_DER_FIELD(struct hf_error_pkg_respond, errNo, &hf_der_Integer),
	TEXT(struct hf_error_pkg_respond, errDesc, 0),
};
static const struct hf_der_type ErrorPkgRespond =
	HF_DER_SEQUENCE_TYPE("ErrorPkgRespond", struct hf_error_pkg_respond, error_fields);

#define RESPOND struct hf_km_respond_der
static const struct hf_der_field respond_fields[] = {
	HF_DER_FIELD(RESPOND, applyKeyRespond, &RetKeyRespond, .tag = HF_DER_CTX(0)),
	HF_DER_FIELD(RESPOND, restoreKeyRespond, &RetKeyRespond, .tag = HF_DER_CTX(1)),
	HF_DER_FIELD(RESPOND, revokeKeyRespond, &RevokeKeyRespond, .tag = HF_DER_CTX(2)),
	HF_DER_FIELD(RESPOND, errorPkgRespond, &ErrorPkgRespond, .tag = HF_DER_CTX(3)),
};
static const struct hf_der_field respond_explicit_fields[] = {
	HF_DER_FIELD(RESPOND, applyKeyRespond, &RetKeyRespond, .tag = HF_DER_CTX(0), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(RESPOND, restoreKeyRespond, &RetKeyRespond, .tag = HF_DER_CTX(1), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(RESPOND, revokeKeyRespond, &RevokeKeyRespond, .tag = HF_DER_CTX(2), .flags = HF_DER_EXPLICIT),
	HF_DER_FIELD(RESPOND, errorPkgRespond, &ErrorPkgRespond, .tag = HF_DER_CTX(3), .flags = HF_DER_EXPLICIT),
};
const struct hf_der_type hf_km_Respond = HF_DER_CHOICE_TYPE("Respond", RESPOND, respond_fields);
const struct hf_der_type hf_km_RespondExplicit = HF_DER_CHOICE_TYPE("Respond", RESPOND, respond_explicit_fields);

static const struct hf_der_field err_desc_fields[] = {
	{.name = "errDesc", .type = &hf_der_Utf8String, .offset = 0},
};
const struct hf_der_type hf_km_ErrDesc = HF_DER_SEQUENCE_TYPE("ErrDesc", struct hf_bytes, err_desc_fields);

/* Elements are read one by one, since each may be tagged in two ways. */
static const struct hf_der_type any_list = HF_DER_OF_TYPE("SEQUENCE OF CHOICE", HF_DER_SEQUENCE_OF, &hf_der_Any, 1);

#define KS struct hf_ks_message
static const struct hf_der_field ks_request_fields[] = {
	HF_DER_FIELD(KS, version, &hf_der_Small),
	{.name = "caName", .type = &hf_EntName, .offset = offsetof(KS, name)},
	{.name = "requestList", .type = &any_list, .offset = offsetof(KS, list)},
	{.name = "requestTime", .type = &hf_der_GeneralizedTime, .offset = offsetof(KS, time)},
	HF_DER_FIELD(KS, taskNO, &hf_der_Integer),
};
static const struct hf_der_field ks_respond_fields[] = {
	HF_DER_FIELD(KS, version, &hf_der_Small),
	{.name = "kmName", .type = &hf_EntName, .offset = offsetof(KS, name)},
	{.name = "respondList", .type = &any_list, .offset = offsetof(KS, list)},
	{.name = "respondTime", .type = &hf_der_GeneralizedTime, .offset = offsetof(KS, time)},
	HF_DER_FIELD(KS, taskNO, &hf_der_Integer),
};
const struct hf_der_type hf_km_KSRequest = HF_DER_SEQUENCE_TYPE("KSRequest", KS, ks_request_fields);
const struct hf_der_type hf_km_KSRespond = HF_DER_SEQUENCE_TYPE("KSRespond", KS, ks_respond_fields);

static const struct hf_der_field signed_fields[] = {
	HF_DER_FIELD(struct hf_km_signed, tbs, &hf_der_Any),
	HF_DER_FIELD(struct hf_km_signed, signatureAlgorithm, &hf_AlgorithmIdentifier),
	HF_DER_FIELD(struct hf_km_signed, signatureValue, &hf_der_OctetString),
};
const struct hf_der_type hf_km_Signed =
	HF_DER_SEQUENCE_TYPE("CARequest or KMRespond", struct hf_km_signed, signed_fields);

const struct hf_km_error_text hf_km_errors[] = {
	{HF_KM_ERR_VERIFY, "verify", "the request's signature is wrong", "请求验证失败"},
	{HF_KM_ERR_INTERNAL, "internal", "the KM failed; ask again", "密钥管理系统内部错误"},
	{HF_KM_ERR_RESPOND, "respond", "the respond's signature is wrong", "响应验证失败"},
	{HF_KM_ERR_RECEIPT, "receipt", "the receipt's signature is wrong", "回执验证失败"},
	{HF_KM_ERR_MALFORMED, "malformed", "the message is not a CARequest in DER", "请求格式错误"},
	{HF_KM_ERR_UNKNOWN_CA, "unknown-ca", "no such CA is registered at this KM", "未登记的证书认证系统"},
	{HF_KM_ERR_VERSION, "version", "the version is not v2 (1)", "不支持的协议版本"},
	{HF_KM_ERR_TASK_CONFLICT, "task-conflict", "the taskNO was used with another body", "任务号已用于其他请求"},
	{HF_KM_ERR_TIME, "time", "requestTime is too far from this KM's clock", "请求时间超出允许范围"},
	{HF_KM_ERR_LIMIT, "limit", "too many requests in one message", "请求数量超过上限"},
	{HF_KM_ERR_BUSY, "busy", "the KM is busy; ask again later", "系统忙，请稍后重试"},
	{HF_KM_ERR_ALGORITHM, "algorithm", "an algorithm or key length that this KM does not serve",
		"不支持的算法或密钥长度"},
	{HF_KM_ERR_CERT_NO, "cert-no", "userCertNo is not a serial (positive, at most 20 octets)",
		"用户证书序列号无效"},
	{HF_KM_ERR_CERT_NO_USED, "cert-no-used", "this CA has used userCertNo already", "用户证书序列号已被使用"},
	{HF_KM_ERR_USER_KEY, "user-key", "userPubKey is not an SM2 key on the curve", "用户公钥无效"},
	{HF_KM_ERR_VALIDITY, "validity", "notAfter is not behind notBefore", "密钥有效期无效"},
	{HF_KM_ERR_USER_INFO, "user-info", "userName, dsCode or extendInfo is too long or no string", "用户信息无效"},
	{HF_KM_ERR_NO_SUCH_KEY, "no-such-key", "no key of this userCertNo from this CA", "密钥不存在"},
	{HF_KM_ERR_KEY_STATE, "key-state", "the key's state does not allow it", "密钥状态不允许该操作"},
	{HF_KM_ERR_NO_SPARE_KEY, "no-spare-key", "the spare library is empty; ask again later",
		"备用密钥库已空，请稍后重试"},
	{HF_KM_ERR_NONE, NULL, NULL, NULL},
};

const struct hf_km_error_text *hf_km_error_find(int64_t number)
{
	for (const struct hf_km_error_text *text = hf_km_errors; text->name; text++)
		if ((int64_t)text->number == number)
			return text;
	return NULL;
}

struct hf_ent_name hf_ent_name_of(const struct hf_cert *cert, uint8_t hash[HF_SM3_LEN])
{
	hf_sm3(cert->tbs.subjectPublicKeyInfo.subjectPublicKey.bytes, hash);
	return (struct hf_ent_name){
		.hashAlgorithm = hf_alg_of(HF_OID_SM3),
		.entName = {HF_GN_DIRECTORY_NAME, cert->tbs.subject},
		.entPubKeyHash = {hash, HF_SM3_LEN},
		.serialNumber = cert->tbs.serialNumber,
	};
}

static bool is_key_hash(struct hf_bytes hash, const struct hf_cert *cert)
{
	uint8_t want[HF_SM3_LEN];
	struct hf_buf spki;

	hf_sm3(cert->tbs.subjectPublicKeyInfo.subjectPublicKey.bytes, want);
	if (hf_bytes_equal(hash, HF_BYTES_OF(want)))
		return true;
	hf_buf_init(&spki, HF_KM_MESSAGE_MAX);
	bool ok = hf_der_encode(&hf_SubjectPublicKeyInfo, &cert->tbs.subjectPublicKeyInfo, &spki, NULL);
	hf_sm3(hf_buf_bytes(&spki), want);
	hf_buf_clear(&spki);
	return ok && hf_bytes_equal(hash, HF_BYTES_OF(want));
}

bool hf_ent_name_check(const struct hf_ent_name *name, const struct hf_cert *cert, struct hf_err *err)
{
	if (name->entName.which != HF_GN_DIRECTORY_NAME || !hf_name_equal(name->entName.value, cert->tbs.subject))
		return hf_fail(err, HF_E_DENIED, "EntName: entName is not the subject of the registered certificate");
	if (!hf_bytes_equal(name->serialNumber, cert->tbs.serialNumber))
		return hf_fail(err, HF_E_DENIED, "EntName: serialNumber is not that of the registered certificate");
	if (!hf_alg_is(&name->hashAlgorithm, HF_OID_SM3) || !is_key_hash(name->entPubKeyHash, cert))
		return hf_fail(
			err, HF_E_DENIED, "EntName: entPubKeyHash is not SM3 of the registered certificate's key");
	return true;
}

/* The string inside an EXPLICIT tag; an ErrDesc has one more SEQUENCE around it. */
static bool read_string(struct hf_bytes any, struct hf_bytes *out, struct hf_err *err)
{
	struct hf_der_tlv tlv;
	struct hf_bytes rest = any;

	if (!hf_der_next(&rest, &tlv, err))
		return false;
	if (tlv.tag == 0x30)
		return hf_der_decode(&hf_km_ErrDesc, any, out, err);
	if (tlv.tag != 0x04 && tlv.tag != 0x0C && tlv.tag != 0x13 && tlv.tag != 0x16)
		return hf_fail(err, HF_E_INPUT, "tag %02x is no string", tlv.tag);
	*out = tlv.content;
	return true;
}

bool hf_km_text_read(const struct hf_km_text *text, struct hf_bytes *out, struct hf_err *err)
{
	*out = text->implicit;
	if (!text->any.p)
		return true;
	if (text->implicit.p)
		return hf_fail(err, HF_E_INPUT, "twice");
	return read_string(text->any, out, err);
}

bool hf_km_decode_either(const struct hf_der_type *implicit, const struct hf_der_type *with_explicit,
	struct hf_bytes der, void *out, struct hf_err *err)
{
	return hf_der_decode(implicit, der, out, err) || hf_der_decode(with_explicit, der, out, NULL);
}

bool hf_km_number_ok(struct hf_bytes number)
{
	return number.len > 0 && number.len <= HF_SERIAL_MAX && !(number.p[0] & 0x80) &&
	       !(number.len == 1 && number.p[0] == 0);
}

bool hf_km_message_read(
	struct hf_bytes tbs, const struct hf_der_type *type, struct hf_km_message *message, struct hf_err *err)
{
	struct hf_ks_message ks;

	if (tbs.len > HF_KM_MESSAGE_MAX)
		return hf_fail(err, HF_E_LIMIT, "%s: %zu octets, at most %zu", type->name, tbs.len, HF_KM_MESSAGE_MAX);
	if (!hf_der_decode(type, tbs, &ks, err))
		return false;
	if (ks.version != HF_KM_VERSION)
		return hf_fail(err, HF_E_INPUT, "%s: version is not v2, 1 (GM/T 0014 5.2.3)", type->name);
	if (ks.list.num > HF_KM_REQUESTS_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "%s: %zu elements, at most %d", type->name, ks.list.num, HF_KM_REQUESTS_MAX);
	if (ks.taskNO.len > HF_SERIAL_MAX || (ks.taskNO.p[0] & 0x80))
		return hf_fail(err, HF_E_INPUT, "%s: taskNO is negative or longer than 20 octets", type->name);
	*message = (struct hf_km_message){
		.tbs = tbs,
		.sender = ks.name,
		.at = ks.time,
		.taskNO = ks.taskNO,
		.list = ks.list,
	};
	return true;
}

bool hf_km_message_open(struct hf_bytes der, struct hf_bytes *tbs, struct hf_bytes *signature, struct hf_err *err)
{
	struct hf_km_signed outer;

	if (der.len > HF_KM_MESSAGE_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "CARequest or KMRespond: %zu octets, at most %zu", der.len, HF_KM_MESSAGE_MAX);
	if (!hf_der_decode(&hf_km_Signed, der, &outer, err))
		return false;
	if (!hf_alg_check_sm2_sm3(&outer.signatureAlgorithm, err))
		return hf_fail_in(err, "CARequest or KMRespond: signatureAlgorithm");
	*tbs = outer.tbs;
	*signature = outer.signatureValue;
	return true;
}

bool hf_km_message_tbs(const struct hf_der_type *type, const struct hf_cert *sender, struct hf_bytes taskNO, int64_t at,
	const struct hf_buf *list, struct hf_buf *out, struct hf_err *err)
{
	uint8_t hash[HF_SM3_LEN];
	struct hf_ks_message ks = {
		.version = HF_KM_VERSION,
		.name = hf_ent_name_of(sender, hash),
		.list = hf_der_list_of(list),
		.time = at - at % HF_SECOND,
		.taskNO = taskNO,
	};

	if (ks.list.num > HF_KM_REQUESTS_MAX)
		return hf_fail(
			err, HF_E_LIMIT, "%s: %zu elements, at most %d", type->name, ks.list.num, HF_KM_REQUESTS_MAX);
	if (taskNO.len > HF_SERIAL_MAX)
		return hf_fail(err, HF_E_INPUT, "%s: taskNO is longer than 20 octets", type->name);
	size_t before = out->len;
	if (!hf_der_encode(type, &ks, out, err))
		return false;
	if (out->len - before <= HF_KM_MESSAGE_MAX - HF_SIGNED_EXTRA)
		return true;
	out->len = before;
	return hf_fail(err, HF_E_LIMIT, "%s: larger than %zu octets; send fewer in one message", type->name,
		HF_KM_MESSAGE_MAX);
}

bool hf_km_message_verify(const struct hf_km_message *message, const struct hf_cert *cert, struct hf_err *err)
{
	if (!cert->is_sm2)
		return hf_fail(err, HF_E_DENIED, "the registered certificate has no SM2 key");
	return hf_ent_name_check(&message->sender, cert, err) &&
	       hf_signed_verify(cert->pub, message->tbs, message->signature, err);
}
