/* The KM over the real device process's core and libhufusdf.so: policy, generation, re-wrap, signature. */
#include "km_rig.h"

#include "keyd/keyd.h"

#include <ftw.h>
#include <stdlib.h>

static const struct hf_schema *const schemas[] = {&hf_journal_schema, &hf_km_schema};

struct real {
	struct km_rig rig;
	struct hf_keyd *keyd;
	char folder[300];
};
static struct real *real;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* The device makes its key, then the certificate is made for it. */
static void make_device(const char *library)
{
	struct hf_err err;
	struct hf_keyd_init init = {.folder = real->folder,
		.library = library,
		.service = "km",
		.iterations = 10,
		.kek = true,
		.keys = {{.name = "km", .index = 1}},
		.num_keys = 1};
	const struct hf_key_policy policy = {.name = HF_BYTES_LIT("km"),
		.index = 1,
		.kinds = HF_SIGN_KM_GIVE,
		.notAfter = real->rig.now + 3650 * HF_DAY};
	const struct hf_keyd_options options = {real->folder, library, &real->rig.clock};

	assert_ok(hf_keyd_make(&init, &err));
	assert_ok(hf_keyd_write_policy(real->folder, "km", 1, &policy, 1, &err));
	assert_ok(hf_keyd_open(&options, &real->keyd, &err));
	real->rig.dev = hf_keyd_dev(real->keyd);
}

/* The KM's certificate for the key that lies in the device. */
static void certify(void)
{
	struct rig_cert *km = &real->rig.km_cert;
	struct hf_signer signer = rig_signer(&real->rig.root.key);
	const struct hf_cert before = km->cert; /* its names and serial will do */
	struct hf_buf tbs, der;
	struct hf_err err;
	struct hf_tbs_params params = {.profile = HF_PROFILE_SERVICE,
		.serial = before.tbs.serialNumber,
		.issuer = before.tbs.issuer,
		.subject = before.tbs.subject,
		.not_before = before.tbs.validity.notBefore,
		.not_after = before.tbs.validity.notAfter,
		.issuer_key_id = real->rig.root.cert.subject_key_id,
		.path_len = -1,
		.crl_uri = "http://ca.example/ca.crl"};

	assert_ok(hf_dev_public_key(&real->rig.dev, "km", params.pub, &err));
	hf_buf_init(&tbs, HF_TBS_MAX);
	hf_buf_init(&der, HF_CERT_MAX);
	assert_ok(hf_tbs_build(&params, &tbs, &err));
	struct hf_bytes view = hf_buf_bytes(&tbs);
	assert_ok(hf_signed_make(&signer, &view, 1, &der, &err));
	rig_clear(km);
	km->der = der;
	assert_ok(hf_decode_cert(hf_buf_bytes(&km->der), &km->cert, &err));
	memcpy(km->key.pub, params.pub, sizeof(params.pub));
	hf_buf_clear(&tbs);
}

static int set_up(void **state)
{
	const char *root = getenv("HUFU_BUILD_ROOT");
	struct hf_err err;
	char library[HF_PATH_MAX];

	(void)state;
	real = calloc(1, sizeof(*real));
	km_rig_set_up(&real->rig, schemas, 2);
	hf_fmt_cut(library, sizeof(library), "%s/libhufusdf.so", root ? root : ".");
	hf_fmt_cut(real->folder, sizeof(real->folder), "%s/keyd", real->rig.scratch.dir);
	make_device(library);
	certify();
	km_rig_close(&real->rig);
	km_rig_write_cert(&real->rig);
	km_rig_open(&real->rig);
	assert_ok(hf_km_check_key(&real->rig.km, &err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	hf_keyd_close(real->keyd);
	nftw(real->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	km_rig_tear_down(&real->rig);
	free(real);
	return 0;
}

#define NUM 64

static void the_device_gives_restores_and_signs(void **state)
{
	struct serial serials[NUM];
	struct hf_km_ask asks[NUM], restore;
	struct hf_km_answer answer;
	struct hf_km_job job, restored;
	uint8_t d[HF_SM2_SCALAR], again[HF_SM2_SCALAR];

	(void)state;
	for (size_t i = 0; i < NUM; i++) {
		serials[i] = serial_of(i);
		asks[i] = ask_for(HF_KM_APPLY, &serials[i], &real->rig.user);
	}
	ask_km(&real->rig, &real->rig.ca, 7, asks, NUM, &job);
	for (size_t i = 0; i < NUM; i++) {
		answer_of(&real->rig, &job, i, &answer);
		assert_int_equal(answer.verb, HF_KM_APPLY);
		open_key(&real->rig, &answer, &real->rig.user, d);
	}
	restore = ask_for(HF_KM_RESTORE, &serials[NUM - 1], &real->rig.user2);
	ask_km(&real->rig, &real->rig.ca, 8, &restore, 1, &restored);
	answer_of(&real->rig, &restored, 0, &answer);
	open_key(&real->rig, &answer, &real->rig.user2, again);
	assert_memory_equal(d, again, sizeof(d));
	assert_counts(&real->rig, 0, NUM, 0);
	hf_km_job_clear(&job);
	hf_km_job_clear(&restored);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_device_gives_restores_and_signs, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
