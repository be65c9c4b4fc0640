#include "base/conf.h"

#include "base/alloc.h"
#include "base/str.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	const char *path;
	const struct hf_conf_key *keys;
	size_t num_keys;
	bool *seen;
	void *out;
	struct hf_err *err;
};

static bool set_value(struct reading *r, const struct hf_conf_key *key, const char *value)
{
	char *to = (char *)r->out + key->offset;
	int64_t number;

	switch (key->kind) {
	case HF_CONF_STR:
		if (!hf_fmt(to, key->size, "%s", value))
			return hf_fail(r->err, HF_E_INPUT, "%s: [%s] %s is longer than %zu octets", r->path,
				key->section, key->name, key->size - 1);
		return true;
	case HF_CONF_INT:
		if (!hf_parse_i64(value, key->min, key->max, &number))
			return hf_fail(r->err, HF_E_INPUT,
				"%s: [%s] %s: expected a number from %lld to %lld, got \"%s\"", r->path, key->section,
				key->name, (long long)key->min, (long long)key->max, value);
		memcpy(to, &number, sizeof(number));
		return true;
	case HF_CONF_BOOL:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return hf_fail(r->err, HF_E_INPUT, "%s: [%s] %s: expected yes or no, got \"%s\"", r->path,
				key->section, key->name, value);
		*(bool *)to = strcmp(value, "yes") == 0;
		return true;
	}
	return hf_fail(r->err, HF_E_INTERNAL, "%s: [%s] %s has no kind", r->path, key->section, key->name);
}

static int one_setting(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;

	for (size_t i = 0; i < r->num_keys; i++) {
		const struct hf_conf_key *key = &r->keys[i];
		if (strcmp(key->section, section) != 0 || strcmp(key->name, name) != 0)
			continue;
		if (r->seen[i]) {
			hf_fail(r->err, HF_E_INPUT, "%s: [%s] %s is given twice", r->path, section, name);
			return 0;
		}
		r->seen[i] = true;
		return set_value(r, key, value);
	}
	hf_fail(r->err, HF_E_INPUT, "%s: [%s] %s: no such setting", r->path, section, name);
	return 0;
}

bool hf_conf_read(const char *path, const struct hf_conf_key *keys, size_t num_keys, void *out, struct hf_err *err)
{
	struct reading r = {path, keys, num_keys, hf_alloc(num_keys, sizeof(bool)), out, err};
	struct hf_err none = {0};
	bool ok = false;

	if (!r.err)
		r.err = &none;
	r.err->code = HF_OK;
	int line = ini_parse(path, one_setting, &r);
	if (line == -1) {
		hf_fail(err, errno == ENOENT ? HF_E_MISSING : HF_E_STORE, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (line != 0) {
		if (r.err->code == HF_OK)
			hf_fail(err, HF_E_INPUT, "%s:%d: neither [section] nor name = value", path, line);
		else
			hf_fail_in(err, "line %d", line);
		goto out;
	}
	for (size_t i = 0; i < num_keys; i++) {
		if (keys[i].required && !r.seen[i]) {
			hf_fail(err, HF_E_INPUT, "%s: [%s] %s is missing", path, keys[i].section, keys[i].name);
			goto out;
		}
	}
	ok = true;
out:
	free(r.seen);
	return ok;
}
