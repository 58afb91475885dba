import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Kafka's own Java client behind the command line of program.ts. */
public final class CompatProgram {
  /** One partition's part of the tally of record-tally.ts. */
  private static final class PartitionTally {
    long count = 0;
    long hash = 0;
    long first;
    long last = -1;
    boolean isOrdered = true;
  }

  private final TreeMap<Integer, PartitionTally> partitions = new TreeMap<>();
  private final MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
  private long count = 0;

  private CompatProgram() throws Exception {}

  public static void main(String[] args) throws Exception {
    CompatProgram program = new CompatProgram();
    switch (args[0]) {
      case "dump" -> System.out.println(program.dump(args[1], args[2]));
      case "produce" -> System.out.println(produce(args[1], args[2], Integer.parseInt(args[3]), args[4]));
      case "group" -> System.out.println(program.group(args[1], args[2], args[3], Integer.parseInt(args[4])));
      default -> throw new IllegalArgumentException("unknown verb " + args[0]);
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(String bootstrap, String group, int maxRecords) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("group.id", group);
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.wait.ms", "100");
    settings.put("max.poll.records", Integer.toString(maxRecords));
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private String dump(String bootstrap, String topic) {
    try (KafkaConsumer<byte[], byte[]> reader = consumer(bootstrap, "unused", 10_000)) {
      List<TopicPartition> assigned = new ArrayList<>();
      reader.partitionsFor(topic).forEach(info -> assigned.add(new TopicPartition(topic, info.partition())));
      Map<TopicPartition, Long> starts = reader.beginningOffsets(assigned);
      Map<TopicPartition, Long> waiting = new HashMap<>(reader.endOffsets(assigned));
      waiting.entrySet().removeIf(entry -> entry.getValue().equals(starts.get(entry.getKey())));
      reader.assign(waiting.keySet());
      reader.seekToBeginning(waiting.keySet());
      while (!waiting.isEmpty()) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofSeconds(1))) {
          TopicPartition partition = new TopicPartition(topic, record.partition());
          long end = waiting.getOrDefault(partition, 0L);
          if (record.offset() < end) add(record);
          if (record.offset() + 1 >= end) waiting.remove(partition);
        }
      }
    }
    return result();
  }

  private static String produce(String bootstrap, String topic, int count, String prefix) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrap);
    settings.put("acks", "all");
    List<Future<RecordMetadata>> pending = new ArrayList<>();
    try (KafkaProducer<String, String> writer =
        new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (int index = 0; index < count; index++) {
        pending.add(writer.send(new ProducerRecord<>(topic, "key-" + index % 97, prefix + "-" + index)));
      }
    }
    for (Future<RecordMetadata> future : pending) future.get();
    return "{\"acked\":" + pending.size() + "}";
  }

  private String group(String bootstrap, String topic, String group, int wanted) {
    try (KafkaConsumer<byte[], byte[]> reader = consumer(bootstrap, group, Math.min(wanted, 500))) {
      reader.subscribe(List.of(topic));
      Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
      while (count < wanted) {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofSeconds(1))) {
          if (count >= wanted) break;
          add(record);
          next.put(new TopicPartition(topic, record.partition()), new OffsetAndMetadata(record.offset() + 1));
        }
      }
      reader.commitSync(next);
    }
    return result();
  }

  private void add(ConsumerRecord<byte[], byte[]> record) {
    count++;
    PartitionTally tally = partitions.get(record.partition());
    if (tally == null) {
      tally = new PartitionTally();
      tally.first = record.offset();
      partitions.put(record.partition(), tally);
    }
    tally.count++;
    if (record.offset() <= tally.last) tally.isOrdered = false;
    tally.last = record.offset();
    byte[] key = record.key();
    byte[] value = record.value();
    String head = record.timestamp() + " " + (key == null ? -1 : key.length) + " " + (value == null ? -1 : value.length);
    sha256.update((head + "\n").getBytes(StandardCharsets.US_ASCII));
    if (key != null) sha256.update(key);
    if (value != null) sha256.update(value);
    byte[] digest = sha256.digest();
    long hash = 0;
    for (int index = 0; index < 6; index++) hash = hash << 8 | digest[index] & 0xff;
    tally.hash = (tally.hash + hash) & 0xffff_ffff_ffffL;
  }

  private String result() {
    List<String> parts = new ArrayList<>();
    partitions.forEach((partition, tally) ->
        parts.add(String.format(
            "\"%d\":{\"count\":%d,\"hash\":\"%012x\",\"first\":%d,\"last\":%d,\"isOrdered\":%b}",
            partition, tally.count, tally.hash, tally.first, tally.last, tally.isOrdered)));
    return "{" + String.join(",", parts) + "}";
  }
}
