/*
 * Entering (录入): a CSV file of applicants as one batch, or a single applicant.
 *
 * A batch has an id chosen by its maker. The file is read and every row checked before the database is touched; then
 * all good rows become applications in one transaction, the others become refusals (row, field, reason). Asking again
 * with the same id and the same octets gives the same outcome; other octets under a known id are a conflict.
 *
 * Columns are told by the header's names, in any order. Unknown columns are ignored and reported; a missing one that
 * every template requires, or one given twice, refuses the file. A row with more or fewer fields than the header is
 * refused as "(row)", and so are both (all) of several good rows that name the same applicant, and a row whose
 * applicant has an application under way or an installed certificate that has not expired.
 */
#ifndef HUFU_RA_BATCH_H
#define HUFU_RA_BATCH_H

#include "ra/ra.h"

#define HF_BATCH_ROWS_MAX 20000
#define HF_BATCH_FILE_MAX ((size_t)8 << 20)

struct hf_batch_row {
	int64_t row, line;
	bool refused; /* by its own content: problem says why */
	struct hf_problem problem;
	struct hf_applicant applicant;
};

struct hf_batch_file {
	struct hf_batch_row *rows;
	size_t num_rows;
	struct hf_buf ignored;    /* names of unknown columns, one a line */
	uint8_t hash[HF_SM3_LEN]; /* of the octets as they came */
};

/* "[A-Za-z0-9._-]", 1 to HF_BATCH_ID_MAX. Errors: HF_E_INPUT. */
HF_MUST_USE bool hf_batch_id_check(const char *id, struct hf_err *err);

/* Reads and checks the whole file; no database. The caller clears file, also on failure. Errors: HF_E_INPUT,
 * HF_E_LIMIT: the file as a whole cannot be taken. */
HF_MUST_USE bool hf_batch_read(
	const struct hf_ra *ra, struct hf_bytes octets, struct hf_batch_file *file, struct hf_err *err);
void hf_batch_clear(struct hf_batch_file *file);

/* Is this batch there already? Errors: HF_E_CONFLICT (with other octets). */
HF_MUST_USE bool hf_batch_find(
	struct hf_tx *tx, const char *id, const uint8_t hash[HF_SM3_LEN], bool *found, struct hf_err *err);
/* Enters it: applications, refusals, the signed act. Errors: HF_E_STORE. */
HF_MUST_USE bool hf_batch_put(struct hf_tx *tx, const struct hf_ra_actor *actor, const char *id,
	const struct hf_batch_file *file, struct hf_err *err);

struct hf_batch_refusal {
	int64_t row, line;
	const char *field, *reason;
};

/* What became of a batch, always read from the database: what is answered is what is there. */
struct hf_batch_outcome {
	int64_t num_rows, num_accepted;
	struct hf_buf ignored; /* as above; the caller's */
};
HF_MUST_USE bool hf_batch_outcome(
	struct hf_tx *tx, const char *id, struct hf_batch_outcome *outcome, struct hf_err *err);
/* The ids in the order of the rows. */
HF_MUST_USE bool hf_batch_requests(
	struct hf_tx *tx, const char *id, void (*fn)(void *ctx, const char *request), void *ctx, struct hf_err *err);
HF_MUST_USE bool hf_batch_refusals(struct hf_tx *tx, const char *id,
	void (*fn)(void *ctx, const struct hf_batch_refusal *refusal), void *ctx, struct hf_err *err);

/* One applicant that hf_applicant_check has accepted. id is set. Errors: HF_E_EXISTS (naming the one in the way). */
HF_MUST_USE bool hf_ra_enter(struct hf_tx *tx, const struct hf_ra_actor *actor, const struct hf_applicant *applicant,
	char id[HF_APP_ID_LEN + 1], struct hf_err *err);

#endif
