/*
 * struct hf_bytes is a view of somebody else's octets: it owns nothing and may outlive nothing.
 */
#ifndef HUFU_BASE_BYTES_H
#define HUFU_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hf_bytes {
	const uint8_t *p;
	size_t len;
};

/* A view of an array, of a string literal (without its NUL), of a C string (its length at run time). */
#define HF_BYTES_OF(array) ((struct hf_bytes){(array), sizeof(array)})
#define HF_BYTES_LIT(lit)  ((struct hf_bytes){(const uint8_t *)("" lit), sizeof(lit) - 1})
#define HF_BYTES_NONE      ((struct hf_bytes){NULL, 0})
struct hf_bytes hf_bytes_str(const char *text);

/* Same length and same octets. Not for secrets: see hf_secret_equal. */
bool hf_bytes_equal(struct hf_bytes a, struct hf_bytes b);
/* Order by octets, then by length (<0, 0, >0): the order of DER SET OF (X.690 11.6). */
int hf_bytes_order(struct hf_bytes a, struct hf_bytes b);
bool hf_bytes_start_with(struct hf_bytes a, struct hf_bytes prefix);

/* Compares len octets in a time that depends on len only. */
bool hf_secret_equal(const void *a, const void *b, size_t len);
/* Overwrites len octets in a way that the compiler keeps. p may be NULL when len is 0. */
void hf_wipe(void *p, size_t len);

/* Big-endian numbers in octets. */
void hf_put_u16(uint8_t p[2], uint16_t v);
void hf_put_u32(uint8_t p[4], uint32_t v);
void hf_put_u64(uint8_t p[8], uint64_t v);
uint16_t hf_get_u16(const uint8_t p[2]);
uint32_t hf_get_u32(const uint8_t p[4]);
uint64_t hf_get_u64(const uint8_t p[8]);

#endif
