import type { BrokerConfig } from './broker-config.ts'
import type { BrokerSettings } from './broker-settings.ts'
import { canonicalText } from './canonical-text.ts'
import type { Configs } from './config-change.ts'
import { type ConfigEntry, ConfigSource } from './config-source.ts'
import { InvalidConfigError, invalidConfig, readConfig } from './config-value.ts'
import { groupConfigTable } from './group-config-table.ts'
import { nearestNameHint } from './nearest-name.ts'

const BOUNDS = {
  'consumer.heartbeat.interval.ms': [
    'group.consumer.min.heartbeat.interval.ms',
    'group.consumer.max.heartbeat.interval.ms',
  ],
  'consumer.session.timeout.ms': [
    'group.consumer.min.session.timeout.ms',
    'group.consumer.max.session.timeout.ms',
  ],
} as const

/** Throws InvalidConfigError when a group cannot be configured so: an unknown name, a value that cannot be, or has no effect. */
export function checkGroupConfigs(configs: Configs, brokerConfig: BrokerConfig): void {
  for (const [name, text] of Object.entries(configs)) {
    const row = Object.hasOwn(groupConfigTable, name) ? groupConfigTable[name] : undefined
    if (row === undefined) {
      const hint = nearestNameHint(name, Object.keys(groupConfigTable))
      throw new InvalidConfigError(`Unknown group config name: ${name}${hint}`)
    }
    const value = readConfig(name, row.value, text)
    if (row.fixedBecause !== null && String(value) !== String(row.value.defaultValue)) {
      throw invalidConfig(name, text, row.fixedBecause)
    }
  }
  checkConsumerTimes(configs, brokerConfig)
}

/** The sentences are Kafka's. */
function checkConsumerTimes(configs: Configs, brokerConfig: BrokerConfig): void {
  for (const name of ['consumer.heartbeat.interval.ms', 'consumer.session.timeout.ms'] as const) {
    const text = configs[name]
    if (text === undefined) continue
    const [min, max] = BOUNDS[name]
    if (Number(text) < brokerConfig[min]) {
      throw new InvalidConfigError(`${name} must be greater than or equal to ${min}`)
    }
    if (Number(text) > brokerConfig[max])
      throw new InvalidConfigError(`${name} must be less than or equal to ${max}`)
  }
  const session = configs['consumer.session.timeout.ms'] ?? brokerConfig['group.consumer.session.timeout.ms']
  const heartbeat =
    configs['consumer.heartbeat.interval.ms'] ?? brokerConfig['group.consumer.heartbeat.interval.ms']
  if (Number(session) <= Number(heartbeat)) {
    throw new InvalidConfigError(
      'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms',
    )
  }
}

/** Every configuration of one group, by name. */
export function groupConfigEntries(group: Configs, settings: BrokerSettings, nodeId: number): ConfigEntry[] {
  return Object.entries(groupConfigTable)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, { about, brokerName, fixedBecause, value }]) => {
      const inherited =
        brokerName === null
          ? [{ name, value: value.defaultText, source: ConfigSource.DEFAULT }]
          : settings.synonymsOf(brokerName, nodeId)
      const own = Object.hasOwn(group, name) ? group[name] : undefined
      const synonyms =
        own === undefined ? inherited : [{ name, value: own, source: ConfigSource.GROUP }, ...inherited]
      const text = synonyms[0]?.value ?? value.defaultText
      return {
        name,
        value: text === null ? null : canonicalText(value.type, text),
        type: value.type,
        source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
        isReadOnly: false,
        isSensitive: false,
        synonyms,
        documentation: fixedBecause === null ? about : `Fixed: ${fixedBecause}.`,
      }
    })
}
