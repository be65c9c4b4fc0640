/*
 * keyd's core over a real device: what it opens, signs, makes and refuses. The rules themselves are in test_policy.c.
 */
#include "keyd_rig.h"

#include "crypto/sm4.h"
#include "x509/kmproto.h"

struct fixture {
	char folder[256], library[HF_PATH_MAX];
	int64_t now;
	struct hf_clock clock;
	struct hf_buf name;
	struct hf_keyd_init init;
	struct hf_key_policy policies[3];
	struct hf_keyd *keyd;
	struct hf_dev dev;
};

enum { KEY_CA, KEY_AUDIT, KEY_KM };

static bool try_open(struct fixture *f, struct hf_err *err)
{
	const struct hf_keyd_options options = {f->folder, f->library, &f->clock};

	if (!hf_keyd_open(&options, &f->keyd, err))
		return false;
	f->dev = hf_keyd_dev(f->keyd);
	return true;
}

static void shut(struct fixture *f)
{
	hf_keyd_close(f->keyd);
	f->keyd = NULL;
}

static void write_policy(struct fixture *f, int64_t kek)
{
	struct hf_err err;

	assert_ok(hf_keyd_write_policy(f->folder, "ca", kek, f->policies, 3, &err));
}

static int set_up_with(void **state, bool kek)
{
	struct hf_err err;
	struct fixture *f = calloc(1, sizeof(*f));

	rig_folder_make(f->folder);
	rig_built("libhufusdf.so", f->library);
	rig_name(&f->name, "the CA");
	f->now = RIG_NOW;
	f->clock = (struct hf_clock){rig_clock_now, &f->now};
	f->init = (struct hf_keyd_init){.folder = f->folder,
		.library = f->library,
		.service = "ca",
		.iterations = RIG_ITERATIONS,
		.kek = kek,
		.keys = {{.name = "ca", .index = 1}, {.name = "audit", .index = 2}, {.name = "km", .index = 3}},
		.num_keys = 3};
	f->policies[KEY_CA] = (struct hf_key_policy){.name = HF_BYTES_LIT("ca"),
		.index = 1,
		.kinds = HF_SIGN_END | HF_SIGN_CRL,
		.issuer = hf_buf_bytes(&f->name),
		.maxDays = 100,
		.notAfter = RIG_NOW + 100 * HF_DAY};
	f->policies[KEY_AUDIT] = (struct hf_key_policy){
		.name = HF_BYTES_LIT("audit"), .index = 2, .kinds = HF_SIGN_OPERATION, .notAfter = RIG_NOW};
	f->policies[KEY_KM] = (struct hf_key_policy){
		.name = HF_BYTES_LIT("km"), .index = 3, .kinds = HF_SIGN_KM_GIVE, .notAfter = RIG_NOW};
	assert_ok(hf_keyd_make(&f->init, &err));
	write_policy(f, kek);
	assert_ok(try_open(f, &err));
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, false);
}

