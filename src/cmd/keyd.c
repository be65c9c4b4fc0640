/*
 * hufu-keyd(8): the device process of one service
 *
 *     hufu-keyd --home DIR --service ca|ra|km|ocsp [--probe-jail[=ACT]]
 *
 * Started by the supervisor, one for each service. Opens the GM/T 0018 library with the access codes of its folder
 * (DIR/keyd-SERVICE), reads the keys' policies, and signs, generates and re-wraps for its service, whose requests come
 * over one channel. Requests that wait together are done together.
 *
 * FILES (in DIR/keyd-SERVICE)
 *     policy.der   what each key may sign          pins      the access codes, 0600
 *     ledger       what was signed, append-only    device/   libhufusdf.so's keys, encrypted
 *
 * SECURITY
 *     It trusts nobody: every message is parsed again and held against the key's own policy (keyd/policy.h), and what a
 *     certificate or CRL key signs is in the ledger before the device is asked. It has no socket of its own, listens
 *     nowhere, cannot execute anything, and reaches no file outside its folder. Private keys are in the device's
 *     locked memory; they are in no core dump and in no message.
 */
#include "base/log.h"
#include "base/str.h"
#include "cmd/settings.h"
#include "dev/remote.h"
#include "keyd/keyd.h"
#include "keyd/serve.h"
#include "proc/daemon.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct keyd {
	struct hf_daemon daemon;
	struct hf_keyd *keyd;
	struct hf_dev dev;
	struct hf_keyd_serve serve;
	struct hf_ipc_server *server;
};

static void on_peer(void *ctx, const struct hf_peer *peer)
{
	struct keyd *k = ctx;

	/* The service was started anew: what its dead self still had here is dropped before the new one is heard. */
	hf_ipc_server_drop(k->server, peer->process);
	hf_ipc_server_add(k->server, peer->fd, peer->process);
	hf_log(&k->daemon.log, HF_LOG_INFO, "serving %s", peer->process);
}

static const char manual[] =
	"hufu-keyd --home DIR --service ca|ra|km|ocsp [--probe-jail[=ACT]]\n\n"
	"The device process of one service: signs, generates and re-wraps with the keys of DIR/keyd-SERVICE,\n"
	"each message checked against its key's policy. Started by `hufu up`.\n";

/* A vendor's library is named in hufu.conf; ours lies beside this program. */
static bool library_path(const struct hf_settings *settings, char out[HF_PATH_MAX], struct hf_err *err)
{
	char self[HF_PATH_MAX];

	if (settings->sdf_library[0])
		return hf_fmt(out, HF_PATH_MAX, "%s", settings->sdf_library);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return hf_fail(err, HF_E_INTERNAL, "cannot find this program's folder");
	self[n] = '\0';
	*(strrchr(self, '/')) = '\0';
	return hf_fmt(out, HF_PATH_MAX, "%s/libhufusdf.so", self) || hf_fail(err, HF_E_LIMIT, "path is too long");
}

static bool open_all(struct keyd *k, bool *vendor, struct hf_err *err)
{
	char library[HF_PATH_MAX];
	struct hf_settings settings;
	struct hf_keyd_options options = {.folder = k->daemon.folder, .library = library, .clock = k->daemon.clock};

	if (!hf_settings_read(k->daemon.home, &settings, err) || !library_path(&settings, library, err) ||
		!hf_keyd_open(&options, &k->keyd, err))
		return false;
	*vendor = settings.sdf_library[0] != '\0';
	k->dev = hf_keyd_dev(k->keyd);
	k->serve = (struct hf_keyd_serve){.dev = &k->dev, .log = &k->daemon.log};
	struct hf_ipc_handler handler = hf_keyd_handler(&k->serve);
	k->server = hf_ipc_server_new(HF_REMOTE_PAYLOAD_MAX, &handler);
	return true;
}

static void tell_status(struct keyd *k, uint64_t *told)
{
	char text[80];

	if (*told == k->serve.num_signed + k->serve.num_refused)
		return;
	*told = k->serve.num_signed + k->serve.num_refused;
	hf_keyd_status(k->keyd, text, sizeof(text));
	hf_daemon_status(&k->daemon, "%s, %llu signed, %llu refused", text, (unsigned long long)k->serve.num_signed,
		(unsigned long long)k->serve.num_refused);
}

static bool run(struct keyd *k, struct hf_err *err)
{
	struct pollfd fds[2] = {
		{.fd = k->daemon.wake_fd, .events = POLLIN}, {.fd = hf_ipc_server_fd(k->server), .events = POLLIN}};
	uint64_t told = UINT64_MAX;

	while (hf_daemon_poll(&k->daemon)) {
		if (!hf_ipc_server_run(k->server, 0, err))
			return false;
		poll(fds, 2, 1000);
		if (fds[1].revents == 0)
			tell_status(k, &told);
	}
	return true;
}

int main(int argc, char **argv)
{
	struct keyd *k = &(struct keyd){0};
	const struct hf_daemon_spec spec = {
		.program = "hufu-keyd", .manual = manual, .device = true, .on_peer = on_peer, .ctx = k};
	struct hf_err err = {0};
	bool vendor = false;

	bool ok = hf_daemon_init(&k->daemon, argc, argv, &spec, &err) && open_all(k, &vendor, &err) &&
		  hf_daemon_jail(&k->daemon, vendor ? "keyd-vendor" : "keyd", NULL, &err);
	if (ok) {
		hf_daemon_ready(&k->daemon);
		ok = run(k, &err);
	}
	int status = ok ? 0 : hf_daemon_fail(&k->daemon, &err);
	hf_ipc_server_free(k->server);
	hf_keyd_close(k->keyd);
	hf_daemon_clear(&k->daemon);
	return status;
}
