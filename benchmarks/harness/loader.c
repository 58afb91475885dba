/*
 * Load for any broker that speaks the Kafka protocol, through librdkafka, so that a ratio between two brokers is one
 * between the brokers.
 *
 *   loader produce BOOTSTRAP TOPIC COUNT [OPTION=VALUE ...]    as fast as it goes, partitions in turn; timed from the
 *                                                              acknowledgement of a first record
 *   loader consume BOOTSTRAP TOPIC COUNT [OPTION=VALUE ...]    every partition from its beginning; timed from the first
 *                                                              record, since finding a topic takes librdkafka a second
 *   loader latency BOOTSTRAP TOPIC COUNT [OPTION=VALUE ...]    at a steady rate; the time from when a record was due to
 *                                                              when it was read: a stall counts for all behind it
 *   loader crowd BOOTSTRAP TOPIC COUNT [OPTION=VALUE ...]      many producers and consumers, each on one partition; a
 *                                                              producer has at most `window` records on their way;
 *                                                              the time from handing a record over to reading it
 *
 * Options: bytes=100 partitions=1 codec=none acks=all rate=1000 (latency), clients=100 window=10 (crowd). With a codec
 * the values are text of a few hundred words, else bytes that do not compress.
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

static const char *bootstrap, *topic, *codec = "none", *acks = "all";
static size_t bytes = 100;
static int partitions = 1;
static long rate = 1000, clients = 100, window = 10, failures;

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

/* The opaque value of a producer in a crowd counts what it has on its way. */
static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  (void)client;
  if (opaque != NULL) --*(long *)opaque;
  if (message->err) __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

static rd_kafka_t *producer(const char *linger_ms, long *in_flight) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "acks", acks);
  set(conf, "compression.codec", codec);
  set(conf, "linger.ms", linger_ms);
  set(conf, "batch.num.messages", "10000");
  set(conf, "queue.buffering.max.messages", "500000");
  set(conf, "queue.buffering.max.kbytes", "1048576");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_conf_set_opaque(conf, in_flight);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (client == NULL) die(error);
  return client;
}

/* Reads `count` partitions from the given one on. */
static rd_kafka_t *consumer(int64_t offset, int first, int count) {
  char error[256];
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap);
  set(conf, "group.id", "loader");
  set(conf, "enable.auto.commit", "false");
  set(conf, "fetch.wait.max.ms", "100");
  set(conf, "fetch.message.max.bytes", "8388608");
  set(conf, "queued.min.messages", "10000000");
  set(conf, "fetch.error.backoff.ms", "1");
  /* With a full queue librdkafka rests for half a second, which would be most of what is measured. */
  set(conf, "queued.max.messages.kbytes", "2097151");
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (client == NULL) die(error);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
  for (int i = 0; i < count; i++) rd_kafka_topic_partition_list_add(list, topic, first + i)->offset = offset;
  if (rd_kafka_assign(client, list)) die("assign failed");
  rd_kafka_topic_partition_list_destroy(list);
  return client;
}

static void send_record(rd_kafka_t *client, const char *value, int partition) {
  for (;;) {
    rd_kafka_resp_err_t error = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                                                  RD_KAFKA_V_VALUE((void *)value, bytes),
                                                  RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (!error) return;
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(error));
    rd_kafka_poll(client, 5);
  }
}

static uint32_t next_number(void) {
  static uint32_t state = 2463534242u;
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state;
}

/* Bytes that do not compress, the same in every run. */
static char *make_value(void) {
  char *value = malloc(bytes < 8 ? 8 : bytes);
  for (size_t i = 0; i < bytes; i++) value[i] = (char)('!' + next_number() % 90);
  return value;
}

#define TEXT_BYTES (1 << 20)
#define WORDS 500

/* Text that compresses as text does, the same in every run; a record's value is any part of it. */
static char *make_text(void) {
  char words[WORDS][12], *text = malloc(TEXT_BYTES + bytes);
  for (int i = 0; i < WORDS; i++) {
    int length = 2 + (int)(next_number() % 9);
    for (int k = 0; k < length; k++) words[i][k] = (char)('a' + next_number() % 26);
    words[i][length] = ' ', words[i][length + 1] = 0;
  }
  for (size_t at = 0; at < TEXT_BYTES + bytes;) {
    const char *word = words[next_number() % WORDS];
    for (; *word && at < TEXT_BYTES + bytes; word++) text[at++] = *word;
  }
  return text;
}

