import { type LogConfig, NO_LIMIT } from '@millrace/log-core'
import { type ConfigTypeName, LONG_MAX_TEXT } from './config-value.ts'
import { topicConfigTable } from './topic-config-table.ts'

/** Where a value comes from: Kafka's `DescribeConfigsResponse.ConfigSource`. */
export const ConfigSource = { TOPIC: 1, STATIC_BROKER: 4, DEFAULT: 5 } as const

/** Kafka's numbers for the types (`DescribeConfigsResponse.ConfigType`). */
export const CONFIG_TYPE_CODES: Readonly<Record<ConfigTypeName, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
}

/** One value that applies, or would apply if the ones before it were not set. */
export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: number
}

/** One configuration of a topic or broker, as it is told to clients. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly type: ConfigTypeName
  readonly source: number
  readonly isReadOnly: boolean
  readonly isSensitive: boolean
  /** Highest precedence first; the first one is the value itself. */
  readonly synonyms: readonly ConfigSynonym[]
  readonly documentation: string
}

/** What a topic's configs are made of. */
export interface TopicConfigSources {
  /** The topic's own settings. */
  readonly topic: Readonly<Record<string, string>>
  /** What the broker gives a topic without any. */
  readonly defaults: LogConfig
  /** The broker's own settings, by name: a default that comes from one of them is "static". */
  readonly brokerSettings: Readonly<Record<string, string>>
}

/** Every configuration of a topic, by name (trap 26: the order is visible). */
export function topicConfigEntries(sources: TopicConfigSources): ConfigEntry[] {
  return Object.keys(topicConfigTable)
    .sort()
    .map((name) => topicConfigEntry(name, sources))
}

function topicConfigEntry(
  name: string,
  { topic, defaults, brokerSettings }: TopicConfigSources,
): ConfigEntry {
  const row = topicConfigTable[name]
  if (row === undefined) throw new RangeError(`no topic configuration ${name}`)
  const synonyms: ConfigSynonym[] = []
  const own = Object.hasOwn(topic, name) ? topic[name] : undefined
  if (own !== undefined) synonyms.push({ name, value: own, source: ConfigSource.TOPIC })
  const brokerText = row.field === null ? row.value.defaultText : textOf(defaults[row.field])
  if (row.brokerName !== null) {
    if (brokerText !== row.value.defaultText || Object.hasOwn(brokerSettings, row.brokerName)) {
      synonyms.push({ name: row.brokerName, value: brokerText, source: ConfigSource.STATIC_BROKER })
    }
    synonyms.push({ name: row.brokerName, value: row.value.defaultText, source: ConfigSource.DEFAULT })
  }
  return {
    name,
    value: synonyms[0]?.value ?? brokerText,
    type: row.value.type,
    source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
    isReadOnly: false,
    isSensitive: false,
    synonyms,
    documentation: row.fixedBecause ?? '',
  }
}

function textOf(value: LogConfig[keyof LogConfig]): string {
  return value === NO_LIMIT ? LONG_MAX_TEXT : String(value)
}
