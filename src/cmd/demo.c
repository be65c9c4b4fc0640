#include "cmd/demo.h"

#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/client.h"
#include "cmd/produce.h"
#include "crypto/rand.h"
#include "x509/path.h"
#include "x509/cms.h"
#include "x509/ocsp.h"
#include "x509/profile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NUM_APPLICANTS 3 /* one stays good, one is revoked, one is frozen */
enum { GOOD, REVOKED, FROZEN };
#define MESSAGE     "虎符：合则为信。A tally is believed when its halves match.\n"
#define PATIENCE_US (10 * HF_SECOND)
#define ANSWER_MAX  (8U << 20)

struct demo {
	const struct hf_cmd *cmd;
	struct hf_client client;
	char folder[HF_PATH_MAX];
	char ids[NUM_APPLICANTS][HF_PRODUCE_ID_MAX];
	struct hf_produce_result results[NUM_APPLICANTS];
	struct hf_buf root_der, ca_der, sign_der, enc_der, answer;
	struct hf_cert root, ca, sign, enc;
};

static bool keep_file(const struct demo *d, const char *name, struct hf_bytes content, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	return (hf_fmt(path, sizeof(path), "%s/%s", d->folder, name) ||
		       hf_fail(err, HF_E_LIMIT, "%s: the path is too long", d->folder)) &&
	       hf_file_write(path, content, 0644, err);
}

static bool keep_pem(const struct demo *d, const char *name, const char *label, struct hf_bytes der, struct hf_err *err)
{
	struct hf_buf pem;

	hf_buf_init(&pem, 2 * HF_CERT_MAX);
	hf_pem_put(&pem, label, der);
	bool ok = keep_file(d, name, hf_buf_bytes(&pem), err);
	hf_buf_clear(&pem);
	return ok;
}

static bool read_cert(
	const struct demo *d, const char *name, struct hf_buf *der, struct hf_cert *cert, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf file;

	hf_buf_init(&file, HF_CERT_MAX);
	bool ok = hf_fmt(path, sizeof(path), "%s/%s", d->client.home, name) && hf_file_read(path, &file, err) &&
		  hf_decode_armour(hf_buf_bytes(&file), "CERTIFICATE", der, err) &&
		  hf_decode_cert(hf_buf_bytes(der), cert, err);
	hf_buf_clear(&file);
	return ok && keep_pem(d, name, "CERTIFICATE", hf_buf_bytes(der), err);
}

/* ---- the applicants ---------------------------------------------------------------------------------------------- */

/* A resident identity number with a right check digit (GB 11643), different each time. */
static bool identity_number(char out[19], struct hf_err *err)
{
	static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	uint8_t random[4];
	int sum = 0;

	if (!hf_rand(random, sizeof(random), err))
		return false;
	hf_fmt_cut(out, 19, "110101%04d%02d%02d%03d", 1960 + random[0] % 40, 1 + random[1] % 12, 1 + random[2] % 28,
		(random[2] * 256 + random[3]) % 1000);
	for (int i = 0; i < 17; i++)
		sum += (out[i] - '0') * weights[i];
	out[17] = "10X98765432"[sum % 11];
	out[18] = '\0';
	return true;
}

static bool make_csv(struct hf_buf *csv, struct hf_err *err)
{
	static const char *const names[NUM_APPLICANTS] = {"张虎", "李符", "王信"};

	hf_buf_put_str(csv,
		"template,common_name,id_type,id_number,organization,organizational_unit,state,locality,uscc,"
		"email,phone,validity_days,key_algorithm\n");
	for (int i = 0; i < NUM_APPLICANTS; i++) {
		char id[19];
		if (!identity_number(id, err))
			return false;
		hf_buf_printf(csv,
			"person,%s,resident,%s,北京市数据局,信息中心,,北京市,,demo%d@gov.example.cn,1860000000%d,"
			"365,SM2\n",
			names[i], id, i, i);
	}
	return true;
}

