#include "ipc/ipc_int.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool hf_ipc_packet_pair(int fds[2], struct hf_err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return hf_fail(err, HF_E_INTERNAL, "socketpair: %s", strerror(errno));
	return true;
}

bool hf_ipc_packet_send(int fd, struct hf_bytes packet, int pass, struct hf_err *err)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)packet.p, packet.len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	HF_ASSERT(packet.len > 0 && packet.len <= HF_IPC_PACKET_MAX);
	if (pass >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)packet.len)
		return true;
	if (n < 0 && (errno == EAGAIN || errno == ETOOMANYREFS))
		return hf_fail(err, HF_E_LIMIT, "control channel: the other side does not read its messages");
	return hf_fail(err, HF_E_PEER, "control channel: %s", strerror(errno));
}

/* The descriptors that came along; all but a single one are closed. False if there were more than one. */
static bool take_passed(struct msghdr *msg, int *passed)
{
	size_t num = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here; i++, num++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (num == 0)
				*passed = fd;
			else
				close(fd);
		}
	}
	return num <= 1;
}

enum hf_ipc_got hf_ipc_packet_recv(int fd, struct hf_buf *packet, int *passed)
{
	union {
		char room[CMSG_SPACE(sizeof(int) * 4)];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_len = HF_IPC_PACKET_MAX};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
	ssize_t n;

	*passed = -1;
	hf_buf_reset(packet);
	iov.iov_base = hf_buf_extend(packet, HF_IPC_PACKET_MAX);
	HF_ASSERT(iov.iov_base);
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	packet->len = n > 0 ? (size_t)n : 0;
	if (n < 0 && errno == EAGAIN)
		return HF_IPC_GOT_NOTHING;
	bool one = n > 0 && take_passed(&msg, passed);
	if (one && !(msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return HF_IPC_GOT_PACKET;
	if (*passed >= 0)
		close(*passed);
	*passed = -1;
	packet->len = 0;
	return HF_IPC_GOT_END;
}
