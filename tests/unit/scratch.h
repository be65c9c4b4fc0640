/*
 * A folder for one test, with a store in it.
 */
#ifndef HUFU_TESTS_UNIT_SCRATCH_H
#define HUFU_TESTS_UNIT_SCRATCH_H

#include "base/file.h"
#include "base/str.h"
#include "store/store.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct scratch {
	char dir[256], path[300];
	const struct hf_schema *const *schemas;
	size_t num_schemas;
	bool (*fault)(void *ctx, const char *point);
	void *fault_ctx;
};

static inline void scratch_init(struct scratch *s, const struct hf_schema *const *schemas, size_t num_schemas)
{
	const char *tmp = getenv("TMPDIR");

	*s = (struct scratch){.schemas = schemas, .num_schemas = num_schemas};
	hf_fmt_cut(s->dir, sizeof(s->dir), "%s/hufu-test-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	hf_fmt_cut(s->path, sizeof(s->path), "%s/store.db", s->dir);
}

static inline bool scratch_open(const struct scratch *s, struct hf_store **store, struct hf_err *err)
{
	struct hf_store_options options = {.path = s->path,
		.schemas = s->schemas,
		.num_schemas = s->num_schemas,
		.wait_ms = 300,
		.fault = s->fault,
		.fault_ctx = s->fault_ctx};

	return hf_store_open(&options, store, err);
}

static inline void scratch_clear(struct scratch *s)
{
	DIR *dir = opendir(s->dir);
	struct dirent *entry;
	char path[600];

	while (dir && (entry = readdir(dir))) {
		hf_fmt_cut(path, sizeof(path), "%s/%s", s->dir, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(s->dir);
}

/* Runs fn in a child and gives what it exited with. */
static inline int in_child(void (*fn)(void *ctx), void *ctx)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(ctx);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#endif
