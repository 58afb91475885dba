import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;

/** Reads golden JSON from standard input with kafka-clients, CRCs checked; prints the records of each batch. */
public class KafkaReads {
  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    ArrayNode out = json.createArrayNode();
    for (JsonNode golden : json.readTree(System.in)) {
      ArrayNode records = out.addArray();
      byte[] bytes = Base64.getDecoder().decode(golden.get("batch").asText());
      for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
        batch.ensureValid();
        for (Record record : batch) {
          ObjectNode node = records.addObject();
          node.put("key", base64(record.key()));
          node.put("value", base64(record.value()));
          node.put("timestampMs", record.timestamp());
          ArrayNode headers = node.putArray("headers");
          for (Header header : record.headers()) {
            headers.addArray().add(header.key()).add(header.value() == null ? null : Base64.getEncoder().encodeToString(header.value()));
          }
        }
      }
    }
    System.out.println(json.writeValueAsString(out));
  }

  static String base64(ByteBuffer buffer) {
    if (buffer == null) return null;
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return Base64.getEncoder().encodeToString(bytes);
  }
}
