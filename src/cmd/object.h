/*
 * What is in a file? An object of the family, recognised by its PEM label or, in DER, by the first of our strict tables
 * that it fits; nothing is guessed from the file's name.
 */
#ifndef HUFU_CMD_OBJECT_H
#define HUFU_CMD_OBJECT_H

#include "cmd/files.h"
#include "x509/cms.h"
#include "x509/ocsp.h"

enum hf_object_kind {
	HF_OBJECT_CERT,
	HF_OBJECT_CSR,
	HF_OBJECT_CRL,
	HF_OBJECT_OCSP_REQUEST,
	HF_OBJECT_OCSP_RESPONSE,
	HF_OBJECT_CMS,
	HF_OBJECT_KM, /* GM/T 0014 CARequest, KMRespond */
	HF_OBJECT_NUM_KINDS
};

/* "certificate", "certification request", … */
const char *hf_object_name(enum hf_object_kind kind);
/* Of DER octets. Errors: HF_E_INPUT (none of them). */
HF_MUST_USE bool hf_object_kind_of(struct hf_bytes der, enum hf_object_kind *kind, struct hf_err *err);

/*
 * Takes the next object off *file (PEM blocks, or the one DER object that it is) and puts its octets into der. False
 * with HF_E_MISSING when none is left. Errors: HF_E_INPUT (broken PEM).
 */
HF_MUST_USE bool hf_object_next(struct hf_bytes *file, struct hf_buf *der, struct hf_err *err);

/* Appends the object for people. */
HF_MUST_USE bool hf_object_print(enum hf_object_kind kind, struct hf_bytes der, struct hf_buf *out, struct hf_err *err);

#endif