static int set_up_km(void **state)
{
	return set_up_with(state, true);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	hf_keyd_close(f->keyd);
	hf_buf_clear(&f->name);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

/* An end entity's TBS that the CA key may sign, with this serial. */
static void make_tbs(struct fixture *f, uint8_t serial, int64_t not_before, struct hf_buf *tbs)
{
	struct hf_err err;
	uint8_t number[HF_SERIAL_LEN] = {1}, key_id[HF_KEY_ID_LEN];
	struct hf_sm2_key user;
	struct hf_buf subject;
	struct hf_tbs_params params = {.profile = HF_PROFILE_USER_SIGN,
		.serial = HF_BYTES_OF(number),
		.issuer = hf_buf_bytes(&f->name),
		.not_before = not_before,
		.not_after = not_before + 10 * HF_DAY,
		.issuer_key_id = HF_BYTES_OF(key_id),
		.path_len = -1,
		.crl_uri = "http://ca.example/ca.crl"};

	number[HF_SERIAL_LEN - 1] = serial;
	rig_name(&subject, "a user");
	params.subject = hf_buf_bytes(&subject);
	assert_ok(hf_key_id(f->init.keys[KEY_CA].pub, key_id, &err));
	assert_ok(hf_sm2_generate(&user, &err));
	memcpy(params.pub, user.pub, sizeof(params.pub));
	hf_buf_init(tbs, HF_TBS_MAX);
	assert_ok(hf_tbs_build(&params, tbs, &err));
	hf_buf_clear(&subject);
}

static uint64_t ledger_number(struct fixture *f)
{
	struct hf_err err;
	struct hf_ledger_state state;

	assert_ok(hf_dev_ledger_state(&f->dev, &state, &err));
	return state.number;
}

static void verify(const uint8_t pub[64], struct hf_bytes message, const uint8_t sig[64])
{
	struct hf_err err;
	uint8_t z[HF_SM3_LEN], e[HF_SM3_LEN];

	hf_sm2_z(pub, HF_SM2_DEFAULT_ID, z);
	hf_sm2_digest(z, message, e);
	assert_ok(hf_sm2_verify(pub, e, sig, &err));
}

static void each_key_is_the_one_that_was_made(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	uint8_t pub[64];
	char text[80];

	for (size_t i = 0; i < 3; i++) {
		assert_ok(hf_dev_public_key(&f->dev, f->init.keys[i].name, pub, &err));
		assert_memory_equal(pub, f->init.keys[i].pub, sizeof(pub));
	}
	assert_refused(hf_dev_public_key(&f->dev, "root", pub, &err), HF_E_MISSING, "no key \"root\"");
	assert_refused(hf_dev_public_key(&f->dev, "a name that is too long", pub, &err), HF_E_MISSING, "too long");
	hf_keyd_status(f->keyd, text, sizeof(text));
	assert_string_equal(text, "3 keys, ledger at 0");
}

static void a_batch_is_ledgered_and_signed(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf tbs[3];
	struct hf_bytes views[3];
	uint8_t sigs[3][64], hash[32];
	struct hf_ledger_entry entries[4];
	size_t num;

	for (size_t i = 0; i < 3; i++) {
		make_tbs(f, (uint8_t)i, RIG_NOW, &tbs[i]);
		views[i] = hf_buf_bytes(&tbs[i]);
	}
	assert_ok(hf_dev_sign(&f->dev, "ca", views, 3, sigs, &err));
	assert_ok(hf_dev_ledger_read(&f->dev, 0, entries, 4, &num, &err));
	assert_int_equal(num, 3);
	for (size_t i = 0; i < 3; i++) {
		verify(f->init.keys[KEY_CA].pub, views[i], sigs[i]);
		hf_sm3(views[i], hash);
		assert_memory_equal(entries[i].tbs_hash, hash, sizeof(hash));
		assert_int_equal(entries[i].serial[19], i);
	}
	/* Each is signed once, also by a device process that was started anew. */
	shut(f);
	assert_ok(try_open(f, &err));
	assert_refused(hf_dev_sign(&f->dev, "ca", views, 1, sigs, &err), HF_E_EXISTS, "signed before");
	for (size_t i = 0; i < 3; i++)
		hf_buf_clear(&tbs[i]);
}

static void a_refused_batch_leaves_nothing_in_the_ledger(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_buf good, bad;
	uint8_t sigs[3][64];

	make_tbs(f, 1, RIG_NOW, &good);
	make_tbs(f, 2, RIG_NOW - HF_DAY, &bad);
	const struct hf_bytes views[] = {hf_buf_bytes(&good), hf_buf_bytes(&bad)};
	assert_refused(hf_dev_sign(&f->dev, "ca", views, 2, sigs, &err), HF_E_DENIED, "message 1 for key \"ca\"");
	assert_non_null(strstr(err.text, "notBefore"));
	assert_int_equal(ledger_number(f), 0);
	const struct hf_bytes twice[] = {hf_buf_bytes(&good), hf_buf_bytes(&good)};
	assert_refused(hf_dev_sign(&f->dev, "ca", twice, 2, sigs, &err), HF_E_EXISTS, "message 1");
	assert_refused(hf_dev_sign(&f->dev, "audit", views, 1, sigs, &err), HF_E_DENIED, "this key");
	assert_refused(hf_dev_sign(&f->dev, "root", views, 1, sigs, &err), HF_E_MISSING, "no key");
	assert_int_equal(ledger_number(f), 0);
	assert_ok(hf_dev_sign(&f->dev, "ca", views, 1, sigs, &err));
	assert_int_equal(ledger_number(f), 1);
	hf_buf_clear(&good);
	hf_buf_clear(&bad);
}

static void messages_that_are_no_certificates_are_not_ledgered(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	const struct hf_bytes operation = HF_BYTES_LIT("HUFU-OPERATION-1\nca\nGET\n/v1/audit\n");
	uint8_t sig[1][64];

	assert_ok(hf_dev_sign(&f->dev, "audit", &operation, 1, sig, &err));
	verify(f->init.keys[KEY_AUDIT].pub, operation, sig[0]);
	assert_int_equal(ledger_number(f), 0);
}

static void a_clock_behind_the_ledger_stops_every_signature(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	const struct hf_bytes operation = HF_BYTES_LIT("HUFU-OPERATION-1\nca\n");
	struct hf_buf tbs;
	uint8_t sig[1][64];

	make_tbs(f, 1, RIG_NOW, &tbs);
	const struct hf_bytes view = hf_buf_bytes(&tbs);
	assert_ok(hf_dev_sign(&f->dev, "ca", &view, 1, sig, &err));
	f->now -= HF_LEDGER_DRIFT + 1;
	assert_refused(hf_dev_sign(&f->dev, "audit", &operation, 1, sig, &err), HF_E_CLOCK, "ran backwards");
	shut(f);
	assert_refused(try_open(f, &err), HF_E_CLOCK, "ran backwards");
	hf_buf_clear(&tbs);
}

static void more_than_a_batch_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_bytes *views = calloc(HF_DEV_BATCH_MAX + 1, sizeof(*views));
	uint8_t(*sigs)[64] = calloc(HF_DEV_BATCH_MAX + 1, sizeof(*sigs));

	assert_refused(hf_dev_sign(&f->dev, "ca", views, HF_DEV_BATCH_MAX + 1, sigs, &err), HF_E_LIMIT, "1025 at once");
	views[0].len = HF_DEV_TBS_MAX + 1;
	assert_refused(hf_dev_sign(&f->dev, "ca", views, 1, sigs, &err), HF_E_LIMIT, "longer than");
	assert_ok(hf_dev_sign(&f->dev, "ca", views, 0, sigs, &err));
	free(views);
	free(sigs);
}

