#include "x509/kmproto_int.h"

#include "base/clock.h"
#include "x509/signed.h"

static const uint8_t key_len[] = {0x01, 0x00}; /* 256 */

/* The buffers that one request's texts lie in. */
struct texts {
	struct hf_buf userName, dsCode, extendInfo;
};

static bool put_text(struct hf_buf *buf, const struct hf_der_type *type, struct hf_bytes text, struct hf_km_text *out,
	struct hf_err *err)
{
	if (!text.p)
		return true;
	if (text.len > HF_KM_TEXT_MAX)
		return hf_fail(err, HF_E_INPUT, "%zu octets, at most %d", text.len, HF_KM_TEXT_MAX);
	if (!hf_der_encode(type, &text, buf, err))
		return false;
	out->any = hf_buf_bytes(buf);
	return true;
}

//= GM/T 0014 5.2.3.1
static bool fill_apply(
	const struct hf_km_ask *ask, struct hf_apply_key_req *req, struct texts *texts, struct hf_err *err)
{
	struct hf_app_user_info *info = &req->appUserInfo;

	req->appKeyType = hf_alg_of(HF_OID_SM2);
	req->appKeyLen = HF_BYTES_OF(key_len);
	req->retAsymAlg = hf_alg_of(HF_OID_SM2_ENCRYPT);
	req->retSymAlg = hf_alg_of(HF_OID_SM4);
	req->retHashAlg = hf_alg_of(HF_OID_SM3);
	info->userCertNo = ask->userCertNo;
	info->notBefore = ask->notBefore - ask->notBefore % HF_SECOND;
	info->notAfter = ask->notAfter - ask->notAfter % HF_SECOND;
	if (!put_text(&texts->userName, &hf_der_OctetString, ask->userName, &info->userName, err))
		return hf_fail_in(err, "userName");
	if (!put_text(&texts->dsCode, &hf_der_Ia5String, ask->dsCode, &info->dsCode, err))
		return hf_fail_in(err, "dsCode");
	if (!put_text(&texts->extendInfo, &hf_der_Ia5String, ask->extendInfo, &info->extendInfo, err))
		return hf_fail_in(err, "extendInfo");
	return true;
}

static void fill_restore(const struct hf_km_ask *ask, struct hf_restore_key_req *req)
{
	req->retAsymAlg = hf_alg_of(HF_OID_SM2_ENCRYPT);
	req->retSymAlg = hf_alg_of(HF_OID_SM4);
	req->retHashAlg = hf_alg_of(HF_OID_SM3);
	req->userCertNo = ask->userCertNo;
}

static bool add_request(const struct hf_km_ask *ask, struct texts *texts, struct hf_buf *list, struct hf_err *err)
{
	struct hf_km_request_der object = {.which = (int)ask->verb};
	uint8_t point[HF_SM2_POINT_DER];

	if (!hf_km_number_ok(ask->userCertNo))
		return hf_fail(err, HF_E_INPUT, "userCertNo is not a positive number of at most 20 octets");
	switch (ask->verb) {
	case HF_KM_APPLY:
		if (!fill_apply(ask, &object.applykeyreq, texts, err))
			return false;
		object.applykeyreq.appUserInfo.userPubKey = hf_spki_of(ask->userPubKey, point);
		break;
	case HF_KM_RESTORE:
		fill_restore(ask, &object.restorekeyreq);
		object.restorekeyreq.userPubKey = hf_spki_of(ask->userPubKey, point);
		break;
	case HF_KM_REVOKE:
		object.revokekeyreq.userCertNo = ask->userCertNo;
		break;
	default:
		return hf_fail(err, HF_E_INPUT, "no such kind of request");
	}
	return hf_der_list_add(list, &hf_km_Request, &object, err);
}

bool hf_km_request_tbs(const struct hf_cert *ca, struct hf_bytes taskNO, int64_t at, const struct hf_km_ask *asks,
	size_t num, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf list;
	struct texts texts;
	bool ok = true;

	hf_buf_init(&list, HF_KM_MESSAGE_MAX);
	hf_buf_init(&texts.userName, HF_KM_TEXT_MAX + 8);
	hf_buf_init(&texts.dsCode, HF_KM_TEXT_MAX + 8);
	hf_buf_init(&texts.extendInfo, HF_KM_TEXT_MAX + 8);
	for (size_t i = 0; ok && i < num; i++) {
		hf_buf_reset(&texts.userName);
		hf_buf_reset(&texts.dsCode);
		hf_buf_reset(&texts.extendInfo);
		ok = add_request(&asks[i], &texts, &list, err) || hf_fail_in(err, "Request %zu", i + 1);
	}
	ok = ok && hf_km_message_tbs(&hf_km_KSRequest, ca, taskNO, at, &list, out, err);
	hf_buf_clear(&texts.extendInfo);
	hf_buf_clear(&texts.dsCode);
	hf_buf_clear(&texts.userName);
	hf_buf_clear(&list);
	return ok;
}

