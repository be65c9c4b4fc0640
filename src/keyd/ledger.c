#include "keyd/ledger.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "crypto/rand.h"
#include "crypto/sm3.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION    1
#define CHAIN_AT   (HF_LEDGER_RECORD - HF_SM3_LEN)
#define KEY_LEN    15
#define ENTRY_BODY (8 + 8 + 1 + KEY_LEN + 20 + 32)

static const uint8_t magic[8] = {'H', 'U', 'F', 'U', 'L', 'D', 'G', 'R'};

/* The serials that were used: open addressing over 64-bit fingerprints of (key, serial). */
struct used {
	uint64_t *slots;
	size_t num, size; /* size is a power of two */
};

struct hf_ledger {
	int fd;
	char path[HF_PATH_MAX];
	const struct hf_clock *clock;
	struct hf_ledger_state state;
	int64_t last_at;
	struct used used;
	bool shut; /* a write failed: what is on the disk is not known any more */
};

static uint64_t fingerprint(const char *key, bool is_crl, const uint8_t serial[20])
{
	uint8_t hash[HF_SM3_LEN];
	struct hf_sm3 sm3;
	uint8_t kind = is_crl;

	hf_sm3_init(&sm3);
	hf_sm3_update(&sm3, &kind, 1);
	hf_sm3_update(&sm3, serial, 20);
	hf_sm3_update(&sm3, key, strlen(key));
	hf_sm3_final(&sm3, hash);
	return hf_get_u64(hash) | 1; /* 0 is an empty slot */
}

static bool used_has(const struct used *used, uint64_t print)
{
	for (size_t i = print & (used->size - 1); used->slots[i]; i = (i + 1) & (used->size - 1))
		if (used->slots[i] == print)
			return true;
	return false;
}

static void used_set(struct used *used, uint64_t print)
{
	size_t i = print & (used->size - 1);

	while (used->slots[i])
		i = (i + 1) & (used->size - 1);
	used->slots[i] = print;
	used->num++;
}

static void used_add(struct used *used, uint64_t print)
{
	if (used->num * 2 >= used->size) {
		struct used bigger = {.size = used->size > 0 ? used->size * 2 : 4096};
		bigger.slots = hf_alloc(bigger.size, sizeof(*bigger.slots));
		for (size_t i = 0; i < used->size; i++)
			if (used->slots[i])
				used_set(&bigger, used->slots[i]);
		free(used->slots);
		*used = bigger;
	}
	used_set(used, print);
}

static void chain_of(const uint8_t before[32], const uint8_t record[HF_LEDGER_RECORD], uint8_t out[32])
{
	struct hf_sm3 sm3;

	hf_sm3_init(&sm3);
	if (before)
		hf_sm3_update(&sm3, before, 32);
	hf_sm3_update(&sm3, record, CHAIN_AT);
	hf_sm3_final(&sm3, out);
}

static void put_entry(const struct hf_ledger_entry *entry, const uint8_t before[32], uint8_t out[HF_LEDGER_RECORD])
{
	memset(out, 0, HF_LEDGER_RECORD);
	hf_put_u64(out, entry->number);
	hf_put_u64(out + 8, (uint64_t)entry->at);
	out[16] = entry->is_crl ? 2 : 1;
	memcpy(out + 17, entry->key, strnlen(entry->key, KEY_LEN));
	memcpy(out + 17 + KEY_LEN, entry->serial, 20);
	memcpy(out + 17 + KEY_LEN + 20, entry->tbs_hash, 32);
	chain_of(before, out, out + CHAIN_AT);
}

/* False when the record is not the one that follows. */
static bool get_entry(
	const uint8_t in[HF_LEDGER_RECORD], uint64_t number, const uint8_t before[32], struct hf_ledger_entry *entry)
{
	uint8_t chain[32];

	chain_of(before, in, chain);
	if (memcmp(chain, in + CHAIN_AT, 32) != 0 || hf_get_u64(in) != number || in[16] < 1 || in[16] > 2)
		return false;
	*entry = (struct hf_ledger_entry){.number = number, .at = (int64_t)hf_get_u64(in + 8), .is_crl = in[16] == 2};
	memcpy(entry->key, in + 17, KEY_LEN);
	memcpy(entry->serial, in + 17 + KEY_LEN, 20);
	memcpy(entry->tbs_hash, in + 17 + KEY_LEN + 20, 32);
	memcpy(entry->chain, chain, 32);
	return true;
}