/* ---- pins, policies, folders ------------------------------------------------------------------------------------ */

static void write_file(struct fixture *f, const char *name, const char *text)
{
	struct hf_err err;
	char path[400];

	hf_fmt_cut(path, sizeof(path), "%s/%s", f->folder, name);
	assert_ok(hf_file_write(path, hf_bytes_str(text), 0600, &err));
}

static void write_pins(struct fixture *f, char device, char keys)
{
	struct hf_err err;
	struct hf_pins pins;
	char text[200];

	assert_ok(hf_pins_read(f->folder, &pins, &err));
	pins.device[0] = device ? device : pins.device[0];
	pins.keys[0] = keys ? keys : pins.keys[0];
	hf_fmt_cut(text, sizeof(text), "device %s\nkeys %s\n", pins.device, pins.keys);
	write_file(f, "pins", text);
}

static void wrong_pins_open_nothing(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_pins right;

	shut(f);
	assert_ok(hf_pins_read(f->folder, &right, &err));
	write_pins(f, 'x', 0);
	assert_refused(try_open(f, &err), HF_E_DEVICE, "SDFX_UnlockDevice");
	write_pins(f, right.device[0], 'x');
	assert_refused(try_open(f, &err), HF_E_DEVICE, "key \"ca\": SDF_GetPrivateKeyAccessRight: SDR_PRKRERR");
	write_pins(f, 0, right.keys[0]);
	assert_ok(try_open(f, &err));
}

static void a_pins_file_of_another_form_is_refused(void **state)
{
	static const char *const texts[] = {"", "device 12\nkeys 34\n", "keys\ndevice\n"};
	struct fixture *f = *state;
	struct hf_err err;
	char path[400];

	shut(f);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(f, "pins", texts[i]);
		assert_refused(try_open(f, &err), HF_E_INPUT, "expected the lines");
	}
	hf_fmt_cut(path, sizeof(path), "%s/pins", f->folder);
	assert_int_equal(unlink(path), 0);
	assert_refused(try_open(f, &err), HF_E_MISSING, "pins");
}

