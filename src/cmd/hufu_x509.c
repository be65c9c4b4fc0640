/*
 * hufu x509 print|verify: needs no home's services and no token.
 */
#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/object.h"
#include "x509/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OUT_MAX ((size_t)256 << 20)
#define SKEW    (5 * HF_MINUTE)
#define MAX_AGE HF_DAY

/* ---- print ------------------------------------------------------------------------------------------------------ */

static bool print_file(
	const struct hf_cmd *cmd, const char *path, struct hf_json_writer *w, struct hf_buf *out, struct hf_err *err)
{
	struct hf_buf file, der, text;
	struct hf_bytes rest;
	enum hf_object_kind kind;
	size_t num = 0;
	bool ok;

	hf_buf_init(&file, HF_FILE_MAX);
	hf_buf_init(&der, HF_FILE_MAX);
	hf_buf_init(&text, OUT_MAX);
	ok = hf_load_file(path, &file, err);
	rest = hf_buf_bytes(&file);
	while (ok && hf_object_next(&rest, &der, err)) {
		hf_buf_reset(&text);
		ok = hf_object_kind_of(hf_buf_bytes(&der), &kind, err) &&
		     hf_object_print(kind, hf_buf_bytes(&der), &text, err);
		num++;
		if (ok && cmd->json) {
			hf_json_write_object(w, NULL);
			hf_json_write_str(w, "file", path);
			hf_json_write_str(w, "kind", hf_object_name(kind));
			hf_json_write_text(w, "text", hf_buf_bytes(&text));
			hf_json_write_base64(w, "der", hf_buf_bytes(&der));
			hf_json_write_end(w);
		} else if (ok) {
			(void)hf_buf_put_bytes(out, hf_buf_bytes(&text));
		}
	}
	/* The end of the file is no error behind an object. */
	if (ok && (num == 0 || err->code != HF_E_MISSING))
		ok = false;
	hf_buf_clear(&text);
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	return ok || hf_fail_in(err, "%.200s", path);
}

