#include "sdf/sdf_int.h"

#include "base/alloc.h"

#include <stdlib.h>

static size_t bucket_of(enum hf_sdf_record_kind kind, uint32_t index, uint32_t use)
{
	return (index * 8u + (uint32_t)kind * 3u + use) % HF_SDF_KEPT_BUCKETS;
}

static size_t bucket_of_kept(const struct hf_sdf_kept *kept)
{
	return bucket_of(kept->record.kind, kept->record.index, kept->record.use);
}

struct hf_sdf_kept *hf_sdf_keep_find(
	const struct hf_sdf_keep *keep, enum hf_sdf_record_kind kind, uint32_t index, uint32_t use)
{
	struct hf_sdf_kept *kept = keep->buckets[bucket_of(kind, index, use)];

	while (kept && (kept->record.kind != kind || kept->record.index != index || kept->record.use != use))
		kept = kept->next;
	return kept;
}

struct hf_sdf_kept *hf_sdf_keep_by_id(const struct hf_sdf_keep *keep, uint64_t id)
{
	struct hf_sdf_kept *kept = hf_sdf_keep_next(keep, NULL);

	while (kept && kept->id != id)
		kept = hf_sdf_keep_next(keep, kept);
	return kept;
}

int hf_sdf_keep_add(struct hf_sdf_keep *keep, const struct hf_sdf_record *record, uint8_t *kek, uint8_t *tail)
{
	if (hf_sdf_keep_find(keep, record->kind, record->index, record->use))
		return SDR_KEYERR;
	struct hf_sdf_kept *kept = keep->num < HF_SDF_KEPT_MAX ? hf_try_alloc(1, sizeof(*kept)) : NULL;
	if (!kept)
		return SDR_NOBUFFER;
	*kept = (struct hf_sdf_kept){.record = *record, .id = ++keep->last_id, .kek = kek, .tail = tail};
	struct hf_sdf_kept **bucket = &keep->buckets[bucket_of_kept(kept)];
	kept->next = *bucket;
	*bucket = kept;
	keep->num++;
	return SDR_OK;
}

void hf_sdf_keep_remove(struct hf_sdf_keep *keep, struct hf_sdf_kept *kept)
{
	struct hf_sdf_kept **at = &keep->buckets[bucket_of_kept(kept)];

	while (*at != kept)
		at = &(*at)->next;
	*at = kept->next;
	keep->num--;
	free(kept->tail);
	free(kept);
}

struct hf_sdf_kept *hf_sdf_keep_next(const struct hf_sdf_keep *keep, const struct hf_sdf_kept *kept)
{
	if (kept && kept->next)
		return kept->next;
	for (size_t i = kept ? bucket_of_kept(kept) + 1 : 0; i < HF_SDF_KEPT_BUCKETS; i++) {
		if (keep->buckets[i])
			return keep->buckets[i];
	}
	return NULL;
}

void hf_sdf_keep_clear(struct hf_sdf_keep *keep)
{
	for (size_t i = 0; i < HF_SDF_KEPT_BUCKETS; i++) {
		while (keep->buckets[i]) {
			struct hf_sdf_kept *kept = keep->buckets[i];
			keep->buckets[i] = kept->next;
			free(kept->tail);
			free(kept);
		}
	}
	keep->num = 0;
}
