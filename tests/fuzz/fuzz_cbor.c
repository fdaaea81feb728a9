#include "fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_split(&serializer_cbor, bytes_of(data, size));
	fuzz_decode(&serializer_cbor, bytes_of(data, size));
	return 0;
}