static bool read_record(const struct hf_ledger *ledger, uint64_t number, uint8_t out[HF_LEDGER_RECORD])
{
	return pread(ledger->fd, out, HF_LEDGER_RECORD, (off_t)number * HF_LEDGER_RECORD) == HF_LEDGER_RECORD;
}

/* The file's name must be as durable as what it will hold: a ledger that is lost is a new one, and issues nothing. */
static bool sync_folder(const char *path, struct hf_err *err)
{
	char folder[HF_PATH_MAX];

	if (!hf_fmt(folder, sizeof(folder), "%s", path))
		return hf_fail(err, HF_E_LIMIT, "ledger %s: the path is too long", path);
	char *slash = strrchr(folder, '/');
	if (!slash)
		return hf_dir_sync(".", err);
	slash[slash == folder] = '\0';
	return hf_dir_sync(folder, err);
}

static bool make_head(struct hf_ledger *ledger, struct hf_err *err)
{
	uint8_t head[HF_LEDGER_RECORD] = {0};

	memcpy(head, magic, sizeof(magic));
	hf_put_u32(head + 8, VERSION);
	if (!hf_rand(head + 12, 16, err))
		return false;
	hf_put_u64(head + 28, 1);
	hf_put_u64(head + 36, (uint64_t)hf_now(ledger->clock));
	chain_of(NULL, head, head + CHAIN_AT);
	/* A head that was written in part is no ledger yet: nothing can have been signed. */
	if (ftruncate(ledger->fd, 0) != 0 || lseek(ledger->fd, 0, SEEK_SET) != 0 ||
		!hf_write_all(ledger->fd, HF_BYTES_OF(head)) || fsync(ledger->fd) != 0)
		return hf_fail(err, HF_E_STORE, "ledger %s: %s", ledger->path, strerror(errno));
	return sync_folder(ledger->path, err);
}

static bool read_head(struct hf_ledger *ledger, struct hf_err *err)
{
	uint8_t head[HF_LEDGER_RECORD];
	uint8_t chain[32];

	if (!read_record(ledger, 0, head))
		return hf_fail(err, HF_E_STORE, "ledger %s: cannot read its head", ledger->path);
	chain_of(NULL, head, chain);
	if (memcmp(head, magic, sizeof(magic)) != 0 || hf_get_u32(head + 8) != VERSION ||
		memcmp(chain, head + CHAIN_AT, 32) != 0)
		return hf_fail(
			err, HF_E_VERIFY, "ledger %s: its head is damaged; restore it from the backup", ledger->path);
	memcpy(ledger->state.id, head + 12, 16);
	ledger->state.epoch = hf_get_u64(head + 28);
	ledger->last_at = (int64_t)hf_get_u64(head + 36);
	memcpy(ledger->state.chain, chain, 32);
	return true;
}

/*
 * Does any later record chain to its neighbour? Then the break is damage and not the end that a crash left. The
 * neighbour's chain is taken as it stands and as it should be: whichever of its octets was hit, one of both is right.
 */
static bool goes_on(const struct hf_ledger *ledger, uint64_t number, uint64_t end)
{
	uint8_t before[HF_LEDGER_RECORD];
	uint8_t record[HF_LEDGER_RECORD];
	uint8_t stands[32], should[32], chain[32];

	memcpy(should, ledger->state.chain, sizeof(should));
	for (; number + 1 < end; number++) {
		if (!read_record(ledger, number, before) || !read_record(ledger, number + 1, record))
			return true; /* unreadable is damage, too */
		chain_of(should, before, should);
		memcpy(stands, before + CHAIN_AT, sizeof(stands));
		chain_of(stands, record, chain);
		if (memcmp(chain, record + CHAIN_AT, 32) == 0)
			return true;
		chain_of(should, record, chain);
		if (memcmp(chain, record + CHAIN_AT, 32) == 0)
			return true;
		memcpy(should, stands, sizeof(should));
	}
	return false;
}

