/*
 * Random sequences of calls from several threads on shared handles, live, closed and made up, with lengths and pointers
 * that are right and wrong. Every input has exactly its length on the heap and every output exactly the room that
 * sdf.h asks for: the sanitizers judge. HUFU_SDF_CALLS=seconds runs longer, HUFU_SDF_SEED repeats a run.
 */
#include "sdf_rig.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdatomic.h>

#define NUM_THREADS 4
#define NUM_SLOTS   6
#define SECONDS     2

/* Handles that all threads share. */
static struct {
	char folder[256];
	_Atomic(void *) device, session[NUM_SLOTS], key[NUM_SLOTS], agreement[NUM_SLOTS];
	atomic_ulong num_calls, num_ok;
	atomic_bool alarm; /* the self-test found the random numbers wanting, which it does by chance, and stopped the
			      device */
} shared;

struct caller {
	uint64_t state;
	int64_t until;
	size_t slot; /* of most handles of this call: keys belong to sessions */
};

static uint32_t next(struct caller *c)
{
	c->state ^= c->state << 13;
	c->state ^= c->state >> 7;
	c->state ^= c->state << 17;
	return (uint32_t)(c->state >> 32);
}

static uint32_t below(struct caller *c, uint32_t n)
{
	return next(c) % n;
}

/* Mostly a handle of this kind, sometimes another or none. */
static void *handle(struct caller *c, _Atomic(void *) *slots)
{
	switch (below(c, 120)) {
	case 0:
		return NULL;
	case 1:
		return (void *)(uintptr_t)next(c);
	case 2:
		return atomic_load(&shared.device);
	case 3:
		return atomic_load(&shared.key[below(c, NUM_SLOTS)]);
	case 4:
	case 5:
		return atomic_load(&slots[below(c, NUM_SLOTS)]);
	default:
		return atomic_load(&slots[c->slot]);
	}
}

static void *session(struct caller *c)
{
	return handle(c, shared.session);
}

static void *key(struct caller *c)
{
	return handle(c, shared.key);
}

/* What stood there is closed, perhaps while another thread uses it. */
static void put(struct caller *c, _Atomic(void *) *slots, void *made)
{
	void *old = atomic_exchange(&slots[c->slot], made);

	if (slots == shared.key && old)
		(void)SDF_DestroyKey(atomic_load(&shared.session[c->slot]), old);
}

/* Octets with exactly this room; NULL now and then. */
static void *room(struct caller *c, size_t len)
{
	uint8_t *p = below(c, 60) > 0 ? calloc(1, len > 0 ? len : 1) : NULL;

	for (size_t i = 0; p && i < len; i++)
		p[i] = (uint8_t)next(c);
	return p;
}

static unsigned int length(struct caller *c)
{
	return below(c, 3) == 0 ? below(c, 6) * 16 : below(c, 90);
}

static unsigned int index_of(struct caller *c)
{
	return below(c, 12) == 0 ? next(c) : below(c, 4);
}

static unsigned int alg(struct caller *c)
{
	static const unsigned int algs[] = {SGD_SM4_ECB, SGD_SM4_CBC, SGD_SM4_CFB, SGD_SM4_OFB, SGD_SM4_CTR,
		SGD_SM4_MAC, SGD_SM4_GCM, SGD_SM4_CCM, SGD_SM2_1, SGD_SM2_3, SGD_SM3, SGD_SM1_CBC};

	return algs[below(c, sizeof(algs) / sizeof(algs[0]))];
}

static unsigned int *count(struct caller *c)
{
	return room(c, sizeof(unsigned int));
}

/* --- One function each --- */

static int open_device(void)
{
	void *made;
	int rc = SDFX_OpenDevice(shared.folder, &made);

	if (rc != SDR_OK)
		return rc;
	atomic_store(&shared.device, made);
	return SDFX_UnlockDevice(made, password, LEN(password));
}

static int open_or_close(struct caller *c)
{
	void *made = NULL;
	DEVICEINFO info;
	int rc;

	switch (below(c, 800)) {
	case 0:
		return SDF_CloseDevice(atomic_load(&shared.device));
	case 1:
	case 2:
		return SDF_CloseSession(session(c));
	case 3:
	case 4:
		return SDF_DestroyKey(session(c), key(c));
	default:
		break;
	}
	if (SDF_GetDeviceInfo(atomic_load(&shared.session[c->slot]), &info) == SDR_OK)
		return SDR_OK;
	rc = SDF_OpenSession(atomic_load(&shared.device), &made);
	if (rc == SDR_OK)
		put(c, shared.session, made);
	return rc == SDR_OK ? SDF_GetPrivateKeyAccessRight(made, 1, code, LEN(code)) : open_device();
}

