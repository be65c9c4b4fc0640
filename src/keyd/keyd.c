#include "keyd/keyd.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/str.h"
#include "crypto/sm2.h"
#include "dev/sdf_lib.h"
#include "keyd/pins.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_MAX 65536

struct key {
	char name[HF_DEV_NAME_MAX];
	struct hf_key_policy policy; /* views into keyd->policy_file */
	struct hf_policy_key checked;
	uint8_t z[HF_SM3_LEN];
};

struct hf_keyd {
	struct hf_sdf_lib lib;
	void *device, *session;
	const struct hf_clock *clock;
	struct hf_ledger *ledger;
	struct hf_buf policy_file;
	char service[16];
	unsigned kek;
	struct key keys[HF_KEYD_KEYS_MAX];
	size_t num_keys;
};

/* ECCref values are right-aligned in 64 octets (GM/T 0018). */
static void point_from_ref(const unsigned char x[64], const unsigned char y[64], uint8_t pub[64])
{
	memcpy(pub, x + 32, 32);
	memcpy(pub + 32, y + 32, 32);
}

static void point_to_ref(const uint8_t pub[64], ECCrefPublicKey *ref)
{
	memset(ref, 0, sizeof(*ref));
	ref->bits = 256;
	memcpy(ref->x + 32, pub, 32);
	memcpy(ref->y + 32, pub + 32, 32);
}

static void signature_from_ref(const ECCSignature *ref, uint8_t sig[64])
{
	memcpy(sig, ref->r + 32, 32);
	memcpy(sig + 32, ref->s + 32, 32);
}

static bool join(char out[HF_PATH_MAX], const char *folder, const char *name, struct hf_err *err)
{
	return hf_fmt(out, HF_PATH_MAX, "%s/%s", folder, name) ||
	       hf_fail(err, HF_E_LIMIT, "%s: path is too long", folder);
}

/* Our own library is told its folder; a vendor's finds its device by itself. */
static bool open_device(
	struct hf_sdf_lib *lib, const char *folder, const struct hf_pins *pins, void **device, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	int code;

	if (!join(path, folder, "device", err))
		return false;
	if (lib->SDFX_OpenDevice && lib->SDFX_UnlockDevice) {
		code = lib->SDFX_OpenDevice(path, device);
		if (code != SDR_OK)
			return hf_sdf_fail(err, "SDFX_OpenDevice", code);
		code = lib->SDFX_UnlockDevice(*device, (const unsigned char *)pins->device, HF_PIN_LEN);
		return code == SDR_OK || hf_sdf_fail(err, "SDFX_UnlockDevice", code);
	}
	code = lib->SDF_OpenDevice(device);
	return code == SDR_OK || hf_sdf_fail(err, "SDF_OpenDevice", code);
}

static bool open_session(struct hf_keyd *keyd, const char *folder, const struct hf_pins *pins, struct hf_err *err)
{
	if (!open_device(&keyd->lib, folder, pins, &keyd->device, err))
		return false;
	int code = keyd->lib.SDF_OpenSession(keyd->device, &keyd->session);
	return code == SDR_OK || hf_sdf_fail(err, "SDF_OpenSession", code);
}

#define DAYS_MAX 36525 /* a hundred years: no sum of times leaves its type */

static bool check_policy(const struct hf_key_policy *policy, struct hf_err *err)
{
	if (policy->name.len == 0 || policy->name.len >= HF_DEV_NAME_MAX ||
		memchr(policy->name.p, 0, policy->name.len) || policy->index < 1 || policy->index > 65535 ||
		policy->kinds <= 0 || (policy->kinds & ~HF_SIGN_ALL) || policy->maxDays < 0 ||
		policy->maxDays > DAYS_MAX || policy->caPathLen < 0)
		return hf_fail(err, HF_E_INPUT, "policy.der: a key with no right name, index, kinds or limits");
	return true;
}

