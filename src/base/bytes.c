#include "base/bytes.h"

#include <string.h>

struct hf_bytes hf_bytes_str(const char *text)
{
	return (struct hf_bytes){(const uint8_t *)text, strlen(text)};
}

bool hf_bytes_equal(struct hf_bytes a, struct hf_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

int hf_bytes_order(struct hf_bytes a, struct hf_bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool hf_bytes_start_with(struct hf_bytes a, struct hf_bytes prefix)
{
	return a.len >= prefix.len && hf_bytes_equal((struct hf_bytes){a.p, prefix.len}, prefix);
}

bool hf_secret_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= (uint8_t)(x[i] ^ y[i]);
	return diff == 0;
}

void hf_wipe(void *p, size_t len)
{
	if (len > 0)
		explicit_bzero(p, len);
}

void hf_put_u16(uint8_t p[2], uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void hf_put_u32(uint8_t p[4], uint32_t v)
{
	hf_put_u16(p, (uint16_t)(v >> 16));
	hf_put_u16(p + 2, (uint16_t)v);
}

void hf_put_u64(uint8_t p[8], uint64_t v)
{
	hf_put_u32(p, (uint32_t)(v >> 32));
	hf_put_u32(p + 4, (uint32_t)v);
}

uint16_t hf_get_u16(const uint8_t p[2])
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t hf_get_u32(const uint8_t p[4])
{
	return (uint32_t)hf_get_u16(p) << 16 | hf_get_u16(p + 2);
}

uint64_t hf_get_u64(const uint8_t p[8])
{
	return (uint64_t)hf_get_u32(p) << 32 | hf_get_u32(p + 4);
}
