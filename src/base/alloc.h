/*
 * Memory. Daemons and tools use the first group, which aborts when memory is out (the supervisor restarts them; caps on
 * every input bound what they take). The shared libraries live in strangers' processes and use hf_try_alloc only.
 */
#ifndef HUFU_BASE_ALLOC_H
#define HUFU_BASE_ALLOC_H

#include <stddef.h>

/* num * size zeroed octets, never NULL; num * size may be 0. The caller frees with free(). */
void *hf_alloc(size_t num, size_t size);
/* Makes room for num * size octets at p, keeping the old content; new octets are not zeroed. Never NULL. */
void *hf_resize(void *p, size_t num, size_t size);
char *hf_strdup(const char *text);
char *hf_strndup(const char *text, size_t len);

/* num * size zeroed octets, or NULL. */
void *hf_try_alloc(size_t num, size_t size);

#endif