static bool open_key(struct hf_keyd *keyd, struct key *key, struct hf_pins *pins, struct hf_err *err)
{
	const struct hf_key_policy *policy = &key->policy;
	ECCrefPublicKey ref;

	if (!check_policy(policy, err))
		return false;
	memcpy(key->name, policy->name.p, policy->name.len);
	unsigned index = (unsigned)policy->index;
	int code =
		keyd->lib.SDF_GetPrivateKeyAccessRight(keyd->session, index, (unsigned char *)pins->keys, HF_PIN_LEN);
	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDF_GetPrivateKeyAccessRight", code) ||
		       hf_fail_in(err, "key \"%s\"", key->name);
	code = keyd->lib.SDF_ExportSignPublicKey_ECC(keyd->session, index, &ref);
	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDF_ExportSignPublicKey_ECC", code) ||
		       hf_fail_in(err, "key \"%s\"", key->name);
	key->checked = (struct hf_policy_key){.policy = policy, .service = keyd->service};
	point_from_ref(ref.x, ref.y, key->checked.pub);
	hf_sm2_z(key->checked.pub, HF_SM2_DEFAULT_ID, key->z);
	return true;
}

static bool read_policy(struct hf_keyd *keyd, const char *folder, struct hf_key_policies *policies, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!join(path, folder, "policy.der", err) || !hf_file_read(path, &keyd->policy_file, err))
		return false;
	if (!hf_der_decode(&hf_KeyPolicies, hf_buf_bytes(&keyd->policy_file), policies, err))
		return hf_fail_in(err, "%s", path);
	if (policies->version != 1 || policies->service.len >= sizeof(keyd->service) || policies->kek < 0 ||
		policies->kek > 65535 || policies->keys.num > HF_KEYD_KEYS_MAX)
		return hf_fail(err, HF_E_INPUT, "%s: version, service, KEK or number of keys", path);
	memcpy(keyd->service, policies->service.p, policies->service.len);
	keyd->kek = (unsigned)policies->kek;
	return true;
}

static bool open_keys(
	struct hf_keyd *keyd, const struct hf_key_policies *policies, struct hf_pins *pins, struct hf_err *err)
{
	for (struct hf_der_list rest = policies->keys; keyd->num_keys < policies->keys.num; keyd->num_keys++) {
		struct key *key = &keyd->keys[keyd->num_keys];
		if (!hf_der_list_next(&rest, &hf_KeyPolicy, &key->policy) || !open_key(keyd, key, pins, err))
			return false;
	}
	if (keyd->kek && (!keyd->lib.SDFX_GenerateWrappedKeyPairs_ECC || !keyd->lib.SDFX_RewrapKeyPairs_ECC))
		return hf_fail(err, HF_E_DEVICE,
			"the SDF library has no SDFX_GenerateWrappedKeyPairs_ECC and "
			"SDFX_RewrapKeyPairs_ECC: a KM without them would see users' keys (sdfx.h)");
	return true;
}

bool hf_keyd_open(const struct hf_keyd_options *options, struct hf_keyd **out, struct hf_err *err)
{
	struct hf_keyd *keyd = hf_alloc(1, sizeof(*keyd));
	struct hf_key_policies policies;
	struct hf_pins pins = {0};
	char path[HF_PATH_MAX];

	keyd->clock = options->clock;
	hf_buf_init(&keyd->policy_file, POLICY_MAX);
	bool ok = read_policy(keyd, options->folder, &policies, err) && join(path, options->folder, "ledger", err) &&
		  hf_ledger_open(path, options->clock, &keyd->ledger, err) &&
		  hf_pins_read(options->folder, &pins, err) && hf_sdf_lib_open(&keyd->lib, options->library, err) &&
		  open_session(keyd, options->folder, &pins, err) && open_keys(keyd, &policies, &pins, err);
	hf_wipe(&pins, sizeof(pins));
	if (ok)
		*out = keyd;
	else
		hf_keyd_close(keyd);
	return ok;
}

void hf_keyd_close(struct hf_keyd *keyd)
{
	if (!keyd)
		return;
	if (keyd->session)
		keyd->lib.SDF_CloseSession(keyd->session);
	if (keyd->device)
		keyd->lib.SDF_CloseDevice(keyd->device);
	hf_sdf_lib_close(&keyd->lib);
	hf_ledger_close(keyd->ledger);
	hf_buf_clear(&keyd->policy_file);
	free(keyd);
}

