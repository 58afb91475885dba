/** Command lines of Kafka's own tools, each of which is run on Kafka and on Millrace. */

const TOOLS = 'org.apache.kafka.tools'
export const CONFIG_TOOL = 'kafka.admin.ConfigCommand'
const CONSUMER_GROUPS = `${TOOLS}.consumer.group.ConsumerGroupCommand`

/** One command line; `B` stands for the bootstrap address. */
export interface CommandLine {
  readonly tool: string
  readonly args: string
  readonly input?: string
  /** The content of the file that `F` stands for. */
  readonly file?: string
  /** What is printed are rates and times: only the form is compared. */
  readonly isMeasured?: boolean
}

export const line = (tool: string, args: string, more: Partial<CommandLine> = {}): CommandLine => ({
  tool: tool.includes('kafka.') ? tool : `${TOOLS}.${tool}`,
  args,
  ...more,
})

/** In this order: later ones look at what earlier ones did. */
export const LINES: readonly CommandLine[] = [
  line('TopicCommand', '--bootstrap-server B --list'),
  line('TopicCommand', '--bootstrap-server B --create --topic t --partitions 3'),
  line('TopicCommand', '--bootstrap-server B --create --topic t'),
  line('TopicCommand', '--bootstrap-server B --create --if-not-exists --topic t'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --config retention.ms=x'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --replication-factor 3'),
  line('TopicCommand', '--bootstrap-server B --create --topic a --replica-assignment 1,1'),
  line('TopicCommand', '--bootstrap-server B --create --topic c --config cleanup.policy=compact'),
  line('TopicCommand', '--bootstrap-server B --describe'),
  line('TopicCommand', '--bootstrap-server B --describe --topic nope'),
  line('TopicCommand', '--bootstrap-server B --alter --topic t --partitions 2'),
  line('TopicCommand', '--bootstrap-server B --alter --topic t --partitions 4'),
  line('TopicCommand', '--bootstrap-server B --describe --topic t'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type topics --entity-name t --add-config retention.ms=99999',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --alter --entity-type topics --entity-name t --add-config foo=1'),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type topics --entity-name t'),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --all --entity-type topics --entity-name c'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type topics --entity-name t --delete-config retention.ms',
  ),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type brokers --entity-default --add-config log.retention.ms=77777',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type brokers --entity-default'),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --all --entity-type topics --entity-name t'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type brokers --entity-default --delete-config log.retention.ms',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type groups --entity-name g'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type clients --entity-name n --add-config producer_byte_rate=1000',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type clients'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type clients --entity-name n --delete-config producer_byte_rate',
  ),
  // With a key, since without one Java's producer picks a partition by chance. This one leads to partition 0.
  line(
    'ConsoleProducer',
    '--bootstrap-server B --topic a --reader-property parse.key=true --reader-property key.separator=:',
    { input: 'k:one\nk:two\nk:three\n' },
  ),
  line('GetOffsetShell', '--bootstrap-server B --topic a'),
  line('GetOffsetShell', '--bootstrap-server B --topic t --time earliest'),
  line(
    'consumer.ConsoleConsumer',
    '--bootstrap-server B --topic a --from-beginning --max-messages 3 --timeout-ms 20000 --group g',
  ),
  line('VerifiableProducer', '--bootstrap-server B --topic t --max-messages 20 --acks -1 --throughput 100', {
    isMeasured: true,
  }),
  line(
    'VerifiableConsumer',
    '--bootstrap-server B --topic t --group-id v --max-messages 20 --reset-policy earliest',
    {
      isMeasured: true,
    },
  ),
  line(CONSUMER_GROUPS, '--bootstrap-server B --list'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group g'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group g --state'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group g --topic a --to-earliest --dry-run'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group g --topic a --to-earliest --execute'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group nope'),
  line('GroupsCommand', '--bootstrap-server B --list'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --delete --group g'),
  line('LogDirsCommand', '--bootstrap-server B --describe --topic-list a'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type preferred --topic t --partition 0'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type preferred --all-topic-partitions'),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --list'),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --execute', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1]}]}',
  }),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --verify', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"replicas":[1]}]}',
  }),
  line('DeleteRecordsCommand', '--bootstrap-server B --offset-json-file F', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"offset":1}]}',
  }),
  line('DeleteRecordsCommand', '--bootstrap-server B --offset-json-file F', {
    file: '{"version":1,"partitions":[{"topic":"a","partition":0,"offset":99}]}',
  }),
  line('GetOffsetShell', '--bootstrap-server B --topic a --time earliest'),
  line('FeatureCommand', '--bootstrap-server B describe'),
  line('ClusterTool', 'cluster-id --bootstrap-server B'),
  line('ClusterTool', 'list-endpoints --bootstrap-server B'),
  line(
    'ProducerPerformance',
    '--bootstrap-server B --topic t --num-records 1000 --record-size 100 --throughput -1',
    {
      isMeasured: true,
    },
  ),
  line('ConsumerPerformance', '--bootstrap-server B --topic t --num-records 500 --hide-header', {
    isMeasured: true,
  }),
  line(
    'EndToEndLatency',
    '--bootstrap-server B --topic t --num-records 100 --producer-acks all --record-size 100',
    {
      isMeasured: true,
    },
  ),
  line('TopicCommand', '--bootstrap-server B --delete --topic t'),
  line('TopicCommand', '--bootstrap-server B --delete --topic t'),
  line('TopicCommand', '--bootstrap-server B --list'),
]

