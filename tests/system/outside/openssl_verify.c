/*
 * openssl-verify: the signatures of what Hufu made, judged by OpenSSL.
 *
 *     openssl-verify HOME
 *
 * For each certificate, CRL, request and OCSP answer in HOME/demo: SM2-with-SM3 over the raw octets of its signed part,
 * through EVP_DigestVerify with the default id set (OpenSSL 3.0's own default is empty). Then one bit of each octet of
 * the signed part and of the signature is flipped in turn: none may verify. The few lines of DER reading here are this
 * program's own, so that it shares nothing with what it judges.
 *
 * Prints `ok NAME` or `not ok NAME reason` for each, and exits 1 if any failed.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX   ((size_t)1 << 20)
#define DEFAULT_ID "1234567812345678"

struct view {
	unsigned char *p;
	size_t len;
};

struct signed_object {
	struct view tbs, signature;
};

struct judge {
	const char *home;
	unsigned char *file; /* FILE_MAX octets */
	int num_failed;
};

static void tell(struct judge *j, const char *name, const char *problem)
{
	j->num_failed += problem != NULL;
	printf("%s openssl-%s%s%s\n", problem ? "not ok" : "ok", name, problem ? " " : "", problem ? problem : "");
}

/* ---- DER, as much as is needed here ------------------------------------------------------------------------------ */

/* Takes one TLV off in; whole gets all of it, content what is inside. */
static bool take(struct view *in, unsigned tag, struct view *whole, struct view *content)
{
	size_t at = 2, len;

	if (in->len < 2 || in->p[0] != tag)
		return false;
	len = in->p[1];
	if (len >= 0x80) {
		size_t num = len & 0x7f;
		if (num < 1 || num > 3 || in->len < 2 + num)
			return false;
		for (len = 0; num > 0; num--)
			len = len << 8 | in->p[at++];
	}
	if (len > in->len - at)
		return false;
	const struct view it = *in; /* content may be in itself: to step inside */
	*in = (struct view){it.p + at + len, it.len - at - len};
	if (whole)
		*whole = (struct view){it.p, at + len};
	if (content)
		*content = (struct view){it.p + at, len};
	return true;
}

/* SEQUENCE { tbs, algorithm, BIT STRING }; OCSP has certificates behind. */
static bool split(struct view der, bool more, struct signed_object *out)
{
	struct view inside, bits;

	if (!take(&der, 0x30, NULL, &inside) || der.len != 0 || !take(&inside, 0x30, &out->tbs, NULL) ||
		!take(&inside, 0x30, NULL, NULL) || !take(&inside, 0x03, NULL, &bits) || (inside.len != 0 && !more) ||
		bits.len < 2 || bits.p[0] != 0)
		return false;
	out->signature = (struct view){bits.p + 1, bits.len - 1};
	return true;
}

