#include "cmd/produce_int.h"

#include "api/json.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "x509/cert.h"
#include "x509/cms.h"
#include "x509/sm2sig.h"

#include <string.h>

#define POST_PATH_MAX 256
#define RECEIPT_MAX   1024

void hf_made_init(struct hf_made *made)
{
	memset(made, 0, sizeof(*made));
	hf_buf_init(&made->csr, HF_CSR_MAX);
	hf_buf_init(&made->sign_der, HF_CERT_MAX);
	hf_buf_init(&made->enc_der, HF_CERT_MAX);
	hf_buf_init(&made->envelope, 65536);
	for (size_t i = 0; i < HF_MADE_CHAIN; i++)
		hf_buf_init(&made->chain[i], HF_CERT_MAX);
}

void hf_made_clear(struct hf_made *made)
{
	hf_buf_clear(&made->csr);
	hf_buf_clear(&made->sign_der);
	hf_buf_clear(&made->enc_der);
	hf_buf_clear(&made->envelope);
	for (size_t i = 0; i < HF_MADE_CHAIN; i++)
		hf_buf_clear(&made->chain[i]);
}

/* ---- the certification request ---------------------------------------------------------------------------------- */

static bool sign_by_token(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	const struct hf_made *made = ctx;

	for (size_t i = 0; i < num; i++)
		if (!hf_token_sign_message(made->token, made->container, tbs[i], sigs[i], err))
			return false;
	return true;
}

static bool make_csr(struct hf_made *made, struct hf_err *err)
{
	struct hf_signer signer = {.sign = sign_by_token, .ctx = made};

	memcpy(signer.pub, made->pub, sizeof(signer.pub));
	hf_buf_reset(&made->csr);
	return hf_csr_make(&signer, made->subject, &made->csr, err);
}

static bool post(struct hf_made *made, const char *step, const struct hf_buf *body, enum hf_code wait_code,
	struct hf_buf *answer, struct hf_err *err)
{
	char path[POST_PATH_MAX];
	const struct hf_client_ask ask = {
		.service = "ra",
		.method = "POST",
		.path = path,
		.body = hf_buf_bytes(body),
		.unsigned_call = true, /* the ticket authorises it */
		.wait_code = wait_code,
	};

	return (hf_fmt(path, sizeof(path), "/v1/produce/%s/%s", made->id, step) ||
		       hf_fail(err, HF_E_INPUT, "an application's id is too long")) &&
	       hf_client_call_on(made->client, made->http, &ask, answer, err);
}

static bool read_chain(struct hf_made *made, const struct hf_json *doc, struct hf_err *err)
{
	struct hf_json list;
	size_t num;

	if (!hf_json_array(doc, "chain", HF_MADE_CHAIN, &list, &num, err))
		return false;
	for (size_t i = 0; i < num; i++)
		if (!hf_json_item_base64(&list, i, &made->chain[i], err))
			return false;
	made->num_chain = num;
	return true;
}

static bool read_issued(struct hf_made *made, struct hf_bytes answer, struct hf_err *err)
{
	struct hf_json doc;
	bool ok;

	if (!hf_json_parse(answer, &doc, err))
		return false;
	ok = hf_json_base64(&doc, "sign_cert", &made->sign_der, err) &&
	     hf_json_base64(&doc, "enc_cert", &made->enc_der, err) &&
	     hf_json_base64(&doc, "envelope", &made->envelope, err) &&
	     hf_json_hex(&doc, "enc_public", made->enc_public, sizeof(made->enc_public), err) &&
	     read_chain(made, &doc, err) && hf_decode_cert(hf_buf_bytes(&made->sign_der), &made->sign_cert, err) &&
	     hf_decode_cert(hf_buf_bytes(&made->enc_der), &made->enc_cert, err);
	hf_json_free(&doc);
	return ok;
}

/* ---- is it what was asked for? ---------------------------------------------------------------------------------- */

