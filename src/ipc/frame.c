#include "ipc/ipc_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void hf_ipc_head_put(struct hf_buf *out, const struct hf_ipc_head *head)
{
	hf_ipc_put_u32(out, head->len);
	hf_ipc_put_u16(out, head->type);
	hf_ipc_put_u64(out, head->call);
}

struct hf_ipc_head hf_ipc_head_get(const uint8_t p[HF_IPC_HEAD_LEN])
{
	return (struct hf_ipc_head){hf_get_u32(p), hf_get_u16(p + 4), hf_get_u64(p + 6)};
}

void hf_ipc_refusal_put(struct hf_buf *out, const struct hf_err *err)
{
	hf_ipc_put_str(out, hf_code_name(err->code == HF_OK ? HF_E_INTERNAL : err->code));
	hf_ipc_put_str(out, err->text);
}

bool hf_ipc_refusal_get(struct hf_bytes payload, struct hf_err *err)
{
	struct hf_ipc_reader in = hf_ipc_reader(payload);
	char code[32], text[HF_ERR_TEXT_MAX];

	hf_ipc_get_str(&in, code, sizeof(code));
	hf_ipc_get_str(&in, text, sizeof(text));
	if (!hf_ipc_get_end(&in, "refusal", NULL))
		return false;
	enum hf_code named = hf_code_named(code);
	hf_fail(err, named == HF_OK ? HF_E_INTERNAL : named, "%s", text);
	return true;
}

bool hf_ipc_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool hf_ipc_pair(int fds[2], struct hf_err *err)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return hf_fail(err, HF_E_INTERNAL, "socketpair: %s", strerror(errno));
	return true;
}
