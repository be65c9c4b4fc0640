/*
 * A fuzz target as a normal program, for machines without libFuzzer and for ./check:
 *
 *     fuzz_cert [--mutate N] FILE_OR_FOLDER...
 *
 * replays each file, and N damaged copies of each: flipped bits, cut, doubled, overwritten octets. The damage is drawn
 * from a fixed seed, so that a run can be repeated. Ends with the number of inputs; a broken promise aborts.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)1 << 20)

struct run {
	uint64_t seed;
	int64_t mutations;
	size_t num;
};

static size_t draw(struct run *run, size_t below)
{
	run->seed = run->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (size_t)(run->seed >> 33) % below;
}

/* A copy of exactly the right size, so that a sanitizer sees the first octet read behind it. */
static void feed(struct run *run, const uint8_t *p, size_t len)
{
	uint8_t *copy = hf_alloc(len, 1);

	if (len > 0)
		memcpy(copy, p, len);
	LLVMFuzzerTestOneInput(copy, len);
	free(copy);
	run->num++;
}

static size_t damage(struct run *run, uint8_t *p, size_t len)
{
	size_t at = draw(run, len);

	switch (draw(run, 4)) {
	case 0:
		p[at] ^= (uint8_t)(1u << draw(run, 8));
		return len;
	case 1:
		p[at] = (uint8_t)draw(run, 256);
		return len;
	case 2:
		return at;
	default:
		memmove(p + at + 1, p + at, len - at);
		return len + 1;
	}
}

static void feed_damaged(struct run *run, struct hf_bytes in)
{
	uint8_t *copy = hf_alloc(in.len + 16, 1);

	for (int64_t i = 0; in.len > 0 && i < run->mutations; i++) {
		size_t len = in.len;
		memcpy(copy, in.p, len);
		for (size_t n = 1 + draw(run, 4); n > 0 && len > 0; n--)
			len = damage(run, copy, len);
		feed(run, copy, len);
	}
	free(copy);
}

static void feed_file(struct run *run, const char *path)
{
	struct hf_buf content;

	hf_buf_init(&content, INPUT_MAX);
	if (hf_file_read(path, &content, NULL)) {
		feed(run, content.p, content.len);
		feed_damaged(run, hf_buf_bytes(&content));
	}
	hf_buf_clear(&content);
}

static int order_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order of names, so that the damage is the same on every machine. */
static bool feed_folder(struct run *run, const char *path)
{
	DIR *dir = opendir(path);
	char **names = NULL;
	size_t num = 0;
	char file[HF_PATH_MAX];

	if (!dir)
		return false;
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (entry->d_name[0] == '.')
			continue;
		names = hf_resize(names, num + 1, sizeof(*names));
		names[num++] = hf_strdup(entry->d_name);
	}
	closedir(dir);
	if (num > 0)
		qsort(names, num, sizeof(*names), order_names);
	for (size_t i = 0; i < num; i++) {
		if (hf_fmt(file, sizeof(file), "%s/%s", path, names[i]))
			feed_file(run, file);
		free(names[i]);
	}
	free(names);
	return true;
}

int main(int argc, char **argv)
{
	struct run run = {.seed = 20261122};
	int first = 1;

	if (argc > 2 && strcmp(argv[1], "--mutate") == 0) {
		if (!hf_parse_i64(argv[2], 0, 10000000, &run.mutations)) {
			fprintf(stderr, "--mutate: a number is needed\n");
			return 2;
		}
		first = 3;
	}
	feed(&run, NULL, 0);
	for (int i = first; i < argc; i++)
		if (!feed_folder(&run, argv[i]))
			feed_file(&run, argv[i]);
	printf("%zu inputs\n", run.num);
	return 0;
}
