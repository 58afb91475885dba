"""aiokafka as a member; it speaks the classic protocol, eagerly."""

import asyncio
import json
import signal
import sys

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

bootstrap, topic, group, _protocol = sys.argv[1:5]


def tell(what):
    print(json.dumps(what), flush=True)


class Listener(ConsumerRebalanceListener):
    async def on_partitions_revoked(self, revoked):
        tell({"assigned": []})

    async def on_partitions_assigned(self, assigned):
        tell({"assigned": sorted(part.partition for part in assigned)})


async def main():
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    reader = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        # What every other client has too: a group of different ones agrees on it.
        partition_assignment_strategy=(RangePartitionAssignor,),
    )
    reader.subscribe([topic], listener=Listener())
    await reader.start()
    while not stopping.is_set():
        batches = await reader.getmany(timeout_ms=200)
        ranges = [[part.partition, rows[0].offset, rows[-1].offset] for part, rows in batches.items() if rows]
        if not ranges:
            continue
        tell({"read": ranges})
        try:
            await reader.commit({TopicPartition(topic, p): last + 1 for p, _, last in ranges})
        except KafkaError as error:
            print("commit:", error, file=sys.stderr, flush=True)
    await reader.stop()


asyncio.run(main())
