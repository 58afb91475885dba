"""What the Python programs share: the tally of record-tally.ts and the command line of program.ts."""

import hashlib
import json
import sys

MODULUS = 1 << 48


class RecordTally:
    def __init__(self):
        self.count = 0
        self._partitions = {}

    def add(self, partition, offset, timestamp_ms, key, value):
        self.count += 1
        tally = self._partitions.get(partition)
        if tally is None:
            tally = {"count": 0, "hash": 0, "first": offset, "last": -1, "isOrdered": True}
            self._partitions[partition] = tally
        tally["count"] += 1
        if offset <= tally["last"]:
            tally["isOrdered"] = False
        tally["last"] = offset
        key_length = -1 if key is None else len(key)
        value_length = -1 if value is None else len(value)
        head = b"%d %d %d\n" % (timestamp_ms, key_length, value_length)
        digest = hashlib.sha256(head + (key or b"") + (value or b"")).digest()
        tally["hash"] = (tally["hash"] + int.from_bytes(digest[:6], "big")) % MODULUS

    def result(self):
        return {
            str(partition): {**tally, "hash": "%012x" % tally["hash"]}
            for partition, tally in sorted(self._partitions.items())
        }


def produced_record(index, prefix):
    return b"key-%d" % (index % 97), b"%s-%d" % (prefix.encode(), index)


def run_program(dump, produce, group):
    verb, bootstrap, topic, *rest = sys.argv[1:]
    if verb == "dump":
        result = dump(bootstrap, topic).result()
    elif verb == "produce":
        result = {"acked": produce(bootstrap, topic, int(rest[0]), rest[1])}
    elif verb == "group":
        result = group(bootstrap, topic, rest[0], int(rest[1])).result()
    else:
        sys.exit(f"unknown verb {verb}")
    print(json.dumps(result))
