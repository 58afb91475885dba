import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/** Encodes ../records.json with kafka-clients' own MemoryRecordsBuilder. Prints golden JSON. */
public class GoldenBatches {
  static final ObjectMapper JSON = new ObjectMapper();
  static final ArrayNode OUT = JSON.createArrayNode();

  public static void main(String[] args) throws Exception {
    JsonNode sets = JSON.readTree(new File(args[0]));
    for (CompressionType type : CompressionType.values()) {
      for (String set : new String[] {"mixed", "bulk"}) {
        if (type == CompressionType.NONE && set.equals("bulk")) continue;
        Options options = new Options();
        options.compression = Compression.of(type).build();
        emit(type.name + " " + set, set, options, sets.get(set));
      }
    }
    Options idempotent = new Options();
    idempotent.baseOffset = 5_000_000_000L;
    idempotent.producerId = 4_294_967_301L;
    idempotent.producerEpoch = 7;
    idempotent.baseSequence = 2_147_483_647;
    idempotent.leaderEpoch = 9;
    emit("idempotent", "mixed", idempotent, sets.get("mixed"));
    Options transactional = new Options();
    transactional.producerId = 11;
    transactional.producerEpoch = 0;
    transactional.baseSequence = 0;
    transactional.isTransactional = true;
    emit("transactional", "mixed", transactional, sets.get("mixed"));
    Options appendTime = new Options();
    appendTime.timestampType = TimestampType.LOG_APPEND_TIME;
    appendTime.logAppendTime = 1_700_000_777_000L;
    emit("log append time", "mixed", appendTime, sets.get("mixed"));
    Options horizon = new Options();
    horizon.deleteHorizonMs = 1_700_086_400_000L;
    emit("delete horizon", "mixed", horizon, sets.get("mixed"));
    emit("odd", "odd", new Options(), sets.get("odd"));
    control();
    System.out.println(JSON.writeValueAsString(OUT));
  }

  static class Options {
    Compression compression = Compression.NONE;
    TimestampType timestampType = TimestampType.CREATE_TIME;
    long baseOffset = 0, logAppendTime = -1, producerId = -1, deleteHorizonMs = -1;
    short producerEpoch = -1;
    int baseSequence = -1, leaderEpoch = -1;
    boolean isTransactional = false, isControl = false;

    MemoryRecordsBuilder builder() {
      return new MemoryRecordsBuilder(new ByteBufferOutputStream(4096), (byte) 2, compression, timestampType, baseOffset,
          logAppendTime, producerId, producerEpoch, baseSequence, isTransactional, isControl, leaderEpoch, 1 << 20, deleteHorizonMs);
    }
  }

  static void emit(String name, String set, Options options, JsonNode records) {
    MemoryRecordsBuilder builder = options.builder();
    for (JsonNode record : records) {
      List<Header> headers = new ArrayList<>();
      for (JsonNode header : record.get("headers")) {
        headers.add(new RecordHeader(header.get(0).asText(), bytes(header.get(1))));
      }
      builder.append(record.get("timestampMs").asLong(), bytes(record.get("key")), bytes(record.get("value")), headers.toArray(new Header[0]));
    }
    put(name, set, builder.build());
  }

  static void control() {
    Options options = new Options();
    options.producerId = 11;
    options.producerEpoch = 3;
    options.isTransactional = true;
    options.isControl = true;
    MemoryRecordsBuilder builder = options.builder();
    builder.appendEndTxnMarker(1_700_000_000_500L, new EndTransactionMarker(ControlRecordType.COMMIT, 4));
    put("control", null, builder.build());
  }

  static void put(String name, String set, MemoryRecords records) {
    ByteBuffer buffer = records.buffer().duplicate();
    byte[] batch = new byte[buffer.remaining()];
    buffer.get(batch);
    ObjectNode node = OUT.addObject();
    node.put("name", name);
    node.put("records", set);
    node.put("batch", Base64.getEncoder().encodeToString(batch));
  }

  static byte[] bytes(JsonNode node) {
    return node.isNull() ? null : Base64.getDecoder().decode(node.asText());
  }
}