static bool take_record(struct hf_ledger *ledger, const uint8_t record[HF_LEDGER_RECORD])
{
	struct hf_ledger_state *state = &ledger->state;
	struct hf_ledger_entry entry;

	if (!get_entry(record, state->number + 1, state->chain, &entry))
		return false;
	state->number = entry.number;
	memcpy(state->chain, entry.chain, 32);
	ledger->last_at = entry.at > ledger->last_at ? entry.at : ledger->last_at;
	used_add(&ledger->used, fingerprint(entry.key, entry.is_crl, entry.serial));
	return true;
}

/* How many records are read is the file's length to say: a disk that cannot be read is not the file's end. */
static bool read_records(struct hf_ledger *ledger, struct hf_err *err)
{
	struct hf_ledger_state *state = &ledger->state;
	uint8_t record[HF_LEDGER_RECORD];
	struct stat st;

	if (fstat(ledger->fd, &st) != 0)
		return hf_fail(err, HF_E_STORE, "ledger %s: %s", ledger->path, strerror(errno));
	uint64_t end = (uint64_t)st.st_size / HF_LEDGER_RECORD;
	while (state->number + 1 < end) {
		if (!read_record(ledger, state->number + 1, record))
			return hf_fail(err, HF_E_STORE, "ledger %s: record %llu cannot be read: %s", ledger->path,
				(unsigned long long)state->number + 1, strerror(errno));
		if (take_record(ledger, record))
			continue;
		if (goes_on(ledger, state->number + 1, end))
			return hf_fail(err, HF_E_VERIFY,
				"ledger %s: record %llu does not follow the one before; nothing is signed until it is "
				"restored from the backup",
				ledger->path, (unsigned long long)state->number + 1);
		break;
	}
	off_t whole = (off_t)(state->number + 1) * HF_LEDGER_RECORD;
	if (ftruncate(ledger->fd, whole) != 0 || fsync(ledger->fd) != 0 || lseek(ledger->fd, whole, SEEK_SET) != whole)
		return hf_fail(err, HF_E_STORE, "ledger %s: %s", ledger->path, strerror(errno));
	return true;
}

/* Two device processes on one ledger would each sign what the other one refuses: the second is kept out. */
static bool open_file(struct hf_ledger *ledger, const char *path, struct hf_err *err)
{
	if (!hf_fmt(ledger->path, sizeof(ledger->path), "%s", path))
		return hf_fail(err, HF_E_LIMIT, "ledger %s: the path is too long", path);
	ledger->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (ledger->fd < 0)
		return hf_fail(err, HF_E_STORE, "ledger %s: %s", path, strerror(errno));
	if (flock(ledger->fd, LOCK_EX | LOCK_NB) != 0)
		return hf_fail(err, HF_E_STORE, "ledger %s: %s", path,
			errno == EWOULDBLOCK ? "another process has it" : strerror(errno));
	return true;
}

bool hf_ledger_open(const char *path, const struct hf_clock *clock, struct hf_ledger **out, struct hf_err *err)
{
	struct hf_ledger *ledger = hf_alloc(1, sizeof(*ledger));

	ledger->clock = clock;
	ledger->fd = -1;
	ledger->used = (struct used){hf_alloc(4096, sizeof(uint64_t)), 0, 4096};
	if (!open_file(ledger, path, err) ||
		(lseek(ledger->fd, 0, SEEK_END) < HF_LEDGER_RECORD && !make_head(ledger, err)) ||
		!read_head(ledger, err) || !read_records(ledger, err) || !hf_ledger_check_clock(ledger, err)) {
		hf_ledger_close(ledger);
		return false;
	}
	*out = ledger;
	return true;
}

void hf_ledger_close(struct hf_ledger *ledger)
{
	if (!ledger)
		return;
	if (ledger->fd >= 0)
		close(ledger->fd);
	free(ledger->used.slots);
	free(ledger);
}

bool hf_ledger_check_clock(const struct hf_ledger *ledger, struct hf_err *err)
{
	char seen[HF_TIME_TEXT_MAX];

	if (hf_now(ledger->clock) + HF_LEDGER_DRIFT >= ledger->last_at)
		return true;
	hf_time_text(ledger->last_at, false, seen);
	return hf_fail(err, HF_E_CLOCK, "the clock ran backwards: the ledger has an entry of %s; mend the clock", seen);
}

