/*
 * hufu x509 print|verify: needs no home's services and no token.
 */
#include "api/json.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/hufu_int.h"
#include "cmd/object.h"
#include "x509/path.h"

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

#define CERTS_MAX    64
#define CRLS_MAX     64
#define POLICIES_MAX 16

struct loaded_crl {
	struct hf_buf der;
	struct hf_crl crl;
};

struct verify {
	const struct hf_cmd *cmd;
	int64_t at;
	struct hf_loaded_cert anchor, target;
	struct hf_loaded_cert pool[CERTS_MAX]; /* what may stand between */
	size_t num_pool;
	struct loaded_crl crls[CRLS_MAX];
	size_t num_crls;
	struct hf_buf oids[POLICIES_MAX]; /* --policy */
	size_t num_oids;
	/* What path.h looks at: the members above, as arrays. */
	struct hf_cert certs[CERTS_MAX];
	struct hf_crl lists[CRLS_MAX];
	struct hf_bytes policies[POLICIES_MAX];
	struct hf_path_result path; /* of the last certificate that was verified */
	char said[1024];            /* what was found valid, for the answer */
};

static void verify_clear(struct verify *v)
{
	for (size_t i = 0; i < v->num_pool; i++)
		hf_loaded_cert_clear(&v->pool[i]);
	for (size_t i = 0; i < v->num_crls; i++)
		hf_buf_clear(&v->crls[i].der);
	for (size_t i = 0; i < v->num_oids; i++)
		hf_buf_clear(&v->oids[i]);
	hf_loaded_cert_clear(&v->anchor);
	hf_loaded_cert_clear(&v->target);
}