/* OCSPResponse { ENUMERATED 0, [0] { SEQUENCE { id-pkix-ocsp-basic, OCTET STRING { BasicOCSPResponse } } } } */
static bool split_ocsp(struct view der, struct signed_object *out)
{
	struct view status, inside, bytes;

	return take(&der, 0x30, NULL, &inside) && der.len == 0 && take(&inside, 0x0a, NULL, &status) &&
	       status.len == 1 && status.p[0] == 0 && take(&inside, 0xa0, NULL, &inside) &&
	       take(&inside, 0x30, NULL, &inside) && take(&inside, 0x06, NULL, NULL) &&
	       take(&inside, 0x04, NULL, &bytes) && inside.len == 0 && split(bytes, true, out);
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

/* What is in HOME/demo/name, from PEM if it is; NULL when there is none. The callee's until the next call. */
static bool load(struct judge *j, const char *name, struct view *out)
{
	char path[4096], *label = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;

	snprintf(path, sizeof(path), "%s/demo/%s", j->home, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	if (strstr(name, ".crt") || strstr(name, ".csr")) {
		if (PEM_read(f, &label, &header, &der, &len) != 1 || len < 0 || (size_t)len > FILE_MAX)
			len = 0;
		if (len > 0)
			memcpy(j->file, der, (size_t)len);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_free(der);
		out->len = (size_t)len;
	} else {
		out->len = fread(j->file, 1, FILE_MAX, f);
	}
	out->p = j->file;
	fclose(f);
	return out->len > 0;
}

static EVP_PKEY *key_of(struct judge *j, const char *certificate)
{
	struct view der;

	if (!load(j, certificate, &der))
		return NULL;
	const unsigned char *p = der.p;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	EVP_PKEY *key = cert ? X509_get_pubkey(cert) : NULL;
	X509_free(cert);
	return key;
}

static EVP_PKEY *key_of_request(struct judge *j, const char *request)
{
	struct view der;

	if (!load(j, request, &der))
		return NULL;
	const unsigned char *p = der.p;
	X509_REQ *csr = d2i_X509_REQ(NULL, &p, (long)der.len);
	EVP_PKEY *key = csr ? X509_REQ_get_pubkey(csr) : NULL;
	X509_REQ_free(csr);
	return key;
}

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

static bool verifies(EVP_PKEY *key, const struct signed_object *object)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *use = EVP_PKEY_CTX_new(key, NULL);
	bool ok = false;

	if (md && use && EVP_PKEY_CTX_set1_id(use, DEFAULT_ID, sizeof(DEFAULT_ID) - 1) == 1) {
		EVP_MD_CTX_set_pkey_ctx(md, use);
		ok = EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, key) == 1 &&
		     EVP_DigestVerify(md, object->signature.p, object->signature.len, object->tbs.p, object->tbs.len) ==
			     1;
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(use);
	return ok;
}

/* Flips one bit of each octet of part; the octet that still verifies, or -1. */
static long flip(EVP_PKEY *key, const struct signed_object *object, struct view part)
{
	for (size_t i = 0; i < part.len; i++) {
		unsigned char bit = (unsigned char)(1U << (i % 8));
		part.p[i] ^= bit;
		bool ok = verifies(key, object);
		part.p[i] ^= bit;
		if (ok)
			return (long)i;
	}
	return -1;
}

static void judge(struct judge *j, const char *name, EVP_PKEY *key)
{
	struct signed_object object;
	char title[80], problem[80];
	struct view der;

	bool loaded = load(j, name, &der);
	bool is_split =
		loaded && (strncmp(name, "ocsp-", 5) == 0 ? split_ocsp(der, &object) : split(der, false, &object));
	bool ok = key && is_split && verifies(key, &object);
	snprintf(title, sizeof(title), "%s-signature", name);
	tell(j, title,
		!key        ? "no public key of its signer"
		: !loaded   ? "cannot be read"
		: !is_split ? "is not a signed object in DER"
		: !ok       ? "the signature does not verify"
			    : NULL);
	snprintf(title, sizeof(title), "%s-flipped-bit", name);
	if (!ok) {
		tell(j, title, "not tried: it does not verify unflipped");
	} else {
		long at = flip(key, &object, object.tbs);
		long sig = flip(key, &object, object.signature);
		snprintf(problem, sizeof(problem), "verifies with a bit of octet %ld of the %s flipped",
			at < 0 ? sig : at, at < 0 ? "signature" : "signed part");
		tell(j, title, at < 0 && sig < 0 ? NULL : problem);
	}
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *signer; /* NULL: its own key, a request */
	} objects[] = {
		{"root.crt", "root.crt"},
		{"ca.crt", "root.crt"},
		{"ocsp.crt", "ca.crt"},
		{"sign.crt", "ca.crt"},
		{"enc.crt", "ca.crt"},
		{"root.crl", "root.crt"},
		{"ca.crl", "ca.crt"},
		{"sign.csr", NULL},
		{"ocsp-good.der", "ocsp.crt"},
		{"ocsp-revoked.der", "ocsp.crt"},
		{"ocsp-unknown.der", "ocsp.crt"},
	};
	struct judge j = {.home = argc == 2 ? argv[1] : NULL, .file = OPENSSL_malloc(FILE_MAX)};

	if (!j.home || !j.file) {
		fprintf(stderr, "usage: %s HOME\n", argv[0]);
		return 2;
	}
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		judge(&j, objects[i].name,
			objects[i].signer ? key_of(&j, objects[i].signer) : key_of_request(&j, objects[i].name));
	OPENSSL_free(j.file);
	return j.num_failed > 0;
}
