import { type LogConfig, NO_LIMIT } from '@millrace/log-core'
import type { BrokerSettings } from './broker-settings.ts'
import { canonicalText } from './canonical-text.ts'
import { type ConfigEntry, ConfigSource, type ConfigSynonym } from './config-source.ts'
import { LONG_MAX_TEXT } from './config-value.ts'
import { topicConfigTable } from './topic-config-table.ts'

/** What a topic's configs are made of. */
export interface TopicConfigSources {
  /** The topic's own settings. */
  readonly topic: Readonly<Record<string, string>>
  readonly settings: BrokerSettings
  /** The broker that is asked: settings of its own count for the topic's defaults. */
  readonly nodeId: number
}

/** Every configuration of a topic, by name (trap 26: the order is visible). */
export function topicConfigEntries(sources: TopicConfigSources): ConfigEntry[] {
  return SORTED_NAMES.map((name) => topicConfigEntry(name, sources))
}

const SORTED_NAMES: readonly string[] = Object.keys(topicConfigTable).sort()

function topicConfigEntry(name: string, { topic, settings, nodeId }: TopicConfigSources): ConfigEntry {
  const row = topicConfigTable[name]
  if (row === undefined) throw new RangeError(`no topic configuration ${name}`)
  const synonyms: ConfigSynonym[] = row.brokerName === null ? [] : settings.synonymsOf(row.brokerName, nodeId)
  const typed = Object.hasOwn(topic, name) ? topic[name] : undefined
  const own = typed === undefined ? undefined : canonicalText(row.value.type, typed)
  if (own !== undefined) synonyms.unshift({ name, value: own, source: ConfigSource.TOPIC })
  const inherited = row.field === null ? row.value.defaultText : textOf(settings.defaultLogConfig[row.field])
  return {
    name,
    value: own ?? inherited,
    type: row.value.type,
    source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
    isReadOnly: false,
    isSensitive: false,
    synonyms,
    documentation: row.fixedBecause === null ? row.about : `Fixed: ${row.fixedBecause}.`,
  }
}

function textOf(value: LogConfig[keyof LogConfig]): string {
  return value === NO_LIMIT ? LONG_MAX_TEXT : String(value)
}
