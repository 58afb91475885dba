import { type BrokerConfigName, type BrokerConfigRow, brokerConfigTable } from './broker-config-table.ts'
import { InvalidConfigError } from './config-value.ts'
import { nearestName } from './nearest-name.ts'

type Table = typeof brokerConfigTable

/** The broker's configuration, typed, under Kafka's own names: `config['num.partitions']`. */
export type BrokerConfig = {
  readonly [Name in BrokerConfigName]: Table[Name] extends BrokerConfigRow<infer T> ? T : never
}

/**
 * Reads settings over the defaults of the table. Throws InvalidConfigError, a sentence for whoever
 * wrote the setting: an unknown key is refused with the nearest known one, never ignored.
 */
export function parseBrokerConfig(settings: Readonly<Record<string, string>>): BrokerConfig {
  const config: Record<string, unknown> = {}
  for (const [name, row] of Object.entries(brokerConfigTable)) config[name] = row.value.defaultValue
  for (const [name, text] of Object.entries(settings)) {
    if (!isBrokerConfigName(name)) throw unknownName(name)
    config[name] = parseValue(name, text)
  }
  return config as BrokerConfig
}

/** Whether `name` is a broker configuration that has an effect here. */
export function isBrokerConfigName(name: string): name is BrokerConfigName {
  return Object.hasOwn(brokerConfigTable, name)
}

function parseValue(name: BrokerConfigName, text: string): unknown {
  try {
    return brokerConfigTable[name].value.parse(text)
  } catch (cause) {
    if (!(cause instanceof InvalidConfigError)) throw cause
    throw new InvalidConfigError(`Invalid value ${text} for configuration ${name}: ${cause.message}`, {
      cause,
    })
  }
}

function unknownName(name: string): InvalidConfigError {
  const nearest = nearestName(name, Object.keys(brokerConfigTable))
  const hint = nearest === null ? '' : `: did you mean ${nearest}?`
  return new InvalidConfigError(`Unknown broker configuration ${name}${hint}`)
}