static void report(long count, size_t value_bytes, int64_t elapsed_ns) {
  double seconds = elapsed_ns / 1e9;
  printf("{\"records\":%ld,\"seconds\":%.4f,\"recordsPerSecond\":%.0f,\"megabytesPerSecond\":%.1f,\"failures\":%ld}\n",
         count, seconds, count / seconds, count * (double)value_bytes / 1e6 / seconds, failures);
}

static void produce(long count) {
  rd_kafka_t *client = producer("5", NULL);
  int is_text = strcmp(codec, "none") != 0;
  const char *value = is_text ? make_text() : make_value();
  /* Finding out whether a broker can compress takes librdkafka a second, whoever answers. */
  send_record(client, value, 0);
  rd_kafka_flush(client, 120000);
  int64_t start = now_ns();
  for (long i = 0; i < count; i++) {
    send_record(client, is_text ? value + next_number() % TEXT_BYTES : value, (int)(i % partitions));
    if (i % 128 == 0) rd_kafka_poll(client, 0);
  }
  rd_kafka_flush(client, 120000);
  report(count, bytes, now_ns() - start);
}

static void consume(long count) {
  rd_kafka_t *client = consumer(RD_KAFKA_OFFSET_BEGINNING, 0, partitions);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
  rd_kafka_message_t *messages[BATCH];
  size_t value_bytes = 0;
  long got = 0;
  int64_t start = 0;
  while (got < count) {
    /* It waits for as many as it is asked for: never for more than there are. */
    size_t wanted = count - got < BATCH ? (size_t)(count - got) : BATCH;
    ssize_t taken = rd_kafka_consume_batch_queue(queue, 1000, messages, wanted);
    for (ssize_t i = 0; i < taken; i++) {
      if (start == 0) start = now_ns();
      if (!messages[i]->err) got++, value_bytes = messages[i]->len;
      rd_kafka_message_destroy(messages[i]);
    }
  }
  report(got, value_bytes, now_ns() - start);
}

/* Reads records whose first bytes say when they were due; a due time of 0 only shows that the reader is at the end. */
struct reader {
  int partition;
  long count, got;
  int64_t *delays_ns;
  volatile int is_ready;
};

