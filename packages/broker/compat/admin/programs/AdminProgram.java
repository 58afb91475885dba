import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** The list of operations of admin-list.ts, by Kafka's own Java client. */
public final class AdminProgram {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    String topic = args[1];
    try (Admin admin = Admin.create(settings)) {
      NewTopic wanted = new NewTopic(topic, 2, (short) 1);
      admin.createTopics(List.of(wanted)).all().get();
      boolean isCreated = admin.listTopics().names().get().contains(topic);
      boolean isSecondRefused = isRefused(admin.createTopics(List.of(wanted)).all());
      admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(4))).all().get();
      int partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
      boolean isFewerRefused = isRefused(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all());
      set(admin, topic, "12345").get();
      boolean isConfigRefused = isRefused(set(admin, topic, "a week"));
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
      String config = admin.describeConfigs(List.of(resource)).all().get().get(resource).get("retention.ms").value();
      int brokers = admin.describeCluster().nodes().get().size();
      TopicPartition first = new TopicPartition(topic, 0);
      long start = admin.deleteRecords(Map.of(first, RecordsToDelete.beforeOffset(0))).lowWatermarks().get(first).get().lowWatermark();
      int groups = admin.listGroups().all().get().size();
      admin.deleteTopics(List.of(topic)).all().get();
      boolean isDeleted = !admin.listTopics().names().get().contains(topic);
      System.out.printf(
          "{\"isCreated\":%b,\"isSecondRefused\":%b,\"partitions\":%d,\"isFewerRefused\":%b,\"isConfigRefused\":%b,"
              + "\"config\":\"%s\",\"brokers\":%d,\"start\":%d,\"groups\":%d,\"isDeleted\":%b}%n",
          isCreated, isSecondRefused, partitions, isFewerRefused, isConfigRefused, config, brokers, start, groups, isDeleted);
    }
  }

  private static KafkaFuture<Void> set(Admin admin, String topic, String value) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    AlterConfigOp change = new AlterConfigOp(new ConfigEntry("retention.ms", value), AlterConfigOp.OpType.SET);
    return admin.incrementalAlterConfigs(Map.of(resource, List.of(change))).all();
  }

  private static boolean isRefused(KafkaFuture<Void> answer) throws InterruptedException {
    try {
      answer.get();
      return false;
    } catch (ExecutionException refused) {
      return true;
    }
  }
}
