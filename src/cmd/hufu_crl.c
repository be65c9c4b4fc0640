/*
 * hufu crl show|fetch, hufu ocsp query: what a relying party sees. Nothing here is signed by an operator.
 */
#include "api/json.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/show.h"
#include "crypto/rand.h"
#include "x509/ocsp.h"

#include <string.h>
#include <unistd.h>

#define SKEW    (5 * HF_MINUTE) /* how far this machine's clock may be off */
#define MAX_AGE HF_DAY

struct list {
	struct hf_client client;
	struct hf_buf file, der;
	struct hf_crl crl; /* views into der */
};

static void list_init(struct list *list)
{
	*list = (struct list){0};
	hf_buf_init(&list->file, 2 * HF_CRL_MAX);
	hf_buf_init(&list->der, HF_CRL_MAX);
}

static void list_clear(struct list *list)
{
	hf_buf_clear(&list->der);
	hf_buf_clear(&list->file);
	hf_client_close(&list->client);
}

static bool is_name(const char *text)
{
	return strcmp(text, "ca") == 0 || strcmp(text, "root") == 0;
}

static bool fetch(const struct hf_cmd *cmd, struct list *list, const char *name, struct hf_err *err)
{
	char path[64];
	const struct hf_client_ask ask = {.service = "ocsp", .method = "GET", .path = path, .unsigned_call = true};

	hf_fmt_cut(path, sizeof(path), "/crl/%s.crl", name);
	return hf_cmd_client(cmd, &list->client, NULL, err) && hf_client_call(&list->client, &ask, &list->der, err) &&
	       hf_decode_crl(hf_buf_bytes(&list->der), &list->crl, err);
}

static bool verify(const struct hf_cmd *cmd, const struct list *list, const char *issuer, struct hf_err *err)
{
	struct hf_loaded_cert cert;
	bool ok;

	if (issuer ? !hf_load_cert(issuer, &cert, err) : !hf_home_issuer(cmd->home, list->crl.tbs.issuer, &cert, err))
		return false;
	ok = hf_crl_verify(&list->crl, &cert.cert, err) && hf_crl_valid_at(&list->crl, hf_now(&hf_clock_system), err);
	hf_loaded_cert_clear(&cert);
	return ok;
}

static bool put_entry(void *ctx, const struct hf_crl_entry *entry)
{
	struct hf_json_writer *w = ctx;

	hf_json_write_object(w, NULL);
	hf_json_write_hex(w, "serial", entry->serial);
	hf_json_write_time(w, "revoked_at", entry->revoked_at);
	hf_json_write_str(w, "reason", hf_reason_name(entry->reason));
	hf_json_write_end(w);
	return true;
}

static void put_crl(const struct hf_crl *crl, bool verified, struct hf_buf *out)
{
	struct hf_json_writer w;
	struct hf_buf name;

	hf_buf_init(&name, 65536);
	hf_name_text(crl->tbs.issuer, HF_NAME_SMALL_FIRST, &name);
	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_text(&w, "issuer", hf_buf_bytes(&name));
	if (crl->number.p)
		hf_json_write_hex(&w, "number", crl->number);
	hf_json_write_time(&w, "this_update", crl->tbs.thisUpdate);
	hf_json_write_time(&w, "next_update", crl->tbs.nextUpdate);
	hf_json_write_bool(&w, "verified", verified);
	hf_json_write_array(&w, "entries");
	(void)hf_crl_walk(crl, put_entry, &w);
	hf_json_write_end(&w);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(out, '\n');
	hf_buf_clear(&name);
}

static void say_verified(const struct hf_cmd *cmd, const struct list *list, const struct hf_err *why)
{
	char until[HF_TIME_TEXT_MAX];
	struct hf_buf name;

	if (why) {
		hf_cmd_note(cmd, HF_MSG_CRL_UNVERIFIED, why->text);
		return;
	}
	hf_buf_init(&name, 65536);
	hf_name_text(list->crl.tbs.issuer, HF_NAME_SMALL_FIRST, &name);
	hf_time_text(list->crl.tbs.nextUpdate, false, until);
	hf_cmd_note(cmd, HF_MSG_CRL_VERIFIED, hf_buf_cstr(&name), until);
	hf_buf_clear(&name);
}