static void *read_delays(void *argument) {
  struct reader *reader = argument;
  rd_kafka_t *client = consumer(RD_KAFKA_OFFSET_END, reader->partition, 1);
  while (reader->got < reader->count) {
    rd_kafka_message_t *message = rd_kafka_consumer_poll(client, 100);
    int64_t due;
    if (message == NULL) continue;
    if (!message->err && message->len >= sizeof due) {
      memcpy(&due, message->payload, sizeof due);
      if (due == 0) reader->is_ready = 1;
      else reader->delays_ns[reader->got++] = now_ns() - due;
    }
    rd_kafka_message_destroy(message);
  }
  return NULL;
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void report_delays(int64_t *delays_ns, long count, double seconds) {
  qsort(delays_ns, count, sizeof(int64_t), by_size);
  printf("{\"records\":%ld,\"recordsPerSecond\":%.0f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"maxMs\":%.3f,\"failures\":%ld}\n",
         count, count / seconds, delays_ns[count / 2] / 1e6, delays_ns[(long)(count * 0.99)] / 1e6,
         delays_ns[count - 1] / 1e6, failures);
}

static void latency(long count) {
  struct reader reader = {0, count, 0, malloc(count * sizeof(int64_t)), 0};
  pthread_t thread;
  pthread_create(&thread, NULL, read_delays, &reader);
  rd_kafka_t *client = producer("0", NULL);
  char *value = make_value();
  struct timespec nap = {0, 50 * 1000}, pause = {0, 50 * 1000 * 1000};
  memset(value, 0, sizeof(int64_t));
  while (!reader.is_ready) {
    send_record(client, value, 0);
    nanosleep(&pause, NULL);
    rd_kafka_poll(client, 0);
  }
  int64_t start = now_ns() + 100 * 1000 * 1000;
  for (long i = 0; i < count; i++) {
    int64_t due = start + i * INT64_C(1000000000) / rate;
    while (now_ns() < due) nanosleep(&nap, NULL), rd_kafka_poll(client, 0);
    memcpy(value, &due, sizeof due);
    send_record(client, value, 0);
  }
  rd_kafka_flush(client, 60000);
  pthread_join(thread, NULL);
  report_delays(reader.delays_ns, count, (now_ns() - start) / 1e9);
}

struct sender {
  int partition;
  long count, in_flight;
};

static volatile int is_crowd_ready;

static void *send_in_crowd(void *argument) {
  struct sender *sender = argument;
  rd_kafka_t *client = producer("1", &sender->in_flight);
  char *value = malloc(bytes);
  memset(value, 'x', bytes);
  memset(value, 0, sizeof(int64_t));
  struct timespec pause = {0, 100 * 1000 * 1000};
  while (!is_crowd_ready) {
    sender->in_flight++;
    send_record(client, value, sender->partition);
    rd_kafka_poll(client, 0);
    nanosleep(&pause, NULL);
  }
  for (long i = 0; i < sender->count; i++) {
    while (sender->in_flight >= window) rd_kafka_poll(client, 10);
    int64_t due = now_ns();
    memcpy(value, &due, sizeof due);
    sender->in_flight++;
    send_record(client, value, sender->partition);
  }
  rd_kafka_flush(client, 60000);
  return NULL;
}

/* Each record is read by every consumer of its partition: with as many partitions as clients, by one. */
static void crowd(long count) {
  struct sender senders[clients];
  struct reader readers[clients];
  pthread_t sending[clients], reading[clients];
  long each = count / clients, expected = 0;
  for (int i = 0; i < clients; i++) {
    int writers = (int)((clients - 1 - i % partitions) / partitions) + 1;
    readers[i] = (struct reader){i % partitions, each * writers, 0, NULL, 0};
    readers[i].delays_ns = malloc(readers[i].count * sizeof(int64_t));
    expected += readers[i].count;
    pthread_create(&reading[i], NULL, read_delays, &readers[i]);
  }
  for (int i = 0; i < clients; i++) {
    senders[i] = (struct sender){i % partitions, each, 0};
    pthread_create(&sending[i], NULL, send_in_crowd, &senders[i]);
  }
  for (int i = 0; i < clients; i++)
    while (!readers[i].is_ready) nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
  int64_t start = now_ns();
  is_crowd_ready = 1;
  for (int i = 0; i < clients; i++) pthread_join(sending[i], NULL);
  double seconds = (now_ns() - start) / 1e9;
  int64_t *delays_ns = malloc(expected * sizeof(int64_t));
  long got = 0;
  for (int i = 0; i < clients; i++) {
    pthread_join(reading[i], NULL);
    memcpy(delays_ns + got, readers[i].delays_ns, readers[i].got * sizeof(int64_t));
    got += readers[i].got;
  }
  /* The rate is that of what was written, however often it was read. */
  report_delays(delays_ns, got, seconds * got / (each * clients));
}

static void take_option(char *option) {
  char *value = strchr(option, '=');
  if (value == NULL) die("options are NAME=VALUE");
  *value++ = 0;
  if (!strcmp(option, "bytes")) bytes = (size_t)atol(value);
  else if (!strcmp(option, "partitions")) partitions = atoi(value);
  else if (!strcmp(option, "codec")) codec = value;
  else if (!strcmp(option, "acks")) acks = value;
  else if (!strcmp(option, "rate")) rate = atol(value);
  else if (!strcmp(option, "clients")) clients = atol(value);
  else if (!strcmp(option, "window")) window = atol(value);
  else die("unknown option");
}

int main(int argc, char **argv) {
  if (argc < 5) die("produce|consume|latency|crowd BOOTSTRAP TOPIC COUNT [OPTION=VALUE ...]");
  bootstrap = argv[2], topic = argv[3];
  long count = atol(argv[4]);
  for (int i = 5; i < argc; i++) take_option(argv[i]);
  if (bytes < sizeof(int64_t)) bytes = sizeof(int64_t);
  if (!strcmp(argv[1], "produce")) produce(count);
  else if (!strcmp(argv[1], "consume")) consume(count);
  else if (!strcmp(argv[1], "latency")) latency(count);
  else if (!strcmp(argv[1], "crowd")) crowd(count);
  else die("unknown mode");
  return failures > 0;
}
