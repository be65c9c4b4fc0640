/*
 * What tests with device processes in process share: folders that come and go, a clock that stands still, and the
 * libraries of the build.
 */
#ifndef HUFU_TESTS_UNIT_KEYD_RIG_H
#define HUFU_TESTS_UNIT_KEYD_RIG_H

#include "pki_rig.h"

#include "base/file.h"
#include "base/str.h"
#include "keyd/keyd.h"
#include "keyd/pins.h"

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#define RIG_ITERATIONS 10

static inline int rig_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void rig_folder_make(char out[256])
{
	const char *tmp = getenv("TMPDIR");

	hf_fmt_cut(out, 256, "%s/hufu-keyd-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(out));
}

static inline void rig_folder_remove(const char *folder)
{
	nftw(folder, rig_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file of the build: "libhufusdf.so". */
static inline void rig_built(const char *name, char out[HF_PATH_MAX])
{
	const char *root = getenv("HUFU_BUILD_ROOT");

	hf_fmt_cut(out, HF_PATH_MAX, "%s/%s", root ? root : ".", name);
}

static inline int64_t rig_clock_now(void *ctx)
{
	return *(int64_t *)ctx;
}

static inline void rig_name(struct hf_buf *out, const char *cn)
{
	struct hf_err err;
	const struct hf_name_parts parts = {.C = "CN", .O = "Hufu tests", .CN = cn};

	hf_buf_init(out, HF_NAME_MAX);
	assert_ok(hf_name_build(&parts, out, &err));
}

#endif