static bool add_cert(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_loaded_cert *one = &v->pool[v->num_pool];

	if (v->num_pool == CERTS_MAX)
		return hf_fail(err, HF_E_LIMIT, "more than %d certificates", CERTS_MAX);
	hf_buf_init(&one->der, HF_CERT_MAX);
	v->num_pool++;
	return (hf_buf_put_bytes(&one->der, der) || hf_fail(err, HF_E_LIMIT, "a certificate of %zu octets", der.len)) &&
	       hf_decode_cert_foreign(hf_buf_bytes(&one->der), &one->cert, err);
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
	     hf_decode_crl_foreign(hf_buf_bytes(&one->der), &one->crl, err);
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

static bool verify_path(struct verify *v, const struct hf_cert *cert, struct hf_err *err)
{
	struct hf_path_params params = {
		.anchors = &v->anchor.cert,
		.num_anchors = 1,
		.pool = v->certs,
		.crls = v->lists,
		.num_crls = v->num_crls,
		.revocation =
			hf_cmd_opt(v->cmd, "require-crl") ? HF_PATH_REVOCATION_REQUIRED : HF_PATH_REVOCATION_GIVEN,
		.at = v->at,
		.policies = v->policies,
		.num_policies = v->num_oids,
		.explicit_policy = hf_cmd_opt(v->cmd, "explicit-policy") != NULL,
		.inhibit_mapping = hf_cmd_opt(v->cmd, "inhibit-mapping") != NULL,
		.inhibit_any = hf_cmd_opt(v->cmd, "inhibit-any") != NULL,
	};

	for (size_t i = 0; i < v->num_pool; i++)
		if (v->pool[i].cert.der.p)
			v->certs[params.num_pool++] = v->pool[i].cert;
	for (size_t i = 0; i < v->num_crls; i++)
		v->lists[i] = v->crls[i].crl;
	for (size_t i = 0; i < v->num_oids; i++)
		v->policies[i] = hf_buf_bytes(&v->oids[i]);
	if (hf_path_find(&params, cert, &v->path, err))
		return true;
	if (!v->path.anchor && v->path.clause && strcmp(v->path.clause, HF_PATH_CLAUSE_NO_PATH) == 0)
		(void)hf_fail_in(err, "give what is missing by --intermediate, or another --anchor");
	return false;
}

static void say_name(struct verify *v, const char *what, struct hf_bytes name)
{
	struct hf_buf text;

	hf_buf_init(&text, 65536);
	hf_name_text(name, HF_NAME_SMALL_FIRST, &text);
	hf_fmt_cut(v->said, sizeof(v->said), "%s %s", what, hf_buf_cstr(&text));
	hf_buf_clear(&text);
}

/* The answer speaks of the certificate later: it is kept. */
static bool verify_cert(struct verify *v, struct hf_bytes der, struct hf_err *err)
{
	struct hf_cert *cert = &v->target.cert;

	hf_buf_init(&v->target.der, HF_CERT_MAX);
	if (!hf_buf_put_bytes(&v->target.der, der))
		return hf_fail(err, HF_E_LIMIT, "a certificate of %zu octets", der.len);
	if (!hf_decode_cert_foreign(hf_buf_bytes(&v->target.der), cert, err) || !load_trust(v, err) ||
		!verify_path(v, cert, err))
		return false;
	say_name(v, "certificate", cert->tbs.subject);
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

	if (!hf_decode_crl_foreign(der, &crl, err) || !load_issuer(v, crl.tbs.issuer, &issuer, err))
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
		if (!verify_path(v, cert, err))
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

static void write_name(struct hf_json_writer *w, const char *member, const struct hf_cert *cert)
{
	struct hf_buf text;

	hf_buf_init(&text, 65536);
	hf_name_text(cert->tbs.subject, HF_NAME_SMALL_FIRST, &text);
	hf_json_write_text(w, member, hf_buf_bytes(&text));
	hf_buf_clear(&text);
}

/* What was walked, the target first; where it broke; what policies it is valid for. */
static void write_path(struct hf_json_writer *w, const struct hf_path_result *path, bool ok)
{
	char oid[HF_OID_TEXT_MAX];

	if (!ok && path->clause)
		hf_json_write_str(w, "clause", path->clause);
	if (!ok && path->at_cert)
		write_name(w, "certificate", path->at_cert);
	if (!path->anchor)
		return;
	hf_json_write_array(w, "path");
	for (size_t i = 0; i < path->num_certs; i++)
		write_name(w, NULL, path->certs[i]);
	write_name(w, NULL, path->anchor);
	hf_json_write_end(w);
	if (!ok)
		return;
	hf_json_write_array(w, "policies");
	for (size_t i = 0; i < path->num_policies; i++) {
		hf_oid_text(path->policies[i], oid);
		hf_json_write_str(w, NULL, oid);
	}
	hf_json_write_end(w);
	hf_json_write_bool(w, "any_policy", path->any_policy);
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
	hf_buf_init(&out, OUT_MAX);
	hf_json_writer_init(&w, &out);
	hf_json_write_object(&w, NULL);
	hf_json_write_bool(&w, "valid", ok);
	hf_json_write_str(&w, "what", ok ? v->said : NULL);
	if (!ok) {
		hf_json_write_str(&w, "error", hf_code_name(err->code));
		hf_json_write_str(&w, "text", err->text);
	}
	write_path(&w, &v->path, ok);
	hf_json_write_end(&w);
	(void)hf_buf_put_u8(&out, '\n');
	ok = hf_cmd_print(&out, &unused) && ok;
	hf_buf_clear(&out);
	return ok ? HF_EXIT_OK : HF_EXIT_REFUSED;
}

/* What may be wrong in the command line itself. */
static bool read_options(struct verify *v, struct hf_err *err)
{
	const char *time = hf_cmd_opt(v->cmd, "time"), *at = time ? time : hf_cmd_opt(v->cmd, "at"), *oid;

	v->at = hf_now(&hf_clock_system);
	if (at && !hf_time_read(at, &v->at))
		return hf_fail(err, HF_E_INPUT, "--%s %.40s: expected a time like 2026-11-22T10:31:09Z",
			time ? "time" : "at", at);
	for (size_t i = 0; (oid = hf_cmd_opt_nth(v->cmd, "policy", i)) != NULL; i++) {
		if (i == POLICIES_MAX)
			return hf_fail(err, HF_E_LIMIT, "more than %d policies", POLICIES_MAX);
		hf_buf_init(&v->oids[i], 128);
		v->num_oids++;
		if (!hf_oid_parse(oid, &v->oids[i], err))
			return hf_fail_in(err, "--policy %.100s", oid);
	}
	return true;
}

int hf_cmd_x509_verify(struct hf_cmd *cmd, int argc, char **argv)
{
	struct verify *v = hf_alloc(1, sizeof(*v));
	struct hf_err err = {0};
	int status;

	(void)argc;
	v->cmd = cmd;
	if (!read_options(v, &err)) {
		status = hf_cmd_misuse(cmd, &err);
	} else if (strcmp(argv[0], "-") != 0 && access(argv[0], R_OK) != 0) {
		/* A file that cannot be read at all is an error, not a verdict. */
		hf_fail(&err, HF_E_MISSING, "%.200s: %s", argv[0], strerror(errno));
		status = hf_cmd_fail(cmd, &err);
	} else {
		bool ok = verify_file(v, argv[0], &err);

		status = answer(cmd, v, ok, &err);
	}
	verify_clear(v);
	free(v);
	return status;
}
