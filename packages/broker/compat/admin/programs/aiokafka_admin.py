"""The list of operations of admin-list.ts, by aiokafka. It hands answers on as they come: codes are looked at here."""

import asyncio
import json
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

bootstrap, topic = sys.argv[1:3]


def code_of(error):
    return error[1]


async def main():
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()

    async def create():
        answer = await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
        return code_of(answer.topic_errors[0])

    async def grow(count):
        try:
            await admin.create_partitions({topic: NewPartitions(total_count=count)})
            return 0
        except KafkaError as error:
            return error.errno

    async def set_retention(value):
        resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"retention.ms": value})
        [answer] = await admin.alter_configs([resource])
        return answer.resources[0][0]

    assert await create() == 0
    is_created = topic in await admin.list_topics()
    is_second_refused = await create() != 0
    assert await grow(4) == 0
    [described] = await admin.describe_topics([topic])
    is_fewer_refused = await grow(3) != 0
    assert await set_retention("12345") == 0
    is_config_refused = await set_retention("a week") != 0
    [configs] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    values = {entry[0]: entry[1] for entry in configs.resources[0][4]}
    cluster = await admin.describe_cluster()
    first = TopicPartition(topic, 0)
    starts = await admin.delete_records({first: RecordsToDelete(before_offset=0)})
    groups = await admin.list_consumer_groups()
    await admin.delete_topics([topic])
    is_deleted = topic not in await admin.list_topics()
    await admin.close()
    print(
        json.dumps(
            {
                "isCreated": is_created,
                "isSecondRefused": is_second_refused,
                "partitions": len(described["partitions"]),
                "isFewerRefused": is_fewer_refused,
                "isConfigRefused": is_config_refused,
                "config": values["retention.ms"],
                "brokers": len(cluster["brokers"]),
                "start": starts[first],
                "groups": len(groups),
                "isDeleted": is_deleted,
            }
        )
    )


asyncio.run(main())