static int rights(struct caller *c)
{
	switch (below(c, 6)) {
	case 0:
		return SDF_ReleasePrivateKeyAccessRight(session(c), index_of(c));
	case 1:
		return SDF_GetPrivateKeyAccessRight(session(c), index_of(c), password, LEN(password));
	default:
		return SDF_GetPrivateKeyAccessRight(session(c), 1 + below(c, 2), code, LEN(code));
	}
}

static int keys_inside(struct caller *c)
{
	ECCrefPublicKey *pub = room(c, sizeof(*pub));
	int rc;

	switch (below(c, 6)) {
	case 0:
		rc = SDFX_GenerateInternalKeyPair_ECC(session(c), index_of(c), below(c, 4), code, LEN(code), pub);
		break;
	case 1:
		rc = SDFX_GenerateKEK(session(c), index_of(c));
		break;
	case 2:
		rc = SDFX_DestroyInternalKey(session(c), 2 + below(c, 2), below(c, 7));
		break;
	case 3:
		rc = SDF_ExportEncPublicKey_ECC(session(c), index_of(c), pub);
		break;
	default:
		rc = SDF_ExportSignPublicKey_ECC(session(c), index_of(c), pub);
	}
	free(pub);
	return rc;
}

static int sign_and_verify(struct caller *c)
{
	unsigned int num = 1 + below(c, 5), len = below(c, 20) > 0 ? 32 : length(c);
	unsigned char *digests = room(c, 32 * num), *one = room(c, len);
	ECCSignature *sigs = room(c, num * sizeof(*sigs));
	unsigned int at = below(c, 8) > 0 ? 1 : index_of(c);
	int rc = SDFX_InternalSignBatch_ECC(session(c), at, num, digests, sigs);

	if (rc == SDR_OK && SDF_InternalSign_ECC(session(c), at, one, len, &sigs[0]) == SDR_OK)
		(void)SDF_InternalVerify_ECC(session(c), at, one, len, &sigs[0]);
	free(digests);
	free(one);
	free(sigs);
	return rc;
}

static int encrypt_to_keys(struct caller *c)
{
	unsigned int len = length(c), out_len;
	unsigned char *in = room(c, len), *back = room(c, len);
	ECCCipher *cipher = room(c, sizeof(*cipher) - 1 + len), *moved = room(c, sizeof(*cipher) - 1 + len);
	unsigned int at = below(c, 8) > 0 ? 1 : index_of(c);
	ECCrefPublicKey pub = {0};
	int rc = SDF_InternalEncrypt_ECC(session(c), at, SGD_SM2_3, in, len, cipher);

	if (rc == SDR_OK && back)
		rc = SDF_InternalDecrypt_ECC(session(c), at, SGD_SM2_3, cipher, back, &out_len);
	if (rc == SDR_OK && SDF_ExportEncPublicKey_ECC(session(c), 1, &pub) == SDR_OK)
		rc = SDF_ExchangeDigitEnvelopeBaseOnECC(session(c), at, SGD_SM2_3, &pub, cipher, moved);
	free(in);
	free(back);
	free(cipher);
	free(moved);
	return rc;
}

static int session_keys(struct caller *c)
{
	ECCCipher *cipher = room(c, sizeof(*cipher) - 1 + 16);
	unsigned char *wrapped = room(c, 16);
	unsigned int *len = count(c);
	void *made = NULL;
	int rc;

	switch (below(c, 4)) {
	case 0:
		rc = SDF_GenerateKeyWithKEK(session(c), 128, SGD_SM4_ECB, 1, wrapped, len, &made);
		break;
	case 1:
		rc = SDF_ImportKeyWithKEK(session(c), SGD_SM4_ECB, 1, wrapped, 16, &made);
		break;
	case 2:
		if (cipher)
			cipher->L = 16;
		rc = SDF_ImportKeyWithISK_ECC(session(c), 1, cipher, &made);
		break;
	default:
		rc = SDF_GenerateKeyWithIPK_ECC(session(c), 1, 128, cipher, &made);
	}
	if (made)
		put(c, shared.key, made);
	free(cipher);
	free(wrapped);
	free(len);
	return rc;
}

