#include "base/alloc.h"

#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *hf_try_alloc(size_t num, size_t size)
{
	return calloc(num > 0 ? num : 1, size > 0 ? size : 1);
}

void *hf_alloc(size_t num, size_t size)
{
	void *p = hf_try_alloc(num, size);

	HF_ASSERT(p != NULL);
	return p;
}

void *hf_resize(void *p, size_t num, size_t size)
{
	HF_ASSERT(size == 0 || num <= SIZE_MAX / size);
	size_t want = num * size;
	void *q = realloc(p, want > 0 ? want : 1);

	HF_ASSERT(q != NULL);
	return q;
}

char *hf_strndup(const char *text, size_t len)
{
	char *copy = hf_alloc(len + 1, 1);

	if (len > 0)
		memcpy(copy, text, len);
	return copy;
}

char *hf_strdup(const char *text)
{
	return hf_strndup(text, strlen(text));
}
