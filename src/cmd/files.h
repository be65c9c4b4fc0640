/*
 * Certificates and other objects from files, PEM or DER, with their octets kept as long as they are used.
 */
#ifndef HUFU_CMD_FILES_H
#define HUFU_CMD_FILES_H

#include "base/file.h"
#include "x509/decode.h"

#define HF_FILE_MAX ((size_t)64 << 20)

struct hf_loaded_cert {
	struct hf_buf der;
	struct hf_cert cert; /* views into der */
};

/* PEM or DER; "-" is standard input. Errors: HF_E_MISSING, HF_E_INPUT, with the file's name. */
HF_MUST_USE bool hf_load_cert(const char *path, struct hf_loaded_cert *out, struct hf_err *err);
/* <home>/name. HF_E_MISSING says to run `hufu init`. */
HF_MUST_USE bool hf_home_cert(const char *home, const char *name, struct hf_loaded_cert *out, struct hf_err *err);
/* An all-zero one is fine. */
void hf_loaded_cert_clear(struct hf_loaded_cert *cert);

/* Appends the whole file; "-" is standard input, up to out's maximum. */
HF_MUST_USE bool hf_load_file(const char *path, struct hf_buf *out, struct hf_err *err);

#endif
