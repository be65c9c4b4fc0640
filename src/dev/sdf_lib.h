/*
 * Any GM/T 0018 library, opened by dlopen: the functions that Hufu calls, as a table. Only keyd (and the
 * initialisation) has one. What 0018 leaves out is in sdfx.h; an absent extension is a NULL here and hf_sdf_need_* says
 * so by name.
 */
#ifndef HUFU_DEV_SDF_LIB_H
#define HUFU_DEV_SDF_LIB_H

#include "base/err.h"

#include <sdf.h>
#include <sdfx.h>

struct hf_sdf_lib {
	void *handle;
#define HF_SDF_NEEDED(name)   __typeof__(name) *name;
#define HF_SDF_OPTIONAL(name) __typeof__(name) *name;
#include "dev/sdf_functions.h"
#undef HF_SDF_NEEDED
#undef HF_SDF_OPTIONAL
};

/* Errors: HF_E_DEVICE (cannot be opened, or lacks a needed function: its name). */
HF_MUST_USE bool hf_sdf_lib_open(struct hf_sdf_lib *lib, const char *path, struct hf_err *err);
void hf_sdf_lib_close(struct hf_sdf_lib *lib);

/* "SDR_PRKRERR (01000018)" and the like, for error texts. */
const char *hf_sdf_error_name(int code);
/* HF_E_DEVICE: "SDF_OpenSession: SDR_OPENSESSION (01000006)". Returns false. */
bool hf_sdf_fail(struct hf_err *err, const char *function, int code);

#endif
