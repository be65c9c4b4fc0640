/*
 * SM4 in portable C. It needs no memory and cannot fail, so the calls return nothing, in strangers' processes too. The
 * S-box is read by index (256 octets, four cache lines); the kernels that replace this file do without.
 */
#include "crypto/sm4.h"

#include "base/err.h"

#include <string.h>

static const uint8_t sbox[256] = {0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb,
	0x2c, 0x05, 0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
	0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62, 0xe4, 0xb3,
	0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6, 0x47, 0x07, 0xa7, 0xfc,
	0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8, 0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64,
	0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35, 0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2,
	0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87, 0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36,
	0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e, 0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce,
	0xf9, 0x61, 0x15, 0xa1, 0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c,
	0xb1, 0xe3, 0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
	0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51, 0x8d, 0x1b,
	0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8, 0x0a, 0xc1, 0x31, 0x88,
	0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0, 0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96,
	0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84, 0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20,
	0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48};

static const uint32_t fk[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};

struct round_keys {
	uint32_t rk[32];
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static uint32_t substitute(uint32_t x)
{
	return (uint32_t)sbox[x >> 24] << 24 | (uint32_t)sbox[x >> 16 & 255] << 16 | (uint32_t)sbox[x >> 8 & 255] << 8 |
	       sbox[x & 255];
}

//= GM/T 0002 7.3
static void schedule(struct round_keys *keys, const uint8_t key[HF_SM4_KEY])
{
	uint32_t k[4];

	for (size_t i = 0; i < 4; i++)
		k[i] = hf_get_u32(key + 4 * i) ^ fk[i];
	for (uint32_t i = 0; i < 32; i++) {
		uint32_t ck = 0;
		for (uint32_t j = 0; j < 4; j++)
			ck = ck << 8 | ((4 * i + j) * 7 & 255);
		uint32_t t = substitute(k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ ck);
		k[i % 4] ^= t ^ rotate(t, 13) ^ rotate(t, 23);
		keys->rk[i] = k[i % 4];
	}
	hf_wipe(k, sizeof(k));
}

static void schedule_reverse(struct round_keys *keys, const uint8_t key[HF_SM4_KEY])
{
	schedule(keys, key);
	for (size_t i = 0; i < 16; i++) {
		uint32_t t = keys->rk[i];
		keys->rk[i] = keys->rk[31 - i];
		keys->rk[31 - i] = t;
	}
}

static uint32_t round_of(uint32_t x, uint32_t t)
{
	t = substitute(t);
	return x ^ t ^ rotate(t, 2) ^ rotate(t, 10) ^ rotate(t, 18) ^ rotate(t, 24);
}

//= GM/T 0002 7.1
static void crypt_block(const struct round_keys *keys, const uint8_t in[HF_SM4_BLOCK], uint8_t out[HF_SM4_BLOCK])
{
	uint32_t a = hf_get_u32(in), b = hf_get_u32(in + 4), c = hf_get_u32(in + 8), d = hf_get_u32(in + 12);

	for (size_t i = 0; i < 32; i += 4) {
		a = round_of(a, b ^ c ^ d ^ keys->rk[i]);
		b = round_of(b, c ^ d ^ a ^ keys->rk[i + 1]);
		c = round_of(c, d ^ a ^ b ^ keys->rk[i + 2]);
		d = round_of(d, a ^ b ^ c ^ keys->rk[i + 3]);
	}
	hf_put_u32(out, d);
	hf_put_u32(out + 4, c);
	hf_put_u32(out + 8, b);
	hf_put_u32(out + 12, a);
}

static void xor_block(uint8_t out[HF_SM4_BLOCK], const uint8_t a[HF_SM4_BLOCK], const uint8_t b[HF_SM4_BLOCK])
{
	for (size_t i = 0; i < HF_SM4_BLOCK; i++)
		out[i] = a[i] ^ b[i];
}

void hf_sm4_ecb_encrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len)
{
	struct round_keys keys;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	schedule(&keys, key);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK)
		crypt_block(&keys, in + i, out + i);
	hf_wipe(&keys, sizeof(keys));
}

void hf_sm4_ecb_decrypt(const uint8_t key[HF_SM4_KEY], const uint8_t *in, uint8_t *out, size_t len)
{
	struct round_keys keys;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	schedule_reverse(&keys, key);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK)
		crypt_block(&keys, in + i, out + i);
	hf_wipe(&keys, sizeof(keys));
}

void hf_sm4_cbc_encrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct round_keys keys;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	schedule(&keys, key);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK) {
		xor_block(iv, iv, in + i);
		crypt_block(&keys, iv, iv);
		memcpy(out + i, iv, HF_SM4_BLOCK);
	}
	hf_wipe(&keys, sizeof(keys));
}

void hf_sm4_cbc_decrypt(
	const uint8_t key[HF_SM4_KEY], uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct round_keys keys;
	uint8_t cipher[HF_SM4_BLOCK], plain[HF_SM4_BLOCK];

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	schedule_reverse(&keys, key);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK) {
		memcpy(cipher, in + i, sizeof(cipher));
		crypt_block(&keys, cipher, plain);
		xor_block(out + i, plain, iv);
		memcpy(iv, cipher, sizeof(cipher));
	}
	hf_wipe(plain, sizeof(plain));
	hf_wipe(&keys, sizeof(keys));
}

static void count_up(uint8_t counter[HF_SM4_BLOCK])
{
	for (size_t i = HF_SM4_BLOCK; i-- > 0;) {
		if (++counter[i] != 0)
			return;
	}
}

void hf_sm4_ctr(
	const uint8_t key[HF_SM4_KEY], uint8_t counter[HF_SM4_BLOCK], const uint8_t *in, uint8_t *out, size_t len)
{
	struct round_keys keys;
	uint8_t stream[HF_SM4_BLOCK];

	schedule(&keys, key);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK) {
		crypt_block(&keys, counter, stream);
		count_up(counter);
		for (size_t j = 0; j < HF_SM4_BLOCK && i + j < len; j++)
			out[i + j] = in[i + j] ^ stream[j];
	}
	hf_wipe(stream, sizeof(stream));
	hf_wipe(&keys, sizeof(keys));
}

void hf_sm4_mac(
	const uint8_t key[HF_SM4_KEY], const uint8_t iv[HF_SM4_BLOCK], const uint8_t *in, size_t len, uint8_t out[16])
{
	struct round_keys keys;

	HF_ASSERT(len % HF_SM4_BLOCK == 0);
	schedule(&keys, key);
	memmove(out, iv, HF_SM4_BLOCK);
	for (size_t i = 0; i < len; i += HF_SM4_BLOCK) {
		xor_block(out, out, in + i);
		crypt_block(&keys, out, out);
	}
	hf_wipe(&keys, sizeof(keys));
}
