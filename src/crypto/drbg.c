#include "crypto/drbg.h"

#include "crypto/octets.h"

/* Parts one after the other, as one message. */
static void hash_parts(const struct hf_bytes *parts, size_t num, uint8_t out[HF_SM3_LEN])
{
	struct hf_sm3 sm3;

	hf_sm3_init(&sm3);
	for (size_t i = 0; i < num; i++)
		hf_sm3_update(&sm3, parts[i].p, parts[i].len);
	hf_sm3_final(&sm3, out);
	hf_wipe(&sm3, sizeof(sm3));
}

#define MOST_PARTS 5

//= GM/T 0105 Annex B
static void derive_sm3(const struct hf_bytes *parts, size_t num, uint8_t out[HF_SM3_RNG_SEED])
{
	uint8_t head[5] = {0}, digest[HF_SM3_LEN];
	struct hf_bytes all[MOST_PARTS] = {HF_BYTES_OF(head)};

	hf_store32(head + 1, HF_SM3_RNG_SEED * 8);
	for (size_t i = 0; i < num; i++)
		all[i + 1] = parts[i];
	for (size_t at = 0; at < HF_SM3_RNG_SEED; at += sizeof(digest)) {
		size_t take = HF_SM3_RNG_SEED - at < sizeof(digest) ? HF_SM3_RNG_SEED - at : sizeof(digest);
		head[0]++;
		hash_parts(all, num + 1, digest);
		memcpy(out + at, digest, take);
	}
	hf_wipe(digest, sizeof(digest));
}

/* v += a mod 2^440; a is shorter, and at the end. Six words of 64 bits, then the seven octets that are left. */
static void add(uint8_t v[HF_SM3_RNG_SEED], const uint8_t *a, size_t len)
{
	uint8_t wide[HF_SM3_RNG_SEED + 1] = {0};
	uint64_t carry = 0, top;

	memcpy(wide + sizeof(wide) - len, a, len);
	for (size_t i = 0; i < 6; i++) {
		size_t at = HF_SM3_RNG_SEED - 8 * (i + 1);
		uint64_t x = hf_load64(v + at), y = hf_load64(wide + 1 + at), sum = x + y;
		hf_store64(v + at, sum + carry);
		carry = (sum < x) | (sum + carry < sum);
	}
	top = (hf_load64(v) >> 8) + hf_load64(wide) + carry;
	for (size_t i = 0; i < 7; i++)
		v[i] = (uint8_t)(top >> 8 * (6 - i));
	hf_wipe(wide, sizeof(wide));
}

static void seed_sm3(struct hf_sm3_rng *rng, const struct hf_bytes *parts, size_t num)
{
	static const uint8_t zero[1] = {0};
	uint8_t v[HF_SM3_RNG_SEED];

	derive_sm3(parts, num, v);
	memcpy(rng->v, v, sizeof(v));
	derive_sm3((struct hf_bytes[]){HF_BYTES_OF(zero), HF_BYTES_OF(v)}, 2, rng->c);
	rng->counter = 1;
	hf_wipe(v, sizeof(v));
}

void hf_sm3_rng_init(
	struct hf_sm3_rng *rng, struct hf_bytes entropy, struct hf_bytes nonce, struct hf_bytes personalization)
{
	seed_sm3(rng, (struct hf_bytes[]){entropy, nonce, personalization}, 3);
}

void hf_sm3_rng_reseed(struct hf_sm3_rng *rng, struct hf_bytes entropy, struct hf_bytes additional)
{
	static const uint8_t one[1] = {1};

	seed_sm3(rng, (struct hf_bytes[]){HF_BYTES_OF(one), entropy, HF_BYTES_OF(rng->v), additional}, 4);
}

static void add_hash(struct hf_sm3_rng *rng, uint8_t first, struct hf_bytes additional)
{
	uint8_t digest[HF_SM3_LEN];

	hash_parts((struct hf_bytes[]){{&first, 1}, HF_BYTES_OF(rng->v), additional}, 3, digest);
	add(rng->v, digest, sizeof(digest));
	hf_wipe(digest, sizeof(digest));
}

/* V becomes V + SM3(03 ‖ V) + C + counter. */
static void step_sm3(struct hf_sm3_rng *rng, const uint8_t digest[HF_SM3_LEN])
{
	uint8_t counter[8];

	add(rng->v, digest, HF_SM3_LEN);
	add(rng->v, rng->c, sizeof(rng->c));
	hf_store64(counter, rng->counter++);
	add(rng->v, counter, sizeof(counter));
}

