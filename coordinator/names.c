#include "coordinator/names.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const char *const qualities[] = {
	"amber",  "brave", "bright", "calm",   "clever", "coral", "cosmic",
	"crisp",  "daring", "deft",  "eager",  "early",  "electric", "fair",
	"fast",   "fond",  "frank",  "gentle", "glad",   "golden", "grand",
	"green",  "happy", "hardy",  "honest", "humble", "indigo", "jolly",
	"keen",   "kind",  "lively", "loyal",  "lucky",  "lunar", "mellow",
	"merry",  "mighty", "misty", "nimble", "noble",  "novel", "patient",
	"polite", "proud", "quick",  "quiet",  "rapid",  "ready", "royal",
	"ruby",   "sage",  "silent", "silver", "smart",  "solar", "steady",
	"sunny",  "swift", "tidy",   "topaz",  "vivid",  "warm",  "wise",
	"witty",
};

static const char *const animals[] = {
	"badger", "beaver", "bison", "bittern", "camel",  "cicada", "condor",
	"crane",  "cricket", "curlew", "dingo", "dolphin", "dormouse", "duck",
	"eagle",  "egret",  "falcon", "ferret", "finch",  "firefly", "fox",
	"gazelle", "gecko", "goose",  "grouse", "hare",   "heron",  "hoopoe",
	"ibex",   "jackdaw", "jaguar", "kestrel", "kiwi", "koala",  "lark",
	"lemur",  "linnet", "llama",  "lynx",   "magpie", "marmot", "marten",
	"mole",   "moose",  "newt",   "octopus", "orca",  "osprey", "otter",
	"owl",    "panda",  "pelican", "penguin", "plover", "puffin", "raven",
	"robin",  "seal",   "stork",  "swan",   "tapir",  "tern",   "toad",
	"wren",
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

void name_make(uint64_t random, char out[NAME_BYTES])
{
	snprintf(out, NAME_BYTES, "%s %s", qualities[random % COUNT(qualities)],
		 animals[(random >> 32) % COUNT(animals)]);
}

/* C0, DEL, C1; soft hyphen; marks of direction, zero width, line ends; BOM;
 * tags. */
static bool is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad ||
	       c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);
}

static struct bytes trim(struct bytes s)
{
	while (s.len && s.data[0] == ' ') {
		s.data++;
		s.len--;
	}
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

int name_check(struct bytes name, char out[NAME_BYTES], struct why *why)
{
	size_t at = 0, characters = 0;

	name = trim(name);
	if (!utf8_valid(name))
		return why_set(why, ERR_RANGE, "a name must be UTF-8 text");
	while (at < name.len) {
		if (is_hidden(utf8_next(name, &at)))
			return why_set(why, ERR_RANGE,
				       "a name must not contain control or "
				       "invisible characters");
		if (++characters > NAME_CHARACTERS_MAX)
			break;
	}
	if (characters < 1 || characters > NAME_CHARACTERS_MAX)
		return why_set(why, ERR_RANGE,
			       "a name has 1 to %d characters",
			       NAME_CHARACTERS_MAX);
	memcpy(out, name.data, name.len);
	out[name.len] = '\0';
	return 0;
}
