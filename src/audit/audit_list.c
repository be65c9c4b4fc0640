#include "audit/audit.h"

#define PAGE_FRAMES 128
#define MAX_DEFAULT 1000

struct list {
	struct hf_journal journal;
	const struct hf_audit_filter *filter;
	bool (*fn)(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err);
	void *ctx;
	int64_t last, max, num_records, num_frames;
};

static bool text_matches(const char *want, struct hf_bytes got)
{
	return !want || hf_bytes_equal(hf_bytes_str(want), got);
}

static bool matches(const struct hf_audit_filter *filter, const struct hf_audit_record *record)
{
	return (filter->from == 0 || record->startedAt >= filter->from) &&
	       (filter->to == 0 || record->startedAt < filter->to) &&
	       text_matches(filter->operator_id, record->operatorId) &&
	       text_matches(filter->operation, record->operation) && text_matches(filter->result, record->result) &&
	       text_matches(filter->object, record->object);
}

static bool list_frame(void *ctx, const struct hf_journal_row *row, struct hf_err *err)
{
	struct list *list = ctx;
	struct hf_journal_frame frame;
	struct hf_audit_record record;
	struct hf_bytes der;

	if (!hf_journal_frame_decode(&list->journal, row->frame, &frame, err))
		return hf_fail_in(err, "journal audit, frame %lld: verify the trail", (long long)row->number);
	while (hf_der_list_next_raw(&frame.records, &der)) {
		if (!hf_audit_decode(der, &record, err))
			return hf_fail_in(err, "journal audit, frame %lld: verify the trail", (long long)row->number);
		if (!matches(list->filter, &record))
			continue;
		list->num_records++;
		if (!list->fn(list->ctx, row->number, &record, err))
			return false;
	}
	list->last = row->number;
	list->num_frames++;
	return list->num_records < list->max;
}

static bool list_page(struct hf_tx *tx, void *ctx, struct hf_err *err)
{
	struct list *list = ctx;

	list->num_frames = 0;
	return hf_journal_read(tx, &list->journal, list->last, PAGE_FRAMES, list_frame, list, err);
}

bool hf_audit_list(struct hf_store *store, const char *service, const struct hf_audit_filter *filter,
	bool (*fn)(void *ctx, int64_t number, const struct hf_audit_record *record, struct hf_err *err), void *ctx,
	int64_t *last, struct hf_err *err)
{
	struct list list = {
		.journal = {service, HF_AUDIT_NAME},
		.filter = filter,
		.fn = fn,
		.ctx = ctx,
		.last = filter->after,
		.max = filter->max > 0 ? filter->max : MAX_DEFAULT,
	};

	do {
		if (!hf_store_read(store, list_page, &list, err))
			return false;
	} while (list.num_frames == PAGE_FRAMES && list.num_records < list.max);
	*last = list.last;
	return true;
}