static bool take_ids(struct demo *d, struct hf_err *err)
{
	struct hf_json doc, ids;
	size_t num = 0;

	if (!hf_json_parse(hf_buf_bytes(&d->answer), &doc, err))
		return false;
	bool ok = hf_json_array(&doc, "requests", 1000, &ids, &num, err);
	if (ok && num != NUM_APPLICANTS)
		ok = hf_fail(err, HF_E_INPUT, "%zu of %d applicants were accepted: %.300s", num, NUM_APPLICANTS,
			hf_buf_cstr(&d->answer));
	for (size_t i = 0; ok && i < num; i++) {
		const char *id;
		ok = hf_json_item_str(&ids, i, HF_PRODUCE_ID_MAX - 1, &id, err);
		if (ok)
			hf_fmt_cut(d->ids[i], sizeof(d->ids[i]), "%s", id);
	}
	hf_json_free(&doc);
	return ok;
}

static bool enter(struct demo *d, struct hf_err *err)
{
	char path[64];
	uint8_t random[8];
	char batch[17];
	struct hf_buf csv;
	struct hf_client_ask ask = {.service = "ra", .method = "POST", .path = path, .type = "text/csv"};

	hf_buf_init(&csv, 65536);
	bool ok = hf_rand(random, sizeof(random), err) && make_csv(&csv, err) &&
		  hf_client_operator(&d->client, "luru", err);
	if (ok) {
		hf_hex(HF_BYTES_OF(random), batch);
		hf_fmt_cut(path, sizeof(path), "/v1/batches/demo-%s", batch);
		ask.body = hf_buf_bytes(&csv);
		ok = hf_client_call(&d->client, &ask, &d->answer, err) && take_ids(d, err);
	}
	hf_buf_clear(&csv);
	return ok;
}

static bool review(struct demo *d, struct hf_err *err)
{
	struct hf_client_ask ask = {.service = "ra", .method = "POST", .path = "/v1/review"};
	struct hf_json_writer w;
	struct hf_buf body;

	hf_buf_init(&body, 65536);
	hf_json_writer_init(&w, &body);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "decision", "approve");
	hf_json_write_array(&w, "requests");
	for (int i = 0; i < NUM_APPLICANTS; i++)
		hf_json_write_str(&w, NULL, d->ids[i]);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	ask.body = hf_buf_bytes(&body);
	bool ok = hf_client_operator(&d->client, "shenhe", err) && hf_client_call(&d->client, &ask, &d->answer, err);
	hf_buf_clear(&body);
	return ok;
}

static bool keep_chain(const struct demo *d, const struct hf_produced *produced, struct hf_err *err)
{
	struct hf_buf pem;

	hf_buf_init(&pem, 4 * HF_CERT_MAX);
	for (size_t i = 0; i < produced->num_chain; i++)
		hf_pem_put(&pem, "CERTIFICATE", produced->chain[i]);
	bool ok = keep_file(d, "chain.pem", hf_buf_bytes(&pem), err);
	hf_buf_clear(&pem);
	return ok;
}

static bool keep_produced(void *ctx, const struct hf_produced *produced, struct hf_err *err)
{
	struct demo *d = ctx;

	if (strcmp(produced->id, d->ids[GOOD]) != 0)
		return true;
	hf_buf_put_bytes(&d->sign_der, produced->sign_cert);
	hf_buf_put_bytes(&d->enc_der, produced->enc_cert);
	return keep_pem(d, "sign.csr", "CERTIFICATE REQUEST", produced->csr, err) &&
	       keep_pem(d, "sign.crt", "CERTIFICATE", produced->sign_cert, err) &&
	       keep_pem(d, "enc.crt", "CERTIFICATE", produced->enc_cert, err) && keep_chain(d, produced, err) &&
	       hf_decode_cert(hf_buf_bytes(&d->sign_der), &d->sign, err) &&
	       hf_decode_cert(hf_buf_bytes(&d->enc_der), &d->enc, err);
}

static bool produce(struct demo *d, struct hf_err *err)
{
	const struct hf_produce how = {.keep = keep_produced, .ctx = d};
	const char *ids[NUM_APPLICANTS];
	struct hf_produce_sum sum;

	for (int i = 0; i < NUM_APPLICANTS; i++)
		ids[i] = d->ids[i];
	if (!hf_client_operator(&d->client, "zhizheng", err) ||
		!hf_produce(&d->client, &how, ids, NUM_APPLICANTS, d->results, &sum, err))
		return false;
	for (int i = 0; i < NUM_APPLICANTS; i++)
		if (!d->results[i].installed) {
			*err = d->results[i].err;
			return hf_fail_in(err, "request %s", d->ids[i]);
		}
	return true;
}

