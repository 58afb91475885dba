/*
 * Load for any broker that speaks the Kafka protocol, through librdkafka, so that a ratio between two brokers is one
 * between the brokers.
 *
 *   loader produce BOOTSTRAP TOPIC COUNT BYTES         acks=all, as fast as it goes
 *   loader consume BOOTSTRAP TOPIC COUNT               partition 0 from its beginning; timed from the first record, since
 *                                                      finding a topic takes librdkafka a second, whoever answers
 *   loader latency BOOTSTRAP TOPIC COUNT BYTES RATE    at a steady rate; the time from when a record was due to when
 *                                                      it was read, so that a stall counts for every record behind it
 *
 * One line of JSON on standard output. Build: cc -O2 -o loader loader.c -lrdkafka -lpthread
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 4096

static const char *bootstrap, *topic;
static long failures;

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void die(const char *what) {
  fprintf(stderr, "loader: %s\n", what);
  exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char error[256];
  if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client, (void)opaque;
  if (message->err) failures++;
}

static rd_kafka_t *producer(const char *linger_ms) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "acks", "all");
  set(conf, "linger.ms", linger_ms);
  set(conf, "batch.num.messages", "10000");
  set(conf, "queue.buffering.max.messages", "500000");
  set(conf, "queue.buffering.max.kbytes", "1048576");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (client == NULL) die(error);
  return client;
}

static rd_kafka_t *consumer(int64_t offset) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "group.id", "loader");
  set(conf, "enable.auto.commit", "false");
  set(conf, "fetch.wait.max.ms", "100");
  set(conf, "fetch.message.max.bytes", "8388608");
  set(conf, "queued.min.messages", "200000");
  set(conf, "fetch.error.backoff.ms", "1");
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (client == NULL) die(error);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
  if (rd_kafka_assign(client, list)) die("assign failed");
  rd_kafka_topic_partition_list_destroy(list);
  return client;
}

static void send_record(rd_kafka_t *client, char *value, size_t bytes) {
  for (;;) {
    rd_kafka_resp_err_t error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                                  RD_KAFKA_V_VALUE(value, bytes),
                                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!error) return;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(error));
    rd_kafka_poll(client, 5);
  }
}

/* Bytes that do not compress to nothing, the same in every run. */
static char *make_value(size_t bytes) {
  char *value = malloc(bytes < 8 ? 8 : bytes);
  uint32_t state = 2463534242u;
  for (size_t i = 0; i < bytes; i++) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    value[i] = (char)('!' + state % 90);
  }
  return value;
}

static void report(long count, size_t bytes, int64_t elapsed_ns) {
  double seconds = elapsed_ns / 1e9;
  printf("{\"records\":%ld,\"seconds\":%.4f,\"recordsPerSecond\":%.0f,\"megabytesPerSecond\":%.1f,\"failures\":%ld}\n",
         count, seconds, count / seconds, count * (double)bytes / 1e6 / seconds, failures);
}

static void produce(long count, size_t bytes) {
  rd_kafka_t *client = producer("5");
  char *value = make_value(bytes);
  int64_t start = now_ns();
  for (long i = 0; i < count; i++) {
    send_record(client, value, bytes);
    if (i % 128 == 0) rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 120000);
  report(count, bytes, now_ns() - start);
}

static void consume(long count) {
  rd_kafka_t *client = consumer(RD_KAFKA_OFFSET_BEGINNING);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
  rd_kafka_message_t *messages[BATCH];
  size_t bytes = 0;
  long got = 0;
  int64_t start = 0;
  while (got < count) {
    ssize_t taken = rd_kafka_consume_batch_queue(queue, 1000, messages, BATCH);
    for (ssize_t i = 0; i < taken; i++) {
      if (start == 0) start = now_ns();
      if (!messages[i]->err) got++, bytes = messages[i]->len;
      rd_kafka_message_destroy(messages[i]);
    }
  }
  report(got, bytes, now_ns() - start);
}

struct reader {
  long count;
  int64_t *delays_ns;
  volatile int is_ready;
};

static void *read_delays(void *argument) {
  struct reader *reader = argument;
  rd_kafka_t *client = consumer(RD_KAFKA_OFFSET_END);
  long got = 0;
  while (got < reader->count) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 100);
    int64_t due;
    if (message == NULL) continue;
    if (!message->err && message->len >= sizeof due) {
      memcpy(&due, message->payload, sizeof due);
      /* Records with a due time of 0 only show that the reader is at the end. */
      if (due == 0) reader->is_ready = 1;
      else reader->delays_ns[got++] = now_ns() - due;
    }
    rd_kafka_message_destroy(message);
  }
  return NULL;
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void latency(long count, size_t bytes, long rate) {
  struct reader reader = {count, malloc(count * sizeof(int64_t)), 0};
  pthread_t thread;
  pthread_create(&thread, NULL, read_delays, &reader);
  rd_kafka_t *client = producer("0");
  char *value = make_value(bytes);
  struct timespec nap = {0, 50 * 1000};
  memset(value, 0, sizeof(int64_t));
  while (!reader.is_ready) {
    send_record(client, value, bytes);
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    rd_kafka_poll(client, 0);
  }
  int64_t start = now_ns() + 100 * 1000 * 1000;
  for (long i = 0; i < count; i++) {
    int64_t due = start + i * INT64_C(1000000000) / rate;
    while (now_ns() < due) nanosleep(&nap, NULL), rd_kafka_poll(client, 0);
    memcpy(value, &due, sizeof due);
    send_record(client, value, bytes);
  }
  rd_kafka_flush(client, 60000);
  pthread_join(thread, NULL);
  qsort(reader.delays_ns, count, sizeof(int64_t), by_size);
  printf("{\"records\":%ld,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f,\"failures\":%ld}\n", count,
         reader.delays_ns[count / 2] / 1e6, reader.delays_ns[(long)(count * 0.99)] / 1e6,
         reader.delays_ns[count - 1] / 1e6, failures);
}

int main(int argc, char **argv) {
  if (argc < 5) die("produce|consume|latency BOOTSTRAP TOPIC COUNT [BYTES [RATE]]");
  bootstrap = argv[2], topic = argv[3];
  long count = atol(argv[4]);
  size_t bytes = argc > 5 ? (size_t)atol(argv[5]) : 100;
  if (!strcmp(argv[1], "produce")) produce(count, bytes);
  else if (!strcmp(argv[1], "consume")) consume(count);
  else if (!strcmp(argv[1], "latency")) latency(count, bytes, argc > 6 ? atol(argv[6]) : 1000);
  else die("unknown mode");
  return failures > 0;
}