/* ---- reading ---- */

static bool return_algorithms_ok(const struct hf_alg *asym, const struct hf_alg *sym, const struct hf_alg *hash)
{
	return (hf_alg_is(asym, HF_OID_SM2_ENCRYPT) || hf_alg_is(asym, HF_OID_SM2)) &&
	       (hf_alg_is(sym, HF_OID_SM4) || hf_alg_is(sym, HF_OID_SM4_ECB)) && hf_alg_is(hash, HF_OID_SM3);
}

static bool read_text(const struct hf_km_text *text, struct hf_bytes *out)
{
	return hf_km_text_read(text, out, NULL) && out->len <= HF_KM_TEXT_MAX;
}

/* The key types that mean SM2 of 256 bits, with or without the curve as parameter. */
static bool is_key_type(const struct hf_alg *alg)
{
	return hf_alg_is(alg, HF_OID_SM2) || hf_oid_is(alg->algorithm, HF_OID_EC_PUBLIC_KEY);
}

static enum hf_km_error read_apply(const struct hf_apply_key_req *req, struct hf_km_ask *ask)
{
	const struct hf_app_user_info *info = &req->appUserInfo;

	ask->userCertNo = info->userCertNo;
	ask->notBefore = info->notBefore;
	ask->notAfter = info->notAfter;
	if (!is_key_type(&req->appKeyType) || !hf_bytes_equal(req->appKeyLen, HF_BYTES_OF(key_len)) ||
		!return_algorithms_ok(&req->retAsymAlg, &req->retSymAlg, &req->retHashAlg))
		return HF_KM_ERR_ALGORITHM;
	if (!read_text(&info->userName, &ask->userName) || !read_text(&info->dsCode, &ask->dsCode) ||
		!read_text(&info->extendInfo, &ask->extendInfo))
		return HF_KM_ERR_USER_INFO;
	if (ask->notAfter <= ask->notBefore)
		return HF_KM_ERR_VALIDITY;
	return hf_spki_sm2(&info->userPubKey, ask->userPubKey, NULL) ? HF_KM_ERR_NONE : HF_KM_ERR_USER_KEY;
}

static enum hf_km_error read_restore(const struct hf_restore_key_req *req, struct hf_km_ask *ask)
{
	ask->userCertNo = req->userCertNo;
	if (!return_algorithms_ok(&req->retAsymAlg, &req->retSymAlg, &req->retHashAlg))
		return HF_KM_ERR_ALGORITHM;
	return hf_spki_sm2(&req->userPubKey, ask->userPubKey, NULL) ? HF_KM_ERR_NONE : HF_KM_ERR_USER_KEY;
}

static bool read_ask(struct hf_bytes der, struct hf_km_ask *ask, struct hf_err *err)
{
	struct hf_km_request_der object;

	*ask = (struct hf_km_ask){0};
	if (!hf_km_decode_either(&hf_km_Request, &hf_km_RequestExplicit, der, &object, err))
		return false;
	ask->verb = object.which > HF_KM_REVOKE ? HF_KM_REVOKE : (enum hf_km_verb)object.which;
	if (ask->verb == HF_KM_APPLY)
		ask->error = read_apply(&object.applykeyreq, ask);
	else if (ask->verb == HF_KM_RESTORE)
		ask->error = read_restore(&object.restorekeyreq, ask);
	else
		ask->userCertNo = object.revokekeyreq.userCertNo;
	if (!hf_km_number_ok(ask->userCertNo))
		ask->error = HF_KM_ERR_CERT_NO;
	return true;
}

bool hf_km_request_tbs_parse(struct hf_bytes tbs, struct hf_km_message *message, struct hf_err *err)
{
	struct hf_km_ask ask;
	struct hf_bytes element;
	size_t at = 0;

	if (!hf_km_message_read(tbs, &hf_km_KSRequest, message, err))
		return false;
	for (struct hf_der_list rest = message->list; hf_der_list_next_raw(&rest, &element); at++)
		if (!read_ask(element, &ask, err))
			return hf_fail_in(err, "KSRequest: request %zu", at + 1);
	return true;
}

bool hf_km_request_parse(struct hf_bytes der, struct hf_km_message *message, struct hf_err *err)
{
	struct hf_bytes tbs, signature;

	if (!hf_km_message_open(der, &tbs, &signature, err) || !hf_km_request_tbs_parse(tbs, message, err))
		return false;
	message->signature = signature;
	return true;
}

bool hf_km_ask_next(struct hf_der_list *rest, struct hf_km_ask *ask)
{
	struct hf_bytes element;

	if (!hf_der_list_next_raw(rest, &element))
		return false;
	if (!read_ask(element, ask, NULL))
		hf_bug(__FILE__, __LINE__, "a request that was not parsed");
	return true;
}
