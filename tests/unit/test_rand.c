/*
 * The generators of GM/T 0105 against agreed answers; hf_rand: forks, threads, sources that break.
 */
#include "kat.h"

#include "crypto/cpu.h"
#include "crypto/rand_int.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* num octets from first on, counting up. */
static struct hf_bytes counting(uint8_t first, size_t num, uint8_t *out)
{
	for (size_t i = 0; i < num; i++)
		out[i] = (uint8_t)(first + i);
	return (struct hf_bytes){out, num};
}

struct generator {
	const char *name;
	size_t whole, part; /* octets of a long and of the short request */
	union {
		struct hf_sm3_rng sm3;
		struct hf_sm4_rng sm4;
	} u;
};

static void generate(struct generator *g, struct hf_bytes additional, uint8_t *out, size_t len)
{
	if (g->whole == HF_SM3_RNG_MAX)
		hf_sm3_rng_generate(&g->u.sm3, additional, out, len);
	else
		hf_sm4_rng_generate(&g->u.sm4, additional, out, len);
}

static void check_output(
	struct generator *g, const json_t *answers, size_t index, struct hf_bytes additional, size_t len)
{
	uint8_t got[32], want[32];

	assert_true(hf_unhex(json_string_value(json_array_get(answers, index)), want, len));
	generate(g, additional, got, len);
	assert_memory_equal(got, want, len);
}

static void check_steps(struct generator *g, const json_t *vector)
{
	const json_t *outputs = json_object_get(vector, "outputs");
	uint8_t extra[16], fresh[32], more[8];

	check_output(g, outputs, 0, HF_BYTES_NONE, g->whole);
	check_output(g, outputs, 1, counting(0xa0, 16, extra), g->whole);
	if (g->whole == HF_SM3_RNG_MAX)
		hf_sm3_rng_reseed(&g->u.sm3, counting(0x60, 32, fresh), counting(0xc0, 8, more));
	else
		hf_sm4_rng_reseed(&g->u.sm4, counting(0x60, 32, fresh), counting(0xc0, 8, more));
	check_output(g, outputs, 2, HF_BYTES_NONE, g->whole);
	check_output(g, outputs, 3, HF_BYTES_NONE, g->part);
	check_output(g, outputs, 4, HF_BYTES_NONE, g->whole);
	assert_int_equal(json_array_size(outputs), 5);
}

static void check_state(const json_t *vector, const char *name, const uint8_t *got, size_t len)
{
	uint8_t want[64];

	assert_true(hf_unhex(kat_text(json_object_get(vector, "state_after_instantiate"), name), want, len));
	assert_memory_equal(got, want, len);
}

static void both_generators_give_the_agreed_answers(void **state)
{
	json_t *file = kat_load("kat/gm0105_drbg.json"), *vector;
	uint8_t entropy[32], nonce[16], personal[8];
	struct generator g;

	(void)state;
	assert_non_null(file);
	counting(0, 32, entropy);
	counting(0x40, 16, nonce);
	counting(0x80, 8, personal);
	for (int limited = 0; limited < 2; limited++) {
		hf_cpu_limit(limited ? 0 : ~0u);
		vector = json_object_get(file, "sm3_rng");
		g = (struct generator){.whole = 32, .part = 20};
		hf_sm3_rng_init(&g.u.sm3, HF_BYTES_OF(entropy), HF_BYTES_OF(nonce), HF_BYTES_OF(personal));
		check_state(vector, "V", g.u.sm3.v, HF_SM3_RNG_SEED);
		check_state(vector, "C", g.u.sm3.c, HF_SM3_RNG_SEED);
		check_steps(&g, vector);
		vector = json_object_get(file, "sm4_rng");
		g = (struct generator){.whole = 16, .part = 10};
		hf_sm4_rng_init(&g.u.sm4, HF_BYTES_OF(entropy), HF_BYTES_OF(nonce), HF_BYTES_OF(personal));
		check_state(vector, "V", g.u.sm4.v, 16);
		check_state(vector, "Key", g.u.sm4.key, 16);
		check_steps(&g, vector);
	}
	hf_cpu_limit(~0u);
	json_decref(file);
}

static void many_generators_give_what_each_gives_alone(void **state)
{
	struct hf_sm3_rng alone[HF_SM3_RNG_MANY], many[HF_SM3_RNG_MANY];
	uint8_t entropy[32], want[32], got[HF_SM3_RNG_MANY][32];

	(void)state;
	for (size_t num = 0; num <= HF_SM3_RNG_MANY; num++) {
		for (size_t i = 0; i < num; i++) {
			hf_sm3_rng_init(
				&alone[i], counting((uint8_t)(i + 9 * num), 32, entropy), HF_BYTES_NONE, HF_BYTES_NONE);
			/* carries go all the way up */
			memset(alone[i].v, 0xff, i < HF_SM3_RNG_SEED ? HF_SM3_RNG_SEED - i : 0);
			many[i] = alone[i];
		}
		for (int round = 0; round < 5; round++) {
			hf_sm3_rng_generate_many(many, num, got);
			for (size_t i = 0; i < num; i++) {
				hf_sm3_rng_generate(&alone[i], HF_BYTES_NONE, want, 32);
				assert_memory_equal(got[i], want, 32);
				assert_memory_equal(many[i].v, alone[i].v, HF_SM3_RNG_SEED);
			}
		}
	}
}

