/* 100,000 random sequences of what sessions can do to a dealer (sequence.h),
 * played (play.h) in children, as a failed assertion ends a process. One that
 * fails is shrunk by leaving out steps, and printed with a line that plays it
 * again.
 *
 *   MANYHANDS_SEQUENCES=N   how many
 *   MANYHANDS_SEED=N        only that one
 *   MANYHANDS_SEQUENCE="…"  only this one, in this process */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "play.h"

enum {
#ifdef __SANITIZE_ADDRESS__
	SEQUENCES = 10000, /* each takes many times as long */
#else
	SEQUENCES = 100000,
#endif
	BATCH = 2000,
	CHILD_SECONDS = 300,
};

/* --- in a child ---------------------------------------------------------- */

/* A failed assertion of cmocka's shall end the process, as assert does. */
static void become_child(bool quiet)
{
	static const int usual[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct rlimit none = { 0, 0 };
	int nowhere = open("/dev/null", O_WRONLY);

	setenv("CMOCKA_TEST_ABORT", "1", 1);
	(void)setrlimit(RLIMIT_CORE, &none);
	for (unsigned i = 0; i < sizeof usual / sizeof *usual; i++)
		signal(usual[i], SIG_DFL);
	alarm(CHILD_SECONDS);
	if (quiet && nowhere >= 0) {
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
	}
}

static bool ended_well(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static pid_t start_child(void)
{
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	return child;
}

static bool holds(const struct sequence *s, enum fault fault, bool quiet)
{
	pid_t child = start_child();

	if (!child) {
		become_child(quiet);
		play_sequence(s, fault);
		exit(0); /* where a sanitizer looks for leaks */
	}
	return ended_well(child);
}

/* Seeds first … last; the child notes where it is. 0: all hold; else the seed
 * that does not, or last + 1 when only the child's end was bad. */
static uint64_t run_batch(uint64_t first, uint64_t last, enum fault fault)
{
	volatile uint64_t *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sequence s;
	uint64_t bad = 0;
	pid_t child;

	assert_true((void *)(uintptr_t)at != MAP_FAILED);
	child = start_child();
	if (!child) {
		become_child(true);
		for (*at = first; *at <= last; ++*at) {
			sequence_from_seed(&s, *at);
			play_sequence(&s, fault);
		}
		exit(0);
	}
	if (!ended_well(child))
		bad = *at;
	munmap((void *)(uintptr_t)at, sizeof *at);
	return bad;
}

/* 0: all hold. One that leaks is found by halves. */
static uint64_t first_bad(uint64_t first, uint64_t last, enum fault fault)
{
	uint64_t bad = run_batch(first, last, fault);

	if (bad <= last)
		return bad;
	while (first < last) {
		uint64_t middle = first + (last - first) / 2;

		if (run_batch(first, middle, fault))
			last = middle;
		else
			first = middle + 1;
	}
	return first;
}

/* --- a smaller one that fails, too --------------------------------------- */

static struct sequence without(const struct sequence *s, unsigned from,
			       unsigned count)
{
	struct sequence less = { .count = 0 };

	for (unsigned i = 0; i < s->count; i++)
		if (i < from || i >= from + count)
			less.ops[less.count++] = s->ops[i];
	return less;
}

/* Leaves out runs of `size` steps, from the end. true: some were. */
static bool leave_out(struct sequence *s, unsigned size, enum fault fault)
{
	bool some = false;

	for (unsigned end = s->count; end >= size; end--) {
		struct sequence less = without(s, end - size, size);

		if (holds(&less, fault, true))
			continue;
		*s = less;
		some = true;
		if (end > s->count + 1)
			end = s->count + 1;
	}
	return some;
}

/* Until no step can be left out. */
static void shrink(struct sequence *s, enum fault fault)
{
	for (unsigned size = s->count / 2; size > 1; size /= 2)
		(void)leave_out(s, size, fault);
	while (leave_out(s, 1, fault))
		;
}

static void report(const struct sequence *s, uint64_t seed, FILE *out)
{
	fprintf(out, "seed %llu fails; of its steps these do:\n",
		(unsigned long long)seed);
	sequence_describe(s, out);
	fprintf(out, "MANYHANDS_SEQUENCE=\"");
	sequence_write(s, out);
	fprintf(out, "\" plays them again.\n");
}

/* Nothing when that seed holds. */
static void explain(uint64_t seed)
{
	struct sequence s;

	sequence_from_seed(&s, seed);
	if (holds(&s, FAULT_NONE, true))
		fail_msg("seed %llu failed, but not when it was alone",
			 (unsigned long long)seed);
	shrink(&s, FAULT_NONE);
	(void)holds(&s, FAULT_NONE, false); /* what it says */
	report(&s, seed, stderr);
	fail();
}

/* --- the tests ----------------------------------------------------------- */

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_sequences__invariants_hold(void **state)
{
	uint64_t count = number_from("MANYHANDS_SEQUENCES", SEQUENCES);
	uint64_t first = number_from("MANYHANDS_SEED", 1);
	const char *text = getenv("MANYHANDS_SEQUENCE");
	struct sequence s;

	(void)state;
	if (text) {
		assert_true(sequence_read(&s, text));
		sequence_describe(&s, stderr);
		play_sequence(&s, FAULT_NONE);
		return;
	}
	if (getenv("MANYHANDS_SEED"))
		count = first;
	for (; first <= count; first += BATCH) {
		uint64_t last = first + BATCH - 1;
		uint64_t bad = first_bad(first, last < count ? last : count,
					 FAULT_NONE);

		if (bad)
			explain(bad);
	}
}

/* A fault that is there on purpose is found, and what is left of the sequence
 * is no more than what it needs. */
static void find_fault(enum fault fault, unsigned steps_max)
{
	uint64_t bad = first_bad(1, BATCH, fault);
	char text[4096] = "";
	struct sequence s, again;
	FILE *out = fmemopen(text, sizeof text, "w");

	assert_non_null(out);
	assert_true(bad);
	sequence_from_seed(&s, bad);
	shrink(&s, fault);
	assert_in_range(s.count, 2, steps_max);
	assert_true(holds(&s, FAULT_NONE, true));
	sequence_write(&s, out);
	fclose(out);
	assert_true(sequence_read(&again, text));
	assert_int_equal(again.count, s.count);
	assert_memory_equal(again.ops, s.ops, s.count * sizeof *s.ops);
	assert_false(holds(&again, fault, true));
}

static void test_sequences__a_wrong_counter_is_found(void **state)
{
	(void)state;
	find_fault(FAULT_COUNTER, 3); /* join, register, unregister */
}

static void test_sequences__a_wrong_word_is_found(void **state)
{
	(void)state;
	find_fault(FAULT_WORD, 5);
}

static void test_sequences__read_as_written(void **state)
{
	static const char *const bad[] = { "jump:1:0:0:0", "join:9:0:0:0",
					   "join:1", "call:0:9:0:0" };
	struct sequence s, again;
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof text, "w");

	(void)state;
	assert_non_null(out);
	sequence_from_seed(&s, 3);
	sequence_write(&s, out);
	fclose(out);
	assert_true(sequence_read(&again, text));
	assert_memory_equal(&again, &s, sizeof s);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(sequence_read(&again, bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences__read_as_written),
		cmocka_unit_test(test_sequences__a_wrong_counter_is_found),
		cmocka_unit_test(test_sequences__a_wrong_word_is_found),
		cmocka_unit_test(test_sequences__invariants_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