int hf_cmd_crl_show(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_err err = {0}, why = {0};
	struct hf_buf out;
	struct list list;
	bool ok, verified = false;

	(void)argc;
	list_init(&list);
	hf_buf_init(&out, 256 << 20);
	if (is_name(argv[0]))
		ok = fetch(cmd, &list, argv[0], &err);
	else
		ok = hf_load_file(argv[0], &list.file, &err) &&
		     hf_decode_armour(hf_buf_bytes(&list.file), "X509 CRL", &list.der, &err) &&
		     hf_decode_crl(hf_buf_bytes(&list.der), &list.crl, &err);
	if (ok) {
		verified = verify(cmd, &list, hf_cmd_opt(cmd, "issuer"), &why);
		if (cmd->json)
			put_crl(&list.crl, verified, &out);
		else
			hf_crl_print(&list.crl, &out);
		ok = hf_cmd_print(&out, &err);
	}
	if (ok && !cmd->json)
		say_verified(cmd, &list, verified ? NULL : &why);
	hf_buf_clear(&out);
	list_clear(&list);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return verified ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

int hf_cmd_crl_fetch(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *path = hf_cmd_opt(cmd, "out");
	struct hf_err err = {0};
	struct list list;
	bool ok;

	(void)argc;
	if (!is_name(argv[0])) {
		hf_fail(&err, HF_E_INPUT, "%.40s: expected ca or root", argv[0]);
		return hf_cmd_misuse(cmd, &err);
	}
	list_init(&list);
	ok = fetch(cmd, &list, argv[0], &err) && verify(cmd, &list, hf_cmd_opt(cmd, "issuer"), &err) &&
	     hf_cmd_write(path, list.crl.der, &err);
	if (ok && !cmd->json)
		say_verified(cmd, &list, NULL);
	list_clear(&list);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- ocsp query ------------------------------------------------------------------------------------------------- */

struct query {
	struct hf_client client;
	struct hf_loaded_cert issuer, cert; /* cert: when a file was named */
	struct hf_buf serial, nonce, request, answer;
	struct hf_ocsp_result result;
};

static void query_clear(struct query *q)
{
	hf_buf_clear(&q->answer);
	hf_buf_clear(&q->request);
	hf_buf_clear(&q->nonce);
	hf_buf_clear(&q->serial);
	hf_loaded_cert_clear(&q->cert);
	hf_loaded_cert_clear(&q->issuer);
	hf_client_close(&q->client);
}

/* A file's certificate, or a serial in hex of one of this home's CA. */
static bool read_subject(const struct hf_cmd *cmd, struct query *q, const char *what, struct hf_err *err)
{
	const char *issuer = hf_cmd_opt(cmd, "issuer");

	if (access(what, F_OK) == 0 || strcmp(what, "-") == 0) {
		if (!hf_load_cert(what, &q->cert, err))
			return false;
		(void)hf_buf_put_bytes(&q->serial, q->cert.cert.tbs.serialNumber);
		return issuer ? hf_load_cert(issuer, &q->issuer, err)
			      : hf_home_issuer(cmd->home, q->cert.cert.tbs.issuer, &q->issuer, err);
	}
	if (!hf_unhex_buf(hf_bytes_str(what), &q->serial) || q->serial.len == 0)
		return hf_fail(err, HF_E_INPUT, "%.64s: neither a certificate file nor a serial number in hex", what);
	return issuer ? hf_load_cert(issuer, &q->issuer, err) : hf_home_cert(cmd->home, "ca.crt", &q->issuer, err);
}

static bool make_request(const struct hf_cmd *cmd, struct query *q, struct hf_err *err)
{
	const char *hash = hf_cmd_opt(cmd, "hash");
	const bool sha1 = hash && strcmp(hash, "sha1") == 0;
	struct hf_ocsp_issuer hashes;

	if (hash && !sha1 && strcmp(hash, "sm3") != 0)
		return hf_fail(err, HF_E_INPUT, "--hash %.20s: expected sm3 or sha1", hash);
	if (hf_cmd_opt(cmd, "nonce") && !hf_rand(hf_buf_extend(&q->nonce, 32), 32, err))
		return false;
	if (!hf_ocsp_issuer_init(&hashes, &q->issuer.cert, err))
		return false;
	const struct hf_certid id = hf_certid_make(&hashes, sha1 ? HF_OID_SHA1 : HF_OID_SM3, hf_buf_bytes(&q->serial));
	return hf_ocsp_ask(&id, 1, q->nonce.len ? hf_buf_bytes(&q->nonce) : HF_BYTES_NONE, &q->request, err);
}

//= RFC 6960 A.1
static bool send_request(const struct hf_cmd *cmd, struct query *q, struct hf_err *err)
{
	struct hf_client_ask ask = {.service = "ocsp", .unsigned_call = true};
	struct hf_buf text, path;
	bool ok;

	hf_buf_init(&text, HF_CLIENT_PATH_MAX);
	hf_buf_init(&path, HF_CLIENT_PATH_MAX);
	if (hf_cmd_opt(cmd, "get")) {
		(void)hf_base64_put(&text, hf_buf_bytes(&q->request));
		(void)hf_buf_put_str(&path, "/ocsp/");
		for (size_t i = 0; i < text.len; i++)
			if (strchr("+/=", text.p[i]))
				(void)hf_buf_printf(&path, "%%%02X", text.p[i]);
			else
				(void)hf_buf_put_u8(&path, text.p[i]);
		ask.method = "GET";
	} else {
		(void)hf_buf_put_str(&path, "/ocsp");
		ask.method = "POST";
		ask.type = "application/ocsp-request";
		ask.body = hf_buf_bytes(&q->request);
	}
	ask.path = hf_buf_cstr(&path);
	ok = (ask.path || hf_fail(err, HF_E_LIMIT, "the request is too long for GET: leave --get away")) &&
	     hf_cmd_client(cmd, &q->client, NULL, err) && hf_client_call(&q->client, &ask, &q->answer, err);
	hf_buf_clear(&path);
	hf_buf_clear(&text);
	return ok;
}

static bool check_answer(struct query *q, struct hf_err *err)
{
	const struct hf_ocsp_expect expect = {
		.issuer = &q->issuer.cert,
		.serial = hf_buf_bytes(&q->serial),
		.nonce = q->nonce.len ? hf_buf_bytes(&q->nonce) : HF_BYTES_NONE,
		.now = hf_now(&hf_clock_system),
		.skew = SKEW,
		.max_age = MAX_AGE,
	};

	return hf_ocsp_check(hf_buf_bytes(&q->answer), &expect, &q->result, err) ||
	       hf_fail_in(err, "the responder's answer");
}

static void put_result(const struct hf_cmd *cmd, const struct query *q, struct hf_buf *out)
{
	const struct hf_ocsp_result *r = &q->result;
	const bool revoked = r->state == HF_OCSP_REVOKED;
	char at[HF_TIME_TEXT_MAX];
	struct hf_json_writer w;

	if (!cmd->json) {
		(void)hf_hex_put(out, hf_buf_bytes(&q->serial));
		(void)hf_buf_printf(out, ": %s", hf_ocsp_state_name(r->state));
		hf_time_text(r->revoked_at, false, at);
		if (revoked)
			(void)hf_buf_printf(out, ", %s, %s", at, r->reason >= 0 ? hf_reason_name(r->reason) : "-");
		(void)hf_buf_put_u8(out, '\n');
		return;
	}
	hf_json_writer_init(&w, out);
	hf_json_write_object(&w, NULL);
	hf_json_write_hex(&w, "serial", hf_buf_bytes(&q->serial));
	hf_json_write_str(&w, "state", hf_ocsp_state_name(r->state));
	if (revoked) {
		hf_json_write_time(&w, "revoked_at", r->revoked_at);
		hf_json_write_str(&w, "reason", r->reason >= 0 ? hf_reason_name(r->reason) : NULL);
	}
	hf_json_write_time(&w, "produced_at", r->produced_at);
	hf_json_write_time(&w, "this_update", r->this_update);
	if (r->next_update)
		hf_json_write_time(&w, "next_update", r->next_update);
	hf_json_write_bool(&w, "delegated", r->delegated);
	hf_json_write_bool(&w, "nocheck", r->nocheck);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(out, '\n');
}

int hf_cmd_ocsp_query(struct hf_cmd *cmd, int argc, char **argv)
{
	const char *path = hf_cmd_opt(cmd, "out");
	struct query q = {0};
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok;

	(void)argc;
	hf_buf_init(&q.serial, HF_SERIAL_MAX + 1);
	hf_buf_init(&q.nonce, HF_OCSP_NONCE_MAX);
	hf_buf_init(&q.request, HF_OCSP_REQUEST_MAX);
	hf_buf_init(&q.answer, HF_OCSP_RESPONSE_MAX);
	hf_buf_init(&out, 65536);
	ok = read_subject(cmd, &q, argv[0], &err) && make_request(cmd, &q, &err) && send_request(cmd, &q, &err) &&
	     (!path || hf_cmd_write(path, hf_buf_bytes(&q.answer), &err)) && check_answer(&q, &err);
	if (ok) {
		put_result(cmd, &q, &out);
		ok = hf_cmd_print(&out, &err);
	}
	const bool good = q.result.state == HF_OCSP_GOOD;
	hf_buf_clear(&out);
	query_clear(&q);
	if (!ok)
		return hf_cmd_fail(cmd, &err);
	return good ? HF_EXIT_OK : HF_EXIT_REFUSED;
}
