import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.header.*;
import org.apache.kafka.common.serialization.*;
import java.util.*;
import java.time.*;
import java.nio.charset.StandardCharsets;

/** Fills a running Apache Kafka and writes down what its own consumer reads: all codecs, transactions, stamps, compaction. */
public class KafkaDirectories {
  static String boot;
  static Properties p(String... kv) { Properties q = new Properties(); q.put("bootstrap.servers", boot); for (int i = 0; i < kv.length; i += 2) q.put(kv[i], kv[i+1]); return q; }
  static byte[] b(String s) { return s == null ? null : s.getBytes(StandardCharsets.UTF_8); }
  static String e(byte[] x) { return x == null ? "null" : "\"" + Base64.getEncoder().encodeToString(x) + "\""; }
  public static void main(String[] a) throws Exception {
    boot = a[0]; String out = a[1];
    try (Admin admin = Admin.create(p())) {
      admin.createTopics(List.of(
        new NewTopic("codecs", 1, (short)1).configs(Map.of("segment.ms", "600")),
        new NewTopic("transactions", 1, (short)1),
        new NewTopic("stamped", 1, (short)1).configs(Map.of("message.timestamp.type", "LogAppendTime")),
        new NewTopic("compacted", 1, (short)1).configs(Map.of("cleanup.policy", "compact", "segment.ms", "300", "min.cleanable.dirty.ratio", "0.01", "delete.retention.ms", "86400000"))
      )).all().get();
    }
    ByteArraySerializer s = new ByteArraySerializer();
    long t0 = 1700000000000L;
    int at = 0; for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) { at++;
      try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p("compression.type", codec, "linger.ms", "20"), s, s)) {
        for (int i = 0; i < 40; i++) {
          List<Header> headers = new ArrayList<>();
          if (i % 3 == 0) { headers.add(new org.apache.kafka.common.header.internals.RecordHeader("codec", b(codec))); headers.add(new org.apache.kafka.common.header.internals.RecordHeader("nothing", null)); }
          byte[] key = i % 4 == 0 ? null : b("key " + i % 7);
          byte[] value = i % 11 == 10 ? null : b((codec + " value " + i + " ").repeat(1 + i % 5));
          producer.send(new ProducerRecord<>("codecs", 0, t0 + at * 5000L + i * 40 + (i * 7919) % 300, key, value, headers));
          if (i == 20) { producer.flush(); Thread.sleep(700); }
        }
        producer.send(new ProducerRecord<>("stamped", 0, null, b("k"), b("stamped " + codec)));
      }
    }
    for (int round = 0; round < 4; round++) {
      try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p("transactional.id", "txn-" + round % 2), s, s)) {
        producer.initTransactions();
        producer.beginTransaction();
        for (int i = 0; i < 3; i++) producer.send(new ProducerRecord<>("transactions", 0, t0, b("k" + i), b("round " + round + " " + i)));
        producer.flush();
        if (round % 2 == 0) producer.commitTransaction(); else producer.abortTransaction();
      }
    }
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(p(), s, s)) {
      for (int round = 0; round < 8; round++) {
        for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>("compacted", 0, t0 + round * 1000L, b("key " + i), i % 5 == 4 && round > 3 ? null : b("round " + round + " value " + i)));
        producer.flush(); Thread.sleep(450);
      }
    }
    Thread.sleep(Long.parseLong(a[2]));
    StringBuilder json = new StringBuilder("{");
    for (String topic : List.of("codecs", "transactions", "stamped", "compacted")) {
      if (json.length() > 1) json.append(",\n");
      json.append("\"" + topic + "\": [");
      try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(p("auto.offset.reset", "earliest"), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        TopicPartition tp = new TopicPartition(topic, 0);
        consumer.assign(List.of(tp)); consumer.seekToBeginning(List.of(tp));
        long end = consumer.endOffsets(List.of(tp)).get(tp); boolean first = true;
        while (consumer.position(tp) < end) for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(200))) {
          StringBuilder h = new StringBuilder();
          for (Header x : r.headers()) h.append(h.length() > 0 ? "," : "").append("[\"" + x.key() + "\"," + e(x.value()) + "]");
          json.append(first ? "\n" : ",\n").append("[" + r.offset() + "," + r.timestamp() + "," + e(r.key()) + "," + e(r.value()) + ",[" + h + "]]"); first = false;
        }
      }
      json.append("]");
    }
    java.nio.file.Files.writeString(java.nio.file.Path.of(out), json.append("}\n").toString());
  }
}