static struct key *find_key(struct hf_keyd *keyd, const char *name, struct hf_err *err)
{
	for (size_t i = 0; i < keyd->num_keys; i++)
		if (strcmp(keyd->keys[i].name, name) == 0)
			return &keyd->keys[i];
	hf_fail(err, HF_E_MISSING, "%s has no key \"%s\"", keyd->service, name);
	return NULL;
}

static bool keyd_public_key(void *ctx, const char *name, uint8_t pub[64], struct hf_err *err)
{
	struct key *key = find_key(ctx, name, err);

	if (!key)
		return false;
	memcpy(pub, key->checked.pub, 64);
	return true;
}

/* Checks all messages, and puts into the ledger what belongs there: after this the batch may be signed. */
static bool allow(struct hf_keyd *keyd, struct key *key, const struct hf_bytes *tbs, size_t num, struct hf_err *err)
{
	struct hf_ledger_item *items = hf_alloc(num, sizeof(*items));
	size_t num_items = 0;
	bool ok = hf_ledger_check_clock(keyd->ledger, err);

	for (size_t i = 0; ok && i < num; i++) {
		bool ledgered;
		ok = hf_policy_check(&key->checked, tbs[i], hf_now(keyd->clock), &ledgered, &items[num_items], err);
		num_items += ledgered;
		if (!ok)
			hf_fail_in(err, "message %zu for key \"%s\"", i, key->name);
	}
	ok = ok && (num_items == 0 || hf_ledger_append(keyd->ledger, key->name, items, num_items, err));
	free(items);
	return ok;
}

static bool sign_digests(struct hf_keyd *keyd, unsigned index, unsigned char *digests, size_t num, uint8_t (*sigs)[64],
	struct hf_err *err)
{
	ECCSignature *refs = hf_alloc(num, sizeof(*refs));
	int code = SDR_OK;

	if (keyd->lib.SDFX_InternalSignBatch_ECC)
		code = keyd->lib.SDFX_InternalSignBatch_ECC(keyd->session, index, (unsigned)num, digests, refs);
	else
		for (size_t i = 0; i < num && code == SDR_OK; i++)
			code = keyd->lib.SDF_InternalSign_ECC(keyd->session, index, digests + 32 * i, 32, &refs[i]);
	for (size_t i = 0; i < num && code == SDR_OK; i++)
		signature_from_ref(&refs[i], sigs[i]);
	free(refs);
	return code == SDR_OK || hf_sdf_fail(err, "SDF_InternalSign_ECC", code);
}

static bool keyd_sign(
	void *ctx, const char *name, const struct hf_bytes *tbs, size_t num, uint8_t (*sigs)[64], struct hf_err *err)
{
	struct hf_keyd *keyd = ctx;
	struct key *key = find_key(keyd, name, err);

	if (!key || !allow(keyd, key, tbs, num, err))
		return false;
	uint8_t *digests = hf_alloc(num, HF_SM3_LEN);
	for (size_t i = 0; i < num; i++)
		hf_sm2_digest(key->z, tbs[i], digests + HF_SM3_LEN * i);
	bool ok = sign_digests(keyd, (unsigned)key->policy.index, digests, num, sigs, err);
	free(digests);
	return ok;
}

static bool need_kek(const struct hf_keyd *keyd, struct hf_err *err)
{
	return keyd->kek || hf_fail(err, HF_E_DENIED, "the device of %s wraps no keys", keyd->service);
}