/* ---- status ------------------------------------------------------------------------------------------------------ */

static bool change(struct demo *d, const char *action, int who, struct hf_err *err)
{
	struct hf_client_ask ask = {.service = "ca", .method = "POST", .path = "/v1/status"};
	struct hf_json_writer w;
	struct hf_buf body;

	hf_buf_init(&body, 4096);
	hf_json_writer_init(&w, &body);
	hf_json_write_object(&w, NULL);
	hf_json_write_str(&w, "action", action);
	if (strcmp(action, "revoke") == 0)
		hf_json_write_str(&w, "reason", "keyCompromise");
	hf_json_write_array(&w, "items");
	hf_json_write_str(&w, NULL, d->results[who].sign_serial);
	hf_json_write_str(&w, NULL, d->results[who].enc_serial);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	ask.body = hf_buf_bytes(&body);
	bool ok = hf_client_call(&d->client, &ask, &d->answer, err);
	hf_buf_clear(&body);
	return ok;
}

/* One OCSP exchange with SM3 CertID and nonce; the answer (DER) is left in d->answer. */
static bool ask_ocsp(struct demo *d, struct hf_bytes serial, struct hf_ocsp_result *result, struct hf_err *err)
{
	struct hf_client_ask ask = {.service = "ocsp",
		.method = "POST",
		.path = "/ocsp",
		.type = "application/ocsp-request",
		.unsigned_call = true};
	uint8_t nonce[16];
	struct hf_ocsp_issuer issuer;
	struct hf_ocsp_expect expect = {.issuer = &d->ca,
		.serial = serial,
		.nonce = HF_BYTES_OF(nonce),
		.skew = 5 * HF_MINUTE,
		.max_age = HF_HOUR};
	struct hf_buf request;

	hf_buf_init(&request, HF_OCSP_REQUEST_MAX);
	bool ok = hf_rand(nonce, sizeof(nonce), err) && hf_ocsp_issuer_init(&issuer, &d->ca, err);
	if (ok) {
		struct hf_certid id = hf_certid_make(&issuer, HF_OID_SM3, serial);
		ok = hf_ocsp_ask(&id, 1, HF_BYTES_OF(nonce), &request, err);
	}
	ask.body = hf_buf_bytes(&request);
	ok = ok && hf_client_call(&d->client, &ask, &d->answer, err);
	expect.now = hf_now(&hf_clock_system);
	ok = ok && hf_ocsp_check(hf_buf_bytes(&d->answer), &expect, result, err);
	hf_buf_clear(&request);
	return ok;
}

static void pause_briefly(void)
{
	const struct timespec pause = {.tv_nsec = 50000000};

	nanosleep(&pause, NULL);
}

/* Asks until OCSP knows: what the CA did reaches it through the feed, within two seconds. */
static bool wait_ocsp(struct demo *d, const char *serial, enum hf_ocsp_state want, const char *file, struct hf_err *err)
{
	int64_t until = hf_ticks() + PATIENCE_US;
	struct hf_ocsp_result result = {0};
	struct hf_buf octets;

	hf_buf_init(&octets, 20);
	bool ok = hf_unhex_buf(hf_bytes_str(serial), &octets) || hf_fail(err, HF_E_INPUT, "serial %s", serial);
	while (ok) {
		ok = ask_ocsp(d, hf_buf_bytes(&octets), &result, err);
		if (ok && result.state == want)
			break;
		/* A responder that was just started says tryLater until it has read the feed. */
		bool again = hf_ticks() < until && (ok || err->code == HF_E_PEER);
		if (ok && !again)
			ok = hf_fail(err, HF_E_PEER, "OCSP still says %s, not %s", hf_ocsp_state_name(result.state),
				hf_ocsp_state_name(want));
		if (!again)
			break;
		pause_briefly();
		ok = true;
	}
	hf_buf_clear(&octets);
	return ok && keep_file(d, file, hf_buf_bytes(&d->answer), err);
}