static bool check_new(const struct hf_ledger *ledger, const char *key, const struct hf_ledger_item *items, size_t num,
	struct hf_err *err)
{
	for (size_t i = 0; i < num; i++) {
		uint64_t print = fingerprint(key, items[i].is_crl, items[i].serial);
		bool twice = used_has(&ledger->used, print);
		for (size_t j = 0; j < i && !twice; j++)
			twice = memcmp(items[i].serial, items[j].serial, 20) == 0 && items[i].is_crl == items[j].is_crl;
		if (twice)
			return hf_fail(err, HF_E_EXISTS, "message %zu: this %s was signed before with key \"%s\"", i,
				items[i].is_crl ? "CRL number" : "serial", key);
	}
	return true;
}

bool hf_ledger_append(
	struct hf_ledger *ledger, const char *key, const struct hf_ledger_item *items, size_t num, struct hf_err *err)
{
	struct hf_ledger_state next = ledger->state;
	int64_t now = hf_now(ledger->clock);
	struct hf_buf batch;
	bool ok = false;

	if (ledger->shut)
		return hf_fail(err, HF_E_STORE, "ledger %s could not be written before; restart keyd", ledger->path);
	if (strlen(key) > KEY_LEN)
		return hf_fail(err, HF_E_INPUT, "key name \"%.32s\" is longer than %d octets", key, KEY_LEN);
	if (!hf_ledger_check_clock(ledger, err) || !check_new(ledger, key, items, num, err))
		return false;
	hf_buf_init(&batch, num * HF_LEDGER_RECORD);
	for (size_t i = 0; i < num; i++) {
		struct hf_ledger_entry entry = {.number = next.number + 1, .at = now, .is_crl = items[i].is_crl};
		uint8_t *record = hf_buf_extend(&batch, HF_LEDGER_RECORD);
		hf_fmt_cut(entry.key, sizeof(entry.key), "%s", key);
		memcpy(entry.serial, items[i].serial, sizeof(entry.serial));
		memcpy(entry.tbs_hash, items[i].tbs_hash, sizeof(entry.tbs_hash));
		put_entry(&entry, next.chain, record);
		next.number++;
		memcpy(next.chain, record + CHAIN_AT, 32);
	}
	if (!hf_write_all(ledger->fd, hf_buf_bytes(&batch)) || fdatasync(ledger->fd) != 0) {
		ledger->shut = true;
		hf_fail(err, HF_E_STORE, "ledger %s: %s; nothing was signed", ledger->path, strerror(errno));
		goto out;
	}
	for (size_t i = 0; i < num; i++)
		used_add(&ledger->used, fingerprint(key, items[i].is_crl, items[i].serial));
	ledger->state = next;
	ledger->last_at = now > ledger->last_at ? now : ledger->last_at;
	ok = true;
out:
	hf_buf_clear(&batch);
	return ok;
}

void hf_ledger_state_of(const struct hf_ledger *ledger, struct hf_ledger_state *state)
{
	*state = ledger->state;
}

bool hf_ledger_entries(struct hf_ledger *ledger, uint64_t after, struct hf_ledger_entry *entries, size_t max,
	size_t *num, struct hf_err *err)
{
	uint8_t record[HF_LEDGER_RECORD];
	uint8_t before[HF_LEDGER_RECORD];

	*num = 0;
	if (after > ledger->state.number)
		return hf_fail(err, HF_E_STATE, "the ledger ends at %llu, before %llu: it is older than who asks",
			(unsigned long long)ledger->state.number, (unsigned long long)after);
	if (!read_record(ledger, after, before))
		return hf_fail(err, HF_E_STORE, "ledger %s: cannot be read", ledger->path);
	for (uint64_t n = after + 1; n <= ledger->state.number && *num < max; n++) {
		if (!read_record(ledger, n, record) || !get_entry(record, n, before + CHAIN_AT, &entries[*num]))
			return hf_fail(err, HF_E_VERIFY, "ledger %s: record %llu is damaged", ledger->path,
				(unsigned long long)n);
		memcpy(before, record, sizeof(before));
		(*num)++;
	}
	return true;
}
