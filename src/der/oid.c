#include "der/oid.h"

#include "base/str.h"

#include <pthread.h>
#include <string.h>

struct entry {
	const char *dotted, *name;
};

static const struct entry entries[HF_NUM_OIDS] = {
#define HF_OID(id, text, short_name) [HF_OID_##id] = {(text), (short_name)},
#include "der/oid_table.h"
#undef HF_OID
};

/* The content octets, made once from the dotted form; write-once, so no later reader sees a change. */
#define OCTETS_MAX 16
static uint8_t octets[HF_NUM_OIDS][OCTETS_MAX];
static uint8_t lengths[HF_NUM_OIDS];
static pthread_once_t octets_once = PTHREAD_ONCE_INIT;

static void make_octets(void)
{
	struct hf_buf buf;

	hf_buf_init(&buf, OCTETS_MAX);
	for (unsigned i = 1; i < HF_NUM_OIDS; i++) {
		hf_buf_reset(&buf);
		HF_ASSERT(hf_oid_parse(entries[i].dotted, &buf, NULL));
		memcpy(octets[i], buf.p, buf.len);
		lengths[i] = (uint8_t)buf.len;
	}
	hf_buf_clear(&buf);
}

struct hf_bytes hf_oid_bytes(enum hf_oid oid)
{
	pthread_once(&octets_once, make_octets);
	if (oid <= HF_OID_UNKNOWN || oid >= HF_NUM_OIDS)
		return HF_BYTES_NONE;
	return (struct hf_bytes){octets[oid], lengths[oid]};
}

enum hf_oid hf_oid_of(struct hf_bytes content)
{
	for (unsigned i = 1; i < HF_NUM_OIDS; i++)
		if (hf_oid_is(content, (enum hf_oid)i))
			return (enum hf_oid)i;
	return HF_OID_UNKNOWN;
}

bool hf_oid_is(struct hf_bytes content, enum hf_oid oid)
{
	return hf_bytes_equal(content, hf_oid_bytes(oid));
}

const char *hf_oid_name(struct hf_bytes content)
{
	enum hf_oid oid = hf_oid_of(content);

	return oid == HF_OID_UNKNOWN ? NULL : entries[oid].name;
}

void hf_oid_text(struct hf_bytes content, char out[HF_OID_TEXT_MAX])
{
	uint64_t v = 0;
	bool too_big = false;
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < content.len && at + 48 < HF_OID_TEXT_MAX; i++) {
		too_big |= v >> 57 != 0;
		v = v << 7 | (content.p[i] & 0x7F);
		if (content.p[i] & 0x80)
			continue;
		if (at == 0) {
			unsigned root = v < 40 ? 0 : v < 80 ? 1 : 2;
			hf_fmt_cut(out, HF_OID_TEXT_MAX, "%u", root);
			v -= root * 40;
		}
		at = strlen(out);
		if (too_big)
			hf_fmt_cut(out + at, HF_OID_TEXT_MAX - at, ".?");
		else
			hf_fmt_cut(out + at, HF_OID_TEXT_MAX - at, ".%llu", (unsigned long long)v);
		at = strlen(out);
		v = 0;
		too_big = false;
	}
}

static void put_part(struct hf_buf *out, uint64_t v)
{
	for (int shift = 63; shift > 0; shift -= 7)
		if (v >> shift)
			hf_buf_put_u8(out, (uint8_t)(0x80 | (v >> shift & 0x7F)));
	hf_buf_put_u8(out, (uint8_t)(v & 0x7F));
}

/* Reads one decimal part; false when there is none, it has a leading zero, or it is too large. */
static bool read_part(const char **p, uint64_t *out)
{
	const char *start = *p;
	uint64_t v = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (v > UINT64_MAX / 20)
			return false;
		v = v * 10 + (uint64_t)(**p - '0');
	}
	*out = v;
	return *p != start && (*start != '0' || *p == start + 1);
}

bool hf_oid_parse(const char *text, struct hf_buf *out, struct hf_err *err)
{
	const char *p = text;
	uint64_t root, second, part;

	if (!read_part(&p, &root) || root > 2 || *p++ != '.' || !read_part(&p, &second) || (root < 2 && second > 39))
		return hf_fail(err, HF_E_INPUT, "\"%.64s\" is no object identifier", text);
	put_part(out, root * 40 + second);
	while (*p == '.') {
		p++;
		if (!read_part(&p, &part))
			return hf_fail(err, HF_E_INPUT, "\"%.64s\" is no object identifier", text);
		put_part(out, part);
	}
	if (*p != '\0')
		return hf_fail(err, HF_E_INPUT, "\"%.64s\" is no object identifier", text);
	return hf_buf_ok(out) || hf_fail(err, HF_E_LIMIT, "\"%.64s\" is too long", text);
}
