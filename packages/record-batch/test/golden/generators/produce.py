"""Produces ../records.json with librdkafka (confluent-kafka) and aiokafka, a topic per client, codec and set.

usage: produce.py BOOTSTRAP
"""
import asyncio
import base64
import json
import pathlib
import sys

from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition  # noqa: F401  (fails early on a broken installation)
from confluent_kafka import Producer

CODECS = ["none", "gzip", "snappy", "lz4", "zstd"]
bootstrap = sys.argv[1]
sets = json.loads((pathlib.Path(__file__).parent.parent / "records.json").read_text())


def raw(text):
    return None if text is None else base64.b64decode(text)


def plans():
    for codec in CODECS:
        for name in ("mixed", "bulk"):
            if not (codec == "none" and name == "bulk"):
                yield codec, name


def librdkafka():
    for codec, name in plans():
        producer = Producer({
            "bootstrap.servers": bootstrap, "compression.type": codec, "linger.ms": 1000,
            "enable.idempotence": name == "bulk", "acks": "all",
        })
        for record in sets[name]:
            producer.produce(
                f"librdkafka-{codec}-{name}", partition=0, key=raw(record["key"]), value=raw(record["value"]),
                timestamp=record["timestampMs"], headers=[(key, raw(value)) for key, value in record["headers"]],
            )
        assert producer.flush(30) == 0


async def aiokafka():
    for codec, name in plans():
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, compression_type=None if codec == "none" else codec, linger_ms=1000,
            max_batch_size=1_000_000,
        )
        await producer.start()
        sent = [
            await producer.send(
                f"aiokafka-{codec}-{name}", partition=0, key=raw(record["key"]), value=raw(record["value"]),
                timestamp_ms=record["timestampMs"], headers=[(key, raw(value)) for key, value in record["headers"]],
            )
            for record in sets[name]
        ]
        await producer.flush()
        await asyncio.gather(*sent)
        await producer.stop()


librdkafka()
asyncio.run(aiokafka())
