import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.ProduceResponse;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.PrimitiveRef;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.storage.internals.log.AppendOrigin;
import org.apache.kafka.storage.internals.log.LogValidator;
import org.apache.kafka.storage.internals.log.RecordValidationException;

/** Lets Kafka's own LogValidator judge ../validator-cases.json. Prints one verdict per case. */
public class ValidatorVerdicts {
  static final LogValidator.MetricsRecorder NO_METRICS = new LogValidator.MetricsRecorder() {
    public void recordInvalidMagic() {}
    public void recordInvalidOffset() {}
    public void recordInvalidSequence() {}
    public void recordInvalidChecksums() {}
    public void recordNoKeyCompactedTopic() {}
  };

  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    ArrayNode out = json.createArrayNode();
    for (JsonNode test : json.readTree(new File(args[0]))) {
      ObjectNode verdict = out.addObject();
      verdict.put("name", test.get("name").asText());
      judge(test, verdict);
    }
    System.out.println(json.writeValueAsString(out));
  }

  static void judge(JsonNode test, ObjectNode verdict) {
    JsonNode rules = test.get("rules");
    long now = rules.get("nowMs").asLong();
    ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(test.get("batch").asText()));
    MemoryRecords records = MemoryRecords.readableRecords(bytes);
    try {
      CompressionType source = records.firstBatch().compressionType();
      TimestampType type = rules.get("logAppendTime").asBoolean() ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
      LogValidator.ValidationResult result = new LogValidator(records, new TopicPartition("topic", 0), new FixedTime(now), source,
          Compression.of(source).build(), rules.get("compacted").asBoolean(), RecordBatch.MAGIC_VALUE_V2, type,
          rules.get("beforeMaxMs").asLong(), rules.get("afterMaxMs").asLong(), 0, AppendOrigin.CLIENT)
          .validateMessagesAndAssignOffsets(PrimitiveRef.ofLong(0), NO_METRICS, BufferSupplier.NO_CACHING);
      verdict.put("error", "NONE");
      verdict.put("maxTimestampMs", result.maxTimestampMs());
      verdict.put("storedMaxTimestampMs", result.validatedRecords().firstBatch().maxTimestamp());
      verdict.put("isSameSize", result.validatedRecords().sizeInBytes() == records.sizeInBytes());
    } catch (RecordValidationException e) {
      verdict.put("error", Errors.forException(e.invalidException()).name());
      ArrayNode indexes = verdict.putArray("recordErrors");
      for (ProduceResponse.RecordError error : e.recordErrors()) indexes.add(error.batchIndex);
      verdict.put("message", e.invalidException().getMessage());
    } catch (Throwable e) {
      verdict.put("error", Errors.forException(e).name());
      verdict.put("message", e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  record FixedTime(long milliseconds) implements Time {
    public long nanoseconds() { return milliseconds * 1_000_000; }
    public void sleep(long ms) {}
    public void waitObject(Object object, java.util.function.Supplier<Boolean> condition, long deadlineMs) {}
  }
}
