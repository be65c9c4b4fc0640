/*
 * The pool is the one mutable global here beside the processor's features (cpu.c): hf_rand has no context, and the
 * libraries that live in strangers' processes have nobody to keep one.
 */
#include "crypto/rand_int.h"

#include "base/clock.h"
#include "crypto/drbg.h"
#include "crypto/randtest.h"
#include "crypto/sm3_int.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define NUM_SLOTS    16
#define RESEED_AFTER (UINT64_C(1) << 10) /* requests */
#define RESEED_TIME  HF_MINUTE

/* Zeros, as the pool is at first and in a child: free, and without a seed. */
struct slot {
	_Atomic unsigned taken;
	size_t num_rngs; /* 0: without a seed */
	int64_t seeded_at;
	struct hf_sm3_rng rngs[HF_SM3_RNG_MANY];
	struct hf_entropy_test test;
	size_t num_ready; /* octets at the end of ready that nobody has had */
	uint8_t ready[HF_SM3_RNG_MANY][HF_SM3_RNG_MAX];
};

struct pool {
	struct slot slots[NUM_SLOTS];
	_Atomic unsigned tested, broken;
};

static _Atomic(struct pool *) the_pool;

bool hf_rand_kernel(void *ctx, uint8_t *out, size_t len, struct hf_err *err)
{
	(void)ctx;
	while (len > 0) {
		ssize_t n = getrandom(out, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return hf_fail(err, HF_E_DEVICE, "getrandom: %s", strerror(errno));
		out += n;
		len -= (size_t)n;
	}
	return true;
}

static struct pool *map_pool(struct hf_err *err)
{
	struct pool *pool = mmap(NULL, sizeof(*pool), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pool *other = NULL;

	if (pool == MAP_FAILED) {
		hf_fail(err, HF_E_DEVICE, "randomness: no memory for the generators: %s", strerror(errno));
		return NULL;
	}
	if (madvise(pool, sizeof(*pool), MADV_WIPEONFORK) < 0) {
		hf_fail(err, HF_E_DEVICE, "randomness: memory that a child does not inherit (Linux 4.14): %s",
			strerror(errno));
		munmap(pool, sizeof(*pool));
		return NULL;
	}
	/* Both are precautions that a process may lack the right to. */
	(void)madvise(pool, sizeof(*pool), MADV_DONTDUMP);
	(void)mlock(pool, sizeof(*pool));
	if (atomic_compare_exchange_strong(&the_pool, &other, pool))
		return pool;
	munmap(pool, sizeof(*pool));
	return other;
}

/* A slot of our own, beginning the search where this thread always begins. */
static struct slot *take(struct pool *pool)
{
	size_t start = (size_t)pthread_self() >> 12;

	for (size_t i = 0;; i++) {
		struct slot *slot = &pool->slots[(start + i) % NUM_SLOTS];
		if (atomic_exchange_explicit(&slot->taken, 1, memory_order_acquire) == 0)
			return slot;
		if (i % NUM_SLOTS == NUM_SLOTS - 1)
			sched_yield();
	}
}

bool hf_rand_seed(const struct hf_rand_source *source, struct hf_entropy_test *test, uint8_t seed[HF_RAND_SEED],
	struct hf_err *err)
{
	for (int i = 0; i < 2; i++) {
		if (!source->draw(source->ctx, seed, HF_RAND_SEED, err))
			return false;
		if (hf_entropy_test(test, (struct hf_bytes){seed, HF_RAND_SEED}) &&
			hf_randtest_single((struct hf_bytes){seed, HF_RAND_SEED}))
			return true;
	}
	hf_wipe(seed, HF_RAND_SEED);
	return hf_fail(err, HF_E_DEVICE,
		"randomness: the kernel's octets failed the tests of GM/T 0105 Annex D and GM/T 0030 6.2 twice: "
		"stopped");
}

/* A new generator's first octets are looked at and thrown away (GM/T 0105 Annex D: 1024 samples at the start). */
static bool start_up(struct slot *slot, struct hf_err *err)
{
	static const struct hf_rand_source kernel = {hf_rand_kernel, NULL};
	uint8_t seed[HF_RAND_SEED];
	bool ok = true;

	for (size_t n = 0; n < 1024 && ok; n += sizeof(seed))
		ok = hf_rand_seed(&kernel, &slot->test, seed, err);
	hf_wipe(seed, sizeof(seed));
	return ok;
}

static bool seed_one(struct slot *slot, size_t i, bool again, struct hf_err *err)
{
	static const struct hf_rand_source kernel = {hf_rand_kernel, NULL};
	uint8_t octets[HF_RAND_SEED], which = (uint8_t)i;
	struct hf_bytes entropy = {octets, HF_RAND_SEED - HF_DRBG_NONCE_MIN};
	struct hf_bytes nonce = {octets + entropy.len, HF_DRBG_NONCE_MIN};

	if (!hf_rand_seed(&kernel, &slot->test, octets, err))
		return false;
	if (again)
		hf_sm3_rng_reseed(&slot->rngs[i], entropy, nonce);
	else
		hf_sm3_rng_init(&slot->rngs[i], entropy, nonce, (struct hf_bytes){&which, 1});
	hf_wipe(octets, sizeof(octets));
	return true;
}

/* Seeds all generators of a slot, or seeds them again; octets of the old seed are given up. */
static bool seed(struct slot *slot, struct hf_err *err)
{
	bool again = slot->num_rngs > 0;
	size_t num = again ? slot->num_rngs : hf_sm3_lanes_kernel()->num_lanes;

	if (!again && !start_up(slot, err))
		return false;
	for (size_t i = 0; i < num; i++) {
		if (!seed_one(slot, i, again, err))
			return false;
	}
	slot->num_rngs = num;
	slot->num_ready = 0;
	hf_wipe(slot->ready, sizeof(slot->ready));
	slot->seeded_at = hf_ticks();
	return true;
}

_Static_assert(HF_SM3_LANES <= HF_SM3_RNG_MANY, "a generator a lane");

static bool fill(struct slot *slot, uint8_t *p, size_t len, struct hf_err *err)
{
	if (slot->num_rngs > 0 && hf_ticks() - slot->seeded_at >= RESEED_TIME && !seed(slot, err))
		return false;
	while (len > 0) {
		size_t now = len < slot->num_ready ? len : slot->num_ready;
		uint8_t *from = slot->ready[0] + slot->num_rngs * HF_SM3_RNG_MAX - slot->num_ready;
		memcpy(p, from, now);
		hf_wipe(from, now);
		slot->num_ready -= now;
		p += now;
		len -= now;
		if (len == 0)
			break;
		if ((slot->num_rngs == 0 || slot->rngs[0].counter > RESEED_AFTER) && !seed(slot, err))
			return false;
		hf_sm3_rng_generate_many(slot->rngs, slot->num_rngs, slot->ready);
		slot->num_ready = slot->num_rngs * HF_SM3_RNG_MAX;
	}
	return true;
}

bool hf_rand(void *out, size_t len, struct hf_err *err)
{
	struct pool *pool = atomic_load(&the_pool);
	struct slot *slot;
	bool ok;

	if (!pool && !(pool = map_pool(err)))
		return false;
	if (!atomic_load_explicit(&pool->tested, memory_order_acquire)) {
		if (!hf_drbg_self_test(err))
			return false;
		atomic_store_explicit(&pool->tested, 1, memory_order_release);
	}
	if (atomic_load_explicit(&pool->broken, memory_order_acquire))
		return hf_fail(
			err, HF_E_DEVICE, "randomness: the generator stopped after it failed its tests: restart");
	slot = take(pool);
	ok = fill(slot, out, len, err);
	if (!ok) {
		atomic_store_explicit(&pool->broken, 1, memory_order_release);
		hf_wipe(slot->rngs, sizeof(slot->rngs));
		hf_wipe(slot->ready, sizeof(slot->ready));
		slot->num_rngs = slot->num_ready = 0;
		hf_wipe(out, len);
	}
	atomic_store_explicit(&slot->taken, 0, memory_order_release);
	return ok;
}
