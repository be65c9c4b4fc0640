/*
 * Random octets for keys, nonces and serials.
 *
 *     kernel (getrandom) ─► health tests of every octet ─► SM3-RNG of GM/T 0105 ─► hf_rand
 *
 * The generators lie in a pool, so that threads do not wait for each other, in one piece of memory that is locked, left
 * out of dumps, and emptied in a child after fork(): two processes never go on from one state. Where the processor
 * hashes many messages at once, a place in the pool holds as many generators, and what they give waits there until it
 * is asked for, and is wiped when it leaves. Each generator is seeded from the kernel, and again after 2^10 requests of
 * 32 octets or 60 seconds (GM/T 0105 level 2). Seeds pass the continuous tests (drbg.h) and the single-draw test of
 * GM/T 0030 6.2 (randtest.h); one that fails is drawn again, and a second failure stops the generator for the rest of
 * the process: every call from then on fails.
 */
#ifndef HUFU_CRYPTO_RAND_H
#define HUFU_CRYPTO_RAND_H

#include "base/err.h"

#include <stddef.h>

/* Any thread. Errors: HF_E_DEVICE; out is then unchanged or zeros, never half of it random and used. */
HF_MUST_USE bool hf_rand(void *out, size_t len, struct hf_err *err);

#endif