static void pins_are_for_their_owner_only_and_differ(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_pins pins;
	struct stat st;
	char path[400];

	hf_fmt_cut(path, sizeof(path), "%s/pins", f->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(hf_pins_read(f->folder, &pins, &err));
	assert_string_not_equal(pins.device, pins.keys);
}

static void a_folder_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_keyd_init again = f->init;

	shut(f);
	assert_refused(hf_keyd_make(&again, &err), HF_E_EXISTS, "made here before");
	/* And what is there is as it was: pins, device and keys. */
	assert_ok(try_open(f, &err));
}

static void a_policy_without_sense_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	const struct hf_key_policy good = f->policies[KEY_CA];
	struct hf_key_policy *p = &f->policies[KEY_CA];

	shut(f);
#define refuse(change, code, word)                                                                                     \
	do {                                                                                                           \
		*p = good;                                                                                             \
		change;                                                                                                \
		write_policy(f, 0);                                                                                    \
		assert_refused(try_open(f, &err), code, word);                                                         \
	} while (0)
	refuse(p->name = HF_BYTES_LIT(""), HF_E_INPUT, "no right name");
	refuse(p->name = HF_BYTES_LIT("sixteen-octets-x"), HF_E_INPUT, "no right name");
	refuse(p->index = 0, HF_E_INPUT, "no right name, index");
	refuse(p->index = 9, HF_E_DEVICE, "SDR_KEYNOTEXIST");
	refuse(p->kinds = 0, HF_E_INPUT, "kinds");
	refuse(p->kinds = HF_SIGN_ALL + 1, HF_E_INPUT, "kinds");
	refuse(p->maxDays = INT64_MAX, HF_E_INPUT, "limits");
	refuse(p->maxDays = -1, HF_E_INPUT, "limits");
	refuse(p->caPathLen = -1, HF_E_INPUT, "limits");
#undef refuse
	*p = good;
	write_policy(f, 0);
	assert_ok(try_open(f, &err));
	shut(f);
	write_file(f, "policy.der", "no DER");
	assert_refused(try_open(f, &err), HF_E_INPUT, "policy.der");
}

static void a_damaged_ledger_opens_nothing(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	char path[400], text[300];

	shut(f);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(f, "ledger", text);
	assert_refused(try_open(f, &err), HF_E_VERIFY, "restore it from the backup");
	hf_fmt_cut(path, sizeof(path), "%s/ledger", f->folder);
	assert_int_equal(unlink(path), 0);
	assert_ok(try_open(f, &err));
}

/* ---- wrapped keys ----------------------------------------------------------------------------------------------- */

static void a_device_without_kek_wraps_nothing(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_dev_pair pair;
	struct hf_dev_rewrap in = {0};
	struct hf_dev_envelope out;

	assert_refused(hf_dev_generate(&f->dev, 1, &pair, &err), HF_E_DENIED, "wraps no keys");
	assert_refused(hf_dev_rewrap(&f->dev, "km", &in, 1, &out, &err), HF_E_DENIED, "wraps no keys");
}

static void a_km_makes_pairs_that_only_the_recipient_opens(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_dev_rewrap in[2] = {0};
	struct hf_dev_envelope out[2];
	struct hf_dev_pair pairs[2];
	struct hf_sm2_key users[2];
	uint8_t sm4[16], d[32], pub[64];

	assert_ok(hf_dev_generate(&f->dev, 2, pairs, &err));
	for (size_t i = 0; i < 2; i++) {
		assert_ok(hf_sm2_generate(&users[i], &err));
		in[i].pair = pairs[i];
		memcpy(in[i].recipient, users[i].pub, sizeof(in[i].recipient));
	}
	assert_ok(hf_dev_rewrap(&f->dev, "km", in, 2, out, &err));
	for (size_t i = 0; i < 2; i++) {
		assert_ok(hf_sm2_decrypt(users[i].d, HF_BYTES_OF(out[i].cipher), sm4, &err));
		hf_sm4_ecb_decrypt(sm4, out[i].encrypted_key, d, sizeof(d));
		assert_ok(hf_sm2_public(d, pub, &err));
		assert_memory_equal(pub, pairs[i].pub, sizeof(pub));
		verify(f->init.keys[KEY_KM].pub, HF_BYTES_OF(d), out[i].signature);
		assert_null(memmem(&pairs[i], sizeof(pairs[i]), d, sizeof(d)));
	}
	assert_refused(hf_dev_rewrap(&f->dev, "audit", in, 2, out, &err), HF_E_DENIED, "what a KM gives");
	in[1].pair.wrapped[40] ^= 1;
	assert_refused(hf_dev_rewrap(&f->dev, "km", in, 2, out, &err), HF_E_DEVICE, "SDFX_RewrapKeyPairs_ECC");
	in[1].pair = pairs[0];
	memcpy(in[1].pair.pub, pairs[1].pub, sizeof(in[1].pair.pub));
	assert_refused(hf_dev_rewrap(&f->dev, "km", in, 2, out, &err), HF_E_DEVICE, "SDFX_RewrapKeyPairs_ECC");
}

