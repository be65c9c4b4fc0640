/*
 * A file of PINs: lines "NAME PIN ADMINPIN", mode 0600, only ever appended to. What is in it is on the disk before a
 * token is made with it, so that whoever was killed can open the token again. Two processes take turns by flock; a line
 * that a crash left without its end is cut off, nothing was made with it.
 */
#ifndef HUFU_CMD_PINBOOK_H
#define HUFU_CMD_PINBOOK_H

#include "base/buf.h"

#define HF_PIN_TEXT_MAX 65 /* GM/T 0016: 6 to 64 octets */

struct hf_pin_pair {
	char user[HF_PIN_TEXT_MAX], admin[HF_PIN_TEXT_MAX];
};

struct hf_pinbook;

/* Nothing is read or made yet. path is copied. */
struct hf_pinbook *hf_pinbook_new(const char *path);
/* Wipes what it knows. NULL is fine. */
void hf_pinbook_free(struct hf_pinbook *book);

/* Wipe *pins after use. Errors: HF_E_MISSING (no such line, no such file), HF_E_INPUT, HF_E_STORE. Any thread. */
HF_MUST_USE bool hf_pinbook_find(
	struct hf_pinbook *book, const char *name, struct hf_pin_pair *pins, struct hf_err *err);
/*
 * Random PINs (32 hex digits each) for each name without a line, one write and one sync for all.
 * Errors: HF_E_STORE, HF_E_DEVICE (no randomness), HF_E_INPUT (a name with blanks). Any thread.
 */
HF_MUST_USE bool hf_pinbook_ensure(struct hf_pinbook *book, const char *const *names, size_t num, struct hf_err *err);

#endif
