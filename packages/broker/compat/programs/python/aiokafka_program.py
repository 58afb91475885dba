"""aiokafka, the asyncio client, which has protocol code of its own."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from tally import RecordTally, produced_record, run_program


def consumer(bootstrap, group, *topics):
    return AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )


def add(tally, record):
    tally.add(record.partition, record.offset, record.timestamp, record.key, record.value)


async def dump(bootstrap, topic):
    # Without a group it assigns every partition of the topic to itself.
    reader = consumer(bootstrap, None, topic)
    await reader.start()
    partitions = list(reader.assignment())
    starts = await reader.beginning_offsets(partitions)
    ends = await reader.end_offsets(partitions)
    waiting = {partition for partition in partitions if starts[partition] != ends[partition]}
    tally = RecordTally()
    while waiting:
        batches = await reader.getmany(timeout_ms=1000)
        for partition, records in batches.items():
            for record in records:
                if record.offset < ends[partition]:
                    add(tally, record)
                if record.offset + 1 >= ends[partition]:
                    waiting.discard(partition)
    await reader.stop()
    return tally


async def produce(bootstrap, topic, count, prefix):
    writer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await writer.start()
    pending = []
    for index in range(count):
        key, value = produced_record(index, prefix)
        pending.append(await writer.send(topic, value, key=key))
    acked = await asyncio.gather(*pending)
    await writer.stop()
    return len(acked)


async def group(bootstrap, topic, group_id, count):
    reader = consumer(bootstrap, group_id, topic)
    await reader.start()
    tally = RecordTally()
    positions = {}
    while tally.count < count:
        batches = await reader.getmany(timeout_ms=1000, max_records=count - tally.count)
        for partition, records in batches.items():
            for record in records:
                add(tally, record)
                positions[partition] = record.offset + 1
    await reader.commit(positions)
    await reader.stop()
    return tally


def run(work):
    return lambda *args: asyncio.run(work(*args))


run_program(run(dump), run(produce), run(group))
