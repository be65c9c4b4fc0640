/*
 * struct hf_buf owns octets and grows up to a maximum given at the start. A write that would pass the maximum does not
 * happen; it marks the buffer as failed, and hf_buf_ok() tells, so that a row of writes needs one check at its end.
 */
#ifndef HUFU_BASE_BUF_H
#define HUFU_BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct hf_buf {
	uint8_t *p;
	size_t len;
	size_t cap;
	size_t max;
	bool failed; /* a write was refused: the content is not whole */
	bool secret; /* wiped whenever memory is given back */
};

/* An empty buffer that may grow to max octets. Nothing is allocated yet. */
void hf_buf_init(struct hf_buf *buf, size_t max);
/* The same, for secrets: old memory is wiped when it grows and when it is cleared. */
void hf_buf_init_secret(struct hf_buf *buf, size_t max);
/* Gives the memory back; the buffer may be used again (same maximum). */
void hf_buf_clear(struct hf_buf *buf);
/* Empties it but keeps the memory (wiped if secret). */
void hf_buf_reset(struct hf_buf *buf);

bool hf_buf_ok(const struct hf_buf *buf);
struct hf_bytes hf_buf_bytes(const struct hf_buf *buf);

/* Append. False (and failed) when max would be passed. */
bool hf_buf_put(struct hf_buf *buf, const void *p, size_t len);
bool hf_buf_put_bytes(struct hf_buf *buf, struct hf_bytes bytes);
bool hf_buf_put_str(struct hf_buf *buf, const char *text);
bool hf_buf_put_u8(struct hf_buf *buf, uint8_t v);
bool hf_buf_put_u32(struct hf_buf *buf, uint32_t v); /* big-endian */
bool hf_buf_put_u64(struct hf_buf *buf, uint64_t v); /* big-endian */
bool hf_buf_printf(struct hf_buf *buf, const char *fmt, ...) HF_PRINTF(2, 3);
/* Room for len more octets, to be filled by the caller; counted at once. NULL when max would be passed. */
uint8_t *hf_buf_extend(struct hf_buf *buf, size_t len);
/* Removes the first len octets (len <= buf->len). */
void hf_buf_drop(struct hf_buf *buf, size_t len);

/* The content as a NUL-terminated string that the buffer still owns; NULL if it cannot grow by the NUL. */
const char *hf_buf_cstr(struct hf_buf *buf);

#endif
