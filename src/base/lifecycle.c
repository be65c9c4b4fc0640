#include "base/lifecycle.h"

#include "base/alloc.h"

#include <stdlib.h>

const struct hf_move *hf_lifecycle_move(const struct hf_lifecycle *cycle, int state, int event)
{
	for (size_t i = 0; i < cycle->num_moves; i++)
		if (cycle->moves[i].state == state && cycle->moves[i].event == event)
			return &cycle->moves[i];
	return NULL;
}

bool hf_lifecycle_next(const struct hf_lifecycle *cycle, int state, int event, int *next, struct hf_err *err)
{
	HF_ASSERT(state >= 0 && (size_t)state < cycle->num_states && event >= 0 && (size_t)event < cycle->num_events);
	const struct hf_move *move = hf_lifecycle_move(cycle, state, event);

	if (!move)
		return hf_fail(err, HF_E_STATE, "%s in state \"%s\" takes no \"%s\"", cycle->name,
			cycle->states[state].name, cycle->events[event].name);
	*next = move->next;
	return true;
}

/* One pass over the moves; true when it reached a state that was not reached before. */
static bool reach_more(const struct hf_lifecycle *cycle, bool *reached)
{
	bool more = false;

	for (size_t i = 0; i < cycle->num_moves; i++) {
		const struct hf_move *move = &cycle->moves[i];
		if (reached[move->state] && !reached[move->next])
			more = reached[move->next] = true;
	}
	return more;
}

static bool check_reach(const struct hf_lifecycle *cycle, struct hf_err *err)
{
	bool *reached = hf_alloc(cycle->num_states, sizeof(bool));
	bool ok = true;

	reached[cycle->start] = true;
	while (reach_more(cycle, reached))
		;
	for (size_t i = 0; i < cycle->num_states && ok; i++)
		if (!reached[i])
			ok = hf_fail(err, HF_E_INTERNAL, "%s: state \"%s\" cannot be reached", cycle->name,
				cycle->states[i].name);
	free(reached);
	return ok;
}

static bool check_move(const struct hf_lifecycle *cycle, size_t i, struct hf_err *err)
{
	const struct hf_move *move = &cycle->moves[i];

	if (move->state < 0 || (size_t)move->state >= cycle->num_states || move->next < 0 ||
		(size_t)move->next >= cycle->num_states || move->event < 0 || (size_t)move->event >= cycle->num_events)
		return hf_fail(err, HF_E_INTERNAL, "%s: move %zu names no state or event", cycle->name, i);
	if (!move->who || !move->records)
		return hf_fail(
			err, HF_E_INTERNAL, "%s: move %zu does not say who and what is recorded", cycle->name, i);
	if (hf_lifecycle_move(cycle, move->state, move->event) != move)
		return hf_fail(err, HF_E_INTERNAL, "%s: two moves for state \"%s\", event \"%s\"", cycle->name,
			cycle->states[move->state].name, cycle->events[move->event].name);
	return true;
}

static bool event_used(const struct hf_lifecycle *cycle, size_t event)
{
	for (size_t i = 0; i < cycle->num_moves; i++)
		if (cycle->moves[i].event == (int)event)
			return true;
	return false;
}

bool hf_lifecycle_check(const struct hf_lifecycle *cycle, struct hf_err *err)
{
	for (size_t i = 0; i < cycle->num_states; i++)
		if (!cycle->states[i].name || !cycle->states[i].zh)
			return hf_fail(err, HF_E_INTERNAL, "%s: state %zu has no name", cycle->name, i);
	for (size_t i = 0; i < cycle->num_moves; i++)
		if (!check_move(cycle, i, err))
			return false;
	for (size_t i = 0; i < cycle->num_events; i++)
		if (!cycle->events[i].name || !cycle->events[i].zh || !event_used(cycle, i))
			return hf_fail(
				err, HF_E_INTERNAL, "%s: event %zu has no name or no state takes it", cycle->name, i);
	return check_reach(cycle, err);
}

void hf_lifecycle_print(const struct hf_lifecycle *cycle, struct hf_buf *out)
{
	hf_buf_printf(out, "## %s（%s）\n\n", cycle->zh, cycle->name);
	hf_buf_put_str(
		out, "| 状态 state | 事件 event | 之后 next | 何人 who | 记录 recorded |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < cycle->num_moves; i++) {
		const struct hf_move *move = &cycle->moves[i];
		const struct hf_named *state = &cycle->states[move->state];
		const struct hf_named *event = &cycle->events[move->event];
		const struct hf_named *next = &cycle->states[move->next];
		hf_buf_printf(out, "| %s `%s` | %s `%s` | %s `%s` | %s | %s |\n", state->zh, state->name, event->zh,
			event->name, next->zh, next->name, move->who, move->records);
	}
	hf_buf_put_str(out, "\n");
}
