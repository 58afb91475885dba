import type { ConfigTypeName } from './config-value.ts'

/** Where a value comes from: Kafka's `DescribeConfigsResponse.ConfigSource`. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  GROUP: 8,
} as const

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

/** One configuration of a topic, broker or group, as it is told to clients. */
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
