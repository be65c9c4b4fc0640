#include "ipc/ipc.h"

#include "base/str.h"

#include <string.h>

void hf_ipc_put_u8(struct hf_buf *out, uint8_t v)
{
	hf_buf_put_u8(out, v);
}

void hf_ipc_put_bool(struct hf_buf *out, bool v)
{
	hf_buf_put_u8(out, v ? 1 : 0);
}

void hf_ipc_put_u16(struct hf_buf *out, uint16_t v)
{
	uint8_t p[2];

	hf_put_u16(p, v);
	hf_buf_put(out, p, sizeof(p));
}

void hf_ipc_put_u32(struct hf_buf *out, uint32_t v)
{
	hf_buf_put_u32(out, v);
}

void hf_ipc_put_u64(struct hf_buf *out, uint64_t v)
{
	hf_buf_put_u64(out, v);
}

void hf_ipc_put_i64(struct hf_buf *out, int64_t v)
{
	hf_buf_put_u64(out, (uint64_t)v);
}

void hf_ipc_put_bytes(struct hf_buf *out, struct hf_bytes v)
{
	if (v.len > UINT32_MAX) {
		out->failed = true;
		return;
	}
	hf_buf_put_u32(out, (uint32_t)v.len);
	hf_buf_put_bytes(out, v);
}

void hf_ipc_put_str(struct hf_buf *out, const char *v)
{
	hf_ipc_put_bytes(out, hf_bytes_str(v));
}

struct hf_ipc_reader hf_ipc_reader(struct hf_bytes payload)
{
	return (struct hf_ipc_reader){.rest = payload};
}

/* The next len octets, or NULL and the reader has failed. Never NULL for len 0 of a reader that has not. */
static const uint8_t *take(struct hf_ipc_reader *in, size_t len)
{
	static const uint8_t nothing[1];
	const uint8_t *p = in->rest.p;

	if (in->failed || len > in->rest.len) {
		in->failed = true;
		return NULL;
	}
	if (len == 0)
		return nothing;
	in->rest.p += len;
	in->rest.len -= len;
	return p;
}

uint8_t hf_ipc_get_u8(struct hf_ipc_reader *in)
{
	const uint8_t *p = take(in, 1);

	return p ? *p : 0;
}

bool hf_ipc_get_bool(struct hf_ipc_reader *in)
{
	uint8_t v = hf_ipc_get_u8(in);

	if (v > 1)
		in->failed = true;
	return !in->failed && v == 1;
}

uint16_t hf_ipc_get_u16(struct hf_ipc_reader *in)
{
	const uint8_t *p = take(in, 2);

	return p ? hf_get_u16(p) : 0;
}

uint32_t hf_ipc_get_u32(struct hf_ipc_reader *in)
{
	const uint8_t *p = take(in, 4);

	return p ? hf_get_u32(p) : 0;
}

uint64_t hf_ipc_get_u64(struct hf_ipc_reader *in)
{
	const uint8_t *p = take(in, 8);

	return p ? hf_get_u64(p) : 0;
}

int64_t hf_ipc_get_i64(struct hf_ipc_reader *in)
{
	return (int64_t)hf_ipc_get_u64(in);
}

struct hf_bytes hf_ipc_get_bytes(struct hf_ipc_reader *in, size_t max)
{
	size_t len = hf_ipc_get_u32(in);
	const uint8_t *p;

	if (len > max)
		in->failed = true;
	p = take(in, len);
	return p ? (struct hf_bytes){p, len} : HF_BYTES_NONE;
}

void hf_ipc_get_exact(struct hf_ipc_reader *in, void *out, size_t len)
{
	struct hf_bytes v = hf_ipc_get_bytes(in, len);

	if (v.len != len)
		in->failed = true;
	if (in->failed)
		memset(out, 0, len);
	else
		memcpy(out, v.p, len);
}

void hf_ipc_get_str(struct hf_ipc_reader *in, char *out, size_t size)
{
	struct hf_bytes v = hf_ipc_get_bytes(in, size - 1);

	out[0] = '\0';
	if (in->failed)
		return;
	if (memchr(v.p, '\0', v.len) || !hf_utf8_valid(v)) {
		in->failed = true;
		return;
	}
	memcpy(out, v.p, v.len);
	out[v.len] = '\0';
}

uint32_t hf_ipc_get_count(struct hf_ipc_reader *in, uint32_t max, size_t least_each)
{
	uint32_t num = hf_ipc_get_u32(in);

	if (num > max || (least_each > 0 && num > in->rest.len / least_each))
		in->failed = true;
	return in->failed ? 0 : num;
}

bool hf_ipc_get_end(const struct hf_ipc_reader *in, const char *what, struct hf_err *err)
{
	if (in->failed)
		return hf_fail(err, HF_E_INPUT, "%s: the message is cut, or a field is out of its range", what);
	if (in->rest.len > 0)
		return hf_fail(err, HF_E_INPUT, "%s: %zu octets are left over", what, in->rest.len);
	return true;
}
