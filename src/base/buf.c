#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hf_buf_init(struct hf_buf *buf, size_t max)
{
	*buf = (struct hf_buf){.max = max};
}

void hf_buf_init_secret(struct hf_buf *buf, size_t max)
{
	*buf = (struct hf_buf){.max = max, .secret = true};
}

void hf_buf_clear(struct hf_buf *buf)
{
	if (buf->secret)
		hf_wipe(buf->p, buf->cap);
	free(buf->p);
	*buf = (struct hf_buf){.max = buf->max, .secret = buf->secret};
}

void hf_buf_reset(struct hf_buf *buf)
{
	if (buf->secret)
		hf_wipe(buf->p, buf->cap);
	buf->len = 0;
	buf->failed = false;
}

bool hf_buf_ok(const struct hf_buf *buf)
{
	return !buf->failed;
}

struct hf_bytes hf_buf_bytes(const struct hf_buf *buf)
{
	return (struct hf_bytes){buf->p, buf->len};
}

static void grow(struct hf_buf *buf, size_t want)
{
	size_t cap = buf->cap > 0 ? buf->cap : 64;

	while (cap < want)
		cap = cap > SIZE_MAX / 2 ? want : cap * 2;
	if (!buf->secret) {
		buf->p = hf_resize(buf->p, cap, 1);
	} else {
		uint8_t *p = hf_alloc(cap, 1);
		if (buf->len > 0)
			memcpy(p, buf->p, buf->len);
		hf_wipe(buf->p, buf->cap);
		free(buf->p);
		buf->p = p;
	}
	buf->cap = cap;
}

uint8_t *hf_buf_extend(struct hf_buf *buf, size_t len)
{
	if (buf->failed || len > buf->max - buf->len) {
		buf->failed = true;
		return NULL;
	}
	if (buf->cap - buf->len < len || !buf->p)
		grow(buf, buf->len + len);
	buf->len += len;
	return buf->p + buf->len - len;
}

bool hf_buf_put(struct hf_buf *buf, const void *p, size_t len)
{
	uint8_t *to = hf_buf_extend(buf, len);

	if (!to)
		return false;
	if (len > 0)
		memcpy(to, p, len);
	return true;
}

bool hf_buf_put_bytes(struct hf_buf *buf, struct hf_bytes bytes)
{
	return hf_buf_put(buf, bytes.p, bytes.len);
}

bool hf_buf_put_str(struct hf_buf *buf, const char *text)
{
	return hf_buf_put(buf, text, strlen(text));
}

bool hf_buf_put_u8(struct hf_buf *buf, uint8_t v)
{
	return hf_buf_put(buf, &v, 1);
}

bool hf_buf_put_u32(struct hf_buf *buf, uint32_t v)
{
	uint8_t p[4];

	hf_put_u32(p, v);
	return hf_buf_put(buf, p, sizeof(p));
}

bool hf_buf_put_u64(struct hf_buf *buf, uint64_t v)
{
	uint8_t p[8];

	hf_put_u64(p, v);
	return hf_buf_put(buf, p, sizeof(p));
}

bool hf_buf_printf(struct hf_buf *buf, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	int n;
	bool ok = false;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	HF_ASSERT(n >= 0);
	size_t len = (size_t)n;
	if (buf->failed || len >= buf->max - buf->len) {
		buf->failed = true;
		goto out;
	}
	if (buf->cap - buf->len < len + 1 || !buf->p)
		grow(buf, buf->len + len + 1);
	vsnprintf((char *)buf->p + buf->len, len + 1, fmt, again);
	buf->len += len;
	ok = true;
out:
	va_end(again);
	va_end(ap);
	return ok;
}

void hf_buf_drop(struct hf_buf *buf, size_t len)
{
	HF_ASSERT(len <= buf->len);
	if (len == 0)
		return;
	memmove(buf->p, buf->p + len, buf->len - len);
	buf->len -= len;
	if (buf->secret)
		hf_wipe(buf->p + buf->len, len);
}

const char *hf_buf_cstr(struct hf_buf *buf)
{
	if (!hf_buf_put_u8(buf, 0))
		return NULL;
	buf->len--;
	return (const char *)buf->p;
}
