"""confluent-kafka as a member: eager, cooperative or KIP-848."""

import json
import signal
import sys

from confluent_kafka import Consumer, KafkaException, TopicPartition

bootstrap, topic, group, protocol = sys.argv[1:5]
settings = {
    "bootstrap.servers": bootstrap,
    "group.id": group,
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.wait.max.ms": 100,
}
if protocol == "consumer":
    settings["group.protocol"] = "consumer"
else:
    settings["session.timeout.ms"] = 6000
    settings["heartbeat.interval.ms"] = 1000
    settings["partition.assignment.strategy"] = "cooperative-sticky" if protocol == "cooperative" else "range"

is_running = True
assigned = []


def stop(_signal, _frame):
    global is_running
    is_running = False


def tell(what):
    print(json.dumps(what), flush=True)


signal.signal(signal.SIGTERM, stop)
reader = Consumer(settings)
reader.subscribe([topic])
while is_running:
    messages = [message for message in reader.consume(num_messages=500, timeout=0.2) if not message.error()]
    now = sorted(part.partition for part in reader.assignment())
    if now != assigned:
        assigned = now
        tell({"assigned": assigned})
    ranges = []
    for message in messages:
        partition, offset = message.partition(), message.offset()
        if ranges and ranges[-1][0] == partition and ranges[-1][2] + 1 == offset:
            ranges[-1][2] = offset
        else:
            ranges.append([partition, offset, offset])
    if not ranges:
        continue
    tell({"read": ranges})
    try:
        reader.commit(offsets=[TopicPartition(topic, p, last + 1) for p, _, last in ranges], asynchronous=False)
    except KafkaException as error:
        print("commit:", error, file=sys.stderr, flush=True)
reader.close()