static bool statuses(struct demo *d, struct hf_err *err)
{
	uint8_t random[HF_SERIAL_RANDOM];
	uint8_t serial[HF_SERIAL_LEN];
	char text[HF_SERIAL_TEXT_MAX];

	if (!hf_client_operator(&d->client, "caczy", err) || !change(d, "revoke", REVOKED, err) ||
		!change(d, "freeze", FROZEN, err))
		return false;
	if (!hf_rand(random, sizeof(random), err) || !hf_serial_make(hf_now(&hf_clock_system), 0, random, serial, err))
		return false;
	hf_hex(HF_BYTES_OF(serial), text);
	return wait_ocsp(d, d->results[REVOKED].sign_serial, HF_OCSP_REVOKED, "ocsp-revoked.der", err) &&
	       wait_ocsp(d, d->results[GOOD].sign_serial, HF_OCSP_GOOD, "ocsp-good.der", err) &&
	       wait_ocsp(d, text, HF_OCSP_UNKNOWN, "ocsp-unknown.der", err);
}

static bool fetch_crl(struct demo *d, const char *name, struct hf_crl *crl, struct hf_err *err)
{
	char path[64];
	struct hf_client_ask ask = {.service = "ocsp", .method = "GET", .path = path, .unsigned_call = true};

	hf_fmt_cut(path, sizeof(path), "/crl/%s", name);
	return hf_client_call(&d->client, &ask, &d->answer, err) && hf_decode_crl(hf_buf_bytes(&d->answer), crl, err);
}

static bool lists(const struct hf_crl *crl, const char *serial)
{
	struct hf_buf octets;

	hf_buf_init(&octets, 20);
	bool listed = hf_unhex_buf(hf_bytes_str(serial), &octets) && hf_crl_find(crl, hf_buf_bytes(&octets), NULL);
	hf_buf_clear(&octets);
	return listed;
}

static bool crls(struct demo *d, struct hf_err *err)
{
	int64_t until = hf_ticks() + PATIENCE_US;
	struct hf_crl crl;

	if (!fetch_crl(d, "root.crl", &crl, err) || !hf_crl_verify(&crl, &d->root, err) ||
		!keep_file(d, "root.crl", hf_buf_bytes(&d->answer), err))
		return false;
	for (;;) {
		if (!fetch_crl(d, "ca.crl", &crl, err) || !hf_crl_verify(&crl, &d->ca, err))
			return false;
		if (lists(&crl, d->results[REVOKED].sign_serial) && lists(&crl, d->results[FROZEN].sign_serial))
			break;
		if (hf_ticks() > until)
			return hf_fail(err, HF_E_PEER, "the CRL does not list what was revoked");
		pause_briefly();
	}
	return keep_file(d, "ca.crl", hf_buf_bytes(&d->answer), err);
}

