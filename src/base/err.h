/*
 * Errors: a stable code for programs and one text for people.
 *
 * Whatever input, a device, a disk or the network can make fail returns bool and takes a struct hf_err last. The text
 * names what failed, where (file, peer, row), the clause that decides it, and what was expected and got. A callee fills
 * the error once with hf_fail(); a caller that knows more prefixes it with hf_fail_in(). Secrets never enter a text.
 */
#ifndef HUFU_BASE_ERR_H
#define HUFU_BASE_ERR_H

#include <stdbool.h>
#include <stdnoreturn.h>

#define HF_MUST_USE           __attribute__((warn_unused_result))
#define HF_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

enum hf_code {
	HF_OK,
	HF_E_INPUT,    /* bytes or values from outside are not what the standard or the rule asks */
	HF_E_LIMIT,    /* larger, longer, deeper or more than we accept */
	HF_E_STATE,    /* the object is not in a state that allows this */
	HF_E_EXISTS,   /* it is there already */
	HF_E_MISSING,  /* it is not there */
	HF_E_DENIED,   /* role, policy, PIN or signature does not allow this */
	HF_E_CONFLICT, /* a known operation id with another body; a compare-and-set that lost */
	HF_E_DEVICE,   /* the cryptographic device or token refused or failed */
	HF_E_STORE,    /* the database or the disk failed */
	HF_E_PEER,     /* another process or service is away, too slow, or answered nonsense */
	HF_E_CLOCK,    /* time ran backwards or jumped */
	HF_E_VERIFY,   /* a signature, hash, chain or MAC is wrong */
	HF_E_MEMORY,   /* only from the shared libraries: our daemons abort instead */
	HF_E_INTERNAL, /* a promise of our own code is broken */
	HF_NUM_CODES
};

#define HF_ERR_TEXT_MAX 512

struct hf_err {
	enum hf_code code;
	char text[HF_ERR_TEXT_MAX]; /* UTF-8, one line, cut at a character boundary if too long */
};

/* Fills err (which may be NULL) and returns false, so that `return hf_fail(...)` reads as one thought. */
bool hf_fail(struct hf_err *err, enum hf_code code, const char *fmt, ...) HF_PRINTF(3, 4);

/* Puts "where: " in front of what err says and returns false. */
bool hf_fail_in(struct hf_err *err, const char *where_fmt, ...) HF_PRINTF(2, 3);

/* The stable name of a code ("input", "denied", …), for logs and JSON; "unknown" for anything else. */
const char *hf_code_name(enum hf_code code);

/* The code that has this name, or HF_E_INTERNAL: how a client reads another process's refusal. */
enum hf_code hf_code_named(const char *name);

/* A broken invariant: logs where, and aborts. The supervisor restarts the process. Never for what input can cause. */
noreturn void hf_bug(const char *file, int line, const char *what);
#define HF_ASSERT(cond) ((cond) ? (void)0 : hf_bug(__FILE__, __LINE__, #cond))

#endif
