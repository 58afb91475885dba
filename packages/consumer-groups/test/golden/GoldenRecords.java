import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.group.generated.*;

/**
 * Prints records of __consumer_offsets as Kafka's own classes write them, one JSON line each: name, key, value.
 * What is in each of them stands in test/golden-records.test.ts.
 *
 *     javac -cp "$KAFKA/libs/*" -d /tmp/golden GoldenRecords.java
 *     java -cp "/tmp/golden:$KAFKA/libs/*" GoldenRecords > group-records.jsonl     # Kafka 4.3.0
 */
public class GoldenRecords {
    static final Uuid TOPIC_ID = Uuid.fromString("sZm8xLmITxOuxIOM3pIWSQ");
    static final Uuid OTHER_TOPIC_ID = Uuid.fromString("AQIDBAUGBwgJCgsMDQ4PEA");

    public static void main(String[] args) {
        ApiMessage offsetKey = new OffsetCommitKey().setGroup("grüppe").setTopic("topic.1").setPartition(7);
        print("offset-commit-tombstone", offsetKey, 0, null);
        for (short version = 0; version <= 4; version++) print("offset-commit-v" + version, offsetKey, version, offset());
        print("offset-commit-v4-topic-id", offsetKey, 4, offset().setTopicId(TOPIC_ID));
        print("offset-commit-legacy-key",
            new LegacyOffsetCommitKey().setGroup("grüppe").setTopic("topic.1").setPartition(7), 2, offset());
        print("offset-commit-long-metadata", offsetKey, 4, offset().setMetadata("x".repeat(200)));

        ApiMessage groupKey = new GroupMetadataKey().setGroup("grüppe");
        print("group-metadata-tombstone", groupKey, 0, null);
        for (short version = 0; version <= 4; version++) print("group-metadata-v" + version, groupKey, version, group());
        print("group-metadata-empty", groupKey, 3, new GroupMetadataValue().setProtocolType("consumer").setGeneration(12)
            .setProtocol(null).setLeader(null).setCurrentStateTimestamp(1_700_000_000_000L).setMembers(List.of()));
        consumerGroup();
    }

    static OffsetCommitValue offset() {
        return new OffsetCommitValue().setOffset(5_000_000_123L).setLeaderEpoch(3).setMetadata("note é")
            .setCommitTimestamp(1_700_000_000_123L).setExpireTimestamp(1_700_000_600_000L);
    }

    static GroupMetadataValue group() {
        GroupMetadataValue.MemberMetadata dynamic = new GroupMetadataValue.MemberMetadata().setMemberId("client-1")
            .setGroupInstanceId(null).setClientId("client").setClientHost("/127.0.0.1").setRebalanceTimeout(300_000)
            .setSessionTimeout(45_000).setSubscription(new byte[] {0, 1, 2, 3}).setAssignment(new byte[] {4, 5});
        GroupMetadataValue.MemberMetadata fixed = new GroupMetadataValue.MemberMetadata().setMemberId("instance-2")
            .setGroupInstanceId("instance").setClientId("").setClientHost("/10.0.0.1").setRebalanceTimeout(60_000)
            .setSessionTimeout(6_000).setSubscription(new byte[0]).setAssignment(new byte[0]);
        return new GroupMetadataValue().setProtocolType("consumer").setGeneration(11).setProtocol("range")
            .setLeader("client-1").setCurrentStateTimestamp(1_700_000_000_000L).setMembers(List.of(dynamic, fixed));
    }

