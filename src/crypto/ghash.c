#include "crypto/ghash.h"

#include "crypto/cpu.h"
#include "crypto/octets.h"

/*
 * The low 64 bits of a carry-less product, by plain multiplication: each factor is split into four with three zero bits
 * between the others, so that no carry reaches a bit that counts. Constant time where integer multiplication is.
 */
static uint64_t product_low(uint64_t a, uint64_t b)
{
	const uint64_t m[4] = {UINT64_C(0x1111111111111111), UINT64_C(0x2222222222222222), UINT64_C(0x4444444444444444),
		UINT64_C(0x8888888888888888)};
	uint64_t sum = 0;

	for (size_t i = 0; i < 4; i++) {
		uint64_t z = 0;
		for (size_t j = 0; j < 4; j++)
			z ^= (a & m[j]) * (b & m[(i + 4 - j) % 4]);
		sum |= z & m[i];
	}
	return sum;
}

static uint64_t reverse(uint64_t x)
{
	x = (x & UINT64_C(0x5555555555555555)) << 1 | (x >> 1 & UINT64_C(0x5555555555555555));
	x = (x & UINT64_C(0x3333333333333333)) << 2 | (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x & UINT64_C(0x0f0f0f0f0f0f0f0f)) << 4 | (x >> 4 & UINT64_C(0x0f0f0f0f0f0f0f0f));
	return __builtin_bswap64(x);
}

static void product(uint64_t out[2], uint64_t a, uint64_t b)
{
	out[0] = product_low(a, b);
	out[1] = reverse(product_low(reverse(a), reverse(b))) >> 1;
}

/* v * C2h 00h …, the step of reducing. */
static void fold(uint64_t out[2], uint64_t v)
{
	out[0] = v << 63 ^ v << 62 ^ v << 57;
	out[1] = v >> 1 ^ v >> 2 ^ v >> 7;
}

static void multiply(uint64_t a[2], const uint64_t b[2])
{
	uint64_t low[2], high[2], mid[2], t[2];

	product(low, a[0], b[0]);
	product(high, a[1], b[1]);
	product(mid, a[0] ^ a[1], b[0] ^ b[1]);
	fold(t, low[0]);
	mid[0] ^= low[0] ^ high[0] ^ low[1] ^ t[0];
	mid[1] ^= low[1] ^ high[1] ^ low[0] ^ t[1];
	fold(t, mid[0]);
	a[0] = high[0] ^ mid[1] ^ t[0];
	a[1] = high[1] ^ mid[0] ^ t[1];
}

static void blocks(struct hf_ghash *hash, const uint8_t *p, size_t num)
{
	uint64_t y[2] = {hf_load64(hash->y + 8), hf_load64(hash->y)};

	for (size_t i = 0; i < num; i++, p += HF_GHASH_BLOCK) {
		y[0] ^= hf_load64(p + 8);
		y[1] ^= hf_load64(p);
		multiply(y, hash->powers[HF_GHASH_POWERS - 1]);
	}
	hf_store64(hash->y, y[1]);
	hf_store64(hash->y + 8, y[0]);
}

static const struct hf_ghash_kernel portable = {"portable", 0, 1, multiply, blocks};

const struct hf_ghash_kernel *const hf_ghash_kernels[] = {
#if defined(__x86_64__)
	&hf_ghash_vpclmul, &hf_ghash_pclmul,
#endif
	&portable, NULL};

const struct hf_ghash_kernel *hf_ghash_kernel(void)
{
	size_t i = 0;

	while (!hf_cpu_has(hf_ghash_kernels[i]->needs))
		i++;
	return hf_ghash_kernels[i];
}

void hf_ghash_init(struct hf_ghash *hash, const uint8_t h[HF_GHASH_BLOCK])
{
	uint64_t high = hf_load64(h), low = hf_load64(h + 8), carry = -(high >> 63);
	uint64_t *last = hash->powers[HF_GHASH_POWERS - 1];

	*hash = (struct hf_ghash){.kernel = hf_ghash_kernel()};
	last[0] = low << 1 ^ (carry & 1);
	last[1] = (high << 1 | low >> 63) ^ (carry & UINT64_C(0xc200000000000000));
	for (size_t i = HF_GHASH_POWERS - 1; i > HF_GHASH_POWERS - hash->kernel->num_powers; i--) {
		memcpy(hash->powers[i - 1], hash->powers[i], sizeof(hash->powers[i]));
		hash->kernel->multiply(hash->powers[i - 1], last);
	}
}

void hf_ghash_update(struct hf_ghash *hash, const uint8_t *p, size_t len)
{
	if (len == 0)
		return;
	if (hash->num_rest > 0) {
		size_t take = HF_GHASH_BLOCK - hash->num_rest < len ? HF_GHASH_BLOCK - hash->num_rest : len;
		memcpy(hash->rest + hash->num_rest, p, take);
		hash->num_rest += take;
		p += take;
		len -= take;
		if (hash->num_rest < HF_GHASH_BLOCK)
			return;
		hash->num_rest = 0;
		hash->kernel->blocks(hash, hash->rest, 1);
	}
	hash->kernel->blocks(hash, p, len / HF_GHASH_BLOCK);
	hash->num_rest = len % HF_GHASH_BLOCK;
	memcpy(hash->rest, p + len - hash->num_rest, hash->num_rest);
}

void hf_ghash_pad(struct hf_ghash *hash)
{
	if (hash->num_rest == 0)
		return;
	memset(hash->rest + hash->num_rest, 0, HF_GHASH_BLOCK - hash->num_rest);
	hash->num_rest = 0;
	hash->kernel->blocks(hash, hash->rest, 1);
}