static bool keyd_generate(void *ctx, size_t num, struct hf_dev_pair *pairs, struct hf_err *err)
{
	struct hf_keyd *keyd = ctx;

	if (!need_kek(keyd, err))
		return false;
	ECCrefPublicKey *refs = hf_alloc(num, sizeof(*refs));
	uint8_t *wrapped = hf_alloc(num, SDFX_WRAPPED_SIZE);
	int code = keyd->lib.SDFX_GenerateWrappedKeyPairs_ECC(
		keyd->session, keyd->kek, (unsigned)num, refs, wrapped, (unsigned)(num * SDFX_WRAPPED_SIZE));
	for (size_t i = 0; i < num && code == SDR_OK; i++) {
		point_from_ref(refs[i].x, refs[i].y, pairs[i].pub);
		memcpy(pairs[i].wrapped, wrapped + i * SDFX_WRAPPED_SIZE, SDFX_WRAPPED_SIZE);
	}
	free(refs);
	free(wrapped);
	return code == SDR_OK || hf_sdf_fail(err, "SDFX_GenerateWrappedKeyPairs_ECC", code);
}

static void envelope_from(const SDFX_REWRAP_OUT *in, struct hf_dev_envelope *out)
{
	memcpy(out->encrypted_key, in->encPriv, sizeof(out->encrypted_key));
	point_from_ref(in->keyCipher.x, in->keyCipher.y, out->cipher);
	memcpy(out->cipher + 64, in->keyCipher.M, 32);
	memcpy(out->cipher + 96, in->keyCipher.C, 16);
	signature_from_ref(&in->signature, out->signature);
}

static bool keyd_rewrap(void *ctx, const char *name, const struct hf_dev_rewrap *list, size_t num,
	struct hf_dev_envelope *envelopes, struct hf_err *err)
{
	struct hf_keyd *keyd = ctx;
	struct key *key = find_key(keyd, name, err);

	if (!key || !need_kek(keyd, err))
		return false;
	if (!(key->policy.kinds & HF_SIGN_KM_GIVE))
		return hf_fail(err, HF_E_DENIED, "key \"%s\" does not sign what a KM gives", name);
	SDFX_REWRAP_IN *in = hf_alloc(num, sizeof(*in));
	SDFX_REWRAP_OUT *out = hf_alloc(num, sizeof(*out));
	for (size_t i = 0; i < num; i++) {
		point_to_ref(list[i].pair.pub, &in[i].pub);
		memcpy(in[i].wrapped, list[i].pair.wrapped, SDFX_WRAPPED_SIZE);
		point_to_ref(list[i].recipient, &in[i].recipient);
	}
	int code = keyd->lib.SDFX_RewrapKeyPairs_ECC(
		keyd->session, keyd->kek, (unsigned)key->policy.index, (unsigned)num, in, out);
	for (size_t i = 0; i < num && code == SDR_OK; i++)
		envelope_from(&out[i], &envelopes[i]);
	free(in);
	free(out);
	return code == SDR_OK || hf_sdf_fail(err, "SDFX_RewrapKeyPairs_ECC", code);
}

static bool keyd_ledger_state(void *ctx, struct hf_ledger_state *state, struct hf_err *err)
{
	(void)err;
	hf_ledger_state_of(((struct hf_keyd *)ctx)->ledger, state);
	return true;
}

static bool keyd_ledger_read(
	void *ctx, uint64_t after, struct hf_ledger_entry *entries, size_t max, size_t *num, struct hf_err *err)
{
	return hf_ledger_entries(((struct hf_keyd *)ctx)->ledger, after, entries, max, num, err);
}

static const struct hf_dev_ops keyd_ops = {
	.public_key = keyd_public_key,
	.sign = keyd_sign,
	.generate = keyd_generate,
	.rewrap = keyd_rewrap,
	.ledger_state = keyd_ledger_state,
	.ledger_read = keyd_ledger_read,
};

struct hf_dev hf_keyd_dev(struct hf_keyd *keyd)
{
	return (struct hf_dev){.ops = &keyd_ops, .ctx = keyd};
}

void hf_keyd_status(const struct hf_keyd *keyd, char *out, size_t size)
{
	struct hf_ledger_state state;

	hf_ledger_state_of(keyd->ledger, &state);
	hf_fmt_cut(out, size, "%zu keys, ledger at %llu", keyd->num_keys, (unsigned long long)state.number);
}

