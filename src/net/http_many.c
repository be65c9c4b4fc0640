#include "base/alloc.h"
#include "net/http_client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct worker {
	const struct hf_http_many *many;
	size_t n;
	struct hf_http_client *client;
	pthread_t thread;
	bool runs;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	while (worker->many->work(worker->many->ctx, worker->n, worker->client))
		;
	return NULL;
}

static bool start(struct worker *worker, struct hf_err *err)
{
	int rc;

	if (!hf_http_client_new(&worker->client, &worker->many->client, err))
		return false;
	rc = pthread_create(&worker->thread, NULL, work, worker);
	if (rc)
		return hf_fail(err, HF_E_STATE, "cannot start connection %zu of %zu: %s", worker->n + 1,
			worker->many->num, strerror(rc));
	worker->runs = true;
	return true;
}

bool hf_http_many_run(const struct hf_http_many *many, struct hf_err *err)
{
	struct worker *workers = hf_alloc(many->num, sizeof(*workers));
	bool ok = hf_http_setup(err);

	for (size_t i = 0; ok && i < many->num; i++) {
		workers[i].many = many;
		workers[i].n = i;
		ok = start(&workers[i], err);
	}
	for (size_t i = 0; i < many->num; i++) {
		if (workers[i].runs)
			(void)pthread_join(workers[i].thread, NULL);
		hf_http_client_free(workers[i].client);
	}
	free(workers);
	return ok;
}
