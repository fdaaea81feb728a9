#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "coordinator/store.h"
#include "coordinator/writer.h"
#include "database.h"

static const char *path;

static int set_up(void **state)
{
	(void)state;
	path = database_new();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	database_remove();
	return 0;
}

static struct store *open_it(void)
{
	struct store *s = NULL;
	struct why why = { "" };

	if (store_open(&s, path, &why) != 0)
		fail_msg("%s", why.text);
	return s;
}

/* --- ops ----------------------------------------------------------------- */

static struct op *make(enum op_type type)
{
	struct op *op = op_new(type);

	assert_non_null(op);
	return op;
}

static struct op *donor_op(uint64_t id)
{
	struct op *op = make(OP_JOIN);

	op->donor.id = id;
	snprintf(op->donor.name, sizeof op->donor.name, "donor %d", (int)id);
	snprintf(op->donor.device, sizeof op->donor.device, "phone");
	memset(op->donor.token_sha256, (int)id, SHA256_BYTES);
	memset(op->donor.pass_sha256, (int)id + 100, SHA256_BYTES);
	op->session = (struct session_record){ 1000 + id, id, 2 };
	return op;
}

static struct op *job_op(uint64_t id)
{
	struct op *op = make(OP_JOB);

	op->job.id = id;
	op->job.total = 1 << 20;
	snprintf(op->job.spec, sizeof op->job.spec, "fake:1048576");
	snprintf(op->job.kind, sizeof op->job.kind, "fake");
	memset(op->job.digest, (int)id, SHA256_BYTES);
	buf_add_str(&op->snapshot, "begin");
	return op;
}

/* `batch` 0: verified at once. */
static struct op *chunk_op(uint64_t donor, uint64_t from, uint64_t units,
			   uint64_t batch, bool first)
{
	struct op *op = make(OP_CHUNK);

	op->row.type = LEDGER_CHUNK;
	op->row.donor = donor;
	op->row.job = 1;
	op->row.from_unit = from;
	op->row.units = units;
	op->row.credit_us = units * 10;
	op->row.batch = batch;
	buf_add_str(&op->output, "output");
	buf_add_u64(&op->delta, from);
	op->replaces = batch && first;
	snprintf(op->candidate.kind, sizeof op->candidate.kind, "fake");
	op->candidate.from = from;
	op->candidate.units = units;
	buf_add_str(&op->candidate.input, "input");
	buf_add_str(&op->candidate.expected, "piece");
	return op;
}

static struct op *settle_op(uint64_t batch, bool verified, uint64_t units)
{
	struct op *op = make(OP_SETTLE);

	op->row.type = verified ? LEDGER_VERIFIED : LEDGER_DROPPED;
	op->row.donor = 1;
	op->row.job = 1;
	op->row.batch = batch;
	op->row.units = units;
	op->row.credit_us = units * 10;
	return op;
}

static struct op *load_op(uint64_t job)
{
	struct op *op = make(OP_LOAD);

	memset(op->job.digest, (int)job, SHA256_BYTES);
	return op;
}

static struct op *snapshot_op(uint64_t covers)
{
	struct op *op = make(OP_SNAPSHOT);

	op->job.id = 1;
	op->covers = covers;
	buf_add_str(&op->snapshot, "later");
	return op;
}

static void apply(struct store *s, struct op *op)
{
	struct why why = { "" };

	if (store_apply(s, op, 1700000000000, &why) != 0)
		fail_msg("%s", why.text);
}

static void apply_and_free(struct store *s, struct op *op)
{
	apply(s, op);
	op_free(op);
}

static struct store *with_job(void)
{
	struct store *s = open_it();

	apply_and_free(s, donor_op(1));
	apply_and_free(s, job_op(1));
	return s;
}

/* --- what is there ------------------------------------------------------- */

struct seen {
	unsigned donors, sessions, jobs, rows, batches;
	uint64_t credit_us, pending_us;
	struct batch_record batch;
};

static int see_donor(void *ctx, const struct donor_record *d)
{
	(void)d;
	((struct seen *)ctx)->donors++;
	return 0;
}

static int see_session(void *ctx, const struct session_record *r)
{
	(void)r;
	((struct seen *)ctx)->sessions++;
	return 0;
}

static int see_job(void *ctx, const struct job_record *j)
{
	(void)j;
	((struct seen *)ctx)->jobs++;
	return 0;
}

