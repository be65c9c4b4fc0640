/*
 * Real objects of operating Chinese CAs, which are other people's and lie outside the checkout: at HUFU_VECTORS, or in
 * ../shared/vectors. Without them this program says so and passes.
 */
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "x509/cert.h"
#include "x509/decode.h"
#include "x509/lint.h"

#include <dirent.h>
#include <stdlib.h>

#define OBJECTS_MAX 64

struct object {
	char name[256];
	struct hf_buf der;
	bool is_crl;
	struct hf_cert cert;
	struct hf_crl crl;
};

struct world {
	char dir[HF_PATH_MAX];
	struct object *objects;
	size_t num;
};

static bool find_dir(char *out, size_t size)
{
	const char *given = getenv("HUFU_VECTORS");
	const char *root = getenv("HUFU_SOURCE_ROOT");
	DIR *dir;

	if (given)
		hf_fmt_cut(out, size, "%s/realsm2", given);
	else
		hf_fmt_cut(out, size, "%s/../shared/vectors/realsm2", root ? root : ".");
	dir = opendir(out);
	if (dir)
		closedir(dir);
	return dir != NULL;
}

static void load(struct world *world, const char *name)
{
	struct object *object = &world->objects[world->num];
	char path[HF_PATH_MAX + 256];
	struct hf_err err;

	if (!strstr(name, ".cert.der") && !strstr(name, ".crl.der"))
		return;
	assert_true(world->num < OBJECTS_MAX);
	hf_fmt_cut(object->name, sizeof(object->name), "%s", name);
	hf_fmt_cut(path, sizeof(path), "%s/%s", world->dir, name);
	hf_buf_init(&object->der, HF_CERT_MAX);
	assert_ok(hf_file_read(path, &object->der, &err));
	object->is_crl = strstr(name, ".crl.der") != NULL;
	if (object->is_crl)
		assert_ok(hf_decode_crl(hf_buf_bytes(&object->der), &object->crl, &err));
	else
		assert_ok(hf_decode_cert(hf_buf_bytes(&object->der), &object->cert, &err));
	world->num++;
}

static int set_up(void **state)
{
	static struct world world;
	struct dirent *entry;

	*state = NULL;
	if (!find_dir(world.dir, sizeof(world.dir))) {
		print_message("skipped: no %s (set HUFU_VECTORS)\n", world.dir);
		return 0;
	}
	world.objects = hf_alloc(OBJECTS_MAX + 1, sizeof(*world.objects));
	DIR *dir = opendir(world.dir);
	while (dir && (entry = readdir(dir)))
		load(&world, entry->d_name);
	closedir(dir);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; world && i < world->num; i++)
		hf_buf_clear(&world->objects[i].der);
	if (world)
		free(world->objects);
	return 0;
}

#define WORLD_OR_SKIP(world, state)                                                                                    \
	struct world *world = *(state);                                                                                \
	if (!world)                                                                                                    \
	skip()

static void all_parse_and_print(void **state)
{
	WORLD_OR_SKIP(world, state);
	struct hf_buf text;

	hf_buf_init(&text, 1 << 20);
	assert_int_equal(world->num, 32);
	for (size_t i = 0; i < world->num; i++) {
		const struct object *object = &world->objects[i];
		hf_buf_reset(&text);
		if (object->is_crl)
			hf_crl_print(&object->crl, &text);
		else
			hf_cert_print(&object->cert, &text);
		assert_true(hf_buf_ok(&text) && text.len > 300);
		for (size_t at = 0; at < text.len; at++)
			assert_true(text.p[at] == '\n' || text.p[at] >= 0x20);
	}
	hf_buf_clear(&text);
}

static const struct hf_cert *issuer_of(const struct world *world, const struct object *object)
{
	struct hf_bytes issuer = object->is_crl ? object->crl.tbs.issuer : object->cert.tbs.issuer;
	struct hf_bytes key_id = object->is_crl ? object->crl.authority_key_id : object->cert.authority_key_id;

	for (size_t i = 0; i < world->num; i++) {
		const struct object *other = &world->objects[i];
		if (!other->is_crl && hf_name_equal(other->cert.tbs.subject, issuer) &&
			hf_bytes_equal(other->cert.subject_key_id, key_id))
			return &other->cert;
	}
	return NULL;
}