    static void consumerGroup() {
        ApiMessage groupKey = new ConsumerGroupMetadataKey().setGroupId("grüppe");
        print("consumer-group-metadata-tombstone", groupKey, 0, null);
        print("consumer-group-metadata", groupKey, 0, new ConsumerGroupMetadataValue().setEpoch(9));
        print("consumer-group-metadata-hash", groupKey, 0,
            new ConsumerGroupMetadataValue().setEpoch(9).setMetadataHash(123_456_789_012_345L));
        print("consumer-group-metadata-negative-hash", groupKey, 0,
            new ConsumerGroupMetadataValue().setEpoch(9).setMetadataHash(-8_123_456_789_012_345_678L));
        print("consumer-partition-metadata", new ConsumerGroupPartitionMetadataKey().setGroupId("grüppe"), 0,
            new ConsumerGroupPartitionMetadataValue().setTopics(List.of(
                new ConsumerGroupPartitionMetadataValue.TopicMetadata().setTopicId(TOPIC_ID).setTopicName("topic.1")
                    .setNumPartitions(6))));

        ApiMessage memberKey = new ConsumerGroupMemberMetadataKey().setGroupId("grüppe").setMemberId("member-1");
        print("consumer-member-metadata-tombstone", memberKey, 0, null);
        print("consumer-member-metadata", memberKey, 0, member());
        print("consumer-member-metadata-null", memberKey, 0, member().setInstanceId(null).setRackId(null)
            .setSubscribedTopicNames(List.of()).setSubscribedTopicRegex("topic\\..*").setServerAssignor(null));
        print("consumer-member-metadata-classic", memberKey, 0, member().setClassicMemberMetadata(
            new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata().setSessionTimeoutMs(45_000)
                .setSupportedProtocols(List.of(new ConsumerGroupMemberMetadataValue.ClassicProtocol()
                    .setName("range").setMetadata(new byte[] {0, 1, 2})))));

        ApiMessage targetKey = new ConsumerGroupTargetAssignmentMetadataKey().setGroupId("grüppe");
        print("consumer-target-metadata-tombstone", targetKey, 0, null);
        print("consumer-target-metadata", targetKey, 0, new ConsumerGroupTargetAssignmentMetadataValue().setAssignmentEpoch(9));
        print("consumer-target-metadata-timestamp", targetKey, 0, new ConsumerGroupTargetAssignmentMetadataValue()
            .setAssignmentEpoch(9).setAssignmentTimestamp(1_700_000_000_000L));

        ApiMessage targetMemberKey = new ConsumerGroupTargetAssignmentMemberKey().setGroupId("grüppe").setMemberId("member-1");
        print("consumer-target-member-tombstone", targetMemberKey, 0, null);
        print("consumer-target-member", targetMemberKey, 0, new ConsumerGroupTargetAssignmentMemberValue().setTopicPartitions(
            List.of(
                new ConsumerGroupTargetAssignmentMemberValue.TopicPartition().setTopicId(TOPIC_ID).setPartitions(List.of(0, 2)),
                new ConsumerGroupTargetAssignmentMemberValue.TopicPartition().setTopicId(OTHER_TOPIC_ID).setPartitions(List.of(1)))));

        ApiMessage currentKey = new ConsumerGroupCurrentMemberAssignmentKey().setGroupId("grüppe").setMemberId("member-1");
        print("consumer-current-assignment-tombstone", currentKey, 0, null);
        print("consumer-current-assignment", currentKey, 0, new ConsumerGroupCurrentMemberAssignmentValue().setMemberEpoch(9)
            .setPreviousMemberEpoch(8).setState((byte) 1)
            .setAssignedPartitions(List.of(current(TOPIC_ID, List.of(0, 2), null)))
            .setPartitionsPendingRevocation(List.of(current(OTHER_TOPIC_ID, List.of(1), null))));
        print("consumer-current-assignment-epochs", currentKey, 0, new ConsumerGroupCurrentMemberAssignmentValue()
            .setMemberEpoch(9).setPreviousMemberEpoch(8).setState((byte) 0)
            .setAssignedPartitions(List.of(current(TOPIC_ID, List.of(0, 2), List.of(7, 9))))
            .setPartitionsPendingRevocation(List.of()));

        ApiMessage regexKey = new ConsumerGroupRegularExpressionKey().setGroupId("grüppe").setRegularExpression("topic\\..*");
        print("consumer-regular-expression-tombstone", regexKey, 0, null);
        print("consumer-regular-expression", regexKey, 0, new ConsumerGroupRegularExpressionValue()
            .setTopics(new ArrayList<>(List.of("topic.1", "topic.2"))).setVersion(42L).setTimestamp(1_700_000_000_000L));
    }

    static ConsumerGroupMemberMetadataValue member() {
        return new ConsumerGroupMemberMetadataValue().setInstanceId("instance").setRackId("rack-a").setClientId("client")
            .setClientHost("/127.0.0.1").setSubscribedTopicNames(List.of("topic.1", "topic.2")).setSubscribedTopicRegex("")
            .setRebalanceTimeoutMs(300_000).setServerAssignor("uniform");
    }

    static ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions current(Uuid topicId, List<Integer> partitions, List<Integer> epochs) {
        return new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions().setTopicId(topicId).setPartitions(partitions)
            .setAssignmentEpochs(epochs);
    }

    static void print(String name, ApiMessage key, int version, ApiMessage value) {
        HexFormat hex = HexFormat.of();
        String keyHex = hex.formatHex(MessageUtil.toCoordinatorTypePrefixedBytes(key));
        String valueHex = value == null ? "null"
            : '"' + hex.formatHex(MessageUtil.toVersionPrefixedBytes((short) version, value)) + '"';
        System.out.println("{\"name\":\"" + name + "\",\"key\":\"" + keyHex + "\",\"value\":" + valueHex + "}");
    }
}