static bool check_one(const struct hf_made *made, const struct hf_cert *cert, const uint8_t pub[HF_SM2_POINT],
	unsigned usage, const char *what, struct hf_err *err)
{
	if (!hf_cert_verify(cert, made->ca, err))
		return hf_fail_in(err, "the %s certificate", what);
	if (!hf_name_equal(cert->tbs.subject, made->subject))
		return hf_fail(err, HF_E_VERIFY, "the %s certificate is for another subject than the claim", what);
	if (!cert->is_sm2 || memcmp(cert->pub, pub, HF_SM2_POINT) != 0)
		return hf_fail(err, HF_E_VERIFY, "the %s certificate is for another public key", what);
	//= GM/T 0015 5.2.4.2.3
	if (cert->key_usage != usage)
		return hf_fail(
			err, HF_E_VERIFY, "the %s certificate's keyUsage is not that of its kind (GM/T 0015)", what);
	return true;
}

bool hf_made_check(const struct hf_made *made, struct hf_err *err)
{
	if (!check_one(made, &made->sign_cert, made->pub, HF_KU_DIGITAL_SIGNATURE | HF_KU_NON_REPUDIATION, "signing",
		    err) ||
		!check_one(made, &made->enc_cert, made->enc_public,
			HF_KU_KEY_ENCIPHERMENT | HF_KU_DATA_ENCIPHERMENT | HF_KU_KEY_AGREEMENT, "encryption", err))
		return false;
	if (memcmp(made->pub, made->enc_public, HF_SM2_POINT) == 0)
		return hf_fail(err, HF_E_VERIFY, "both certificates have one key");
	if (made->num_chain == 0 || !hf_bytes_equal(hf_buf_bytes(&made->chain[0]), made->ca->der))
		return hf_fail(err, HF_E_VERIFY, "the chain does not begin with this home's ca.crt");
	return true;
}

bool hf_made_ask(struct hf_made *made, struct hf_err *err)
{
	struct hf_json_writer json;
	struct hf_buf body, answer;
	bool ok = false;

	hf_buf_init(&body, 131072);
	hf_buf_init(&answer, 1 << 20);
	if (make_csr(made, err)) {
		hf_json_writer_init(&json, &body);
		hf_json_write_object(&json, NULL);
		hf_json_write_str(&json, "ticket", made->ticket);
		hf_json_write_base64(&json, "pkcs10", hf_buf_bytes(&made->csr));
		hf_json_write_end(&json);
		const int64_t from = hf_ticks();
		/* HF_E_STATE: the same application is being issued by a call whose answer was lost. */
		ok = post(made, "csr", &body, HF_E_STATE, &answer, err);
		made->issue_us = hf_ticks() - from;
		ok = ok && ((read_issued(made, hf_buf_bytes(&answer), err) && hf_made_check(made, err)) ||
				   hf_fail_in(err, "what the RA answered for %s", made->id));
	}
	hf_buf_clear(&answer);
	hf_buf_clear(&body);
	return ok;
}

/* ---- into the token --------------------------------------------------------------------------------------------- */

//= GM/T 0016 6.4.10
static bool import_pair(struct hf_made *made, struct hf_err *err)
{
	struct hf_token_envelope envelope = {.place = HF_TOKEN_PLACE_END};
	struct hf_sealed_key sealed;

	if (!hf_sealed_key_parse(hf_buf_bytes(&made->envelope), &sealed, err))
		return false;
	memcpy(envelope.enc_priv, sealed.enc_private, sizeof(envelope.enc_priv));
	memcpy(envelope.key_cipher, sealed.sym_cipher, sizeof(envelope.key_cipher));
	memcpy(envelope.pub, made->enc_public, sizeof(envelope.pub));
	if (hf_token_import_pair(made->token, made->container, &envelope, err))
		return true;
	/* GM/T 0016 has one field for two lengths; makers read it from either end. */
	if (err->code != HF_E_INPUT)
		return false;
	envelope.place = HF_TOKEN_PLACE_START;
	return hf_token_import_pair(made->token, made->container, &envelope, err);
}

