/*
 * hufu sm4 encrypt|decrypt: files of any size under a 128-bit key, in four modes.
 *
 *     gcm (default)  nonce (12) ‖ ciphertext ‖ tag (16): a changed file is refused
 *     cbc            IV (16) ‖ ciphertext, padded as PKCS #7     ecb  ciphertext, padded
 *     ctr            counter (16) ‖ ciphertext
 *
 * The nonce, IV or counter is random. With --iv HEX it is that, and is not in the file: the form of other tools. Only
 * gcm proves that nothing was changed. A result in a file appears when it is whole and vouched for, or not at all.
 */
#include "base/hex.h"
#include "base/str.h"
#include "cmd/hufu_gm.h"
#include "crypto/rand.h"
#include "crypto/sm4_aead.h"

#include <string.h>

#define GCM_NONCE   12
#define GCM_OCTETS  ((UINT64_C(1) << 36) - 32)
#define PENDING_MAX (HF_GM_PART + 64)

enum mode { GCM, CBC, CTR, ECB, NUM_MODES };

static const struct {
	const char *name;
	size_t iv_len;
	bool padded;
} modes[NUM_MODES] = {
	[GCM] = {"gcm", GCM_NONCE, false},
	[CBC] = {"cbc", HF_SM4_BLOCK, true},
	[CTR] = {"ctr", HF_SM4_BLOCK, false},
	[ECB] = {"ecb", 0, true},
};

struct job {
	enum mode mode;
	bool encrypt;
	bool begun; /* the IV is known */
	uint8_t key[HF_SM4_KEY], iv[HF_SM4_BLOCK];
	struct hf_sm4_gcm gcm;
	uint64_t total;
	struct hf_buf pending; /* what came in and is not worked on yet */
	struct hf_gm_out out;
};

static void begin(struct job *job)
{
	if (job->mode == GCM)
		hf_sm4_gcm_init(&job->gcm, job->key, (struct hf_bytes){job->iv, GCM_NONCE});
	job->begun = true;
}

/* The first len octets that wait, in place. */
static void work(struct job *job, size_t len)
{
	uint8_t *p = job->pending.p;

	if (len == 0)
		return;
	switch (job->mode) {
	case GCM:
		if (job->encrypt)
			hf_sm4_gcm_encrypt(&job->gcm, p, p, len);
		else
			hf_sm4_gcm_decrypt(&job->gcm, p, p, len);
		break;
	case CBC:
		if (job->encrypt)
			hf_sm4_cbc_encrypt(job->key, job->iv, p, p, len);
		else
			hf_sm4_cbc_decrypt(job->key, job->iv, p, p, len);
		break;
	case CTR:
		hf_sm4_ctr(job->key, job->iv, p, p, len);
		break;
	default:
		if (job->encrypt)
			hf_sm4_ecb_encrypt(job->key, p, p, len);
		else
			hf_sm4_ecb_decrypt(job->key, p, p, len);
	}
}

static bool put_worked(struct job *job, size_t len, struct hf_err *err)
{
	const bool ok = hf_gm_out_put(&job->out, (struct hf_bytes){job->pending.p, len}, err);

	hf_buf_drop(&job->pending, len);
	return ok;
}

/* The tag, or the block with the padding, must wait until the end is seen. */
static bool take_part(void *ctx, struct hf_bytes part, struct hf_err *err)
{
	struct job *job = ctx;
	const size_t held = !job->encrypt && job->mode != CTR ? HF_SM4_BLOCK : 0;
	size_t len;

	if (!hf_buf_put_bytes(&job->pending, part))
		return hf_fail(err, HF_E_INTERNAL, "more waits than there is room for");
	if (!job->begun) {
		const size_t iv_len = modes[job->mode].iv_len;

		if (job->pending.len < iv_len)
			return true;
		memcpy(job->iv, job->pending.p, iv_len);
		hf_buf_drop(&job->pending, iv_len);
		begin(job);
	}
	if (job->pending.len <= held)
		return true;
	len = (job->pending.len - held) & ~(size_t)(HF_SM4_BLOCK - 1);
	job->total += len;
	if (job->mode == GCM && job->total > GCM_OCTETS)
		return hf_fail(
			err, HF_E_LIMIT, "longer than 2^36 - 32 octets: not with one nonce (SP 800-38D 5.2.1.1)");
	work(job, len);
	return put_worked(job, len, err);
}

static bool end_encrypt(struct job *job, struct hf_err *err)
{
	uint8_t tag[HF_SM4_TAG_MAX];

	if (modes[job->mode].padded) {
		const uint8_t pad = (uint8_t)(HF_SM4_BLOCK - job->pending.len % HF_SM4_BLOCK);

		for (uint8_t i = 0; i < pad; i++)
			(void)hf_buf_put_u8(&job->pending, pad);
	}
	work(job, job->pending.len);
	if (!put_worked(job, job->pending.len, err))
		return false;
	if (job->mode != GCM)
		return true;
	hf_sm4_gcm_final(&job->gcm, tag);
	return hf_gm_out_put(&job->out, HF_BYTES_OF(tag), err);
}

