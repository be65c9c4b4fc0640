#include "keyd/pins.h"

#include "base/file.h"
#include "base/hex.h"
#include "base/str.h"
#include "crypto/rand.h"

#include <string.h>

static bool random_hex(char out[HF_PIN_LEN + 1], struct hf_err *err)
{
	uint8_t octets[HF_PIN_LEN / 2];
	bool ok = hf_rand(octets, sizeof(octets), err);

	if (ok)
		hf_hex(HF_BYTES_OF(octets), out);
	hf_wipe(octets, sizeof(octets));
	return ok;
}

bool hf_pins_make(const char *folder, struct hf_pins *pins, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf text;
	bool ok = false;

	hf_buf_init_secret(&text, 256);
	if (!hf_fmt(path, sizeof(path), "%s/pins", folder)) {
		hf_fail(err, HF_E_LIMIT, "%s: path is too long", folder);
	} else if (random_hex(pins->device, err) && random_hex(pins->keys, err)) {
		hf_buf_put_str(&text, "device ");
		hf_buf_put_str(&text, pins->device);
		hf_buf_put_str(&text, "\nkeys ");
		hf_buf_put_str(&text, pins->keys);
		hf_buf_put_str(&text, "\n");
		ok = hf_file_write(path, hf_buf_bytes(&text), 0600, err);
	}
	hf_buf_clear(&text);
	return ok;
}

/* Takes "word HEX LF" off *text. */
static bool take(struct hf_bytes *text, const char *word, char out[HF_PIN_LEN + 1])
{
	size_t head = strlen(word) + 1;

	if (text->len < head + HF_PIN_LEN + 1 || memcmp(text->p, word, head - 1) != 0 || text->p[head - 1] != ' ' ||
		text->p[head + HF_PIN_LEN] != '\n')
		return false;
	memcpy(out, text->p + head, HF_PIN_LEN);
	out[HF_PIN_LEN] = '\0';
	text->p += head + HF_PIN_LEN + 1;
	text->len -= head + HF_PIN_LEN + 1;
	return true;
}

bool hf_pins_read(const char *folder, struct hf_pins *pins, struct hf_err *err)
{
	char path[HF_PATH_MAX];
	struct hf_buf file;
	bool ok = false;

	hf_buf_init_secret(&file, 256);
	if (!hf_fmt(path, sizeof(path), "%s/pins", folder)) {
		hf_fail(err, HF_E_LIMIT, "%s: path is too long", folder);
	} else if (hf_file_read(path, &file, err)) {
		struct hf_bytes text = hf_buf_bytes(&file);
		ok = take(&text, "device", pins->device) && take(&text, "keys", pins->keys) && text.len == 0;
		if (!ok)
			hf_fail(err, HF_E_INPUT, "%s: expected the lines \"device HEX\" and \"keys HEX\"", path);
	}
	hf_buf_clear(&file);
	return ok;
}