int hf_cmd_x509_print(struct hf_cmd *cmd, int argc, char **argv)
{
	struct hf_json_writer w;
	struct hf_err err = {0};
	struct hf_buf out;
	bool ok = true;

	hf_buf_init(&out, OUT_MAX);
	hf_json_writer_init(&w, &out);
	if (cmd->json)
		hf_json_write_array(&w, NULL);
	for (int i = 0; ok && i < argc; i++)
		ok = print_file(cmd, argv[i], &w, &out, &err);
	if (cmd->json) {
		hf_json_write_end(&w);
		(void)hf_buf_put_u8(&out, '\n');
	}
	/* What could be read before the trouble is shown. */
	if (!cmd->json || ok)
		ok = hf_cmd_print(&out, ok ? &err : NULL) && ok;
	hf_buf_clear(&out);
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

/* ---- verify: what there is to verify with ----------------------------------------------------------------------- */

#define CERTS_MAX 32
#define CRLS_MAX  16

struct loaded_crl {
	struct hf_buf der;
	struct hf_crl crl;
};

struct verify {
	const struct hf_cmd *cmd;
	int64_t at;
	struct hf_loaded_cert anchor;
	struct hf_loaded_cert pool[CERTS_MAX]; /* what may stand between */
	size_t num_pool;
	struct loaded_crl crls[CRLS_MAX];
	size_t num_crls;
	char said[1024]; /* what was found valid, for the answer */
};

static void verify_clear(struct verify *v)
{
	for (size_t i = 0; i < v->num_pool; i++)
		hf_loaded_cert_clear(&v->pool[i]);
	for (size_t i = 0; i < v->num_crls; i++)
		hf_buf_clear(&v->crls[i].der);
	hf_loaded_cert_clear(&v->anchor);
}

static bool add_cert(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_loaded_cert *one = &v->pool[v->num_pool];

	if (v->num_pool == CERTS_MAX)
		return hf_fail(err, HF_E_LIMIT, "more than %d certificates", CERTS_MAX);
	hf_buf_init(&one->der, HF_CERT_MAX);
	v->num_pool++;
	return (hf_buf_put_bytes(&one->der, der) || hf_fail(err, HF_E_LIMIT, "a certificate of %zu octets", der.len)) &&
	       hf_decode_cert(hf_buf_bytes(&one->der), &one->cert, err);
}

/* All certificates of a file. */
static bool add_file(struct verify *v, const char *path, struct hf_err *err)
{
	struct hf_buf file, der;
	struct hf_bytes rest;
	bool ok;

	hf_buf_init(&file, HF_FILE_MAX);
	hf_buf_init(&der, HF_CERT_MAX);
	ok = hf_load_file(path, &file, err);
	rest = hf_buf_bytes(&file);
	while (ok && hf_object_next(&rest, &der, err))
		ok = add_cert(v, hf_buf_bytes(&der), err);
	ok = ok && err->code == HF_E_MISSING;
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	return ok || hf_fail_in(err, "%.200s", path);
}

static bool add_crl(struct verify *v, const char *path, struct hf_err *err)
{
	struct loaded_crl *one = &v->crls[v->num_crls];
	struct hf_buf file;
	bool ok;

	if (v->num_crls == CRLS_MAX)
		return hf_fail(err, HF_E_LIMIT, "more than %d CRLs", CRLS_MAX);
	hf_buf_init(&file, 2 * HF_CRL_MAX);
	hf_buf_init(&one->der, HF_CRL_MAX);
	v->num_crls++;
	ok = hf_load_file(path, &file, err) && hf_decode_armour(hf_buf_bytes(&file), "X509 CRL", &one->der, err) &&
	     hf_decode_crl(hf_buf_bytes(&one->der), &one->crl, err);
	hf_buf_clear(&file);
	return ok || hf_fail_in(err, "%.200s", path);
}

/* The anchor and what was given beside it; without --anchor the home's root, and its CA in between. */
static bool load_trust(struct verify *v, struct hf_err *err)
{
	const char *anchor = hf_cmd_opt(v->cmd, "anchor"), *path;
	char ca[HF_PATH_MAX];
	bool ok = anchor ? hf_load_cert(anchor, &v->anchor, err)
			 : hf_home_cert(v->cmd->home, "root.crt", &v->anchor, err);

	for (size_t i = 0; ok && (path = hf_cmd_opt_nth(v->cmd, "intermediate", i)) != NULL; i++)
		ok = add_file(v, path, err);
	for (size_t i = 0; ok && (path = hf_cmd_opt_nth(v->cmd, "crl", i)) != NULL; i++)
		ok = add_crl(v, path, err);
	if (ok && !anchor)
		ok = hf_fmt(ca, sizeof(ca), "%s/ca.crt", v->cmd->home) && add_file(v, ca, err);
	return ok;
}

/* ---- verify: certificates --------------------------------------------------------------------------------------- */

static const struct hf_cert *issuer_of(const struct verify *v, const struct hf_cert *cert)
{
	struct hf_err unused;

	for (size_t i = 0; i < v->num_pool; i++)
		if (v->pool[i].cert.der.p && hf_name_equal(v->pool[i].cert.tbs.subject, cert->tbs.issuer) &&
			!hf_bytes_equal(v->pool[i].cert.der, cert->der) &&
			hf_cert_verify(cert, &v->pool[i].cert, &unused))
			return &v->pool[i].cert;
	return NULL;
}

static bool verify_chain(struct verify *v, const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_cert certs[HF_CHAIN_MAX];
	struct hf_crl crls[CRLS_MAX];
	struct hf_chain chain = {.certs = certs,
		.num_certs = 1,
		.anchor = &v->anchor.cert,
		.crls = crls,
		.num_crls = v->num_crls,
		.require_crl = hf_cmd_opt(v->cmd, "require-crl") != NULL,
		.at = v->at};

	certs[0] = *cert;
	for (size_t i = 0; i < v->num_crls; i++)
		crls[i] = v->crls[i].crl;
	while (!hf_name_equal(certs[chain.num_certs - 1].tbs.issuer, v->anchor.cert.tbs.subject) &&
		!hf_bytes_equal(certs[chain.num_certs - 1].der, v->anchor.cert.der)) {
		const struct hf_cert *issuer = issuer_of(v, &certs[chain.num_certs - 1]);

		if (!issuer)
			return hf_fail(err, HF_E_VERIFY,
				"no certificate of the issuer is at hand: give it by --intermediate, or another "
				"--anchor");
		if (chain.num_certs == HF_CHAIN_MAX)
			return hf_fail(err, HF_E_LIMIT, "the chain has more than %d certificates", HF_CHAIN_MAX);
		certs[chain.num_certs++] = *issuer;
	}
	return hf_chain_verify(&chain, err);
}

static void say_name(struct verify *v, const char *what, struct hf_bytes name)
{
	struct hf_buf text;

	hf_buf_init(&text, 65536);
	hf_name_text(name, HF_NAME_SMALL_FIRST, &text);
	hf_fmt_cut(v->said, sizeof(v->said), "%s %s", what, hf_buf_cstr(&text));
	hf_buf_clear(&text);
}

static bool verify_cert(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_cert cert;

	if (!hf_decode_cert(der, &cert, err) || !load_trust(v, err) || !verify_chain(v, &cert, err))
		return false;
	say_name(v, "certificate", cert.tbs.subject);
	return true;
}

/* ---- verify: the other objects ---------------------------------------------------------------------------------- */

static bool verify_csr(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_csr csr;

	if (!hf_decode_csr(der, &csr, err) || !hf_csr_verify(&csr, err))
		return false;
	say_name(v, "request", csr.info.subject);
	return true;
}

static bool load_issuer(struct verify *v, struct hf_bytes name, struct hf_loaded_cert *out, struct hf_err *err)
{
	const char *path = hf_cmd_opt(v->cmd, "issuer");

	return path ? hf_load_cert(path, out, err) : hf_home_issuer(v->cmd->home, name, out, err);
}

static bool verify_crl(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_loaded_cert issuer;
	struct hf_crl crl;
	bool ok;

	if (!hf_decode_crl(der, &crl, err) || !load_issuer(v, crl.tbs.issuer, &issuer, err))
		return false;
	ok = hf_crl_verify(&crl, &issuer.cert, err) && hf_crl_valid_at(&crl, v->at, err);
	hf_loaded_cert_clear(&issuer);
	if (ok)
		say_name(v, "CRL of", crl.tbs.issuer);
	return ok;
}

/* Who speaks is checked, and about what: --cert says about which certificate. */
static bool verify_ocsp(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	const char *path = hf_cmd_opt(v->cmd, "cert");
	struct hf_loaded_cert cert, issuer;
	struct hf_ocsp_result result;
	bool ok;

	if (!path)
		return hf_fail(err, HF_E_INPUT, "--cert FILE is needed: the certificate that this answer is about");
	if (!hf_load_cert(path, &cert, err))
		return false;
	ok = load_issuer(v, cert.cert.tbs.issuer, &issuer, err);
	if (ok) {
		const struct hf_ocsp_expect expect = {.issuer = &issuer.cert,
			.serial = cert.cert.tbs.serialNumber,
			.now = v->at,
			.skew = SKEW,
			.max_age = MAX_AGE};

		ok = hf_ocsp_check(der, &expect, &result, err);
		hf_loaded_cert_clear(&issuer);
	}
	hf_loaded_cert_clear(&cert);
	if (ok)
		hf_fmt_cut(v->said, sizeof(v->said), "OCSP: %s", hf_ocsp_state_name(result.state));
	return ok;
}

static const struct hf_cert *cert_of_signer(const struct verify *v, const struct hf_cms_signer *signer)
{
	for (size_t i = 0; i < v->num_pool; i++)
		if (v->pool[i].cert.der.p && hf_name_equal(v->pool[i].cert.tbs.issuer, signer->id.issuer) &&
			hf_bytes_equal(v->pool[i].cert.tbs.serialNumber, signer->id.serialNumber))
			return &v->pool[i].cert;
	return NULL;
}

/* Every signer: his certificate is trusted, and his signature is right. */
static bool verify_signers(
	struct verify *v, const struct hf_cms_signed *message, struct hf_bytes content, struct hf_err *err)
{
	struct hf_der_list rest = message->signerInfos;
	struct hf_cert certs[CERTS_MAX];
	struct hf_cms_signer signer;

	for (size_t i = 0; i < v->num_pool; i++)
		certs[i] = v->pool[i].cert;
	if (!hf_cms_signed_verify(message, content, certs, v->num_pool, err))
		return false;
	while (hf_cms_signer_next(&rest, &signer)) {
		const struct hf_cert *cert = cert_of_signer(v, &signer);

		if (!cert)
			return hf_fail(err, HF_E_MISSING, "a signer's certificate is not at hand");
		if (!verify_chain(v, cert, err))
			return hf_fail_in(err, "the signer's certificate");
		say_name(v, "signed by", cert->tbs.subject);
	}
	return true;
}

static bool verify_cms(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	const char *path = hf_cmd_opt(v->cmd, "content");
	struct hf_cms_signed message;
	enum hf_cms_type type;
	struct hf_buf content;
	struct hf_bytes one;
	bool ok;

	if (!hf_cms_type_of(der, &type, err))
		return false;
	if (type != HF_CMS_SIGNED_DATA)
		return hf_fail(err, HF_E_INPUT, "not SignedData: who has no key can only print this message");
	if (!hf_cms_signed_parse(der, &message, err) || !load_trust(v, err))
		return false;
	hf_buf_init(&content, HF_FILE_MAX);
	ok = !path || hf_load_file(path, &content, err);
	for (struct hf_der_list rest = message.certificates; ok && hf_der_list_next_raw(&rest, &one);)
		ok = add_cert(v, one, err);
	ok = ok && verify_signers(v, &message, path ? hf_buf_bytes(&content) : HF_BYTES_NONE, err);
	hf_buf_clear(&content);
	return ok;
}

static bool verify_none(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	(void)v, (void)der;
	return hf_fail(
		err, HF_E_INPUT, "nothing in this object can be verified without its partner: `hufu x509 print`");
}

static bool (*const verifiers[HF_OBJECT_NUM_KINDS])(struct verify *v, struct hf_bytes der, struct hf_err *err) = {
	[HF_OBJECT_CERT] = verify_cert,
	[HF_OBJECT_CSR] = verify_csr,
	[HF_OBJECT_CRL] = verify_crl,
	[HF_OBJECT_OCSP_REQUEST] = verify_none,
	[HF_OBJECT_OCSP_RESPONSE] = verify_ocsp,
	[HF_OBJECT_CMS] = verify_cms,
	[HF_OBJECT_KM] = verify_none,
};

/* The first object of the file is what is verified; certificates behind it may stand between (chain.pem). */
static bool verify_file(struct verify *v, const char *path, struct hf_err *err)
{
	struct hf_buf file, der, more;
	struct hf_bytes rest;
	enum hf_object_kind kind;
	bool ok;

	hf_buf_init(&file, HF_FILE_MAX);
	hf_buf_init(&der, HF_FILE_MAX);
	hf_buf_init(&more, HF_FILE_MAX);
	ok = hf_load_file(path, &file, err);
	rest = hf_buf_bytes(&file);
	ok = ok && hf_object_next(&rest, &der, err) && hf_object_kind_of(hf_buf_bytes(&der), &kind, err);
	while (ok && kind == HF_OBJECT_CERT && rest.len > 0 && hf_object_next(&rest, &more, err))
		ok = add_cert(v, hf_buf_bytes(&more), err);
	ok = ok && verifiers[kind](v, hf_buf_bytes(&der), err);
	hf_buf_clear(&more);
	hf_buf_clear(&der);
	hf_buf_clear(&file);
	return ok || hf_fail_in(err, "%.200s", path);
}

static int answer(const struct hf_cmd *cmd, const struct verify *v, bool ok, const struct hf_err *err)
{
	struct hf_json_writer w;
	struct hf_buf out;
	struct hf_err unused;

	if (!cmd->json) {
		if (ok)
			hf_cmd_say(cmd, HF_MSG_VALID, v->said);
		else
			hf_cmd_say(cmd, HF_MSG_NOT_VALID, err->text);
		return ok ? HF_EXIT_OK : HF_EXIT_REFUSED;
	}
	hf_buf_init(&out, 8192);
	hf_json_writer_init(&w, &out);
	hf_json_write_object(&w, NULL);
	hf_json_write_bool(&w, "valid", ok);
	hf_json_write_str(&w, "what", ok ? v->said : NULL);
	if (!ok) {
		hf_json_write_str(&w, "error", hf_code_name(err->code));
		hf_json_write_str(&w, "text", err->text);
	}
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(&out, '\n');
	ok = hf_cmd_print(&out, &unused) && ok;
	hf_buf_clear(&out);
	return ok ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

int hf_cmd_x509_verify(struct hf_cmd *cmd, int argc, char **argv)
{
	struct verify *v = hf_alloc(1, sizeof(*v));
	const char *at = hf_cmd_opt(cmd, "at");
	struct hf_err err = {0};
	int status;
	bool ok;

	(void)argc;
	v->cmd = cmd;
	v->at = hf_now(&hf_clock_system);
	if (at && !hf_time_read(at, &v->at)) {
		hf_fail(&err, HF_E_INPUT, "--at %.40s: expected a time like 2026-11-22T10:31:09Z", at);
		free(v);
		return hf_cmd_misuse(cmd, &err);
	}
	/* A file that cannot be read at all is an error, not a verdict. */
	if (strcmp(argv[0], "-") != 0 && access(argv[0], R_OK) != 0) {
		hf_fail(&err, HF_E_MISSING, "%.200s: %s", argv[0], strerror(errno));
		free(v);
		return hf_cmd_fail(cmd, &err);
	}
	ok = verify_file(v, argv[0], &err);
	status = answer(cmd, v, ok, &err);
	verify_clear(v);
	free(v);
	return status;
}