void hf_sm3_rng_generate(struct hf_sm3_rng *rng, struct hf_bytes additional, uint8_t *out, size_t len)
{
	uint8_t block[HF_SM3_LEN], first = 3;

	HF_ASSERT(len <= HF_SM3_RNG_MAX);
	if (additional.len > 0)
		add_hash(rng, 2, additional);
	hf_sm3(HF_BYTES_OF(rng->v), block);
	memcpy(out, block, len);
	hash_parts((struct hf_bytes[]){{&first, 1}, HF_BYTES_OF(rng->v)}, 2, block);
	step_sm3(rng, block);
	hf_wipe(block, sizeof(block));
}

void hf_sm3_rng_generate_many(struct hf_sm3_rng *rngs, size_t num, uint8_t (*out)[HF_SM3_RNG_MAX])
{
	uint8_t states[HF_SM3_RNG_MANY][1 + HF_SM3_RNG_SEED], digests[HF_SM3_RNG_MANY][HF_SM3_LEN];
	struct hf_bytes messages[HF_SM3_RNG_MANY] = {{NULL, 0}};

	HF_ASSERT(num <= HF_SM3_RNG_MANY);
	for (size_t i = 0; i < num; i++)
		messages[i] = HF_BYTES_OF(rngs[i].v);
	hf_sm3_many(messages, num, out);
	for (size_t i = 0; i < num; i++) {
		states[i][0] = 3;
		memcpy(states[i] + 1, rngs[i].v, HF_SM3_RNG_SEED);
		messages[i] = HF_BYTES_OF(states[i]);
	}
	hf_sm3_many(messages, num, digests);
	for (size_t i = 0; i < num; i++)
		step_sm3(&rngs[i], digests[i]);
	hf_wipe(states, sizeof(states));
	hf_wipe(digests, sizeof(digests));
}

/* SP 800-90A 10.3.3: the chain over IV, length, input and padding, under the key 00 01 … 0f. */
static void block_cipher_chain(const struct hf_sm4 *sm4, uint32_t i, const uint8_t *s, size_t len, uint8_t out[16])
{
	uint8_t iv[HF_SM4_BLOCK] = {0};

	hf_store32(iv, i);
	hf_sm4_blocks(sm4, iv, out, 1);
	for (size_t at = 0; at < len; at += HF_SM4_BLOCK) {
		hf_xor(out, out, s + at, HF_SM4_BLOCK);
		hf_sm4_blocks(sm4, out, out, 1);
	}
}

//= GM/T 0105 Annex E
static void derive_sm4(const struct hf_bytes *parts, size_t num, uint8_t out[HF_SM4_RNG_SEED])
{
	uint8_t s[8 + HF_SM4_RNG_INPUT + HF_SM4_BLOCK] = {0}, key[HF_SM4_KEY], temp[2 * HF_SM4_BLOCK];
	struct hf_sm4 sm4;
	size_t len = 8;

	for (size_t i = 0; i < num; i++) {
		HF_ASSERT(parts[i].len <= HF_SM4_RNG_INPUT + 8 - len);
		if (parts[i].len > 0)
			memcpy(s + len, parts[i].p, parts[i].len);
		len += parts[i].len;
	}
	hf_store32(s, (uint32_t)len - 8);
	hf_store32(s + 4, HF_SM4_RNG_SEED);
	s[len] = 0x80;
	len = (len / HF_SM4_BLOCK + 1) * HF_SM4_BLOCK;
	for (size_t i = 0; i < HF_SM4_KEY; i++)
		key[i] = (uint8_t)i;
	hf_sm4_init_encrypt(&sm4, key);
	block_cipher_chain(&sm4, 0, s, len, temp);
	block_cipher_chain(&sm4, 1, s, len, temp + HF_SM4_BLOCK);
	hf_sm4_init_encrypt(&sm4, temp);
	hf_sm4_blocks(&sm4, temp + HF_SM4_BLOCK, out, 1);
	hf_sm4_blocks(&sm4, out, out + HF_SM4_BLOCK, 1);
	hf_wipe(s, sizeof(s));
	hf_wipe(temp, sizeof(temp));
	hf_wipe(&sm4, sizeof(sm4));
}

static void count_up(uint8_t v[HF_SM4_BLOCK])
{
	uint64_t low = hf_load64(v + 8) + 1;

	hf_store64(v + 8, low);
	if (low == 0)
		hf_store64(v, hf_load64(v) + 1);
}

