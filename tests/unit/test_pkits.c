/*
 * NIST PKITS, all 249 cases, signed again with SM2-with-SM3: every verdict of path validation must match. The objects
 * are other people's and lie outside the checkout: at HUFU_VECTORS, or in ../shared/vectors. Without them this program
 * says so and passes.
 */
#include "test.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "x509/decode.h"
#include "x509/path.h"

#include <jansson.h>
#include <stdlib.h>

#define NUM_CASES   249
#define OBJECTS_MAX 16
#define AT          (INT64_C(1795345200) * HF_SECOND) /* 2026-11-22T11:00:00Z */

/* One case, loaded. */
struct pkits {
	const char *dir;
	struct hf_buf der[2 * OBJECTS_MAX];
	size_t num_der;
	struct hf_cert certs[OBJECTS_MAX]; /* the anchor first, the target last, what else is needed between */
	size_t num_certs;
	struct hf_crl crls[OBJECTS_MAX];
	size_t num_crls;
	struct hf_buf oids[8];
	struct hf_bytes policies[8];
	size_t num_policies;
};

static bool find_dir(char *out, size_t size)
{
	const char *given = getenv("HUFU_VECTORS");
	const char *root = getenv("HUFU_SOURCE_ROOT");
	char path[HF_PATH_MAX];
	FILE *file;

	if (given)
		hf_fmt_cut(out, size, "%s/pkits-sm2", given);
	else
		hf_fmt_cut(out, size, "%s/../shared/vectors/pkits-sm2", root ? root : ".");
	hf_fmt_cut(path, sizeof(path), "%s/vectors.json", out);
	file = fopen(path, "r");
	if (file)
		(void)fclose(file);
	return file != NULL;
}

static struct hf_bytes load(struct pkits *p, const char *kind, const char *name)
{
	struct hf_buf *der = &p->der[p->num_der++];
	char path[HF_PATH_MAX];
	struct hf_err err;

	assert_true(p->num_der <= 2 * OBJECTS_MAX);
	assert_true(hf_fmt(path, sizeof(path), "%s/%s/%s", p->dir, kind, name));
	hf_buf_init(der, HF_CERT_MAX);
	assert_ok(hf_file_read(path, der, &err));
	return hf_buf_bytes(der);
}

static void load_policies(struct pkits *p, const json_t *set)
{
	struct hf_err err;
	const char *name;
	char dotted[64];

	for (size_t i = 0; i < json_array_size(set); i++) {
		name = json_string_value(json_array_get(set, i));
		if (strcmp(name, "anyPolicy") == 0)
			hf_fmt_cut(dotted, sizeof(dotted), "2.5.29.32.0");
		else
			hf_fmt_cut(dotted, sizeof(dotted), "2.16.840.1.101.3.2.1.48.%s",
				name + strlen("NIST-test-policy-"));
		hf_buf_init(&p->oids[i], 64);
		assert_ok(hf_oid_parse(dotted, &p->oids[i], &err));
		p->policies[p->num_policies++] = hf_buf_bytes(&p->oids[i]);
	}
}

static bool load_case(struct pkits *p, const json_t *one, struct hf_err *err)
{
	const json_t *list = json_object_get(one, "CertPath");

	for (size_t i = 0; i < json_array_size(list); i++, p->num_certs++)
		if (!hf_decode_cert_foreign(
			    load(p, "certs", json_string_value(json_array_get(list, i))), &p->certs[p->num_certs], err))
			return false;
	list = json_object_get(one, "CRLPath");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct hf_bytes der = load(p, "crls", json_string_value(json_array_get(list, i)));

		/* A list that is no list says nothing. */
		if (hf_decode_crl_foreign(der, &p->crls[p->num_crls], err))
			p->num_crls++;
	}
	load_policies(p, json_object_get(one, "InitialPolicySet"));
	return true;
}

static void clear_case(struct pkits *p)
{
	for (size_t i = 0; i < p->num_der; i++)
		hf_buf_clear(&p->der[i]);
	for (size_t i = 0; i < p->num_policies; i++)
		hf_buf_clear(&p->oids[i]);
	free(p);
}

static bool judge(const char *dir, const json_t *one, struct hf_path_result *result, struct hf_err *err)
{
	struct pkits *p = hf_alloc(1, sizeof(*p));
	bool ok;

	p->dir = dir;
	ok = load_case(p, one, err);
	if (ok) {
		const struct hf_path_params params = {
			.anchors = p->certs,
			.num_anchors = 1,
			.pool = p->certs + 1,
			.num_pool = p->num_certs - 2,
			.crls = p->crls,
			.num_crls = p->num_crls,
			.at = AT,
			.policies = p->policies,
			.num_policies = p->num_policies,
			.explicit_policy = json_is_true(json_object_get(one, "InitialExplicitPolicy")),
			.inhibit_mapping = json_is_true(json_object_get(one, "InitialPolicyMappingInhibit")),
			.inhibit_any = json_is_true(json_object_get(one, "InitialAnyPolicyInhibit")),
		};

		ok = hf_path_find(&params, &p->certs[p->num_certs - 1], result, err);
		assert_true(ok || (err->code != HF_OK && err->text[0]));
		assert_true(ok || result->clause);
	}
	clear_case(p);
	return ok;
}

static void every_verdict_of_pkits_is_given(void **state)
{
	const char *dir = *state;
	size_t num_right = 0, num = 0;
	char path[HF_PATH_MAX];
	json_error_t why;
	json_t *cases;

	if (!dir)
		skip();
	hf_fmt_cut(path, sizeof(path), "%s/vectors.json", dir);
	cases = json_load_file(path, 0, &why);
	assert_non_null(cases);
	for (; num < json_array_size(cases); num++) {
		const json_t *one = json_array_get(cases, num);
		bool want = json_is_true(json_object_get(one, "ShouldValidate"));
		struct hf_path_result result;
		struct hf_err err = {0};
		bool got = judge(dir, one, &result, &err);

		num_right += got == want;
		if (got != want)
			print_message("%s: %s\n", json_string_value(json_object_get(one, "Name")),
				got ? "accepted" : err.text);
		else if (!got && getenv("HUFU_VERBOSE"))
			print_message("%s: %s\n", json_string_value(json_object_get(one, "Name")), err.text);
	}
	json_decref(cases);
	print_message("%zu of %zu verdicts\n", num_right, num);
	assert_int_equal(num, NUM_CASES);
	assert_int_equal(num_right, NUM_CASES);
}

static int set_up(void **state)
{
	static char dir[HF_PATH_MAX];

	*state = find_dir(dir, sizeof(dir)) ? dir : NULL;
	if (!*state)
		print_message("skipped: no %s (set HUFU_VECTORS)\n", dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_of_pkits_is_given),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