static void those_with_an_issuer_here_verify(void **state)
{
	WORLD_OR_SKIP(world, state);
	size_t verified = 0;
	struct hf_err err;

	for (size_t i = 0; i < world->num; i++) {
		const struct object *object = &world->objects[i];
		const struct hf_cert *issuer = issuer_of(world, object);
		if (!issuer)
			continue;
		if (object->is_crl)
			assert_ok(hf_crl_verify(&object->crl, issuer, &err));
		else
			assert_ok(hf_cert_verify(&object->cert, issuer, &err));
		verified++;
	}
	assert_int_equal(verified, 30);
}

static void what_was_decoded_encodes_back(void **state)
{
	WORLD_OR_SKIP(world, state);
	struct hf_buf out;
	struct hf_err err;

	hf_buf_init(&out, HF_CERT_MAX);
	for (size_t i = 0; i < world->num; i++) {
		const struct object *object = &world->objects[i];
		hf_buf_reset(&out);
		if (object->is_crl)
			assert_ok(hf_der_encode(&hf_TBSCertList, &object->crl.tbs, &out, &err));
		else
			assert_ok(hf_der_encode(&hf_TBSCertificate, &object->cert.tbs, &out, &err));
		bool same =
			hf_bytes_equal(hf_buf_bytes(&out), object->is_crl ? object->crl.tbs_der : object->cert.tbs_der);
		/* One sample list writes its times as GeneralizedTime, which we read and never write. */
		if (!same && !strstr(object->name, "Sub_CA__"))
			fail_msg("%s does not come back", object->name);
	}
	hf_buf_clear(&out);
}

struct severity_count {
	unsigned errors;
};

static void count_errors(void *ctx, const struct hf_lint_rule *rule)
{
	struct severity_count *count = ctx;

	if (rule->severity == HF_LINT_ERROR)
		count->errors++;
}

/* The real world is lax: the national root's basicConstraints and keyUsage are not critical. Lint says so, no more. */
static void lint_knows_where_the_real_world_is_lax(void **state)
{
	WORLD_OR_SKIP(world, state);
	struct severity_count count = {0};
	const struct hf_lint_report report = {count_errors, &count};
	unsigned clean = 0, lax = 0;
	struct hf_err err;

	for (size_t i = 0; i < world->num; i++) {
		const struct object *object = &world->objects[i];
		bool ok = object->is_crl ? hf_lint_crl(&object->crl, &report, &err)
					 : hf_lint_cert(&object->cert, hf_lint_kinds_of(&object->cert), &report, &err);
		if (strstr(object->name, "ROOTCA_9c28"))
			assert_false(ok);
		clean += ok;
		lax += !ok;
	}
	assert_true(clean > lax && count.errors >= lax && lax > 0);
}

static void the_banks_pair_is_a_pair(void **state)
{
	WORLD_OR_SKIP(world, state);
	const struct hf_cert *sign = NULL, *enc = NULL;
	struct hf_err err;

	for (size_t i = 0; i < world->num; i++) {
		const struct object *object = &world->objects[i];
		if (!strstr(object->name, "ebssec"))
			continue;
		if (object->cert.key_usage == HF_KU_SIGN)
			sign = &object->cert;
		else
			enc = &object->cert;
	}
	assert_true(sign && enc);
	assert_ok(hf_lint_pair(sign, enc, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parse_and_print),
		cmocka_unit_test(those_with_an_issuer_here_verify),
		cmocka_unit_test(what_was_decoded_encodes_back),
		cmocka_unit_test(lint_knows_where_the_real_world_is_lax),
		cmocka_unit_test(the_banks_pair_is_a_pair),
	};
	/* The group's state is handed to each test. */
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
