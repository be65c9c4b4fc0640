#include "cmd/files.h"

#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool read_input(struct hf_buf *out, struct hf_err *err)
{
	uint8_t part[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, part, sizeof(part))) > 0)
		if (!hf_buf_put(out, part, (size_t)n))
			return hf_fail(err, HF_E_LIMIT, "standard input: longer than %zu octets", out->max);
	return n == 0 || hf_fail(err, HF_E_STORE, "standard input: %s", strerror(errno));
}

bool hf_load_file(const char *path, struct hf_buf *out, struct hf_err *err)
{
	return strcmp(path, "-") == 0 ? read_input(out, err) : hf_file_read(path, out, err);
}

bool hf_load_cert(const char *path, struct hf_loaded_cert *out, struct hf_err *err)
{
	struct hf_buf file;
	bool ok;

	hf_buf_init(&file, HF_FILE_MAX);
	hf_buf_init(&out->der, HF_CERT_MAX);
	ok = hf_load_file(path, &file, err) && (hf_decode_armour(hf_buf_bytes(&file), "CERTIFICATE", &out->der, err) &&
						       hf_decode_cert(hf_buf_bytes(&out->der), &out->cert, err));
	hf_buf_clear(&file);
	if (ok)
		return true;
	hf_buf_clear(&out->der);
	return hf_fail_in(err, "%.200s", path);
}

bool hf_home_cert(const char *home, const char *name, struct hf_loaded_cert *out, struct hf_err *err)
{
	char path[HF_PATH_MAX];

	if (!hf_fmt(path, sizeof(path), "%s/%s", home, name))
		return hf_fail(err, HF_E_LIMIT, "--home: the path is too long");
	if (hf_load_cert(path, out, err))
		return true;
	if (err->code == HF_E_MISSING)
		hf_fail(err, HF_E_MISSING, "%s is not there: is %s a home? `hufu init --home DIR` makes one", path,
			home);
	return false;
}

void hf_loaded_cert_clear(struct hf_loaded_cert *cert)
{
	hf_buf_clear(&cert->der);
	memset(&cert->cert, 0, sizeof(cert->cert));
}