/* SP 800-90A 10.2.1.2 */
static void update_sm4(struct hf_sm4_rng *rng, const uint8_t data[HF_SM4_RNG_SEED])
{
	uint8_t temp[2 * HF_SM4_BLOCK];

	count_up(rng->v);
	memcpy(temp, rng->v, HF_SM4_BLOCK);
	count_up(rng->v);
	memcpy(temp + HF_SM4_BLOCK, rng->v, HF_SM4_BLOCK);
	hf_sm4_ecb_encrypt(rng->key, temp, temp, sizeof(temp));
	hf_xor(temp, temp, data, sizeof(temp));
	memcpy(rng->key, temp, HF_SM4_KEY);
	memcpy(rng->v, temp + HF_SM4_KEY, HF_SM4_BLOCK);
	hf_wipe(temp, sizeof(temp));
}

static void seed_sm4(struct hf_sm4_rng *rng, const struct hf_bytes *parts, size_t num)
{
	uint8_t seed[HF_SM4_RNG_SEED];

	derive_sm4(parts, num, seed);
	update_sm4(rng, seed);
	rng->counter = 1;
	hf_wipe(seed, sizeof(seed));
}

void hf_sm4_rng_init(
	struct hf_sm4_rng *rng, struct hf_bytes entropy, struct hf_bytes nonce, struct hf_bytes personalization)
{
	*rng = (struct hf_sm4_rng){.counter = 1};
	seed_sm4(rng, (struct hf_bytes[]){entropy, nonce, personalization}, 3);
}

void hf_sm4_rng_reseed(struct hf_sm4_rng *rng, struct hf_bytes entropy, struct hf_bytes additional)
{
	seed_sm4(rng, (struct hf_bytes[]){entropy, additional}, 2);
}

void hf_sm4_rng_generate(struct hf_sm4_rng *rng, struct hf_bytes additional, uint8_t *out, size_t len)
{
	uint8_t data[HF_SM4_RNG_SEED] = {0}, block[HF_SM4_BLOCK];

	HF_ASSERT(len <= HF_SM4_RNG_MAX);
	if (additional.len > 0) {
		derive_sm4(&additional, 1, data);
		update_sm4(rng, data);
	}
	count_up(rng->v);
	hf_sm4_ecb_encrypt(rng->key, rng->v, block, sizeof(block));
	memcpy(out, block, len);
	update_sm4(rng, data);
	rng->counter++;
	hf_wipe(data, sizeof(data));
	hf_wipe(block, sizeof(block));
}

bool hf_drbg_self_test(struct hf_err *err)
{
	static const uint8_t want_sm3[8] = {0x04, 0xa1, 0x6c, 0xd1, 0xbf, 0x3c, 0x0e, 0xc1};
	static const uint8_t want_sm4[8] = {0x51, 0x41, 0x1f, 0xf8, 0x53, 0xcc, 0xc9, 0x1a};
	uint8_t input[56], got[HF_SM3_LEN];
	struct hf_bytes entropy = {input, 32}, nonce = {input + 32, 16}, personalization = {input + 48, 8};
	struct hf_sm3_rng sm3;
	struct hf_sm4_rng sm4;
	bool ok;

	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)(i < 32 ? i : i < 48 ? 0x40 + i - 32 : 0x80 + i - 48);
	hf_sm3_rng_init(&sm3, entropy, nonce, personalization);
	hf_sm3_rng_generate(&sm3, HF_BYTES_NONE, got, HF_SM3_RNG_MAX);
	ok = memcmp(got, want_sm3, sizeof(want_sm3)) == 0;
	hf_sm4_rng_init(&sm4, entropy, nonce, personalization);
	hf_sm4_rng_generate(&sm4, HF_BYTES_NONE, got, HF_SM4_RNG_MAX);
	ok = ok && memcmp(got, want_sm4, sizeof(want_sm4)) == 0;
	return ok || hf_fail(err, HF_E_INTERNAL, "the generators of GM/T 0105 do not give their known answers");
}

#define REPEAT_MAX     6
#define PROPORTION_MAX 62
#define WINDOW         512

bool hf_entropy_test(struct hf_entropy_test *test, struct hf_bytes raw)
{
	for (size_t i = 0; i < raw.len; i++) {
		uint8_t octet = raw.p[i];
		test->repeated = test->started && octet == test->last ? test->repeated + 1 : 1;
		test->last = octet;
		test->started = true;
		if (test->seen == 0)
			test->first = octet;
		test->equal = test->seen == 0 ? 1 : test->equal + (octet == test->first);
		test->seen = (test->seen + 1) % WINDOW;
		if (test->repeated < REPEAT_MAX && test->equal < PROPORTION_MAX)
			continue;
		hf_wipe(test, sizeof(*test));
		return false;
	}
	return true;
}
