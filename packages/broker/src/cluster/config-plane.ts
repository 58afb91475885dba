import { ErrorCode, KafkaError } from '@millrace/protocol'
import { checkBrokerSetting, isBrokerConfigName } from '../config/broker-config.ts'
import { brokerConfigTable } from '../config/broker-config-table.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Configs } from '../config/config-change.ts'
import { InvalidConfigError } from '../config/config-value.ts'
import { fixedBrokerConfigs } from '../config/fixed-broker-configs.ts'
import { checkGroupConfigs } from '../config/group-configs.ts'
import { checkTopicConfigs } from '../config/topic-config.ts'
import type { PartitionRegistry } from '../partition/partition-registry.ts'
import { KeyedLock } from './keyed-lock.ts'
import type { TopicCatalog } from './topic-catalog.ts'
import { topicNameProblem } from './topic-name.ts'

export interface ConfigPlaneOptions {
  readonly catalog: TopicCatalog
  readonly partitions: PartitionRegistry
  readonly settings: BrokerSettings
  readonly nodeIds: readonly number[]
}

/** From what is set to what is to be set. May throw a KafkaError. */
export type ConfigChange = (current: Configs) => Configs

interface ChangeOptions {
  readonly isValidateOnly: boolean
}

/**
 * Changes to what is configured while the broker runs: checked, durable in the catalog, and then in effect at once.
 * Throws the KafkaError that the change is refused with, or a StorageError.
 */
export class ConfigPlane {
  readonly #options: ConfigPlaneOptions
  /** Two changes to one resource must not both start from what was there before. */
  readonly #locks = new KeyedLock()

  constructor(options: ConfigPlaneOptions) {
    this.#options = options
  }

  changeTopic(name: string, change: ConfigChange, { isValidateOnly }: ChangeOptions): Promise<void> {
    const { catalog, partitions, settings } = this.#options
    return this.#locks.run(`topic ${name}`, async () => {
      if (name === '') throw invalidRequest('Default topic resources are not allowed.')
      const problem = topicNameProblem(name)
      if (problem !== null) throw new KafkaError(ErrorCode.INVALID_TOPIC_EXCEPTION, problem)
      const topic = catalog.topic(name)
      if (topic === undefined) {
        throw new KafkaError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
      }
      const configs = change(topic.configs)
      asRefusal(ErrorCode.INVALID_CONFIG, () => checkTopicConfigs(settings.defaultLogConfig, configs))
      if (isValidateOnly) return
      await catalog.replaceConfigs(topic.topicId, configs)
      const changed = catalog.topicById(topic.topicId)
      if (changed !== undefined) partitions.updateConfig(changed)
    })
  }

  /** `resourceName` is a node's id, or '' for all of them. */
  changeBroker(resourceName: string, change: ConfigChange, { isValidateOnly }: ChangeOptions): Promise<void> {
    const { catalog, partitions, settings } = this.#options
    return this.#locks.run('broker', async () => {
      this.#checkBrokerName(resourceName)
      const before = catalog.brokerConfigs(resourceName)
      const configs = change(before)
      checkBrokerConfigs(configs, changedNames(before, configs))
      asRefusal(ErrorCode.INVALID_REQUEST, () => settings.check(resourceName, configs))
      if (isValidateOnly) return
      await catalog.replaceBrokerConfigs(resourceName, configs)
      settings.refresh()
      for (const topic of catalog.topics()) partitions.updateConfig(topic)
    })
  }

  changeGroup(groupId: string, change: ConfigChange, { isValidateOnly }: ChangeOptions): Promise<void> {
    const { catalog, settings } = this.#options
    return this.#locks.run(`group ${groupId}`, async () => {
      if (groupId === '') throw invalidRequest('Default group resources are not allowed.')
      const configs = change(catalog.groupConfigs(groupId))
      asRefusal(ErrorCode.INVALID_CONFIG, () => checkGroupConfigs(configs, settings.config))
      if (!isValidateOnly) await catalog.replaceGroupConfigs(groupId, configs)
    })
  }

  #checkBrokerName(resourceName: string): void {
    if (resourceName === '') return
    const { nodeIds } = this.#options
    if (!/^-?\d+$/.test(resourceName)) {
      throw invalidRequest(`Node id must be an integer, but it is: ${resourceName}`)
    }
    if (!nodeIds.includes(Number(resourceName))) {
      throw invalidRequest(
        `Unexpected broker id, expected ${nodeIds.join(' or ')}, but received ${resourceName}`,
      )
    }
    if (nodeIds.length > 1) {
      throw invalidRequest(
        'The brokers of this process share their configuration: change it for all of them, under the empty name.',
      )
    }
  }
}

/** Kafka's codes: what needs a restart and what cannot be read is INVALID_REQUEST; what would have no effect here is INVALID_CONFIG. */
function checkBrokerConfigs(configs: Configs, changed: readonly string[]): void {
  // Before it is said that a restart helps: of these no value but the default is ever taken.
  for (const [name, text] of Object.entries(configs)) {
    if (fixedBrokerConfigs.has(name)) {
      asRefusal(ErrorCode.INVALID_CONFIG, () => checkBrokerSetting(name, text))
    }
  }
  const needRestart = changed.filter(needsRestart)
  if (needRestart.length > 0) {
    throw invalidRequest(
      `Cannot update these configs dynamically: [${needRestart.join(', ')}]; they take effect with a restart of the broker`,
    )
  }
  for (const [name, text] of Object.entries(configs)) {
    const code = isBrokerConfigName(name) ? ErrorCode.INVALID_REQUEST : ErrorCode.INVALID_CONFIG
    asRefusal(code, () => checkBrokerSetting(name, text))
  }
}

function needsRestart(name: string): boolean {
  if (isBrokerConfigName(name)) return brokerConfigTable[name].update === 'restart'
  return fixedBrokerConfigs.get(name)?.isLive === false
}

function changedNames(before: Configs, after: Configs): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => before[name] !== after[name])
}

/** What the configuration says is wrong, told to a client. */
function asRefusal(code: number, check: () => void): void {
  try {
    check()
  } catch (cause) {
    if (!(cause instanceof InvalidConfigError)) throw cause
    throw new KafkaError(code, cause.message, { cause })
  }
}

function invalidRequest(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message)
}