static int see_row(void *ctx, const struct ledger_row *row)
{
	struct seen *seen = ctx;

	seen->rows++;
	if (row->type == LEDGER_CHUNK)
		seen->credit_us += row->credit_us;
	return 0;
}

static int see_batch(void *ctx, struct batch_record *b)
{
	struct seen *seen = ctx;

	seen->batches++;
	seen->pending_us += b->credit_us;
	seen->batch = *b;
	assert_int_equal(b->candidate.input.len, 5);
	return 0;
}

static const struct store_reader seer = { see_donor, see_session, see_job,
					  see_row, see_batch };

static struct seen see(struct store *s)
{
	struct seen seen = { 0 };
	struct why why = { "" };

	if (store_read(s, &seer, &seen, &why) != 0)
		fail_msg("%s", why.text);
	return seen;
}

/* --- tests --------------------------------------------------------------- */

static void test_store__keeps_what_it_was_told(void **state)
{
	struct store *s = with_job();
	struct seen seen;

	(void)state;
	apply_and_free(s, chunk_op(1, 0, 10, 0, false));
	apply_and_free(s, chunk_op(1, 10, 10, 7, true));
	apply_and_free(s, chunk_op(1, 20, 5, 7, false));
	store_close(s);
	s = open_it();
	seen = see(s);
	assert_int_equal(seen.donors, 1);
	assert_int_equal(seen.sessions, 1);
	assert_int_equal(seen.jobs, 1);
	assert_int_equal(seen.rows, 3);
	assert_int_equal(seen.credit_us, 250);
	assert_int_equal(seen.batches, 1);
	assert_int_equal(seen.pending_us, 150);
	assert_int_equal(seen.batch.candidate.from, 10);
	assert_true(store_is_sound(s));
	store_close(s);
}

static void test_store__loads_a_job_with_its_deltas(void **state)
{
	struct store *s = with_job();
	struct op *op;

	(void)state;
	apply_and_free(s, chunk_op(1, 0, 10, 0, false));
	apply_and_free(s, chunk_op(1, 10, 10, 3, true));
	op = load_op(1);
	apply(s, op);
	assert_true(op->loaded->found);
	assert_int_equal(op->loaded->count, 2);
	assert_int_equal(op->loaded->rows[1].from, 10);
	assert_int_equal(op->loaded->rows[1].delta.len, 8);
	assert_true(bytes_equal_str(op->loaded->snapshot, "begin"));
	op_free(op);
	op = load_op(2);
	apply(s, op);
	assert_false(op->loaded->found);
	op_free(op);
	store_close(s);
}

/* Deltas stay until a snapshot covers the chunk and its settling. */
static void test_store__snapshot_covers_what_is_settled(void **state)
{
	struct store *s = with_job();
	struct op *op;

	(void)state;
	apply_and_free(s, chunk_op(1, 0, 10, 0, false));
	apply_and_free(s, chunk_op(1, 10, 10, 3, true));
	apply_and_free(s, snapshot_op(2));
	op = load_op(1);
	apply(s, op);
	assert_null(op->loaded->rows[0].delta.data);
	assert_non_null(op->loaded->rows[1].delta.data);
	assert_int_equal(op->loaded->snapshot_seq, 2);
	assert_true(bytes_equal_str(op->loaded->snapshot, "later"));
	op_free(op);
	store_close(s);
}

static void test_store__dropping_gives_the_chunks_back(void **state)
{
	struct store *s = with_job();
	struct op *op;
	struct seen seen;

	(void)state;
	apply_and_free(s, chunk_op(1, 0, 10, 3, true));
	apply_and_free(s, chunk_op(1, 50, 5, 3, false));
	apply_and_free(s, chunk_op(1, 90, 5, 4, true));
	op = settle_op(3, false, 15);
	apply(s, op);
	assert_int_equal(op->loaded->count, 2);
	assert_int_equal(op->loaded->rows[1].from, 50);
	assert_int_equal(op->loaded->rows[1].delta.len, 8);
	assert_int_equal(op->row.seq, 4);
	op_free(op);
	seen = see(s);
	assert_int_equal(seen.batches, 1);
	assert_int_equal(seen.rows, 4);
	store_close(s);
}

static void test_store__list_is_one_transaction(void **state)
{
	struct store *s = with_job();
	struct op *good = chunk_op(1, 0, 10, 0, false);
	struct op *bad = donor_op(1); /* is there already */
	struct why why;

	(void)state;
	good->next = bad;
	assert_int_not_equal(store_apply(s, good, 1, &why), 0);
	assert_int_equal(see(s).rows, 0);
	good->next = NULL;
	apply(s, good);
	assert_int_equal(good->row.seq, 1);
	assert_int_equal(see(s).rows, 1);
	op_free(good);
	op_free(bad);
	store_close(s);
}

