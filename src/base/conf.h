/*
 * Configuration files: INI (libinih), read whole, every key known in advance. An unknown section or key, or one given
 * twice, is an error that names the line: a misspelt setting must not fall back to a default in silence.
 */
#ifndef HUFU_BASE_CONF_H
#define HUFU_BASE_CONF_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum hf_conf_kind { HF_CONF_STR, HF_CONF_INT, HF_CONF_BOOL };

/* One setting. offset is where it goes in the caller's struct: char[size], int64_t or bool. */
struct hf_conf_key {
	const char *section, *name;
	enum hf_conf_kind kind;
	size_t offset;
	size_t size;      /* HF_CONF_STR: of the array, the NUL included */
	int64_t min, max; /* HF_CONF_INT */
	bool required;
};

/* Fills out (already holding the defaults) from the file. Errors: HF_E_MISSING, HF_E_INPUT with file, line and key. */
HF_MUST_USE bool hf_conf_read(
	const char *path, const struct hf_conf_key *keys, size_t num_keys, void *out, struct hf_err *err);

#endif