const ASSIGNMENT = '{"version":1,"partitions":[{"topic":"m","partition":0,"replicas":[1]}]}'

/** Behind those above, for the nightly run: further options of the same tools. */
export const MORE_LINES: readonly CommandLine[] = [
  line(
    'TopicCommand',
    '--bootstrap-server B --create --topic m --partitions 2 --config retention.ms=86400000',
  ),
  line('TopicCommand', '--bootstrap-server B --create --topic m.1'),
  line('TopicCommand', '--bootstrap-server B --create --topic m_1'),
  line('TopicCommand', '--bootstrap-server B --create --topic a/b'),
  line('TopicCommand', '--bootstrap-server B --create --topic p --partitions 0'),
  line('TopicCommand', '--bootstrap-server B --list --exclude-internal'),
  line('TopicCommand', '--bootstrap-server B --list --topic m.*'),
  line('TopicCommand', '--bootstrap-server B --describe --under-replicated-partitions'),
  line('TopicCommand', '--bootstrap-server B --describe --unavailable-partitions'),
  line('TopicCommand', '--bootstrap-server B --describe --under-min-isr-partitions'),
  line('TopicCommand', '--bootstrap-server B --describe --at-min-isr-partitions --topic m'),
  line('TopicCommand', '--bootstrap-server B --alter --topic nope --partitions 4'),
  line('TopicCommand', '--bootstrap-server B --alter --topic nope --partitions 4 --if-exists'),
  line('TopicCommand', '--bootstrap-server B --alter --topic m --partitions 3 --replica-assignment 1,1,9'),
  line('TopicCommand', '--bootstrap-server B --delete --topic nope --if-exists'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type brokers --entity-name 1 --add-config log.retention.ms=77777',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type brokers --entity-name 1'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type brokers --entity-name 1 --delete-config log.retention.ms',
  ),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type groups --entity-name g --add-config consumer.session.timeout.ms=50000',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type groups --entity-name g'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type groups --entity-name g --add-config consumer.session.timeout.ms=1',
  ),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type users --entity-default --add-config consumer_byte_rate=2000,request_percentage=50',
  ),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type users --entity-name u --entity-type clients --entity-name c --add-config producer_byte_rate=3000',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type users --entity-type clients'),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --user u --client c'),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --user-defaults'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type users --entity-default --delete-config consumer_byte_rate,request_percentage',
  ),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type topics --entity-name m --add-config cleanup.policy=[compact,delete]',
  ),
  line(CONFIG_TOOL, '--bootstrap-server B --describe --entity-type topics'),
  line(
    CONFIG_TOOL,
    '--bootstrap-server B --alter --entity-type topics --entity-name m --delete-config never.set',
  ),
  line(
    'ConsoleProducer',
    '--bootstrap-server B --topic m --reader-property parse.key=true --reader-property key.separator=:',
    { input: 'k:one\nk:two\nk:three\nk:four\n' },
  ),
  line('GetOffsetShell', '--bootstrap-server B --topic-partitions m:0-2,a'),
  line('GetOffsetShell', '--bootstrap-server B --topic m --time 1'),
  line('GetOffsetShell', '--bootstrap-server B --exclude-internal-topics'),
  line('GetOffsetShell', '--bootstrap-server B --topic nope'),
  line(
    'consumer.ConsoleConsumer',
    '--bootstrap-server B --topic m --from-beginning --max-messages 2 --timeout-ms 20000 --group h --formatter-property print.key=true',
  ),
  line(
    'consumer.ConsoleConsumer',
    '--bootstrap-server B --topic m --partition 0 --offset 0 --max-messages 1 --timeout-ms 5000',
  ),
  line(CONSUMER_GROUPS, '--bootstrap-server B --list --state'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --list --type'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group h --members --verbose'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group h --offsets --verbose'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group h --topic m --shift-by -1 --execute'),
  line(
    CONSUMER_GROUPS,
    '--bootstrap-server B --reset-offsets --group h --topic m:0 --to-offset 99 --execute',
  ),
  line(
    CONSUMER_GROUPS,
    '--bootstrap-server B --reset-offsets --group h --all-topics --to-latest --export --dry-run',
  ),
  line(CONSUMER_GROUPS, '--bootstrap-server B --reset-offsets --group h --topic nope --to-latest --dry-run'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --delete-offsets --group h --topic m'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --describe --group h'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --delete --group nope'),
  line(CONSUMER_GROUPS, '--bootstrap-server B --delete --all-groups'),
  line('GroupsCommand', '--bootstrap-server B --list --group-type classic'),
  line('LogDirsCommand', '--bootstrap-server B --describe --topic-list m --broker-list 1'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type unclean --topic m --partition 0'),
  line('LeaderElectionCommand', '--bootstrap-server B --election-type preferred --path-to-json-file F', {
    file: '{"partitions":[{"topic":"m","partition":0},{"topic":"nope","partition":0}]}',
  }),
  line(
    'reassign.ReassignPartitionsCommand',
    '--bootstrap-server B --generate --broker-list 1 --topics-to-move-json-file F',
    {
      file: '{"version":1,"topics":[{"topic":"a"}]}',
    },
  ),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --cancel', {
    file: ASSIGNMENT,
  }),
  line('reassign.ReassignPartitionsCommand', '--bootstrap-server B --reassignment-json-file F --execute', {
    file: ASSIGNMENT.replace('[1]', '[9]'),
  }),
  line('TopicCommand', '--bootstrap-server B --delete --topic m.*'),
]
