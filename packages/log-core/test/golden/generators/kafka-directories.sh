#!/usr/bin/env bash
# Makes the golden data directories that Apache Kafka 4.3 wrote: one after a clean stop, one after kill -9.
#   kafka-directories.sh LIBS     LIBS: the directory with Kafka's jars and their dependencies; needs Java 17
set -eu
here=$(cd "$(dirname "$0")" && pwd)
libs=$1
port=${PORT:-29192}
for mode in clean killed; do
  home=$(mktemp -d)
  cat > "$home/server.properties" <<P
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=$home/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.backoff.ms=200
log.segment.delete.delay.ms=100
P
  java -Xmx256m -cp "$libs/*" kafka.tools.StorageTool format -t MkU3OEVBNTcwNTJENDM2Qk -c "$home/server.properties" > "$home/format.log" 2>&1
  java -Xmx512m -cp "$libs/*" kafka.Kafka "$home/server.properties" > "$home/out.log" 2>&1 &
  pid=$!
  for _ in $(seq 150); do (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && break; sleep 0.2; done
  java -Xmx256m -cp "$libs/*" "$here/KafkaDirectories.java" "127.0.0.1:$port" "$home/expected.json" 1500
  if [ "$mode" = clean ]; then kill "$pid"; else kill -9 "$pid"; fi
  wait "$pid" || true
  node "$here/pack.mjs" "$home/data" "$home/expected.json" "$here/../kafka-4.3-$mode.json.gz"
  rm -rf "$home"
done
