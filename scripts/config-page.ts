/** The text of `docs/configs.md`, from the tables that the broker itself reads. */
import { brokerConfigTable } from '../packages/broker/src/config/broker-config-table.ts'
import type { ConfigValue } from '../packages/broker/src/config/config-value.ts'
import { fixedBrokerConfigs } from '../packages/broker/src/config/fixed-broker-configs.ts'
import { groupConfigTable } from '../packages/broker/src/config/group-config-table.ts'
import { topicConfigTable } from '../packages/broker/src/config/topic-config-table.ts'

/** The page, `table` being how its tables are written. */
export function configPage(
  madeBy: string,
  table: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  return `# Configuration

${madeBy}

The keys of topics, brokers and groups are those of Apache Kafka 4.3. Each one either **works**, or is **fixed**: it has no
meaning here, is shown with its default, and any other value is refused with INVALID_CONFIG and the reason. None is stored
and ignored. Brokers have some of our own, which begin with \`millrace.\`. Where values or defaults are others than Kafka's, the
line says what Kafka has; decision 0055 tells why some lower bounds are.

## Topics

Set with CreateTopics, IncrementalAlterConfigs or AlterConfigs; they take effect at once. The default is the one of the
broker where the last column names one.

${table(['key', 'type', 'values', 'default', 'what it does', "broker's default"], topicRows())}

Fixed:

${table(['key', 'type', 'value', 'why'], fixedRows(topicConfigTable))}

## Brokers

Given at start (\`--set KEY=VALUE\`, \`--config FILE\`, or \`config\` of \`startBroker\`). Those that are \`live\` can also be
changed while the broker runs, for all brokers (empty resource name) or, where the process is one broker, under its id;
they take effect at once and survive a restart. An unknown key is refused with the nearest known one.

${table(['key', 'type', 'values', 'default', 'change', 'unit', 'what it does'], brokerRows())}

Fixed:

${table(['key', 'type', 'value', 'why'], fixedBrokerRows())}

## Groups

Kept for the group's name, whether the group is there or not; they take effect at the next heartbeat.

${table(['key', 'type', 'values', 'default', 'what it does'], groupRows())}

Fixed:

${table(['key', 'type', 'value', 'why'], fixedRows(groupConfigTable))}

## Client quotas

\`producer_byte_rate\`, \`consumer_byte_rate\` (bytes a second) and \`request_percentage\` (of the one event loop) work, by user,
client id, both, and their defaults. \`controller_mutation_rate\` and \`connection_creation_rate\` are refused.
`
}

function topicRows(): string[][] {
  return sorted(topicConfigTable)
    .filter(([, row]) => row.fixedBecause === null)
    .map(([name, { value, about, brokerName }]) => [
      code(name),
      value.type,
      value.accepts,
      shown(value.defaultText),
      about,
      brokerName === null ? '' : code(brokerName),
    ])
}

function fixedRows(
  table: Readonly<Record<string, { value: ConfigValue<unknown>; fixedBecause: string | null }>>,
): string[][] {
  return sorted(table)
    .filter(([, row]) => row.fixedBecause !== null)
    .map(([name, { value, fixedBecause }]) => [
      code(name),
      value.type,
      shown(value.defaultText),
      fixedBecause ?? '',
    ])
}

function brokerRows(): string[][] {
  const table: Readonly<
    Record<string, { value: ConfigValue<unknown>; update: string; unit: string; about: string }>
  > = brokerConfigTable
  return sorted(table).map(([name, { value, update, unit, about }]) => [
    code(name),
    value.type,
    value.accepts,
    shown(value.defaultText),
    update,
    unit,
    about,
  ])
}

function fixedBrokerRows(): string[][] {
  return sorted(Object.fromEntries(fixedBrokerConfigs)).map(([name, { type, defaultText, because }]) => [
    code(name),
    type,
    shown(defaultText),
    because,
  ])
}

function groupRows(): string[][] {
  return sorted(groupConfigTable)
    .filter(([, row]) => row.fixedBecause === null)
    .map(([name, { value, about }]) => [
      code(name),
      value.type,
      value.accepts,
      shown(value.defaultText),
      about,
    ])
}

function sorted<Row>(table: Readonly<Record<string, Row>>): [string, Row][] {
  return Object.entries(table).sort(([left], [right]) => (left < right ? -1 : 1))
}

function code(text: string): string {
  return `\`${text}\``
}

function shown(text: string | null): string {
  if (text === null) return 'none'
  return text === '' ? 'empty' : code(text.replaceAll('|', '\\|'))
}
