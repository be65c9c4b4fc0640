/*
 * The file "pins" of a keyd folder: the device's password and the access code of its keys, random, made with them.
 * Two lines, "device HEX" and "keys HEX" (64 digits each), mode 0600. An installation with an operator present at each
 * start replaces the file by what the operator enters; that belongs to the ceremonies.
 */
#ifndef HUFU_KEYD_PINS_H
#define HUFU_KEYD_PINS_H

#include "base/err.h"

#define HF_PIN_LEN 64

struct hf_pins {
	char device[HF_PIN_LEN + 1];
	char keys[HF_PIN_LEN + 1];
};

/* Random ones, written durably. Errors: HF_E_DEVICE, HF_E_STORE. */
HF_MUST_USE bool hf_pins_make(const char *folder, struct hf_pins *pins, struct hf_err *err);
/* Errors: HF_E_MISSING, HF_E_INPUT. Wipe them after use. */
HF_MUST_USE bool hf_pins_read(const char *folder, struct hf_pins *pins, struct hf_err *err);

#endif
