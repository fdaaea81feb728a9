/* Batches: what is taken apart lies within the input, in its order, and
 * wrapped again it is the input, as far as that was one. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wamp/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How much of the batch is whole messages. */
static size_t read_batch(struct bytes batch, enum batch_framing framing,
			 struct buf *again)
{
	struct bytes rest = batch, message;
	size_t whole = 0;
	int err;

	do {
		err = batch_next(&rest, framing, &message);
		if (err)
			break;
		assert(message.len && message.data >= batch.data &&
		       message.len <= batch.len);
		if (batch_wrap2(again, framing, bytes_of(message.data, 1),
				bytes_of(message.data + 1, message.len - 1)))
			abort();
		whole = batch.len - rest.len;
	} while (rest.len);
	assert(err || whole == batch.len);
	return whole;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes batch = bytes_of(data, size);

	for (int framing = BATCH_NONE; framing <= BATCH_PREFIXED; framing++) {
		struct buf again;
		size_t whole;

		buf_init(&again);
		whole = read_batch(batch, (enum batch_framing)framing, &again);
		assert(again.len == whole);
		assert(!whole || memcmp(again.data, data, whole) == 0);
		buf_deinit(&again);
	}
	return 0;
}