static void run_sql(const char *sql)
{
	char command[512];

	snprintf(command, sizeof command, "sqlite3 %s \"%s\" >/dev/null 2>&1",
		 path, sql);
	if (system(command) != 0)
		print_message("sqlite3 refused: %s\n", sql);
}

static void test_store__ledger_refuses_changes(void **state)
{
	struct store *s = with_job();

	(void)state;
	apply_and_free(s, chunk_op(1, 0, 10, 0, false));
	store_close(s);
	run_sql("UPDATE ledger SET credit_us = 1000000");
	run_sql("DELETE FROM ledger");
	s = open_it();
	assert_int_equal(see(s).credit_us, 100);
	store_close(s);
}

static void test_store__changed_row_breaks_the_chain(void **state)
{
	struct store *s = with_job();
	struct seen seen = { 0 };
	struct why why = { "" };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		apply_and_free(s, chunk_op(1, i * 10, 10, 0, false));
	store_close(s);
	run_sql("DROP TRIGGER ledger_no_update; "
		"UPDATE ledger SET credit_us = 99 WHERE seq = 3");
	s = open_it();
	assert_int_equal(store_read(s, &seer, &seen, &why), ERR_MALFORMED);
	assert_non_null(strstr(why.text, "row 3"));
	assert_int_equal(seen.rows, 2);
	store_close(s);
}

static void refuses(int err, const char *word)
{
	struct store *s = NULL;
	struct why why = { "" };

	assert_int_equal(store_open(&s, path, &why), err);
	assert_non_null(strstr(why.text, path));
	assert_non_null(strstr(why.text, word));
}

static void test_store__another_version_is_refused(void **state)
{
	(void)state;
	run_sql("CREATE TABLE x(y); PRAGMA user_version = 9");
	refuses(ERR_UNSUPPORTED, "version 9");
	database_remove();
	run_sql("CREATE TABLE x(y)");
	refuses(ERR_UNSUPPORTED, "version 0");
}

static void test_store__garbage_is_refused_and_left(void **state)
{
	static const char text[] = "this is no database, whatever it is called";
	char back[sizeof text] = "";
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(write(fd, text, sizeof text), sizeof text);
	refuses(ERR_MALFORMED, "not a database");
	assert_int_equal(pread(fd, back, sizeof back, 0), sizeof back);
	assert_memory_equal(back, text, sizeof text);
	close(fd);
}