/* The library opens files below the folder as it likes; every path is made before it is asked. */
static bool make_keys(struct hf_sdf_lib *lib, void *session, struct hf_keyd_init *init, const struct hf_pins *pins,
	struct hf_err *err)
{
	for (size_t i = 0; i < init->num_keys; i++) {
		ECCrefPublicKey ref;
		int code = lib->SDFX_GenerateInternalKeyPair_ECC(session, init->keys[i].index, SDFX_USE_SIGN,
			(const unsigned char *)pins->keys, HF_PIN_LEN, &ref);
		if (code != SDR_OK)
			return hf_sdf_fail(err, "SDFX_GenerateInternalKeyPair_ECC", code) ||
			       hf_fail_in(err, "key \"%s\"", init->keys[i].name);
		point_from_ref(ref.x, ref.y, init->keys[i].pub);
	}
	int code = init->kek ? lib->SDFX_GenerateKEK(session, 1) : SDR_OK;
	return code == SDR_OK || hf_sdf_fail(err, "SDFX_GenerateKEK", code);
}

static bool make_device(struct hf_sdf_lib *lib, struct hf_keyd_init *init, struct hf_pins *pins, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	void *device = NULL;
	void *session = NULL;
	bool ok = false;

	if (!lib->SDFX_InitDevice || !lib->SDFX_OpenDevice || !lib->SDFX_UnlockDevice ||
		!lib->SDFX_GenerateInternalKeyPair_ECC || (init->kek && !lib->SDFX_GenerateKEK))
		return hf_fail(err, HF_E_DEVICE,
			"the SDF library makes no keys by itself: make them with the vendor's tools (sdfx.h)");
	if (!join(path, init->folder, "device", err))
		return false;
	int code = lib->SDFX_InitDevice(path, (const unsigned char *)pins->device, HF_PIN_LEN, init->iterations);
	if (code != SDR_OK)
		return hf_sdf_fail(err, "SDFX_InitDevice", code);
	if (!open_device(lib, init->folder, pins, &device, err))
		goto out;
	code = lib->SDF_OpenSession(device, &session);
	ok = code == SDR_OK ? make_keys(lib, session, init, pins, err) : hf_sdf_fail(err, "SDF_OpenSession", code);
out:
	if (session)
		lib->SDF_CloseSession(session);
	if (device)
		lib->SDF_CloseDevice(device);
	return ok;
}

bool hf_keyd_make(struct hf_keyd_init *init, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_pins pins = {0};
	struct hf_sdf_lib lib;

	if (!join(path, init->folder, "pins", err))
		return false;
	/* The pins are all that opens a device: new ones never take their place. */
	if (hf_file_there(path))
		return hf_fail(err, HF_E_EXISTS, "%s: a device was made here before", init->folder);
	if (!hf_dir_make(init->folder, 0700, err) || !hf_sdf_lib_open(&lib, init->library, err))
		return false;
	bool ok = hf_pins_make(init->folder, &pins, err) && make_device(&lib, init, &pins, err);
	hf_wipe(&pins, sizeof(pins));
	hf_sdf_lib_close(&lib);
	return ok || hf_fail_in(err, "device of %s", init->service);
}

bool hf_keyd_write_policy(const char *folder, const char *service, int64_t kek, const struct hf_key_policy *keys,
	size_t num, struct hf_err *err)
{
	struct hf_key_policies policies = {.version = 1, .service = hf_bytes_str(service), .kek = kek};
	char path[HF_PATH_MAX];
	struct hf_buf list, der;
	bool ok = join(path, folder, "policy.der", err);

	hf_buf_init(&list, POLICY_MAX);
	hf_buf_init(&der, POLICY_MAX);
	for (size_t i = 0; ok && i < num; i++)
		ok = hf_der_list_add(&list, &hf_KeyPolicy, &keys[i], err);
	policies.keys = hf_der_list_of(&list);
	ok = ok && hf_der_encode(&hf_KeyPolicies, &policies, &der, err) &&
	     hf_file_write(path, hf_buf_bytes(&der), 0600, err);
	hf_buf_clear(&list);
	hf_buf_clear(&der);
	return ok;
}