static int agree(struct caller *c)
{
	ECCrefPublicKey a = {0}, b = {0}, t = {0}, u = {0};
	unsigned char id[] = "who";
	void *made = NULL, *s = session(c);
	int rc;

	switch (below(c, 3)) {
	case 0:
		rc = SDF_GenerateAgreementDataWithECC(s, 1, 128, id, 3, &a, &t, &made);
		if (rc == SDR_OK)
			put(c, shared.agreement, made);
		if (rc == SDR_OK && SDF_GenerateAgreementDataAndKeyWithECC(
					    s, 1, 128, id, 3, id, 3, &a, &t, &b, &u, &made) == SDR_OK)
			put(c, shared.key, made);
		break;
	default:
		rc = SDF_ExportEncPublicKey_ECC(s, 1, &b);
		if (rc == SDR_OK)
			rc = SDF_GenerateKeyWithECC(
				s, id, 3, &b, &b, handle(c, shared.agreement), below(c, 9) ? &made : NULL);
		if (rc == SDR_OK)
			put(c, shared.key, made);
	}
	return rc;
}

static int in_one_piece(struct caller *c)
{
	unsigned int len = length(c), mode = alg(c);
	unsigned char *in = room(c, len), *out = room(c, len > 16 ? len : 16), *iv = room(c, 16);
	unsigned int *made = count(c);
	int rc;

	switch (below(c, 3)) {
	case 0:
		rc = SDF_Encrypt(session(c), key(c), mode, iv, in, len, out, made);
		break;
	case 1:
		rc = SDF_Decrypt(session(c), key(c), mode, iv, in, len, out, made);
		break;
	default:
		rc = SDF_CalculateMAC(session(c), key(c), mode, iv, in, len, out, made);
	}
	free(in);
	free(out);
	free(iv);
	free(made);
	return rc;
}

static int in_pieces(struct caller *c)
{
	unsigned int len = length(c), iv_len = below(c, 10) > 0 ? 16 : below(c, 20), mode = alg(c);
	unsigned char *in = room(c, len), *out = room(c, len + 15), *iv = room(c, iv_len), *mac = room(c, 32);
	unsigned int *made = count(c);
	void *s = session(c);
	int rc;

	switch (below(c, 12)) {
	case 0:
		rc = SDF_EncryptInit(s, key(c), mode, iv, iv_len);
		break;
	case 1:
		rc = SDF_DecryptInit(s, key(c), mode, iv, iv_len);
		break;
	case 2:
		rc = SDF_CalculateMACInit(s, key(c), SGD_SM4_MAC, iv, iv_len);
		break;
	case 3:
		rc = SDF_HMACInit(s, key(c), SGD_SM3);
		break;
	case 4:
		rc = SDF_CalculateMACUpdate(s, in, len);
		break;
	case 5:
		rc = SDF_HMACUpdate(s, in, len);
		break;
	case 6:
		rc = SDF_CalculateMACFinal(s, mac, made);
		break;
	case 7:
		rc = SDF_HMACFinal(s, mac, made);
		break;
	case 8:
		rc = below(c, 4) > 0 ? SDF_DecryptUpdate(s, in, len, out, made) : SDF_DecryptFinal(s, NULL, made);
		break;
	case 9:
		rc = SDF_EncryptFinal(s, NULL, made);
		break;
	default:
		rc = SDF_EncryptUpdate(s, in, len, out, made);
	}
	free(in);
	free(out);
	free(iv);
	free(mac);
	free(made);
	return rc;
}

static int authenticated(struct caller *c)
{
	unsigned int len = length(c), nonce_len = below(c, 17), mode = below(c, 9) == 0 ? alg(c) : SGD_SM4_GCM;
	unsigned char *in = room(c, len), *out = room(c, len), *nonce = room(c, nonce_len), *tag = room(c, 16);
	unsigned int *made = count(c), *tag_len = count(c), some = below(c, 18);
	void *s = session(c);
	int rc;

	if (below(c, 2) == 0 && mode == SGD_SM4_GCM)
		mode = SGD_SM4_CCM;
	switch (below(c, 8)) {
	case 0:
		rc = SDF_AuthEnc(s, key(c), mode, nonce, nonce_len, in, len, in, len, out, made, tag, tag_len);
		break;
	case 1:
		rc = SDF_AuthDec(s, key(c), mode, nonce, nonce_len, in, len, tag, below(c, 17), in, len, out, made);
		break;
	case 2:
		rc = SDF_AuthEncInit(s, key(c), mode, nonce, nonce_len, in, len, below(c, 3) * len);
		break;
	case 3:
		rc = SDF_AuthDecInit(s, key(c), mode, nonce, nonce_len, in, len, tag, below(c, 17), below(c, 3) * len);
		break;
	case 4:
		rc = SDF_AuthEncFinal(s, NULL, made, tag, tag_len);
		break;
	case 5:
		rc = SDF_AuthDecFinal(s, NULL, made);
		break;
	case 6:
		rc = SDF_AuthDecUpdate(s, in, some < len ? some : len, out, made);
		break;
	default:
		rc = SDF_AuthEncUpdate(s, in, some < len ? some : len, out, made);
	}
	free(in);
	free(out);
	free(nonce);
	free(tag);
	free(made);
	free(tag_len);
	return rc;
}

