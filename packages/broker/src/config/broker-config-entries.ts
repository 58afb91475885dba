import { isBrokerConfigName } from './broker-config.ts'
import { brokerConfigTable } from './broker-config-table.ts'
import type { BrokerSettings } from './broker-settings.ts'
import { canonicalText } from './canonical-text.ts'
import { type ConfigEntry, ConfigSource, type ConfigSynonym } from './config-source.ts'
import type { ConfigTypeName } from './config-value.ts'
import { fixedBrokerConfigs } from './fixed-broker-configs.ts'

/** Every configuration of a broker, by name. `identity` is what the broker is, whoever set it: ids, addresses, paths. */
export function brokerConfigEntries(
  settings: BrokerSettings,
  nodeId: number,
  identity: Readonly<Record<string, string>>,
): ConfigEntry[] {
  return SORTED_NAMES.map((name) => {
    const value = Object.hasOwn(identity, name) ? identity[name] : undefined
    const synonyms = settings.synonymsOf(name, nodeId)
    return value === undefined ? entry(name, synonyms) : entry(name, known(name, value, synonyms))
  })
}

/** What was set for all brokers while running, and nothing else: Kafka's answer for the broker without a name. */
export function clusterDefaultEntries(settings: Readonly<Record<string, string>>): ConfigEntry[] {
  return Object.entries(settings)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => entry(name, [{ name, value, source: ConfigSource.DYNAMIC_DEFAULT_BROKER }]))
}

const SORTED_NAMES: readonly string[] = [
  ...Object.keys(brokerConfigTable),
  ...fixedBrokerConfigs.keys(),
].sort()

function entry(name: string, synonyms: readonly ConfigSynonym[]): ConfigEntry {
  const { type, isReadOnly, about } = describe(name)
  const isSensitive = type === 'PASSWORD'
  // A stand-in (hours for ms) is told as a synonym, but is not the value of this name.
  const own = synonyms[0]?.name === name ? synonyms[0].value : null
  return {
    name,
    value: own === null || isSensitive ? null : canonicalText(type, own),
    type,
    source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
    isReadOnly,
    isSensitive,
    synonyms,
    documentation: about,
  }
}

function known(name: string, value: string, synonyms: readonly ConfigSynonym[]): ConfigSynonym[] {
  const isDefault = (synonym: ConfigSynonym): boolean => synonym.source === ConfigSource.DEFAULT
  return [{ name, value, source: ConfigSource.STATIC_BROKER }, ...synonyms.filter(isDefault)]
}

function describe(name: string): { type: ConfigTypeName; isReadOnly: boolean; about: string } {
  if (isBrokerConfigName(name)) {
    const { about, update, value } = brokerConfigTable[name]
    return { type: value.type, isReadOnly: update === 'restart', about }
  }
  const fixed = fixedBrokerConfigs.get(name)
  if (fixed === undefined) throw new RangeError(`no broker configuration ${name}`)
  return { type: fixed.type, isReadOnly: !fixed.isLive, about: `Fixed: ${fixed.because}.` }
}
