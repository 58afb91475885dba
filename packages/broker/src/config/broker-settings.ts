import type { LogConfig } from '@millrace/log-core'
import { type Limits, limitsFrom } from '../limits.ts'
import {
  type BrokerConfig,
  checkBrokerConfig,
  isBrokerConfigName,
  parseBrokerConfig,
} from './broker-config.ts'
import { brokerConfigTable } from './broker-config-table.ts'
import { ConfigSource, type ConfigSynonym } from './config-source.ts'
import { fixedBrokerConfigs } from './fixed-broker-configs.ts'
import { defaultLogConfig } from './topic-config.ts'

type Settings = Readonly<Record<string, string>>

/** What a broker's settings are made of. */
export interface BrokerSettingsOptions {
  /** As given at start. */
  readonly staticSettings: Settings
  readonly nodeIds: readonly number[]
}

/** What was set while running: of one node (its id as text), or of all of them (''). */
export type DynamicSettings = (resourceName: string) => Settings

/**
 * The names whose values stand in for one another, the strongest first: Kafka's
 * `DynamicBrokerConfig.brokerConfigSynonyms`.
 */
const SYNONYM_CHAINS: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

/**
 * The broker's configuration as it is now: what was given at start, and over it what was changed while running.
 * `refresh` takes in a change; whoever reads through here sees it at once.
 */
export class BrokerSettings {
  readonly staticSettings: Settings
  /** One object for life, whose numbers follow the settings. */
  readonly limits: Limits
  readonly #nodeIds: readonly number[]
  #dynamicOf: DynamicSettings = () => ({})
  #config: BrokerConfig
  #defaultLogConfig: LogConfig

  /** Throws InvalidConfigError for settings that cannot be. */
  constructor({ staticSettings, nodeIds }: BrokerSettingsOptions) {
    this.staticSettings = staticSettings
    this.#nodeIds = nodeIds
    this.#config = this.#effective(this.#dynamicOf)
    checkBrokerConfig(this.#config)
    this.#defaultLogConfig = defaultLogConfig(this.#config)
    this.limits = limitsFrom(this.#config)
  }

  get config(): BrokerConfig {
    return this.#config
  }

  /** What a topic without configs of its own gets. */
  get defaultLogConfig(): LogConfig {
    return this.#defaultLogConfig
  }

  /** From here on, `dynamicOf` is asked for what was set while running. */
  readDynamicFrom(dynamicOf: DynamicSettings): void {
    this.#dynamicOf = dynamicOf
    this.refresh()
  }

  /** Throws InvalidConfigError when the broker cannot be configured so: with `dynamic` in place of what is set on one resource. */
  check(resourceName: string, dynamic: Settings): void {
    checkBrokerConfig(this.#effective((name) => (name === resourceName ? dynamic : this.#dynamicOf(name))))
  }

  refresh(): void {
    this.#config = this.#effective(this.#dynamicOf)
    this.#defaultLogConfig = defaultLogConfig(this.#config)
    Object.assign(this.limits, limitsFrom(this.#config))
  }

  /**
   * The values of one configuration and of those that stand in for it, the strongest first, as Kafka's
   * `ConfigHelper.configSynonyms` tells them.
   */
  synonymsOf(name: string, nodeId: number): ConfigSynonym[] {
    const chain = SYNONYM_CHAINS.find((names) => names.includes(name))
    const names = chain === undefined ? [name] : chain.slice(chain.indexOf(name))
    const layers: [Settings, number][] = [
      [this.#dynamicOf(String(nodeId)), ConfigSource.DYNAMIC_BROKER],
      [this.#dynamicOf(''), ConfigSource.DYNAMIC_DEFAULT_BROKER],
      [this.staticSettings, ConfigSource.STATIC_BROKER],
    ]
    const synonyms: ConfigSynonym[] = []
    for (const [settings, source] of layers) {
      for (const each of names) {
        const value = Object.hasOwn(settings, each) ? settings[each] : undefined
        if (value !== undefined) synonyms.push({ name: each, value, source })
      }
    }
    for (const each of names) {
      const value = defaultTextOf(each)
      if (value !== null) synonyms.push({ name: each, value, source: ConfigSource.DEFAULT })
    }
    // Kafka drops what stands before the first value of the name itself.
    const first = synonyms.findIndex((synonym) => synonym.name === name)
    return first === -1 ? [] : synonyms.slice(first)
  }

  /** Settings of one node apply only where it is the only one: nodes of one process share their configuration. */
  #effective(dynamicOf: DynamicSettings): BrokerConfig {
    const [nodeId] = this.#nodeIds
    const own = this.#nodeIds.length === 1 ? dynamicOf(String(nodeId)) : {}
    return parseBrokerConfig({ ...this.staticSettings, ...dynamicOf(''), ...own })
  }
}

/** The default of a broker configuration as it is shown; null: none. */
function defaultTextOf(name: string): string | null {
  if (isBrokerConfigName(name)) return brokerConfigTable[name].value.defaultText
  return fixedBrokerConfigs.get(name)?.defaultText ?? null
}
