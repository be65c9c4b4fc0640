#include "sdf/sdf_int.h"

#include <sys/mman.h>

#define PAGE_LEN  4096
#define NUM_SLOTS 120

struct hf_sdf_page {
	struct hf_sdf_page *next;
	bool used[NUM_SLOTS];
	uint8_t slots[NUM_SLOTS][HF_SDF_SECRET];
};

_Static_assert(sizeof(struct hf_sdf_page) <= PAGE_LEN, "a page of secrets is one page");

bool hf_sdf_pool_init(struct hf_sdf_pool *pool)
{
	pool->first = NULL;
	return pthread_mutex_init(&pool->lock, NULL) == 0;
}

void hf_sdf_pool_clear(struct hf_sdf_pool *pool)
{
	while (pool->first) {
		struct hf_sdf_page *page = pool->first;
		pool->first = page->next;
		hf_sdf_locked_free(page, PAGE_LEN);
	}
	pthread_mutex_destroy(&pool->lock);
}

static size_t whole_pages(size_t size)
{
	return (size + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN;
}

void *hf_sdf_locked_new(size_t size)
{
	size_t len = whole_pages(size);
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, len) != 0 || madvise(p, len, MADV_DONTDUMP) != 0) {
		munmap(p, len);
		return NULL;
	}
	return p;
}

void hf_sdf_locked_free(void *p, size_t size)
{
	if (!p)
		return;
	hf_wipe(p, size);
	munmap(p, whole_pages(size));
}

static uint8_t *take_from(struct hf_sdf_page *page)
{
	for (size_t i = 0; i < NUM_SLOTS; i++) {
		if (!page->used[i]) {
			page->used[i] = true;
			return page->slots[i];
		}
	}
	return NULL;
}

uint8_t *hf_sdf_secret_take(struct hf_sdf_pool *pool)
{
	uint8_t *secret = NULL;

	pthread_mutex_lock(&pool->lock);
	for (struct hf_sdf_page *page = pool->first; page && !secret; page = page->next)
		secret = take_from(page);
	if (!secret) {
		struct hf_sdf_page *page = hf_sdf_locked_new(PAGE_LEN);
		if (page) {
			page->next = pool->first;
			pool->first = page;
			secret = take_from(page);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return secret;
}

void hf_sdf_secret_give(struct hf_sdf_pool *pool, uint8_t *secret)
{
	if (!secret)
		return;
	hf_wipe(secret, HF_SDF_SECRET);
	pthread_mutex_lock(&pool->lock);
	for (struct hf_sdf_page *page = pool->first; page; page = page->next) {
		uintptr_t at = (uintptr_t)secret, base = (uintptr_t)page->slots;
		if (at >= base && at < base + sizeof(page->slots))
			page->used[(at - base) / HF_SDF_SECRET] = false;
	}
	pthread_mutex_unlock(&pool->lock);
}
