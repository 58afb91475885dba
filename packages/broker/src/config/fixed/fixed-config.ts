import type { ConfigTypeName } from '../config-value.ts'

/**
 * A broker configuration of Kafka's that has no meaning here. It is shown with its default; any other value is
 * refused with `because`, so that nobody believes it was heeded.
 */
export interface FixedConfig {
  readonly name: string
  readonly type: ConfigTypeName
  readonly defaultText: string | null
  /** Whether Kafka lets it be changed while the broker runs: DescribeConfigs shows it as Kafka does. */
  readonly isLive: boolean
  readonly because: string
}

/** One line of a table of fixed configurations. */
export type FixedConfigLine = readonly [
  name: string,
  type: ConfigTypeName,
  defaultText: string | null,
  update?: 'live',
]

/** Configurations that are fixed for one reason. */
export function fixedConfigs(because: string, lines: readonly FixedConfigLine[]): FixedConfig[] {
  return lines.map(([name, type, defaultText, update]) => ({
    name,
    type,
    defaultText,
    isLive: update === 'live',
    because,
  }))
}
