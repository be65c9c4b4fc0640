#include "api/json.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"

void hf_json_writer_init(struct hf_json_writer *w, struct hf_buf *out)
{
	*w = (struct hf_json_writer){.out = out};
}

static void put_escaped(struct hf_buf *out, struct hf_bytes text)
{
	const bool utf8 = hf_utf8_valid(text);

	(void)hf_buf_put_u8(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.p[i];

		if (c == '"' || c == '\\')
			(void)hf_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7F)
			(void)hf_buf_printf(out, "\\u%04x", c);
		else
			(void)hf_buf_put_u8(out, c >= 0x80 && !utf8 ? (uint8_t)'?' : c);
	}
	(void)hf_buf_put_u8(out, '"');
}

static void lead(struct hf_json_writer *w, const char *name)
{
	HF_ASSERT((name != NULL) == (w->depth > 0 && w->close[w->depth - 1] == '}'));
	if (w->more)
		(void)hf_buf_put_u8(w->out, ',');
	if (name) {
		put_escaped(w->out, hf_bytes_str(name));
		(void)hf_buf_put_u8(w->out, ':');
	}
	w->more = true;
}

static void open_with(struct hf_json_writer *w, const char *name, char opening, char closing)
{
	HF_ASSERT(w->depth < HF_JSON_DEPTH_MAX);
	lead(w, name);
	(void)hf_buf_put_u8(w->out, (uint8_t)opening);
	w->close[w->depth++] = closing;
	w->more = false;
}

void hf_json_write_object(struct hf_json_writer *w, const char *name)
{
	open_with(w, name, '{', '}');
}

void hf_json_write_array(struct hf_json_writer *w, const char *name)
{
	open_with(w, name, '[', ']');
}

void hf_json_write_end(struct hf_json_writer *w)
{
	HF_ASSERT(w->depth > 0);
	(void)hf_buf_put_u8(w->out, (uint8_t)w->close[--w->depth]);
	w->more = true;
}

void hf_json_write_text(struct hf_json_writer *w, const char *name, struct hf_bytes text)
{
	lead(w, name);
	put_escaped(w->out, text);
}

void hf_json_write_str(struct hf_json_writer *w, const char *name, const char *text)
{
	if (text)
		hf_json_write_text(w, name, hf_bytes_str(text));
	else
		hf_json_write_null(w, name);
}

void hf_json_write_i64(struct hf_json_writer *w, const char *name, int64_t v)
{
	lead(w, name);
	(void)hf_buf_printf(w->out, "%lld", (long long)v);
}

void hf_json_write_bool(struct hf_json_writer *w, const char *name, bool v)
{
	lead(w, name);
	(void)hf_buf_put_str(w->out, v ? "true" : "false");
}

void hf_json_write_null(struct hf_json_writer *w, const char *name)
{
	lead(w, name);
	(void)hf_buf_put_str(w->out, "null");
}

void hf_json_write_base64(struct hf_json_writer *w, const char *name, struct hf_bytes v)
{
	lead(w, name);
	(void)hf_buf_put_u8(w->out, '"');
	(void)hf_base64_put(w->out, v);
	(void)hf_buf_put_u8(w->out, '"');
}

void hf_json_write_hex(struct hf_json_writer *w, const char *name, struct hf_bytes v)
{
	lead(w, name);
	(void)hf_buf_put_u8(w->out, '"');
	(void)hf_hex_put(w->out, v);
	(void)hf_buf_put_u8(w->out, '"');
}

void hf_json_write_time(struct hf_json_writer *w, const char *name, int64_t at)
{
	char text[HF_TIME_TEXT_MAX];

	hf_time_text(at, true, text);
	hf_json_write_str(w, name, text);
}