static void the_self_test_passes(void **state)
{
	struct hf_err err;

	(void)state;
	assert_ok(hf_drbg_self_test(&err));
}

static void raw_entropy_that_sticks_is_seen(void **state)
{
	struct hf_entropy_test test = {0};
	uint8_t octets[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 167 + i / 256);
	assert_true(hf_entropy_test(&test, HF_BYTES_OF(octets)));
	memset(octets + 100, octets[100], 5);
	octets[105] = (uint8_t)~octets[100];
	test = (struct hf_entropy_test){0};
	assert_true(hf_entropy_test(&test, HF_BYTES_OF(octets)));
	octets[105] = octets[100];
	assert_false(hf_entropy_test(&test, HF_BYTES_OF(octets)));
	/* the first octet of a window comes back too often, though never twice in a row; over two calls */
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = i % 8 ? (uint8_t)i : 0xee;
	test = (struct hf_entropy_test){0};
	assert_true(hf_entropy_test(&test, (struct hf_bytes){octets, 256}));
	assert_false(hf_entropy_test(&test, (struct hf_bytes){octets + 256, 256}));
}

struct broken {
	int num_draws, bad_draws;
};

static bool draw_broken(void *ctx, uint8_t *out, size_t len, struct hf_err *err)
{
	struct broken *b = ctx;

	if (b->num_draws++ >= b->bad_draws)
		return hf_rand_kernel(NULL, out, len, err);
	/* no six equal octets in a row: the single-draw test must see this */
	for (size_t i = 0; i < len; i++)
		out[i] = i % 3 ? 0 : 0x11;
	return true;
}

static void a_seed_that_fails_is_drawn_again_once(void **state)
{
	static const uint8_t zeros[HF_RAND_SEED];
	struct hf_entropy_test test = {0};
	struct broken once = {.bad_draws = 1}, always = {.bad_draws = 1000};
	struct hf_rand_source source = {draw_broken, &once};
	uint8_t seed[HF_RAND_SEED];
	struct hf_err err;

	(void)state;
	assert_ok(hf_rand_seed(&source, &test, seed, &err));
	assert_int_equal(once.num_draws, 2);
	source.ctx = &always;
	assert_refused(hf_rand_seed(&source, &test, seed, &err), HF_E_DEVICE, "twice");
	assert_int_equal(always.num_draws, 2);
	assert_memory_equal(seed, zeros, sizeof(seed));
}

static void a_child_does_not_go_on_from_its_parents_state(void **state)
{
	enum { NUM = 3 };
	uint8_t of_parent[32], of_child[NUM][32], more[32];
	struct hf_err err;
	int fds[2];

	(void)state;
	assert_ok(hf_rand(of_parent, 32, &err));
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < NUM; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			bool ok = hf_rand(more, 32, NULL) && write(fds[1], more, 32) == 32;
			_exit(ok ? 0 : 1);
		}
		int status;
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(read(fds[0], of_child[i], 32), 32);
	}
	assert_ok(hf_rand(of_parent, 32, &err));
	for (int i = 0; i < NUM; i++) {
		assert_memory_not_equal(of_child[i], of_parent, 32);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(of_child[i], of_child[j], 32);
	}
	close(fds[0]);
	close(fds[1]);
}

enum { THREADS = 24, DRAWS = 300 };

struct thread {
	pthread_t id;
	uint8_t out[DRAWS][16];
	bool ok;
};

static void *draw_in_thread(void *arg)
{
	struct thread *t = arg;

	t->ok = true;
	for (size_t i = 0; i < DRAWS; i++)
		t->ok = hf_rand(t->out[i], 16, NULL) && t->ok;
	return NULL;
}

static int by_octets(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void threads_never_draw_the_same(void **state)
{
	static struct thread threads[THREADS];
	static uint8_t all[THREADS * DRAWS][16];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i].id, NULL, draw_in_thread, &threads[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i].id, NULL), 0);
		assert_true(threads[i].ok);
		memcpy(all[i * DRAWS], threads[i].out, sizeof(threads[i].out));
	}
	qsort(all, THREADS * DRAWS, 16, by_octets);
	for (size_t i = 1; i < THREADS * DRAWS; i++)
		assert_memory_not_equal(all[i], all[i - 1], 16);
}

static void every_length_is_filled_and_no_more(void **state)
{
	static uint8_t out[70000], before[70000];
	struct hf_err err;

	(void)state;
	for (size_t len = 0; len < 200; len++) {
		memset(out, 0x5a, 256);
		assert_ok(hf_rand(out, len, &err));
		for (size_t i = len; i < 256; i++)
			assert_int_equal(out[i], 0x5a);
	}
	/* beyond the 2^10 requests after which the seed is renewed */
	assert_ok(hf_rand(before, sizeof(before), &err));
	assert_ok(hf_rand(out, sizeof(out), &err));
	for (size_t i = 0; i + 32 <= sizeof(out); i += 32)
		assert_memory_not_equal(out + i, before + i, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_generators_give_the_agreed_answers),
		cmocka_unit_test(many_generators_give_what_each_gives_alone),
		cmocka_unit_test(the_self_test_passes),
		cmocka_unit_test(raw_entropy_that_sticks_is_seen),
		cmocka_unit_test(a_seed_that_fails_is_drawn_again_once),
		cmocka_unit_test(a_child_does_not_go_on_from_its_parents_state),
		cmocka_unit_test(threads_never_draw_the_same),
		cmocka_unit_test(every_length_is_filled_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