static void test_store__second_coordinator_is_refused(void **state)
{
	struct store *s = open_it();
	pid_t child;
	int status;

	(void)state;
	/* Locks are a process's: the second one must be another. */
	child = fork();
	if (child == 0) {
		struct store *other = NULL;
		struct why why;

		_exit(store_open(&other, path, &why) == ERR_EXISTS ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	store_close(s);
}

static void test_store__no_folder_is_refused(void **state)
{
	(void)state;
	path = "/nowhere/x.db";
	refuses(ERR_DENIED, "can be written");
}

/* --- kill -9 ------------------------------------------------------------- */

enum { KILLS = 60 };

/* Writes chunk after chunk, and tells each that is committed. */
static void write_until_killed(int tell, uint64_t from)
{
	struct store *s = NULL;
	struct why why;
	struct seen seen = { 0 };

	if (store_open(&s, path, &why) != 0 ||
	    store_read(s, &seer, &seen, &why) != 0)
		_exit(1);
	for (;; from++) {
		struct op *first = chunk_op(1, 2 * from, 1, 0, false);
		struct op *second = chunk_op(1, 2 * from + 1, 1, from + 1,
					     true);

		first->next = second;
		if (store_apply(s, first, 1, &why) != 0)
			_exit(1);
		if (write(tell, &from, sizeof from) != sizeof from)
			_exit(1);
		op_free(first);
		op_free(second);
	}
}

/* What the child had told before it was killed. */
static uint64_t last_told(int fd, uint64_t before)
{
	uint64_t from;

	while (read(fd, &from, sizeof from) == sizeof from)
		before = from + 1;
	return before;
}

static void test_store__kill_at_any_moment(void **state)
{
	struct store *s = with_job();
	uint64_t told = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	store_close(s);
	for (unsigned i = 0; i < KILLS; i++) {
		struct timespec nap = { .tv_nsec = 1000 };
		struct seen seen;
		int fds[2];
		pid_t child;

		nap.tv_nsec += rng_below(&rng, 30000000);
		assert_int_equal(pipe(fds), 0);
		child = fork();
		if (child == 0)
			write_until_killed(fds[1], told);
		close(fds[1]);
		nanosleep(&nap, NULL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		told = last_told(fds[0], told);
		close(fds[0]);

		s = open_it();
		seen = see(s);
		/* Both rows of a transaction or none; nothing told is lost. */
		assert_int_equal(seen.rows % 2, 0);
		assert_true(seen.rows / 2 >= told);
		assert_int_equal(seen.batches, seen.rows / 2);
		assert_true(store_is_sound(s));
		told = seen.rows / 2;
		store_close(s);
	}
	assert_true(told > 0);
}

/* --- the writer ---------------------------------------------------------- */

static void wake(void *ctx)
{
	(void)ctx;
}

/* Polls, at most for 20 s. */
static struct op *take(struct writer *w, unsigned count)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct op *list = NULL, **last = &list;

	for (unsigned i = 0; i < 20000 && count; i++) {
		struct op *ops = writer_take(w);

		*last = ops;
		while (*last) {
			last = &(*last)->next;
			count--;
		}
		nanosleep(&nap, NULL);
	}
	assert_int_equal(count, 0);
	return list;
}

static void test_writer__gives_back_in_order(void **state)
{
	struct store *s = with_job();
	struct writer *w = writer_new(s, wake, NULL);
	struct op *ops;
	uint64_t seq = 1;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		writer_add(w, chunk_op(1, i, 1, 0, false));
	ops = take(w, 1000);
	while (ops) {
		struct op *next = ops->next;

		assert_int_equal(ops->row.seq, seq++);
		op_free(ops);
		ops = next;
	}
	assert_int_equal(writer_state(w, NULL), 0);
	assert_int_equal(writer_free(w), 0);
	store_close(s);
}

static void test_writer__commits_what_waits_at_the_end(void **state)
{
	struct store *s = with_job();
	struct writer *w = writer_new(s, wake, NULL);

	(void)state;
	for (unsigned i = 0; i < 500; i++)
		writer_add(w, chunk_op(1, i, 1, 0, false));
	assert_int_equal(writer_free(w), 0);
	assert_int_equal(see(s).rows, 500);
	store_close(s);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A disk that takes no more: nothing comes back until it does again, and
 * then everything does, once. */
static void test_writer__waits_for_a_full_disk(void **state)
{
	const struct timespec nap = { .tv_nsec = 20000000 };
	struct store *s = with_job();
	struct writer *w = writer_new(s, wake, NULL);
	struct why why = { "" };
	struct op *ops;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_files(64 * 1024);
	for (unsigned i = 0; i < 2000; i++)
		writer_add(w, chunk_op(1, i, 1, 0, false));
	for (unsigned i = 0; i < 500 && writer_state(w, &why) == 0; i++)
		nanosleep(&nap, NULL);
	assert_int_equal(writer_state(w, &why), ERR_IO);
	assert_non_null(strstr(why.text, path));
	limit_files(RLIM_INFINITY);
	ops = take(w, 2000);
	assert_int_equal(writer_state(w, NULL), 0);
	for (uint64_t seq = 1; ops; seq++) {
		struct op *next = ops->next;

		assert_int_equal(ops->row.seq, seq);
		op_free(ops);
		ops = next;
	}
	assert_int_equal(writer_free(w), 0);
	assert_int_equal(see(s).rows, 2000);
	assert_true(store_is_sound(s));
	store_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_store__keeps_what_it_was_told),
		TEST(test_store__loads_a_job_with_its_deltas),
		TEST(test_store__snapshot_covers_what_is_settled),
		TEST(test_store__dropping_gives_the_chunks_back),
		TEST(test_store__list_is_one_transaction),
		TEST(test_store__ledger_refuses_changes),
		TEST(test_store__changed_row_breaks_the_chain),
		TEST(test_store__another_version_is_refused),
		TEST(test_store__garbage_is_refused_and_left),
		TEST(test_store__second_coordinator_is_refused),
		TEST(test_store__no_folder_is_refused),
		TEST(test_store__kill_at_any_moment),
		TEST(test_writer__gives_back_in_order),
		TEST(test_writer__commits_what_waits_at_the_end),
		TEST(test_writer__waits_for_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
