/*
 * The modes of SM4 over whichever kernel fits the processor. It needs no memory and cannot fail, so the calls return
 * nothing, in strangers' processes too.
 */
#include "crypto/sm4_int.h"

#include "base/err.h"

#include <string.h>

#define CHUNK 64 /* blocks: what the widest kernel takes at once */

const struct hf_sm4_kernel *const hf_sm4_kernels[] = {
#if defined(__x86_64__)
	&hf_sm4_gfni, &hf_sm4_avx2,
#endif
	&hf_sm4_portable, NULL};

const struct hf_sm4_kernel *hf_sm4_kernel(void)
{
	size_t i = 0;

	while (!hf_cpu_has(hf_sm4_kernels[i]->needs))
		i++;
	return hf_sm4_kernels[i];
}

uint32_t hf_sm4_ck(uint32_t round)
{
	uint32_t ck = 0;

	for (uint32_t j = 0; j < 4; j++)
		ck = ck << 8 | ((4 * round + j) * 7 & 255);
	return ck;
}

void hf_sm4_init_encrypt(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY])
{
	hf_sm4_kernel()->schedule(sm4, key);
}

void hf_sm4_init_decrypt(struct hf_sm4 *sm4, const uint8_t key[HF_SM4_KEY])
{
	hf_sm4_init_encrypt(sm4, key);
	for (size_t i = 0; i < 16; i++) {
		uint32_t t = sm4->rk[i];
		sm4->rk[i] = sm4->rk[31 - i];
		sm4->rk[31 - i] = t;
	}
}

void hf_sm4_blocks(const struct hf_sm4 *sm4, const uint8_t *in, uint8_t *out, size_t num)
{
	hf_sm4_kernel()->blocks(sm4, in, out, num);
}

void hf_sm4_ecb_encrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len)
{
	struct hf_sm4 sm4;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	hf_sm4_init_encrypt(&sm4, key);
	hf_sm4_blocks(&sm4, in, out, len / HF_SM4_BLOCK);
	hf_wipe(&sm4, sizeof(sm4));
}

void hf_sm4_ecb_decrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len)
{
	struct hf_sm4 sm4;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	hf_sm4_init_decrypt(&sm4, key);
	hf_sm4_blocks(&sm4, in, out, len / HF_SM4_BLOCK);
	hf_wipe(&sm4, sizeof(sm4));
}

void hf_sm4_chain(const struct hf_sm4 *sm4, uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num)
{
	const struct hf_sm4_kernel *kernel = hf_sm4_kernel();

	if (kernel->chain) {
		kernel->chain(sm4, iv, in, out, num);
		return;
	}
	for (size_t i = 0; i < num; i++) {
		hf_xor(iv, iv, in + i * HF_SM4_BLOCK, HF_SM4_BLOCK);
		kernel->blocks(sm4, iv, iv, 1);
		if (out)
			memcpy(out + i * HF_SM4_BLOCK, iv, HF_SM4_BLOCK);
	}
}

static void chain(const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct hf_sm4 sm4;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	hf_sm4_init_encrypt(&sm4, key);
	hf_sm4_chain(&sm4, iv, in, out, len / HF_SM4_BLOCK);
	hf_wipe(&sm4, sizeof(sm4));
}

void hf_sm4_cbc_encrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	chain(key, iv, in, out, len);
}

/* num blocks of CBC. Backwards, because each block needs the ciphertext before it, and out may be in. */
static void unchain(const struct hf_sm4 *sm4, uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t num)
{
	uint8_t plain[CHUNK * HF_SM4_BLOCK], last[HF_SM4_BLOCK];

	hf_sm4_blocks(sm4, in, plain, num);
	memcpy(last, in + (num - 1) * HF_SM4_BLOCK, sizeof(last));
	for (size_t i = num - 1; i > 0; i--)
		hf_xor(out + i * HF_SM4_BLOCK, plain + i * HF_SM4_BLOCK, in + (i - 1) * HF_SM4_BLOCK, HF_SM4_BLOCK);
	hf_xor(out, plain, iv, HF_SM4_BLOCK);
	memcpy(iv, last, sizeof(last));
	hf_wipe(plain, num * HF_SM4_BLOCK);
}

void hf_sm4_cbc_decrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct hf_sm4 sm4;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	hf_sm4_init_decrypt(&sm4, key);
	for (size_t at = 0; at < len;) {
		size_t now = len - at < CHUNK * HF_SM4_BLOCK ? len - at : CHUNK * HF_SM4_BLOCK;
		unchain(&sm4, iv, in + at, out + at, now / HF_SM4_BLOCK);
		at += now;
	}
	hf_wipe(&sm4, sizeof(sm4));
}

void hf_sm4_counter_blocks(
	const struct hf_sm4 *sm4, uint8_t counter[HF_SM4_BLOCK], bool only_32, uint8_t *out, size_t num)
{
	uint64_t high = hf_load64(counter), low = hf_load64(counter + 8);

	for (size_t i = 0; i < num; i++) {
		hf_store64(out + i * HF_SM4_BLOCK, high);
		hf_store64(out + i * HF_SM4_BLOCK + 8, low);
		if (only_32)
			low = (low & ~UINT64_C(0xffffffff)) | ((low + 1) & 0xffffffff);
		else
			high += ++low == 0;
	}
	hf_store64(counter, high);
	hf_store64(counter + 8, low);
	hf_sm4_blocks(sm4, out, out, num);
}

void hf_sm4_ctr_run(const struct hf_sm4 *sm4, uint8_t counter[HF_SM4_BLOCK], bool only_32, const uint8_t *in,
	uint8_t *out, size_t len)
{
	uint8_t stream[CHUNK * HF_SM4_BLOCK];
	size_t most = len < sizeof(stream) ? len : sizeof(stream);

	while (len > 0) {
		size_t now = len < sizeof(stream) ? len : sizeof(stream);
		hf_sm4_counter_blocks(sm4, counter, only_32, stream, (now + HF_SM4_BLOCK - 1) / HF_SM4_BLOCK);
		hf_xor(out, in, stream, now);
		in += now;
		out += now;
		len -= now;
	}
	hf_wipe(stream, (most + HF_SM4_BLOCK - 1) / HF_SM4_BLOCK * HF_SM4_BLOCK);
}

void hf_sm4_ctr(
	const uint8_t key[HF_SM4_KEY], uint8_t counter[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct hf_sm4 sm4;

	hf_sm4_init_encrypt(&sm4, key);
	hf_sm4_ctr_run(&sm4, counter, false, in, out, len);
	hf_wipe(&sm4, sizeof(sm4));
}

void hf_sm4_mac(
	const uint8_t key[HF_SM4_KEY], const uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, size_t len, uint8_t out[16])
{
	memmove(out, iv, HF_SM4_BLOCK);
	chain(key, out, in, NULL, len);
}
