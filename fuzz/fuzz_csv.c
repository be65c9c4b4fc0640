/* Applicants' files: whatever is read as rows keeps the reader's promises, and whatever field is taken is a line. */
#include "base/str.h"
#include "ra/applicant.h"
#include "ra/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_fields(const struct hf_csv *csv)
{
	struct hf_applicant a = {0};
	struct hf_problem problem;

	for (size_t i = 0; i < csv->num_fields; i++) {
		const enum hf_applicant_field field = (enum hf_applicant_field)(i % HF_APPLICANT_NUM_FIELDS);

		if (hf_applicant_set(&a, field, csv->fields[i], &problem) && field != HF_APPLICANT_VALIDITY_DAYS)
			HF_ASSERT(hf_utf8_is_line(hf_bytes_str(hf_applicant_get(&a, field))));
	}
	if (hf_applicant_check(&a, 1825, INT64_C(1800000000000000), &problem))
		HF_ASSERT(a.days >= 1 && a.days <= 1825);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hf_gb18030 *gb = NULL;
	struct hf_bytes text;
	struct hf_buf room;
	struct hf_err err;
	struct hf_csv csv;
	int64_t row = 0;
	bool there = true;

	if (!hf_gb18030_new(&gb, &err))
		return 0;
	hf_buf_init(&room, 1 << 20);
	if (hf_csv_text(gb, (struct hf_bytes){data, size}, &room, &text, &err)) {
		hf_csv_init(&csv, text);
		while (hf_csv_next(&csv, &there, &err) && there) {
			HF_ASSERT(csv.row > row && csv.line >= csv.row && csv.num_fields > 0);
			row = csv.row;
			take_fields(&csv);
		}
		hf_csv_clear(&csv);
	}
	hf_buf_clear(&room);
	hf_gb18030_free(gb);
	return 0;
}