/* ---- other libraries -------------------------------------------------------------------------------------------- */

static void a_library_with_nothing_beyond_the_standard_signs_in_a_loop(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	const struct hf_bytes operations[] = {
		HF_BYTES_LIT("HUFU-OPERATION-1\nca\n1\n"), HF_BYTES_LIT("HUFU-OPERATION-1\nca\n2\n")};
	uint8_t sigs[2][64], pub[64];

	shut(f);
	rig_built("tests/unit/libbaresdf.so", f->library);
	f->policies[KEY_AUDIT].index = 1;
	assert_ok(hf_keyd_write_policy(f->folder, "ca", 0, &f->policies[KEY_AUDIT], 1, &err));
	assert_ok(try_open(f, &err));
	assert_ok(hf_dev_public_key(&f->dev, "audit", pub, &err));
	assert_ok(hf_dev_sign(&f->dev, "audit", operations, 2, sigs, &err));
	for (size_t i = 0; i < 2; i++)
		verify(pub, operations[i], sigs[i]);
}

static void a_km_over_such_a_library_refuses_to_start(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;
	struct hf_keyd_init init = f->init;
	char folder[300];

	shut(f);
	rig_built("tests/unit/libbaresdf.so", f->library);
	f->policies[KEY_AUDIT].index = 1;
	assert_ok(hf_keyd_write_policy(f->folder, "ca", 1, &f->policies[KEY_AUDIT], 1, &err));
	assert_refused(try_open(f, &err), HF_E_DEVICE, "would see users' keys");
	hf_fmt_cut(folder, sizeof(folder), "%s/vendor", f->folder);
	init.folder = folder;
	assert_refused(hf_keyd_make(&init, &err), HF_E_DEVICE, "vendor's tools");
}

static void what_is_no_sdf_library_is_refused(void **state)
{
	struct fixture *f = *state;
	struct hf_err err;

	shut(f);
	rig_built("libhufuskf.so", f->library);
	assert_refused(try_open(f, &err), HF_E_DEVICE, "has no SDF_OpenDevice");
	hf_fmt_cut(f->library, sizeof(f->library), "/nonexistent.so");
	assert_refused(try_open(f, &err), HF_E_DEVICE, "/nonexistent.so");
}

#define with(name)    cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define with_km(name) cmocka_unit_test_setup_teardown(name, set_up_km, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with(each_key_is_the_one_that_was_made),
		with(a_batch_is_ledgered_and_signed),
		with(a_refused_batch_leaves_nothing_in_the_ledger),
		with(messages_that_are_no_certificates_are_not_ledgered),
		with(a_clock_behind_the_ledger_stops_every_signature),
		with(more_than_a_batch_is_refused),
		with(wrong_pins_open_nothing),
		with(a_pins_file_of_another_form_is_refused),
		with(pins_are_for_their_owner_only_and_differ),
		with(a_folder_is_made_once),
		with(a_policy_without_sense_is_refused),
		with(a_damaged_ledger_opens_nothing),
		with(a_device_without_kek_wraps_nothing),
		with_km(a_km_makes_pairs_that_only_the_recipient_opens),
		with(a_library_with_nothing_beyond_the_standard_signs_in_a_loop),
		with(a_km_over_such_a_library_refuses_to_start),
		with(what_is_no_sdf_library_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