static int hash(struct caller *c)
{
	unsigned int len = length(c);
	unsigned char *in = room(c, len), *out = room(c, 32);
	ECCrefPublicKey pub = {0};
	unsigned int *made = count(c);
	int rc;

	switch (below(c, 4)) {
	case 0:
		(void)SDF_ExportSignPublicKey_ECC(session(c), 1, &pub);
		rc = SDF_HashInit(session(c), SGD_SM3, below(c, 3) > 0 ? &pub : NULL, in, below(c, 2) * len);
		break;
	case 1:
		rc = SDF_HashFinal(session(c), out, made);
		break;
	default:
		rc = SDF_HashUpdate(session(c), in, len);
	}
	free(in);
	free(out);
	free(made);
	return rc;
}

static int files(struct caller *c)
{
	unsigned int len = length(c), name_len = below(c, 20) > 0 ? 1 : below(c, 131);
	unsigned char *data = room(c, len), *name = room(c, name_len);
	unsigned int *made = count(c);
	int rc;

	if (name)
		name[0] = (unsigned char)('a' + below(c, 3));
	if (made)
		*made = len;
	switch (below(c, 5)) {
	case 0:
		rc = SDF_CreateFile(session(c), name, name_len, below(c, 9) > 0 ? below(c, 300) : next(c));
		break;
	case 1:
		rc = SDF_DeleteFile(session(c), name, name_len);
		break;
	case 2:
		rc = SDF_WriteFile(session(c), name, name_len, below(c, 200), len, data);
		break;
	default:
		rc = SDF_ReadFile(session(c), name, name_len, below(c, 200), made, data);
	}
	free(data);
	free(name);
	free(made);
	return rc;
}

static int rsa(struct caller *c)
{
	unsigned char *in = room(c, 256), *out = room(c, 256);
	unsigned int *made = count(c);
	void *key_made = NULL;
	int rc;

	if (in)
		in[0] = 0;
	switch (below(c, 3)) {
	case 0:
		rc = SDF_InternalPrivateKeyOperation_RSA(session(c), 1, in, 256, out, made);
		break;
	case 1:
		rc = SDF_InternalPublicKeyOperation_RSA(session(c), 1, in, 256, out, made);
		break;
	default:
		rc = SDF_GenerateKeyWithIPK_RSA(session(c), 1, 128, out, made, &key_made);
		if (rc == SDR_OK)
			put(c, shared.key, key_made);
	}
	free(in);
	free(out);
	free(made);
	return rc;
}

static int wrapped_pairs(struct caller *c)
{
	unsigned int num = 1 + below(c, 3);
	ECCrefPublicKey *pubs = room(c, num * sizeof(*pubs));
	unsigned char *wrapped = room(c, num * SDFX_WRAPPED_SIZE);
	SDFX_REWRAP_IN in = {0};
	SDFX_REWRAP_OUT out;
	int rc = SDFX_GenerateWrappedKeyPairs_ECC(session(c), 1, num, pubs, wrapped, num * SDFX_WRAPPED_SIZE);

	if (rc == SDR_OK) {
		in.pub = in.recipient = pubs[0];
		memcpy(in.wrapped, wrapped, sizeof(in.wrapped));
		in.wrapped[20] ^= below(c, 4) == 0;
		rc = SDFX_RewrapKeyPairs_ECC(session(c), 1, 1, 1, &in, &out);
		(void)SDFX_ImportWrappedKeyPair_ECC(
			session(c), 1, &in.pub, in.wrapped, SDFX_WRAPPED_SIZE, 3, 1 + below(c, 2), code, LEN(code));
	}
	free(pubs);
	free(wrapped);
	return rc;
}

