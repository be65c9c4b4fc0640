/*
 * A life cycle is a table: state × event → state. The code walks it, the docs print it, a test looks for holes.
 *
 *     const struct hf_move *move = hf_lifecycle_move(&hf_cert_lifecycle, state, HF_CERT_REVOKE);
 *     if (!move) … the event is not allowed in this state
 */
#ifndef HUFU_BASE_LIFECYCLE_H
#define HUFU_BASE_LIFECYCLE_H

#include "base/buf.h"

struct hf_named {
	const char *name; /* stable, lower case: in the database, JSON and URLs */
	const char *zh;   /* the operators' word */
};

struct hf_move {
	int state, event, next;
	const char *who;     /* roles that may cause it, by name, or "system" */
	const char *records; /* what the audit record says, by the standard's clause where there is one */
};

struct hf_lifecycle {
	const char *name, *zh;
	const struct hf_named *states;
	size_t num_states;
	const struct hf_named *events;
	size_t num_events;
	const struct hf_move *moves;
	size_t num_moves;
	int start;
};

/* The move, or NULL when the table has none: then the event must be refused (HF_E_STATE) and recorded. */
const struct hf_move *hf_lifecycle_move(const struct hf_lifecycle *cycle, int state, int event);
/* HF_E_STATE with a text that names both. */
HF_MUST_USE bool hf_lifecycle_next(
	const struct hf_lifecycle *cycle, int state, int event, int *next, struct hf_err *err);

/*
 * Looks for holes: a name missing, two moves for one (state, event), a state that cannot be reached, an event that no
 * state takes. Errors: HF_E_INTERNAL.
 */
HF_MUST_USE bool hf_lifecycle_check(const struct hf_lifecycle *cycle, struct hf_err *err);
/* The table as Markdown, for docs/. */
void hf_lifecycle_print(const struct hf_lifecycle *cycle, struct hf_buf *out);

#endif
