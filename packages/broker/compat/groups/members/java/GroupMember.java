import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Kafka's own Java client as a member: eager, cooperative or KIP-848. */
public final class GroupMember {
  private static volatile boolean isRunning = true;

  public static void main(String[] args) throws Exception {
    String topic = args[1];
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("group.id", args[2]);
    settings.put("auto.offset.reset", "earliest");
    settings.put("enable.auto.commit", "false");
    settings.put("fetch.max.wait.ms", "100");
    if (args[3].equals("consumer")) {
      settings.put("group.protocol", "consumer");
    } else {
      settings.put("session.timeout.ms", "6000");
      settings.put("heartbeat.interval.ms", "1000");
      String assignor = args[3].equals("cooperative") ? "CooperativeStickyAssignor" : "RangeAssignor";
      settings.put("partition.assignment.strategy", "org.apache.kafka.clients.consumer." + assignor);
    }
    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      isRunning = false;
      try {
        main.join(10_000);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }));
    try (KafkaConsumer<byte[], byte[]> reader =
        new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      reader.subscribe(List.of(topic));
      live(reader, topic);
    }
  }

  private static void live(KafkaConsumer<byte[], byte[]> reader, String topic) {
    Set<Integer> assigned = new TreeSet<>();
    while (isRunning) {
      ConsumerRecords<byte[], byte[]> records = reader.poll(Duration.ofMillis(200));
      Set<Integer> now = reader.assignment().stream().map(TopicPartition::partition)
          .collect(Collectors.toCollection(TreeSet::new));
      if (!now.equals(assigned)) {
        assigned = now;
        System.out.println("{\"assigned\":" + assigned + "}");
      }
      if (records.isEmpty()) continue;
      List<String> ranges = new ArrayList<>();
      Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
      for (TopicPartition part : records.partitions()) {
        List<ConsumerRecord<byte[], byte[]>> rows = records.records(part);
        long last = rows.get(rows.size() - 1).offset();
        ranges.add("[" + part.partition() + "," + rows.get(0).offset() + "," + last + "]");
        next.put(part, new OffsetAndMetadata(last + 1));
      }
      System.out.println("{\"read\":[" + String.join(",", ranges) + "]}");
      try {
        reader.commitSync(next, Duration.ofSeconds(5));
      } catch (KafkaException refused) {
        System.err.println("commit: " + refused);
      }
    }
  }
}
