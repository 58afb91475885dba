"""confluent-kafka, the Python binding of a current librdkafka."""

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

from tally import RecordTally, produced_record, run_program


def consumer(bootstrap, group):
    return Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 100,
        }
    )


def add(tally, message):
    if message.error():
        raise KafkaException(message.error())
    tally.add(message.partition(), message.offset(), message.timestamp()[1], message.key(), message.value())


def dump(bootstrap, topic):
    reader = consumer(bootstrap, "unused")
    partitions = reader.list_topics(topic, timeout=30).topics[topic].partitions
    waiting = {}
    for partition in partitions:
        low, high = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        if low != high:
            waiting[partition] = high
    reader.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in waiting])
    tally = RecordTally()
    while waiting:
        for message in reader.consume(num_messages=10000, timeout=1.0):
            end = waiting.get(message.partition(), 0)
            if message.error() or message.offset() < end:
                add(tally, message)
            if message.offset() + 1 >= end:
                waiting.pop(message.partition(), None)
    reader.close()
    return tally


def produce(bootstrap, topic, count, prefix):
    acked = 0

    def on_delivery(error, _message):
        nonlocal acked
        if error is not None:
            raise KafkaException(error)
        acked += 1

    writer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "enable.idempotence": True})
    for index in range(count):
        key, value = produced_record(index, prefix)
        writer.produce(topic, key=key, value=value, on_delivery=on_delivery)
        writer.poll(0)
    writer.flush(60)
    return acked


def group(bootstrap, topic, group_id, count):
    reader = consumer(bootstrap, group_id)
    reader.subscribe([topic])
    tally = RecordTally()
    positions = {}
    while tally.count < count:
        for message in reader.consume(num_messages=count - tally.count, timeout=1.0):
            add(tally, message)
            positions[message.partition()] = message.offset() + 1
    offsets = [TopicPartition(topic, partition, offset) for partition, offset in positions.items()]
    reader.commit(offsets=offsets, asynchronous=False)
    reader.close()
    return tally


run_program(dump, produce, group)