static bool end_padded(struct job *job, struct hf_err *err)
{
	const size_t len = job->pending.len;
	uint8_t pad, wrong = 0;

	if (len == 0 || len % HF_SM4_BLOCK != 0)
		return hf_fail(err, HF_E_INPUT, "not whole blocks of 16 octets: cut off, or another mode");
	work(job, len);
	pad = job->pending.p[len - 1];
	if (pad == 0 || pad > HF_SM4_BLOCK)
		return hf_fail(err, HF_E_VERIFY, "the padding is wrong: another key, or a changed file");
	for (size_t i = 0; i < pad; i++)
		wrong |= job->pending.p[len - 1 - i] ^ pad;
	if (wrong)
		return hf_fail(err, HF_E_VERIFY, "the padding is wrong: another key, or a changed file");
	return hf_gm_out_put(&job->out, (struct hf_bytes){job->pending.p, len - pad}, err);
}

static bool end_gcm(struct job *job, struct hf_err *err)
{
	uint8_t tag[HF_SM4_TAG_MAX];
	size_t len;

	if (job->pending.len < sizeof(tag))
		return hf_fail(err, HF_E_INPUT, "shorter than its tag: cut off, or another mode");
	len = job->pending.len - sizeof(tag);
	work(job, len);
	if (!put_worked(job, len, err))
		return false;
	hf_sm4_gcm_final(&job->gcm, tag);
	return hf_secret_equal(tag, job->pending.p, sizeof(tag)) ||
	       hf_fail(err, HF_E_VERIFY, "the tag is wrong: another key, or a changed file");
}

static bool end_decrypt(struct job *job, struct hf_err *err)
{
	if (!job->begun)
		return hf_fail(err, HF_E_INPUT, "shorter than its IV: cut off");
	if (job->mode == GCM)
		return end_gcm(job, err);
	if (modes[job->mode].padded)
		return end_padded(job, err);
	work(job, job->pending.len);
	return put_worked(job, job->pending.len, err);
}

static bool read_key(const struct hf_cmd *cmd, struct job *job, struct hf_err *err)
{
	struct hf_buf key;
	bool ok;

	hf_buf_init_secret(&key, 65536);
	ok = hf_gm_key_file(cmd, &key, err);
	if (ok && key.len != HF_SM4_KEY)
		ok = hf_fail(
			err, HF_E_INPUT, "--key-file: %zu octets; an SM4 key has 16 (hex digits need --hex)", key.len);
	if (ok)
		memcpy(job->key, key.p, HF_SM4_KEY);
	hf_buf_clear(&key);
	return ok;
}

/* Mode and IV. Errors are the command line's. */
static bool read_options(const struct hf_cmd *cmd, struct job *job, struct hf_err *err)
{
	const char *mode = hf_cmd_opt(cmd, "mode"), *iv = hf_cmd_opt(cmd, "iv");
	const char *out = hf_cmd_opt(cmd, "out");

	if (!hf_cmd_opt(cmd, "key-file"))
		return hf_fail(err, HF_E_INPUT, "--key-file FILE is needed");
	job->mode = GCM;
	while (mode && job->mode < NUM_MODES && strcmp(mode, modes[job->mode].name) != 0)
		job->mode++;
	if (job->mode == NUM_MODES)
		return hf_fail(err, HF_E_INPUT, "--mode %.20s: gcm, cbc, ctr or ecb", mode);
	if (!job->encrypt && job->mode == GCM && (!out || strcmp(out, "-") == 0))
		return hf_fail(err, HF_E_INPUT, "gcm needs --out FILE: nothing is given out before the tag is checked");
	if (iv && (strlen(iv) != 2 * modes[job->mode].iv_len || !hf_unhex(iv, job->iv, modes[job->mode].iv_len)))
		return hf_fail(err, HF_E_INPUT, "--iv: %s takes %zu hex digits", modes[job->mode].name,
			2 * modes[job->mode].iv_len);
	if (iv || modes[job->mode].iv_len == 0)
		begin(job);
	return hf_gm_out_ok(cmd, err);
}

/* A random IV goes in front. */
static bool make_iv(struct job *job, struct hf_err *err)
{
	const size_t len = modes[job->mode].iv_len;

	if (job->begun || !job->encrypt)
		return true;
	if (!hf_rand(job->iv, len, err) || !hf_gm_out_put(&job->out, (struct hf_bytes){job->iv, len}, err))
		return false;
	begin(job);
	return true;
}

static int run(struct hf_cmd *cmd, const char *path, bool encrypt)
{
	struct job job = {.encrypt = encrypt};
	struct hf_err err = {0};
	bool ok;

	job.out.fd = -1;
	if (!read_options(cmd, &job, &err))
		return hf_cmd_misuse(cmd, &err);
	hf_buf_init_secret(&job.pending, PENDING_MAX);
	ok = read_key(cmd, &job, &err);
	if (ok && job.begun)
		begin(&job); /* now with the key */
	ok = ok && hf_gm_out_open(&job.out, hf_cmd_opt(cmd, "out"), &err) && make_iv(&job, &err) &&
	     hf_gm_read(path, take_part, &job, &err) && (encrypt ? end_encrypt(&job, &err) : end_decrypt(&job, &err));
	ok = hf_gm_out_end(&job.out, ok, &err);
	if (ok)
		hf_gm_wrote(cmd, job.out.octets);
	hf_buf_clear(&job.pending);
	hf_wipe(&job, sizeof(job));
	return ok ? HF_EXIT_OK : hf_cmd_fail(cmd, &err);
}

int hf_cmd_sm4_encrypt(struct hf_cmd *cmd, int argc, char **argv)
{
	(void)argc;
	return run(cmd, argv[0], true);
}

int hf_cmd_sm4_decrypt(struct hf_cmd *cmd, int argc, char **argv)
{
	(void)argc;
	return run(cmd, argv[0], false);
}