/* The chain with its CRLs, as a relying party checks it. */
static bool verify_chain(struct demo *d, struct hf_err *err)
{
	struct hf_buf der[2];
	struct hf_crl list[2];
	const struct hf_path_params params = {.anchors = &d->root,
		.num_anchors = 1,
		.pool = &d->ca,
		.num_pool = 1,
		.crls = list,
		.num_crls = 2,
		.revocation = HF_PATH_REVOCATION_REQUIRED,
		.at = hf_now(&hf_clock_system)};
	struct hf_path_result result;
	char path[HF_PATH_MAX];
	bool ok = true;

	for (int i = 0; i < 2; i++) {
		hf_buf_init(&der[i], HF_CRL_MAX);
		ok = ok && hf_fmt(path, sizeof(path), "%s/%s.crl", d->folder, i == 0 ? "ca" : "root") &&
		     hf_file_read(path, &der[i], err) && hf_decode_crl(hf_buf_bytes(&der[i]), &list[i], err);
	}
	ok = ok && hf_path_find(&params, &d->sign, &result, err) && hf_path_find(&params, &d->enc, &result, err);
	hf_buf_clear(&der[0]);
	hf_buf_clear(&der[1]);
	return ok;
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

static bool token_open(void *ctx, const uint8_t sym_cipher[HF_SM2_CIPHER_SM4KEY],
	const struct hf_cms_enveloped *message, uint8_t *blocks, struct hf_err *err)
{
	struct hf_token_sealed sealed = {.cipher = HF_TOKEN_SM4_CBC, .data = message->encrypted};
	struct hf_buf plain;

	memcpy(sealed.key_cipher, sym_cipher, sizeof(sealed.key_cipher));
	memcpy(sealed.iv, message->iv, sizeof(sealed.iv));
	hf_buf_init_secret(&plain, message->encrypted.len);
	bool ok = hf_token_open_sealed(ctx, HF_DESK_SUBJECT, &sealed, &plain, err);
	if (ok && plain.len == message->encrypted.len)
		memcpy(blocks, plain.p, plain.len);
	else if (ok)
		ok = hf_fail(err, HF_E_DEVICE, "the token gave %zu octets of %zu", plain.len, message->encrypted.len);
	hf_buf_clear(&plain);
	return ok;
}

static bool envelop(struct demo *d, struct hf_token *token, struct hf_err *err)
{
	const struct hf_cms_opener opener = {token_open, token};
	struct hf_cms_enveloped message;
	struct hf_buf der, plain;

	hf_buf_init(&der, 65536);
	hf_buf_init(&plain, 65536);
	bool ok = hf_cms_envelop(HF_BYTES_LIT(MESSAGE), &d->enc, 1, &der, err) &&
		  keep_file(d, "enveloped.p7", hf_buf_bytes(&der), err) &&
		  hf_cms_enveloped_parse(hf_buf_bytes(&der), &message, err) &&
		  hf_cms_enveloped_open(&message, &d->enc, &opener, &plain, err) &&
		  keep_file(d, "opened.txt", hf_buf_bytes(&plain), err);
	if (ok && !hf_bytes_equal(hf_buf_bytes(&plain), HF_BYTES_LIT(MESSAGE)))
		ok = hf_fail(err, HF_E_VERIFY, "the token opened another message");
	hf_buf_clear(&der);
	hf_buf_clear(&plain);
	return ok;
}

static bool token_sign(
	void *ctx, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[HF_SM2_SIG], struct hf_err *err)
{
	for (size_t i = 0; i < num; i++)
		if (!hf_token_sign_message(ctx, HF_DESK_SUBJECT, tbs[i], sigs[i], err))
			return false;
	return true;
}

static bool sign_message(struct demo *d, struct hf_token *token, struct hf_err *err)
{
	const struct hf_bytes certs[] = {hf_buf_bytes(&d->sign_der), hf_buf_bytes(&d->ca_der)};
	const struct hf_cms_signing signing = {.content = HF_BYTES_LIT(MESSAGE),
		.attributes = true,
		.signing_at = hf_now(&hf_clock_system) / HF_SECOND * HF_SECOND,
		.signer = &d->sign,
		.certs = certs,
		.num_certs = 2};
	struct hf_signer signer = {.check = true, .sign = token_sign, .ctx = token};
	struct hf_buf der;

	memcpy(signer.pub, d->sign.pub, sizeof(signer.pub));
	hf_buf_init(&der, 65536);
	bool ok = hf_cms_sign(&signing, &signer, &der, err) && keep_file(d, "signed.p7", hf_buf_bytes(&der), err) &&
		  keep_file(d, "signed.txt", HF_BYTES_LIT(MESSAGE), err);
	hf_buf_clear(&der);
	return ok;
}

static bool messages(struct demo *d, struct hf_err *err)
{
	struct hf_token *token = NULL;
	uint8_t pub[HF_SM2_POINT];

	bool ok = hf_desk_subject(&d->client.desk, d->ids[GOOD], pub, &token, err) && envelop(d, token, err) &&
		  sign_message(d, token, err);
	hf_token_close(token);
	return ok;
}

/* ---- what CA and KM said to each other --------------------------------------------------------------------------- */

static bool find_task(struct demo *d, char task[48], struct hf_err *err)
{
	char path[128];
	struct hf_client_ask ask = {.service = "ca", .method = "GET", .path = path};
	const char *text = NULL;
	struct hf_json doc;

	hf_fmt_cut(path, sizeof(path), "/v1/certs/%s", d->results[GOOD].enc_serial);
	if (!hf_client_call(&d->client, &ask, &d->answer, err) || !hf_json_parse(hf_buf_bytes(&d->answer), &doc, err))
		return false;
	bool ok = hf_json_str(&doc, "km_task", 40, &text, err);
	if (ok)
		hf_fmt_cut(task, 48, "%s", text);
	hf_json_free(&doc);
	return ok;
}

static bool keep_member(
	const struct demo *d, const struct hf_json *doc, const char *member, const char *file, struct hf_err *err)
{
	struct hf_buf der;

	hf_buf_init(&der, ANSWER_MAX);
	bool ok = hf_json_base64(doc, member, &der, err) && keep_file(d, file, hf_buf_bytes(&der), err);
	hf_buf_clear(&der);
	return ok;
}

static bool km_exchange(struct demo *d, struct hf_err *err)
{
	char task[48];
	char path[128];
	struct hf_client_ask ask = {.service = "km", .method = "GET", .path = path};
	struct hf_json doc;

	if (!find_task(d, task, err) || !hf_client_operator(&d->client, "kmczy", err))
		return false;
	hf_fmt_cut(path, sizeof(path), "/v1/tasks/%s", task);
	if (!hf_client_call(&d->client, &ask, &d->answer, err) || !hf_json_parse(hf_buf_bytes(&d->answer), &doc, err))
		return false;
	bool ok = keep_member(d, &doc, "request", "km-request.der", err) &&
		  keep_member(d, &doc, "respond", "km-respond.der", err);
	hf_json_free(&doc);
	return ok;
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

static const struct {
	enum hf_message name;
	bool (*run)(struct demo *d, struct hf_err *err);
} steps[] = {
	{HF_MSG_DEMO_ENTER, enter},
	{HF_MSG_DEMO_REVIEW, review},
	{HF_MSG_DEMO_PRODUCE, produce},
	{HF_MSG_DEMO_STATUS, statuses},
	{HF_MSG_DEMO_CRL, crls},
	{HF_MSG_DEMO_VERIFY, verify_chain},
	{HF_MSG_DEMO_MESSAGES, messages},
	{HF_MSG_DEMO_KM, km_exchange},
};

static bool begin(struct demo *d, const char *home, const char *skf, struct hf_err *err)
{
	return hf_client_open(&d->client, home, skf, NULL, err) && hf_client_desk(&d->client, err) &&
	       hf_fmt(d->folder, sizeof(d->folder), "%s/demo", home) && hf_dir_make(d->folder, 0755, err) &&
	       read_cert(d, "root.crt", &d->root_der, &d->root, err) && read_cert(d, "ca.crt", &d->ca_der, &d->ca, err);
}

bool hf_demo_run(const struct hf_cmd *cmd, const char *home, const char *skf, struct hf_err *err)
{
	struct demo *d = hf_alloc(1, sizeof(*d));
	struct hf_buf *bufs[] = {&d->root_der, &d->ca_der, &d->sign_der, &d->enc_der};
	struct hf_buf ocsp_der;
	struct hf_cert ocsp;

	d->cmd = cmd;
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		hf_buf_init(bufs[i], HF_CERT_MAX);
	hf_buf_init(&ocsp_der, HF_CERT_MAX);
	hf_buf_init(&d->answer, ANSWER_MAX);
	bool ok = begin(d, home, skf, err) && read_cert(d, "ocsp.crt", &ocsp_der, &ocsp, err);
	for (size_t i = 0; ok && i < sizeof(steps) / sizeof(steps[0]); i++) {
		hf_cmd_say(cmd, steps[i].name);
		ok = steps[i].run(d, err) || hf_fail_in(err, "%s", hf_cmd_text(cmd, steps[i].name));
	}
	hf_client_close(&d->client);
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		hf_buf_clear(bufs[i]);
	hf_buf_clear(&ocsp_der);
	hf_buf_clear(&d->answer);
	free(d);
	return ok;
}
