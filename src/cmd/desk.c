#include "cmd/desk.h"

#include "base/alloc.h"
#include "base/str.h"
#include "cmd/pinbook.h"
#include "crypto/sm3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* ---- the library ------------------------------------------------------------------------------------------------ */

static bool beside_program(char out[HF_PATH_MAX], struct hf_err *err)
{
	char self[HF_PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len <= 0)
		return hf_fail(err, HF_E_INTERNAL, "/proc/self/exe: %s: name the library by --skf", strerror(errno));
	self[len] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	return hf_fmt(out, HF_PATH_MAX, "%s/libhufuskf.so", self) ||
	       hf_fail(err, HF_E_LIMIT, "the program's path is too long");
}

static bool open_library(struct hf_desk *desk, const char *skf, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!skf)
		skf = getenv("HUFU_SKF_LIBRARY");
	if (!skf || !*skf) {
		if (!beside_program(path, err))
			return false;
		skf = path;
	}
	return hf_token_lib_open(skf, &desk->lib, err);
}

bool hf_desk_open(struct hf_desk *desk, const char *home, const char *skf, uint32_t iterations, struct hf_err *err)
{
	char path[HF_PATH_MAX + 32];

	*desk = (struct hf_desk){.iterations = iterations};
	if (!hf_fmt(desk->folder, sizeof(desk->folder), "%s/tokens", home))
		return hf_fail(err, HF_E_LIMIT, "--home: the path is too long");
	if (!hf_dir_make(desk->folder, 0700, err))
		return false;
	/* Our library's; a vendor's does not look. The last moment at which there is one thread only. */
	if (setenv("HUFU_SKF_HOME", desk->folder, 1) != 0)
		return hf_fail(err, HF_E_INTERNAL, "HUFU_SKF_HOME: %s", strerror(errno));
	if (!open_library(desk, skf, err))
		return false;
	hf_fmt_cut(path, sizeof(path), "%s/pins", desk->folder);
	desk->operators = hf_pinbook_new(path);
	hf_fmt_cut(path, sizeof(path), "%s/pins-subjects", desk->folder);
	desk->subjects = hf_pinbook_new(path);
	return true;
}

void hf_desk_close(struct hf_desk *desk)
{
	hf_token_lib_close(desk->lib);
	hf_pinbook_free(desk->operators);
	hf_pinbook_free(desk->subjects);
	*desk = (struct hf_desk){0};
}

bool hf_desk_device(const char *kind, const char *name, char out[HF_DESK_DEVICE_MAX], struct hf_err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	if (!name[0] || strspn(name, allowed) != strlen(name))
		return hf_fail(err, HF_E_INPUT, "%.64s: a token's name has A-Z a-z 0-9 . _ - only", name);
	return hf_fmt(out, HF_DESK_DEVICE_MAX, "%s-%s", kind, name) ||
	       hf_fail(err, HF_E_INPUT, "%.64s: too long for a token's name (64 octets)", name);
}

/* ---- PINs ------------------------------------------------------------------------------------------------------- */

bool hf_desk_ask_pin(const char *prompt, char pin[HF_DESK_PIN_MAX], struct hf_err *err)
{
	struct termios was, quiet;
	bool ok = false;
	FILE *tty = fopen("/dev/tty", "r+");

	if (!tty || tcgetattr(fileno(tty), &was) < 0) {
		if (tty)
			fclose(tty);
		return hf_fail(err, HF_E_MISSING, "no PIN and no terminal to ask on: give it by --pin-file");
	}
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	fputs(prompt, tty);
	(void)fflush(tty);
	setvbuf(tty, NULL, _IONBF, 0);
	if (fgets(pin, HF_DESK_PIN_MAX, tty)) {
		pin[strcspn(pin, "\r\n")] = '\0';
		ok = pin[0] != '\0';
	}
	(void)tcsetattr(fileno(tty), TCSAFLUSH, &was);
	fputc('\n', tty);
	fclose(tty);
	return ok || hf_fail(err, HF_E_INPUT, "no PIN was entered");
}

/* --pin-file: either lines as in <home>/tokens/pins, or the PIN alone in the first line. */
static bool pin_of_file(const char *path, const char *device, char pin[HF_DESK_PIN_MAX], struct hf_err *err)
{
	struct hf_pinbook *book = hf_pinbook_new(path);
	struct hf_pin_pair pins;
	struct hf_buf text;
	bool ok = false;

	if (hf_pinbook_find(book, device, &pins, err)) {
		hf_fmt_cut(pin, HF_DESK_PIN_MAX, "%s", pins.user);
		hf_wipe(&pins, sizeof(pins));
		hf_pinbook_free(book);
		return true;
	}
	hf_pinbook_free(book);
	hf_buf_init_secret(&text, 65536);
	if (hf_file_read(path, &text, err) && hf_buf_cstr(&text)) {
		const size_t len = strcspn((const char *)text.p, "\r\n");

		/* A line with blanks is a list of PINs without ours. */
		ok = len > 0 && len < HF_DESK_PIN_MAX && !memchr(text.p, ' ', len);
		if (ok)
			hf_fmt_cut(pin, HF_DESK_PIN_MAX, "%.*s", (int)len, (const char *)text.p);
		else
			hf_fail(err, HF_E_MISSING, "%s: neither a line for %s nor a PIN alone", path, device);
	}
	hf_buf_clear(&text);
	return ok;
}

