"""The list of operations of admin-list.ts, by librdkafka."""

import json
import sys

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
)

bootstrap, topic = sys.argv[1:3]
admin = AdminClient({"bootstrap.servers": bootstrap})


def is_refused(futures):
    try:
        for future in futures.values():
            future.result()
        return False
    except KafkaException:
        return True


def done(futures):
    return [future.result() for future in futures.values()]


def set_retention(value):
    change = ConfigEntry("retention.ms", value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[change])
    return admin.incremental_alter_configs([resource])


wanted = NewTopic(topic, num_partitions=2, replication_factor=1)
done(admin.create_topics([wanted]))
is_created = topic in admin.list_topics(timeout=10).topics
is_second_refused = is_refused(admin.create_topics([wanted]))
done(admin.create_partitions([NewPartitions(topic, 4)]))
partitions = len(admin.list_topics(topic, timeout=10).topics[topic].partitions)
is_fewer_refused = is_refused(admin.create_partitions([NewPartitions(topic, 3)]))
done(set_retention("12345"))
is_config_refused = is_refused(set_retention("a week"))
[configs] = done(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]))
cluster = admin.describe_cluster().result()
[deleted] = done(admin.delete_records([TopicPartition(topic, 0, 0)]))
groups = admin.list_consumer_groups().result()
done(admin.delete_topics([topic]))
is_deleted = topic not in admin.list_topics(timeout=10).topics
print(
    json.dumps(
        {
            "isCreated": is_created,
            "isSecondRefused": is_second_refused,
            "partitions": partitions,
            "isFewerRefused": is_fewer_refused,
            "isConfigRefused": is_config_refused,
            "config": configs["retention.ms"].value,
            "brokers": len(cluster.nodes),
            "start": deleted.low_watermark,
            "groups": len(groups.valid),
            "isDeleted": is_deleted,
        }
    )
)
