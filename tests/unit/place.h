/*
 * A home in /tmp whose programs are the test program itself under other names: what the tests of processes share.
 */
#ifndef HUFU_TESTS_UNIT_PLACE_H
#define HUFU_TESTS_UNIT_PLACE_H

#include "test.h"

#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUM(array) (sizeof(array) / sizeof((array)[0]))

/* What this program is when it is started under another name. */
struct program {
	const char *name;
	int (*main)(int argc, char **argv);
};

static inline const struct program *program_named(const struct program *programs, size_t num, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < num; i++)
		if (strcmp(name, programs[i].name) == 0)
			return &programs[i];
	return NULL;
}

struct place {
	char home[64], programs[96];
	pid_t supervisor;
	int ready_pipe;
};

static inline int place_new(void **state, const struct program *programs, size_t num)
{
	static const char *const folders[] = {"bin", "ca", "ra", "keyd-ca"};
	struct place *place = calloc(1, sizeof(*place));
	char path[HF_PATH_MAX], self[HF_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	hf_fmt_cut(place->home, sizeof(place->home), "/tmp/hufu-test-proc-XXXXXX");
	if (len < 0 || !mkdtemp(place->home))
		return -1;
	self[len] = '\0';
	for (size_t i = 0; i < NUM(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", place->home, folders[i]);
		if (mkdir(path, 0700) != 0)
			return -1;
	}
	snprintf(place->programs, sizeof(place->programs), "%s/bin", place->home);
	for (size_t i = 0; i < num; i++) {
		snprintf(path, sizeof(path), "%s/%s", place->programs, programs[i].name);
		if (symlink(self, path) != 0)
			return -1;
	}
	place->ready_pipe = -1;
	*state = place;
	return 0;
}

static inline void remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	char below[HF_PATH_MAX];

	for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (!hf_fmt(below, sizeof(below), "%s/%s", path, e->d_name))
			continue;
		if (e->d_type == DT_DIR)
			remove_tree(below);
		else
			unlink(below);
	}
	if (dir)
		closedir(dir);
	rmdir(path);
}

static inline int place_drop(void **state)
{
	struct place *place = *state;

	if (place->supervisor > 0) {
		kill(place->supervisor, SIGKILL);
		waitpid(place->supervisor, NULL, 0);
	}
	if (place->ready_pipe >= 0)
		close(place->ready_pipe);
	remove_tree(place->home);
	free(place);
	return 0;
}

/* Runs a program of ours; its standard output goes to out. Returns the wait status. */
static inline int run(
	struct place *place, const char *program, const char *const *args, const char *env, char *out, size_t size)
{
	const char *argv[8] = {NULL};
	char path[HF_PATH_MAX];
	int pipes[2], status;
	size_t len = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", place->programs, program);
	argv[0] = path;
	for (size_t i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		int quiet = open("/dev/null", O_WRONLY);
		dup2(pipes[1], STDOUT_FILENO);
		dup2(quiet, STDERR_FILENO);
		putenv((char *)(uintptr_t)env);
		execv(path, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(pipes[1]);
	while (len < size - 1 && (n = read(pipes[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
