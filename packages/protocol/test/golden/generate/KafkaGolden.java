import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Writes golden bytes with the message classes of Apache Kafka's own client: every API named in the arguments,
 * request and response, header included, in every version that this Kafka has.
 *
 *     java -cp 'kafka-clients-4.3.0.jar:jackson-*.jar' KafkaGolden.java OUTPUT_DIRECTORY API...
 *
 * One file per API; two lines per message:
 *
 *     request 12 full 0001000c...
 *     {"maxWaitMs":...}                 what Kafka's own JSON writer makes of it
 *
 * Variants: `full` has no field at its default and two elements in each array; `empty` has null wherever null is
 * allowed, and nothing in arrays, strings and bytes; `unknown` is `full` with tagged fields that nobody knows.
 */
public class KafkaGolden {
    private static final List<String> VARIANTS = List.of("full", "empty", "unknown");

    private int counter;
    private String variant;

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        Files.createDirectories(directory);
        for (ApiMessageType type : ApiMessageType.values()) {
            if (List.of(args).subList(1, args.length).contains(type.name)) writeApi(directory, type);
        }
        writeConsumerProtocol(directory);
    }

    private static void writeApi(Path directory, ApiMessageType type) throws Exception {
        List<String> lines = new ArrayList<>();
        for (short version = type.lowestSupportedVersion(); version <= type.highestSupportedVersion(true); version++) {
            for (String variant : VARIANTS) {
                KafkaGolden golden = new KafkaGolden();
                golden.variant = variant;
                if (variant.equals("unknown") && type.requestHeaderVersion(version) < 2) continue;
                golden.add(lines, "request", type.newRequest(), type.requestSchemas()[version], version,
                        golden.requestHeader(type, version), type.requestHeaderVersion(version));
                golden.add(lines, "response", type.newResponse(), type.responseSchemas()[version], version,
                        golden.responseHeader(), type.responseHeaderVersion(version));
            }
        }
        Files.write(directory.resolve(type.name + ".txt"), lines);
    }

    private static void writeConsumerProtocol(Path directory) throws Exception {
        List<String> lines = new ArrayList<>();
        for (short version = 0; version <= ConsumerProtocolSubscription.HIGHEST_SUPPORTED_VERSION; version++) {
            for (String variant : VARIANTS.subList(0, 2)) {
                KafkaGolden golden = new KafkaGolden();
                golden.variant = variant;
                Message subscription = golden.fill(new ConsumerProtocolSubscription(), ConsumerProtocolSubscription.SCHEMAS[version]);
                lines.add("subscription " + version + " " + variant + " " + hex(MessageUtil.toVersionPrefixedBytes(version, subscription)));
                lines.add(json(subscription, version));
                Message assignment = golden.fill(new ConsumerProtocolAssignment(), ConsumerProtocolAssignment.SCHEMAS[version]);
                lines.add("assignment " + version + " " + variant + " " + hex(MessageUtil.toVersionPrefixedBytes(version, assignment)));
                lines.add(json(assignment, version));
            }
        }
        Files.write(directory.resolve("ConsumerProtocol.txt"), lines);
    }

    private RequestHeaderData requestHeader(ApiMessageType type, short version) {
        RequestHeaderData header = new RequestHeaderData()
                .setRequestApiKey(type.apiKey())
                .setRequestApiVersion(version)
                .setCorrelationId(7_000_000 + version)
                .setClientId(variant.equals("empty") ? null : "cli-é");
        addUnknownTags(header);
        return header;
    }

    private ResponseHeaderData responseHeader() {
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(8_000_000);
        addUnknownTags(header);
        return header;
    }

    private void add(List<String> lines, String side, ApiMessage body, Schema schema, short version, ApiMessage header,
            short headerVersion) throws Exception {
        // Header v0 has no room for tagged fields.
        if (headerVersion < (side.equals("request") ? 2 : 1)) header.unknownTaggedFields().clear();
        fill(body, schema);
        String bytes = hex(bytes(header, headerVersion)) + hex(bytes(body, version));
        lines.add(side + " " + version + " " + variant + " " + bytes);
        lines.add(json(body, version));
    }

    private Message fill(Message message, Schema schema) throws Exception {
        for (BoundField field : schema.fields()) {
            if (field.def.type instanceof TaggedFields tagged) {
                for (Field each : tagged.fields().values()) set(message, each);
            } else {
                set(message, field.def);
            }
        }
        addUnknownTags(message);
        return message;
    }

    private void addUnknownTags(Message message) {
        if (!variant.equals("unknown")) return;
        message.unknownTaggedFields().add(new RawTaggedField(100, new byte[] {1, 2, 3}));
        message.unknownTaggedFields().add(new RawTaggedField(20_000, new byte[0]));
    }

    private void set(Message message, Field field) throws Exception {
        Method setter = setter(message.getClass(), camelCase(field.name));
        setter.invoke(message, value(setter, field.type));
    }

    private Object value(Method setter, Type type) throws Exception {
        boolean isEmpty = variant.equals("empty");
        if (isEmpty && type.isNullable()) return null;
        Class<?> target = setter.getParameterTypes()[0];
        if (Collection.class.isAssignableFrom(target)) {
            return collection(target, elementClass(setter), type.arrayElementType().get());
        }
        return scalar(target, type);
    }

    @SuppressWarnings("unchecked")
    private Object collection(Class<?> target, Class<?> element, Type type) throws Exception {
        Collection<Object> values =
                target == List.class ? new ArrayList<>() : (Collection<Object>) target.getConstructor().newInstance();
        for (int count = variant.equals("empty") ? 0 : 2; count > 0; count--) values.add(scalar(element, type));
        return values;
    }

    private Object scalar(Class<?> target, Type type) throws Exception {
        boolean isEmpty = variant.equals("empty");
        counter++;
        if (target == boolean.class || target == Boolean.class) return !isEmpty;
        if (target == byte.class || target == Byte.class) return (byte) (isEmpty ? -128 : counter % 100 + 1);
        if (target == short.class || target == Short.class) return (short) (isEmpty ? -1 : 1_000 + counter);
        if (target == int.class || target == Integer.class) {
            boolean isUnsigned = type.toString().equals("UINT16");
            return isEmpty ? (isUnsigned ? 65_535 : -2_000_000_000) : (isUnsigned ? 60_000 : 70_000) + counter;
        }
        if (target == long.class || target == Long.class) {
            return isEmpty ? -9_007_199_254_740_991L : 5_000_000_000_000L + counter;
        }
        if (target == double.class) return isEmpty ? -0.5 : counter + 0.25;
        if (target == String.class) return isEmpty ? "" : "s-ü" + counter;
        if (target == Uuid.class) return isEmpty ? Uuid.ZERO_UUID : new Uuid(0x7fff_0000_ffffL + counter, -counter);
        if (target == byte[].class) return isEmpty ? new byte[0] : new byte[] {0, (byte) counter, -1};
        if (target == ByteBuffer.class) return ByteBuffer.wrap(isEmpty ? new byte[0] : new byte[] {(byte) counter, 0});
        if (target.getSimpleName().equals("BaseRecords")) return MemoryRecords.readableRecords(ByteBuffer.wrap(new byte[10 + counter % 5]));
        return fill((Message) target.getConstructor().newInstance(), (Schema) type);
    }

    private static Class<?> elementClass(Method setter) {
        java.lang.reflect.Type generic = setter.getGenericParameterTypes()[0];
        if (!(generic instanceof ParameterizedType)) generic = ((Class<?>) generic).getGenericSuperclass();
        return (Class<?>) ((ParameterizedType) generic).getActualTypeArguments()[0];
    }

    private static Method setter(Class<?> type, String name) {
        for (Method method : type.getMethods()) {
            if (method.getName().equalsIgnoreCase("set" + name) && method.getParameterCount() == 1) return method;
        }
        throw new IllegalStateException("no setter for " + name + " in " + type);
    }

    private static String camelCase(String name) {
        return name.replace("_", "");
    }

    private static byte[] bytes(Message message, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    /** Kafka's own JSON of the message: its `...JsonConverter` twin writes it. */
    private static String json(Message message, short version) throws Exception {
        Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
        return converter.getMethod("write", message.getClass(), short.class, boolean.class)
                .invoke(null, message, version, false).toString();
    }
}
