#include "net/listen.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool read_address(const char *text, uint16_t port, union address *out, socklen_t *len)
{
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		*len = sizeof(out->v4);
		return true;
	}
	if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		*len = sizeof(out->v6);
		return true;
	}
	return false;
}

static enum hf_code code_of(int error)
{
	switch (error) {
	case EADDRINUSE:
		return HF_E_EXISTS;
	case EACCES:
	case EPERM:
		return HF_E_DENIED;
	default:
		return HF_E_STATE;
	}
}

bool hf_listen_tcp(const char *text, uint16_t port, int backlog, int *out, uint16_t *bound, struct hf_err *err)
{
	const int one = 1;
	union address address;
	socklen_t len;
	int fd;

	if (!read_address(text, port, &address, &len))
		return hf_fail(err, HF_E_INPUT, "listen address \"%s\" is not a numeric IPv4 or IPv6 address", text);
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		goto bad;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		goto bad;
	if (address.any.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)))
		goto bad;
	if (bind(fd, &address.any, len) || listen(fd, backlog) || getsockname(fd, &address.any, &len))
		goto bad;
	*bound = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
	*out = fd;
	return true;
bad:
	hf_fail(err, code_of(errno), "cannot listen on %s port %u: %s", text, port, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return false;
}

void hf_address_text(const struct sockaddr *address, char *out, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	hf_fmt_cut(out, size, "unknown");
	if (address && address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
		if (inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)))
			hf_fmt_cut(out, size, "%s:%u", text, ntohs(v4->sin_port));
	} else if (address && address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
		if (inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)))
			hf_fmt_cut(out, size, "[%s]:%u", text, ntohs(v6->sin6_port));
	}
}
