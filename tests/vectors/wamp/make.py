"""Writes messages.jsonl: every WAMP message, and what payloads can hold."""
import base64
import json

import cbor
import msgpack

ALL = range(256)
DEEP = 7
for _ in range(24):
    DEEP = [DEEP]

# Name, and a value for Arguments.
PAYLOADS = [
    ('null', None),
    ('bools', [True, False]),
    ('small integers', [0, 1, 23, 24, 31, 32, 127, 128, 255, 256, 65535,
                        65536, -1, -24, -25, -32, -33, -128, -129, -256,
                        -257, -32768, -32769]),
    ('integers at 32 bits', [2**31 - 1, 2**31, 2**32 - 1, 2**32, -2**31,
                             -2**31 - 1, -2**32, -2**32 - 1]),
    ('integers at 53 bits', [2**53 - 1, 2**53, 2**53 + 1, -2**53 + 1,
                             -2**53, -2**53 - 1]),
    ('integers at 64 bits', [2**63 - 1, 2**63, 2**64 - 1, -2**63]),
    ('reals', [0.5, 1.5, 0.1, -2.25, 1e20, 1e-7, 3.141592653589793]),
    ('integral reals', [0.0, 1.0, -3.0, 1e15, 2.0**53]),
    ('empty', ['', b'', [], {}]),
    ('nested', [[[], [{}]], {'a': {'b': [{'c': None}]}}]),
    ('deep', DEEP),
    ('unicode', ['\u00e9', '\u20ac', '\U0001f600', '\ufffd', '\u2028',
                 'e\u0301', '\x7f', '\u0080']),
    ('escapes', ['"', '\\', '/', '\b\f\n\r\t', '\x01\x1f', 'a\x00b']),
    ('binary', [bytes(n) for n in range(4)] + [bytes(ALL)]),
    ('binary in a dict', {'a': b'\xff\xfe\xfd', 'b': [b'\x00']}),
    ('long text', 'ab' * 400),
    ('text of 31 bytes', ['x' * 31, 'x' * 32, 'x' * 255, 'x' * 256]),
    ('long binary', b'\x07' * 700),
    ('many items', list(range(700))),
    ('items at each head', [[0] * 15, [0] * 16, [0] * 23, [0] * 24]),
    ('many keys', {'k%05d' % n: n for n in range(300)}),
    ('odd keys', {'': 1, '\x00': 2, '"': 3, '\u20ac': 4, '\x00AA==': 5}),
]

LAST = 2**53
D = {'mode': 'killnowait'}
# Name, sender, message.
MESSAGES = [
    ('HELLO', 'client', [1, 'realm1', {'roles': {
        'caller': {'features': {'call_canceling': True}}, 'callee': {}}}]),
    ('WELCOME', 'router', [2, LAST, {'roles': {'broker': {}, 'dealer': {}},
                                     'agent': '\u00e9'}]),
    ('ABORT', 'router', [3, {'message': 'no'}, 'wamp.error.no_such_realm']),
    ('ABORT with arguments', 'client', [3, {}, 'a.b', [1], {'k': 2}]),
    ('CHALLENGE', 'router', [4, 'wampcra', {'challenge': '{"a":1}',
                                            'iterations': 1000}]),
    ('AUTHENTICATE', 'client', [5, 's', {}]),
    ('GOODBYE', 'client', [6, {}, 'wamp.close.close_realm']),
    ('GOODBYE of a router', 'router', [6, {}, 'wamp.close.goodbye_and_out']),
    ('ERROR of a callee', 'client', [8, 68, 7, {'d': 1}, 'a.b']),
    ('ERROR to a caller', 'router', [8, 48, LAST, {}, 'a.b', ['why'],
                                     {'k': [1]}]),
    ('ERROR to a publisher', 'router', [8, 16, 1, {}, 'a.b', []]),
    ('PUBLISH', 'client', [16, 1, {}, 'a.b']),
    ('PUBLISH with options', 'client', [16, LAST, {
        'acknowledge': True, 'exclude': [1, LAST],
        'eligible_authrole': ['x']}, 'a.b', [], {'k': 1}]),
    ('PUBLISHED', 'router', [17, 1, LAST]),
    ('SUBSCRIBE', 'client', [32, 1, {'match': 'wildcard'}, 'a..b']),
    ('SUBSCRIBED', 'router', [33, 1, LAST]),
    ('UNSUBSCRIBE', 'client', [34, 1, LAST]),
    ('UNSUBSCRIBED', 'router', [35, 1]),
    ('UNSUBSCRIBED by the router', 'router', [35, 0, {
        'subscription': 7, 'reason': 'a.b'}]),
    ('EVENT', 'router', [36, 1, LAST, {}]),
    ('EVENT with a topic', 'router', [36, LAST, 2, {
        'topic': 'a.b', 'trustlevel': 0}, [1], {'k': 1}]),
    ('CALL', 'client', [48, 1, {}, 'a.b']),
    ('CALL in parts', 'client', [48, 1, {'progress': True}, 'a.b', [1]]),
    ('CALL passed through', 'client', [48, 1, {
        'ppt_scheme': 'wamp', 'ppt_serializer': 'cbor',
        'ppt_keyid': 'k'}, 'a.b', [b'\x00\x01\xff']]),
    ('CANCEL', 'client', [49, 1, D]),
    ('RESULT', 'router', [50, 1, {'progress': True}, [1.5]]),
    ('REGISTER', 'client', [64, 1, {'concurrency': 2**32,
                                    'invoke': 'roundrobin'}, 'a.b']),
    ('REGISTERED', 'router', [65, 1, 2]),
    ('UNREGISTER', 'client', [66, 1, 2]),
    ('UNREGISTERED', 'router', [67, 1]),
    ('UNREGISTERED by the router', 'router', [67, 0, {'registration': 7}]),
    ('INVOCATION', 'router', [68, 1, LAST, {'procedure': 'a.b',
                                            'timeout': 2**31}, [], {'k': 1}]),
    ('INTERRUPT', 'router', [69, 1, D]),
    ('YIELD', 'client', [70, LAST, {}, [None]]),
]
for name, value in PAYLOADS:
    MESSAGES.append(('CALL: ' + name, 'client',
                     [48, 1, {}, 'a.b', [value], {'v': value}]))


def for_json(value):
    """Binaries as WAMP carries them in JSON."""
    if isinstance(value, bytes):
        return '\0' + base64.b64encode(value).decode()
    if isinstance(value, list):
        return [for_json(item) for item in value]
    if isinstance(value, dict):
        return {key: for_json(item) for key, item in value.items()}
    return value


def has_two_forms(value):
    """Reals, and what python3-cbor writes as a bignum."""
    if isinstance(value, list):
        return any(has_two_forms(item) for item in value)
    if isinstance(value, dict):
        return any(has_two_forms(item) for item in value.values())
    return isinstance(value, float) or (isinstance(value, int) and
                                        value >= 2**63)


def main():
    for name, sender, message in MESSAGES:
        print(json.dumps({
            'name': name,
            'from': sender,
            'same': not has_two_forms(message),
            'json': json.dumps(for_json(message), ensure_ascii=False,
                               separators=(',', ':')),
            'msgpack': msgpack.packb(message, use_bin_type=True).hex(),
            'cbor': cbor.dumps(message).hex(),
        }, separators=(',', ':')))


if __name__ == '__main__':
    main()
