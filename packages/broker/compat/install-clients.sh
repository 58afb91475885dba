#!/usr/bin/env bash
# Puts every foreign client on this machine: kcat, tmux, zsh, fish and chromium from the distribution, the Python clients in a virtual
# environment, franz-go in Go's module cache, Kafka's Java client. It can be run again at any time.
#
# Nothing is written into the repository: MILLRACE_CLIENTS names the folder, by default one in the user's cache.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
clients=${MILLRACE_CLIENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace-clients}
mkdir -p "$clients"

have() { command -v "$1" > /dev/null 2>&1; }

wanted=()
have kcat || wanted+=(kcat)
have tmux || wanted+=(tmux)
have zsh || wanted+=(zsh)
have fish || wanted+=(fish)
have chromium || wanted+=(chromium fonts-dejavu-core)
have python3 || wanted+=(python3 python3-venv)
have go || wanted+=(golang-go)
have javac || wanted+=(default-jdk-headless)
have mvn || wanted+=(maven)
if [ ${#wanted[@]} -gt 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null
fi

# The sum of its inputs tells whether a part is as it should be.
is_current() { [ -f "$clients/$1.sum" ] && [ "$(cat "$clients/$1.sum")" = "$(sha256sum "$2" | cut -d' ' -f1)" ]; }
mark_current() { sha256sum "$2" | cut -d' ' -f1 > "$clients/$1.sum"; }

# A virtual environment named $1 with what the file $2 asks for.
python_environment() {
  is_current "$1" "$2" && [ -x "$clients/$1/bin/python" ] && return
  rm -rf "${clients:?}/$1"
  python3 -m venv "$clients/$1"
  "$clients/$1/bin/pip" install -q --disable-pip-version-check -r "$2"
  mark_current "$1" "$2"
}
# A console in a terminal, for the nightly run alone: it is larger than all the others together.
if [ "${1:-}" = console ]; then
  python_environment console "$here/console/requirements.txt"
  exit
fi
python_environment python "$here/programs/python/requirements.txt"
# Asks a gateway for whatever its OpenAPI document allows, and for what it does not.
python_environment schemathesis "$here/../../../test/http-fuzz/requirements.txt"

pom=$here/programs/java/pom.xml
if ! is_current java "$pom" || [ ! -d "$clients/java" ]; then
  rm -rf "$clients/java"
  mvn -q -B -f "$pom" dependency:copy-dependencies "-DoutputDirectory=$clients/java"
  mark_current java "$pom"
fi

# Apache Kafka itself, which some tests want beside Millrace; `test/kafka` starts it.
kafka_pom=$here/../../../test/kafka/pom.xml
if ! is_current kafka "$kafka_pom" || [ ! -f "$clients/kafka/installed" ]; then
  rm -rf "$clients/kafka"
  mvn -q -B -f "$kafka_pom" dependency:copy-dependencies "-DoutputDirectory=$clients/kafka"
  touch "$clients/kafka/installed"
  mark_current kafka "$kafka_pom"
fi

# Kafka 2.4 with ZooKeeper: the oldest broker that our own client has to work with.
kafka24_pom=$here/../../../test/kafka/2.4/pom.xml
if ! is_current kafka-2.4 "$kafka24_pom" || [ ! -f "$clients/kafka-2.4/installed" ]; then
  rm -rf "$clients/kafka-2.4"
  mvn -q -B -f "$kafka24_pom" dependency:copy-dependencies "-DoutputDirectory=$clients/kafka-2.4"
  touch "$clients/kafka-2.4/installed"
  mark_current kafka-2.4 "$kafka24_pom"
fi

# The last Kafka 3: one of its directories is imported.
kafka39_pom=$here/../../../test/kafka/3.9/pom.xml
if ! is_current kafka-3.9 "$kafka39_pom" || [ ! -f "$clients/kafka-3.9/installed" ]; then
  rm -rf "$clients/kafka-3.9"
  mvn -q -B -f "$kafka39_pom" dependency:copy-dependencies "-DoutputDirectory=$clients/kafka-3.9"
  touch "$clients/kafka-3.9/installed"
  mark_current kafka-3.9 "$kafka39_pom"
fi

# What runs on Kafka: Streams and the file connectors of Connect.
applications_pom=$here/admin/applications/pom.xml
if ! is_current kafka-applications "$applications_pom" || [ ! -d "$clients/kafka-applications" ]; then
  rm -rf "$clients/kafka-applications"
  mvn -q -B -f "$applications_pom" dependency:copy-dependencies -DexcludeTransitive=true \
    "-DoutputDirectory=$clients/kafka-applications"
  mark_current kafka-applications "$applications_pom"
fi

(cd "$here/programs/go" && go mod download)
