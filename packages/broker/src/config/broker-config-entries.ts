import { type BrokerConfigName, type BrokerConfigRow, brokerConfigTable } from './broker-config-table.ts'
import { type ConfigEntry, ConfigSource, type ConfigSynonym } from './config-entries.ts'

/** Every configuration of a broker, by name. `settings` are what was given at start: all of it is static. */
export function brokerConfigEntries(settings: Readonly<Record<string, string>>): ConfigEntry[] {
  const names = Object.keys(brokerConfigTable).sort() as BrokerConfigName[]
  return names.map((name) => {
    const row: BrokerConfigRow<unknown> = brokerConfigTable[name]
    const synonyms: ConfigSynonym[] = []
    const set = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (set !== undefined) synonyms.push({ name, value: set, source: ConfigSource.STATIC_BROKER })
    if (row.value.defaultText !== null) {
      synonyms.push({ name, value: row.value.defaultText, source: ConfigSource.DEFAULT })
    }
    return {
      name,
      value: synonyms[0]?.value ?? null,
      type: row.value.type,
      source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      // Nothing can be changed while the broker runs, yet.
      isReadOnly: true,
      isSensitive: false,
      synonyms,
      documentation: row.about,
    }
  })
}
