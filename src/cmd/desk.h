/*
 * The workstation (制证终端): the tokens at hand, and the one place that loads a GM/T 0016 library.
 *
 *     <home>/tokens/                 HUFU_SKF_HOME: the software tokens, one folder each
 *         operator-<NAME>/           an operator's; application "HUFU", container "sign"
 *         subject-<request id>/      an applicant's; application "HUFU", container "hufu"
 *         pins                       the demonstration's operators: lines "operator-NAME PIN ADMINPIN", 0600
 *         pins-subjects              the same for subjects; a line is on the disk before its token is made
 *
 * libhufuskf.so looks HUFU_SKF_HOME up at each call, and the environment is one for all threads: hence one folder, set
 * once, before any thread. The library is --skf, else HUFU_SKF_LIBRARY, else libhufuskf.so beside the program. With a
 * vendor's library the two folders of PINs are usually not there: PINs are then asked for.
 *
 * PBKDF2 slows down the guessing of PINs that people choose. A subject's PIN here is 128 random bits, which nobody
 * guesses at any speed, so that a batch of thousands does not spend most of its time on it; a holder who wants a PIN of
 * his own takes a token that was made for that.
 *
 * PINs are never in argv or the environment. A software token's device authentication key is made from its
 * administrator's PIN (HMAC-SM3), so that whoever finishes a token that a crash left half made has the same key.
 */
#ifndef HUFU_CMD_DESK_H
#define HUFU_CMD_DESK_H

#include "base/file.h"
#include "skf/token.h"

#define HF_DESK_APPLICATION        "HUFU"
#define HF_DESK_OPERATOR           "sign" /* container */
#define HF_DESK_SUBJECT            "hufu" /* container */
#define HF_DESK_SUBJECT_ITERATIONS 1000   /* of PBKDF2, for the tokens with random PINs: at most so many */
#define HF_DESK_DEVICE_MAX         65
#define HF_DESK_PIN_MAX            65

struct hf_pinbook;

struct hf_desk {
	struct hf_token_lib *lib;
	uint32_t iterations; /* of PBKDF2 for operators' tokens */
	const char
		*pin_file; /* --pin-file: the operator's PIN (first line), or a file of lines as above; may be NULL */
	char folder[HF_PATH_MAX]; /* <home>/tokens */
	struct hf_pinbook *operators, *subjects;
};

/*
 * Before any thread. skf may be NULL. iterations: hf_settings.pbkdf2. Errors: HF_E_DEVICE (no such library),
 * HF_E_STORE, HF_E_LIMIT.
 */
HF_MUST_USE bool hf_desk_open(
	struct hf_desk *desk, const char *home, const char *skf, uint32_t iterations, struct hf_err *err);
/* After all tokens are closed. An all-zero desk is fine. */
void hf_desk_close(struct hf_desk *desk);

/*
 * An operator's software token with its signing pair: makes what is not there yet, with random PINs that are kept
 * first. For `hufu init`; repeatable. pub is the key of container "sign". The caller closes *token.
 */
HF_MUST_USE bool hf_desk_make_operator(
	struct hf_desk *desk, const char *name, uint8_t pub[HF_SM2_POINT], struct hf_token **token, struct hf_err *err);
/* Opens it. PIN: --pin-file, else <home>/tokens/pins, else asked on the terminal. Errors: HF_E_DENIED, HF_E_MISSING. */
HF_MUST_USE bool hf_desk_operator(struct hf_desk *desk, const char *name, struct hf_token **token, struct hf_err *err);

/* Makes sure that pins-subjects has a line for each request; one sync for all that were missing. */
HF_MUST_USE bool hf_desk_subject_pins(
	struct hf_desk *desk, const char *const *requests, size_t num, struct hf_err *err);
/*
 * The request's token, made if it is not there, logged in, with a signing pair in container "hufu" (pub). May be
 * called by many threads for different requests. The caller closes *token.
 */
HF_MUST_USE bool hf_desk_subject(struct hf_desk *desk, const char *request, uint8_t pub[HF_SM2_POINT],
	struct hf_token **token, struct hf_err *err);
/* "operator-NAME", "subject-ID". Errors: HF_E_INPUT (GM/T 0016 device names). */
HF_MUST_USE bool hf_desk_device(const char *kind, const char *name, char out[HF_DESK_DEVICE_MAX], struct hf_err *err);

/* Asks on the terminal without echo. Errors: HF_E_MISSING (no terminal), HF_E_INPUT. */
HF_MUST_USE bool hf_desk_ask_pin(const char *prompt, char pin[HF_DESK_PIN_MAX], struct hf_err *err);

#endif
