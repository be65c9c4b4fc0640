#include "km/km_int.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>

struct filling {
	struct hf_km *km;
	struct hf_dev_pair *pairs;
	size_t num;
	struct hf_journal_batch audit;
};

static bool put_pairs(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct filling *f = ctx;
	const struct hf_clock *clock = f->km->clock;
	char text[32];
	struct km_note note = {.code = HF_AUDIT_KEY_GENERATE,
		.operation = "key.generate",
		.object = "spare",
		.text = text,
		.began_at = hf_now(clock)};

	hf_fmt_cut(text, sizeof(text), "%zu pairs", f->num);
	hf_journal_batch_reset(&f->audit);
	return hf_km_key_put(tx, f->pairs, f->num, note.began_at, err) && hf_km_note(clock, &f->audit, &note, err) &&
	       hf_km_append(tx, clock, &f->audit, err);
}

/* Stored pairs must be usable one day: two equal public keys or an unset one mean a broken device. The unique key of
 * the table sees the first, the curve the second. */
static bool check_pairs(const struct hf_dev_pair *pairs, size_t num, struct hf_err *err)
{
	for (size_t i = 0; i < num; i++)
		if (!hf_sm2_point_check(pairs[i].pub, err))
			return hf_fail_in(err, "the device's new pair");
	return true;
}

//= GM/T 0034 6.2.2
static bool fill_batch(struct filling *f, struct hf_err *err)
{
	return hf_dev_generate(f->km->dev, f->num, f->pairs, err) && check_pairs(f->pairs, f->num, err) &&
	       hf_store_write(f->km->store, put_pairs, f, err);
}

bool hf_km_refill(struct hf_km *km, size_t num, struct hf_err *err)
{
	struct filling f = {.km = km, .pairs = hf_alloc(HF_KM_REFILL, sizeof(*f.pairs))};
	bool ok = true;

	hf_journal_batch_init(&f.audit);
	for (; ok && num > 0; num -= f.num) {
		f.num = num < HF_KM_REFILL ? num : HF_KM_REFILL;
		ok = fill_batch(&f, err);
	}
	hf_journal_batch_clear(&f.audit);
	free(f.pairs);
	return ok;
}

static bool read_spare(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	return hf_km_count_spare(tx, ctx, err);
}

//= GM/T 0034 6.3.3
bool hf_km_refill_due(struct hf_km *km, size_t *made, struct hf_err *err)
{
	int64_t spare;
	int64_t num;

	if (made)
		*made = 0;
	if (!hf_store_read(km->store, read_spare, &spare, err))
		return false;
	if (spare < km->spare_low)
		atomic_store(&km->filling, true);
	if (!atomic_load(&km->filling))
		return true;
	num = km->spare_target - spare;
	if (num < 0)
		num = 0; /* somebody in a hurry has made more */
	if (num > 4 * HF_KM_REFILL)
		num = 4 * HF_KM_REFILL;
	if (!hf_km_refill(km, (size_t)num, err))
		return false;
	if (spare + num >= km->spare_target)
		atomic_store(&km->filling, false);
	if (made)
		*made = (size_t)num;
	return true;
}