static int device_calls(struct caller *c)
{
	unsigned char *random = room(c, 50);
	unsigned int value;
	DEVICEINFO info;
	int rc;

	switch (below(c, 8)) {
	case 0:
		rc = below(c, 8) == 0 ? SDFX_SelfTest(atomic_load(&shared.device)) : SDR_OK;
		if (rc == SDR_RANDERR)
			atomic_store(&shared.alarm, true);
		break;
	case 1:
		rc = SDFX_AllowDebug(atomic_load(&shared.device), password, LEN(password), below(c, 2));
		break;
	case 2:
		rc = SDFX_GetDeviceState(atomic_load(&shared.device), &value);
		break;
	case 3:
		rc = SDF_ExternalKeyHMACInit(session(c), SGD_SM3, random, 20);
		break;
	case 4:
		rc = SDF_GetDeviceInfo(session(c), &info);
		break;
	default:
		rc = SDF_GenerateRandom(session(c), 50, random);
	}
	free(random);
	return rc;
}

static const struct {
	int (*call)(struct caller *c);
	unsigned weight;
} calls[] = {{open_or_close, 6}, {rights, 4}, {keys_inside, 2}, {sign_and_verify, 4}, {encrypt_to_keys, 2},
	{session_keys, 5}, {agree, 2}, {in_one_piece, 10}, {in_pieces, 20}, {authenticated, 16}, {hash, 6}, {files, 2},
	{rsa, 1}, {wrapped_pairs, 1}, {device_calls, 4}};

static void *run(void *arg)
{
	struct caller *c = arg;

	while (hf_now(&hf_clock_system) < c->until) {
		uint32_t at = below(c, 85);
		c->slot = below(c, NUM_SLOTS);
		size_t which = 0;
		while (at >= calls[which].weight)
			at -= calls[which++].weight;
		int rc = calls[which].call(c);
		atomic_fetch_add(&shared.num_calls, 1);
		atomic_fetch_add(&shared.num_ok, rc == SDR_OK);
		if (rc == SDR_HARDFAIL && atomic_load(&shared.alarm))
			return NULL;
		if (rc != SDR_OK && (rc < SDR_UNKNOWERR || rc > SDR_OUTARGERR || rc == SDR_HARDFAIL)) {
			print_error("call %zu said %08x\n", which, (unsigned)rc);
			return c;
		}
	}
	return NULL;
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void any_sequence_of_calls_is_answered(void **state)
{
	struct rig *rig = *state;
	struct caller callers[NUM_THREADS];
	pthread_t threads[NUM_THREADS];
	uint64_t seed = setting("HUFU_SDF_SEED", (unsigned long)hf_now(&hf_clock_system));
	int64_t until = hf_now(&hf_clock_system) + (int64_t)setting("HUFU_SDF_CALLS", SECONDS) * 1000000;
	unsigned int failed = 0;
	RSArefPublicKey pub;
	unsigned int value;

	print_message("HUFU_SDF_SEED=%llu\n", (unsigned long long)seed);
	assert_sdr(
		SDFX_GenerateInternalKeyPair_RSA(rig->session, 1, SDFX_USE_SIGN, 2048, code, LEN(code), &pub), SDR_OK);
	assert_sdr(
		SDFX_GenerateInternalKeyPair_RSA(rig->session, 1, SDFX_USE_ENC, 2048, code, LEN(code), &pub), SDR_OK);
	assert_true(hf_fmt(shared.folder, sizeof(shared.folder), "%s", rig->folder));
	atomic_store(&shared.device, rig->device);
	for (size_t i = 0; i < NUM_SLOTS; i++)
		atomic_store(&shared.session[i], rig->session);
	for (size_t i = 0; i < NUM_THREADS; i++) {
		callers[i] = (struct caller){.state = (seed + i) * 0x9E3779B97F4A7C15 | 1, .until = until};
		assert_int_equal(pthread_create(&threads[i], NULL, run, &callers[i]), 0);
	}
	for (size_t i = 0; i < NUM_THREADS; i++) {
		void *bad;
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		failed += bad != NULL;
	}
	print_message("%lu calls, %lu fine\n", atomic_load(&shared.num_calls), atomic_load(&shared.num_ok));
	/* what is left on disk is a device */
	(void)SDF_CloseDevice(atomic_load(&shared.device));
	rig->device = NULL;
	assert_int_equal(failed, 0);
	if (atomic_load(&shared.alarm)) {
		print_message("the randomness test stopped the device, by chance: no more was called\n");
		return;
	}
	assert_true(atomic_load(&shared.num_ok) > atomic_load(&shared.num_calls) / 20);
	reopen(rig);
	assert_sdr(SDFX_UnlockDevice(rig->device, password, LEN(password)), SDR_OK);
	assert_sdr(SDFX_SelfTest(rig->device), SDR_OK);
	assert_sdr(SDFX_GetDeviceState(rig->device, &value), SDR_OK);
	assert_int_equal(value, SDFX_STATE_READY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_rig(any_sequence_of_calls_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
