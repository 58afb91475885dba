/** Which values a broker takes for what can be set while it runs: asked of Kafka and of Millrace. */
import { describeConfigs, incrementalAlterConfigs } from '@millrace/protocol'
import type { WireClient } from '../../../../test/bad-input/wire-client.ts'

const TOPIC = 2
const BROKER = 4

/** The edges of Kafka's ranges with what lies beside them, extremes of the types, and texts that are no numbers. */
const VALUES = [
  ...['-9223372036854775808', '-2147483649', '-131073', '-131072', '-2', '-1', '0', '1', '3', '4', '9', '10'],
  ...['22', '23', '1023', '1024', '1048575', '1048576', '1048577', '2147483647', '2147483648'],
  ...[
    '9223372036854775807',
    '9223372036854775808',
    '0.5',
    '1.5',
    '-0.1',
    'true',
    'TRUE',
    'yes',
    '',
    ' 7 ',
    '1e3',
  ],
  ...['delete', 'compact,delete', 'compact,x', 'gzip', 'none', 'CreateTime', 'createtime', '10.0.0.1:5'],
]

/** Where the answers differ, and must: decision 0055, or values of which Kafka says itself that they have no meaning. */
const OTHERWISE: Readonly<Record<string, (value: number) => boolean>> = {
  'segment.bytes': (value) => value >= 1024 && value < 1_048_576,
  'log.segment.bytes': (value) => value >= 1024 && value < 1_048_576,
  'log.cleaner.dedupe.buffer.size': (value) => value >= 1024 && value <= 1_048_576,
  // Kafka reads every number below 0 as -1 here.
  'log.retention.ms': (value) => value < -1,
  'log.flush.interval.ms': (value) => value < 0,
  // Kafka refuses every change of one broker's while eligible leader replicas are on.
  'min.insync.replicas': () => true,
}

/** One set of names whose values are compared. */
export interface SettableConfigs {
  readonly resourceType: number
  readonly resourceName: string
  readonly names: readonly string[]
}

/** What works here and may be set while running, by the topic `topic` and by the only broker. */
export async function settableConfigs(client: WireClient, topic: string): Promise<SettableConfigs[]> {
  const asked = [
    [TOPIC, topic],
    [BROKER, '1'],
  ] as const
  const resources = asked.map(([resourceType, resourceName]) => ({
    resourceType,
    resourceName,
    configurationKeys: null,
  }))
  const { results } = await client.ask(describeConfigs, 4, { resources, includeDocumentation: true })
  return results.map(({ configs, resourceName, resourceType }) => ({
    resourceType,
    resourceName,
    names: configs
      .filter(({ documentation, readOnly }) => !readOnly && !documentation?.startsWith('Fixed: '))
      .map(({ name }) => name),
  }))
}

/** The values of each configuration that are taken, without setting any. */
export async function takenValues(
  client: WireClient,
  { names, resourceName, resourceType }: SettableConfigs,
): Promise<Record<string, string[]>> {
  const taken: Record<string, string[]> = {}
  for (const name of names) {
    const values = []
    for (const value of VALUES.filter((one) => OTHERWISE[name]?.(Number(one)) !== true)) {
      const resources = [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }]
      const { responses } = await client.ask(incrementalAlterConfigs, 1, { resources, validateOnly: true })
      if (responses[0]?.errorCode === 0) values.push(value)
    }
    taken[name] = values
  }
  return taken
}
