import { type BrokerConfigName, type BrokerConfigRow, brokerConfigTable } from './broker-config-table.ts'
import { canonicalText } from './canonical-text.ts'
import { InvalidConfigError, invalidConfig, readConfig } from './config-value.ts'
import { fixedBrokerConfigs } from './fixed-broker-configs.ts'
import { nearestNameHint } from './nearest-name.ts'

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
    checkIsText(name, text)
    if (isBrokerConfigName(name)) config[name] = readBrokerConfig(name, text)
    else checkBrokerSetting(name, text)
  }
  // Kafka's older name: configuration files that were written for years have it.
  if (!Object.hasOwn(settings, 'node.id') && Number(config['broker.id']) >= 0) {
    config['node.id'] = config['broker.id']
  }
  return config as BrokerConfig
}

/** Throws InvalidConfigError, in Kafka's words, where settings that could each be contradict one another. */
export function checkBrokerConfig(config: BrokerConfig): void {
  if (config['max.connections.per.ip'] > 0 || config['max.connections.per.ip.overrides'].size > 0) return
  throw new InvalidConfigError(
    'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
  )
}

/** Whether `name` is a broker configuration that has an effect here. */
export function isBrokerConfigName(name: string): name is BrokerConfigName {
  return Object.hasOwn(brokerConfigTable, name)
}

/** Throws InvalidConfigError when `name` cannot be set to `text`: unknown, unreadable, or of no effect here. */
export function checkBrokerSetting(name: string, text: string): void {
  if (isBrokerConfigName(name)) {
    readBrokerConfig(name, text)
    return
  }
  const fixed = fixedBrokerConfigs.get(name)
  if (fixed === undefined) throw unknownName(name)
  if (!isDefault(fixed, text)) throw invalidConfig(name, text, fixed.because)
}

function readBrokerConfig(name: BrokerConfigName, text: string): unknown {
  return readConfig<unknown>(name, brokerConfigTable[name].value, text)
}

/** Fixed values are compared as text: nothing but the default can be meant by another spelling of it. */
function isDefault(
  { type, defaultText }: { type: Parameters<typeof canonicalText>[0]; defaultText: string | null },
  text: string,
): boolean {
  const isNumber = type === 'INT' || type === 'SHORT' || type === 'LONG'
  if (isNumber && !/^\s*[+-]?\d+\s*$/.test(text)) return false
  return canonicalText(type, text) === (defaultText ?? '')
}

function unknownName(name: string): InvalidConfigError {
  const hint = nearestNameHint(name, [...Object.keys(brokerConfigTable), ...fixedBrokerConfigs.keys()])
  return new InvalidConfigError(`Unknown broker configuration ${name}${hint}`)
}

/** Programs in JavaScript write numbers, which Kafka's names do not have either. */
function checkIsText(name: string, text: unknown): void {
  if (typeof text !== 'string') throw invalidConfig(name, String(text), 'Expected a string')
}