bool hf_made_import(struct hf_made *made, struct hf_err *err)
{
	return hf_token_import_cert(made->token, made->container, HF_TOKEN_SIGN, hf_buf_bytes(&made->sign_der), err) &&
	       import_pair(made, err) &&
	       hf_token_import_cert(made->token, made->container, HF_TOKEN_ENC, hf_buf_bytes(&made->enc_der), err);
}

bool hf_receipt_text(
	const struct hf_made *made, const char *token, const char *at, struct hf_buf *out, struct hf_err *err)
{
	char sign_serial[HF_SERIAL_TEXT_MAX], enc_serial[HF_SERIAL_TEXT_MAX];
	uint8_t sign_hash[HF_SM3_LEN], enc_hash[HF_SM3_LEN];

	hf_serial_text(made->sign_cert.tbs.serialNumber, sign_serial);
	hf_serial_text(made->enc_cert.tbs.serialNumber, enc_serial);
	hf_sm3(made->sign_cert.der, sign_hash);
	hf_sm3(made->enc_cert.der, enc_hash);
	(void)hf_buf_printf(out, "HUFU-RECEIPT-1\n%s\n%s\n%s\n", made->id, sign_serial, enc_serial);
	(void)hf_hex_put(out, HF_BYTES_OF(sign_hash));
	(void)hf_buf_put_u8(out, '\n');
	(void)hf_hex_put(out, HF_BYTES_OF(enc_hash));
	(void)hf_buf_printf(out, "\n%s\n%s\n", token, at);
	return hf_buf_ok(out) || hf_fail(err, HF_E_LIMIT, "the receipt is longer than %zu octets", out->max);
}

static bool put_receipt(struct hf_made *made, const char *token, struct hf_buf *body, struct hf_err *err)
{
	char at[HF_TIME_TEXT_MAX];
	uint8_t sig[HF_SM2_SIG];
	struct hf_json_writer json;
	struct hf_buf text, der;
	bool ok;

	hf_buf_init(&text, RECEIPT_MAX);
	hf_buf_init(&der, HF_SM2SIG_DER_MAX);
	hf_time_text(hf_now(&hf_clock_system), false, at);
	ok = hf_receipt_text(made, token, at, &text, err) &&
	     hf_token_sign_message(made->token, made->container, hf_buf_bytes(&text), sig, err) &&
	     hf_sm2sig_encode(sig, &der, err);
	if (ok) {
		hf_json_writer_init(&json, body);
		hf_json_write_object(&json, NULL);
		hf_json_write_str(&json, "ticket", made->ticket);
		hf_json_write_str(&json, "at", at);
		hf_json_write_str(&json, "token", token);
		hf_json_write_base64(&json, "signature", hf_buf_bytes(&der));
		hf_json_write_end(&json);
	}
	hf_buf_clear(&der);
	hf_buf_clear(&text);
	return ok;
}

bool hf_made_confirm(struct hf_made *made, struct hf_err *err)
{
	struct hf_token_info info;
	struct hf_buf body, answer;
	struct hf_json doc;
	const char *state;
	bool ok = false;

	if (!hf_token_info(made->token, &info, err))
		return false;
	hf_buf_init(&body, 4096);
	hf_buf_init(&answer, 65536);
	if (put_receipt(made, info.serial, &body, err) && post(made, "receipt", &body, HF_OK, &answer, err) &&
		hf_json_parse(hf_buf_bytes(&answer), &doc, err)) {
		ok = hf_json_str(&doc, "state", 32, &state, err) &&
		     (strcmp(state, "installed") == 0 ||
			     hf_fail(err, HF_E_PEER, "the RA took the receipt and says %s", state));
		hf_json_free(&doc);
	}
	hf_buf_clear(&answer);
	hf_buf_clear(&body);
	return ok;
}
