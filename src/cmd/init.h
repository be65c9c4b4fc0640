/*
 * A new home: devices and keys, root, operating CA, the services' and operators' certificates, databases, tokens. It
 * is made beside its place (HOME.new) and renamed at the end: a home is whole or absent, and what a killed
 * initialisation left is thrown away by the next.
 *
 * GM/T 0034 8.1.5 and 9.2.4 ask for a ceremony with custodians; that comes with the ceremonies. This initialisation is
 * for demonstration and tests, and says so.
 */
#ifndef HUFU_CMD_INIT_H
#define HUFU_CMD_INIT_H

#include "cmd/messages.h"
#include "cmd/settings.h"

/* The operators of a new home: one token each, one role each. */
struct hf_init_operator {
	const char *id, *name; /* name: in its certificate and in lists */
	const char *role;      /* access/role.h */
	const char *services;  /* where it is registered: "ca", "ra", "km", "ocsp", joined by blanks */
};
extern const struct hf_init_operator hf_init_operators[];
extern const size_t hf_num_init_operators;

/* The folder of the running program, where its siblings and libraries lie. Errors: HF_E_INTERNAL. */
HF_MUST_USE bool hf_program_folder(char out[HF_PATH_MAX], struct hf_err *err);
/* Is home one already? */
bool hf_home_is(const char *home);
/*
 * Makes it. say (may be NULL) is told each step. Errors: HF_E_EXISTS (home is one, or another folder with something in
 * it), and all that can fail on the way; then nothing is left at home.
 */
HF_MUST_USE bool hf_home_make(const char *home, const struct hf_settings *settings, const char *skf,
	void (*say)(void *ctx, enum hf_message step), void *ctx, struct hf_err *err);

#endif