static bool operator_pin(struct hf_desk *desk, const char *device, char pin[HF_DESK_PIN_MAX], struct hf_err *err)
{
	struct hf_pin_pair pins;
	char prompt[128];

	if (desk->pin_file)
		return pin_of_file(desk->pin_file, device, pin, err);
	if (hf_pinbook_find(desk->operators, device, &pins, err)) {
		hf_fmt_cut(pin, HF_DESK_PIN_MAX, "%s", pins.user);
		hf_wipe(&pins, sizeof(pins));
		return true;
	}
	if (err->code != HF_E_MISSING)
		return false;
	hf_fmt_cut(prompt, sizeof(prompt), "PIN (%s): ", device);
	return hf_desk_ask_pin(prompt, pin, err);
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static bool create(struct hf_desk *desk, const char *device, const char *label, const struct hf_pin_pair *pins,
	uint32_t iterations, struct hf_err *err)
{
	uint8_t key[HF_SM3_LEN];
	struct hf_token_new what = {
		.device = device,
		.label = label,
		.iterations = iterations,
		.application = HF_DESK_APPLICATION,
		.admin_pin = hf_bytes_str(pins->admin),
		.user_pin = hf_bytes_str(pins->user),
	};
	bool ok;

	hf_hmac_sm3(hf_bytes_str(pins->admin), HF_BYTES_LIT("device authentication key"), key);
	memcpy(what.auth_key, key, sizeof(what.auth_key));
	ok = hf_token_create(desk->lib, &what, err) || err->code == HF_E_EXISTS;
	hf_wipe(key, sizeof(key));
	hf_wipe(&what, sizeof(what));
	return ok;
}

static bool make_pair(struct hf_token *token, const char *container, uint8_t pub[HF_SM2_POINT], struct hf_err *err)
{
	if (hf_token_make_pair(token, container, pub, err))
		return true;
	return err->code == HF_E_EXISTS && hf_token_public(token, container, HF_TOKEN_SIGN, pub, err);
}

/* Makes what is missing and opens it. */
static bool make(struct hf_desk *desk, struct hf_pinbook *book, const char *device, const char *label,
	const char *container, uint8_t pub[HF_SM2_POINT], struct hf_token **token, struct hf_err *err)
{
	struct hf_pin_pair pins;
	uint32_t iterations = desk->iterations;
	bool ok = false;

	if (book == desk->subjects && iterations > HF_DESK_SUBJECT_ITERATIONS)
		iterations = HF_DESK_SUBJECT_ITERATIONS;
	*token = NULL;
	if (!hf_pinbook_find(book, device, &pins, err))
		return false;
	if (create(desk, device, label, &pins, iterations, err) &&
		hf_token_open(desk->lib, device, HF_DESK_APPLICATION, hf_bytes_str(pins.user), token, err))
		ok = make_pair(*token, container, pub, err);
	hf_wipe(&pins, sizeof(pins));
	if (!ok) {
		hf_token_close(*token);
		*token = NULL;
	}
	return ok;
}

bool hf_desk_make_operator(
	struct hf_desk *desk, const char *name, uint8_t pub[HF_SM2_POINT], struct hf_token **token, struct hf_err *err)
{
	char device[HF_DESK_DEVICE_MAX], label[32];
	const char *names[] = {device};

	hf_fmt_cut(label, sizeof(label), "%s", name);
	return hf_desk_device("operator", name, device, err) && hf_pinbook_ensure(desk->operators, names, 1, err) &&
	       make(desk, desk->operators, device, label, HF_DESK_OPERATOR, pub, token, err);
}

bool hf_desk_operator(struct hf_desk *desk, const char *name, struct hf_token **token, struct hf_err *err)
{
	char device[HF_DESK_DEVICE_MAX], pin[HF_DESK_PIN_MAX];
	bool ok;

	if (!hf_desk_device("operator", name, device, err) || !operator_pin(desk, device, pin, err))
		return hf_fail_in(err, "operator %.64s", name);
	ok = hf_token_open(desk->lib, device, HF_DESK_APPLICATION, hf_bytes_str(pin), token, err);
	hf_wipe(pin, sizeof(pin));
	return ok || hf_fail_in(err, "operator %.64s", name);
}

bool hf_desk_subject_pins(struct hf_desk *desk, const char *const *requests, size_t num, struct hf_err *err)
{
	char(*devices)[HF_DESK_DEVICE_MAX] = hf_alloc(num, sizeof(*devices));
	const char **names = hf_alloc(num, sizeof(*names));
	bool ok = true;

	for (size_t i = 0; ok && i < num; i++) {
		names[i] = devices[i];
		ok = hf_desk_device("subject", requests[i], devices[i], err);
	}
	ok = ok && hf_pinbook_ensure(desk->subjects, names, num, err);
	free(names);
	free(devices);
	return ok;
}

bool hf_desk_subject(struct hf_desk *desk, const char *request, uint8_t pub[HF_SM2_POINT], struct hf_token **token,
	struct hf_err *err)
{
	char device[HF_DESK_DEVICE_MAX], label[32];

	hf_fmt_cut(label, sizeof(label), "%s", request);
	return hf_desk_device("subject", request, device, err) &&
	       make(desk, desk->subjects, device, label, HF_DESK_SUBJECT, pub, token, err);
}
