import { KafkaError } from '@millrace/protocol'
import {
  type BrokerConfig,
  checkBrokerSetting,
  isBrokerConfigName,
  parseBrokerConfig,
} from '../config/broker-config.ts'
import { brokerConfigTable } from '../config/broker-config-table.ts'
import { InvalidConfigError } from '../config/config-value.ts'
import { checkGroupConfigs } from '../config/group-configs.ts'
import { checkTopicConfigs } from '../config/topic-config.ts'
import { changeQuotas, readQuotaEntity } from '../quotas/quota-change.ts'
import { entityKey, type QuotaEntity, type QuotaValues } from '../quotas/quota-entity.ts'
import type { KafkaQuotaChange } from './kafka-metadata.ts'

/** Something of the source that is not in the result. */
export interface LeftBehind {
  readonly what: string
  readonly reason: string
}

/** What was set, as far as it works here, and what does not. */
export interface TakenConfigs {
  readonly configs: Readonly<Record<string, string>>
  readonly leftBehind: readonly LeftBehind[]
}

/** On a topic. */
export function takeTopicConfigs(topic: string, configs: ReadonlyMap<string, string>): TakenConfigs {
  return takeEach(configs, `topic ${topic}`, (name, value) => {
    if (name === 'min.insync.replicas' && Number(value) > 1) {
      throw new InvalidConfigError(
        'there is one replica here: with this, nothing could be written under acks=all',
      )
    }
    checkTopicConfigs({ [name]: value })
  })
}

/** On a consumer group. */
export function takeGroupConfigs(group: string, configs: ReadonlyMap<string, string>): TakenConfigs {
  const defaults: BrokerConfig = parseBrokerConfig({})
  return takeEach(configs, `group ${group}`, (name, value) => checkGroupConfigs({ [name]: value }, defaults))
}

/** On one broker (its id as text), or on all of them (''). */
export function takeBrokerConfigs(broker: string, configs: ReadonlyMap<string, string>): TakenConfigs {
  return takeEach(configs, broker === '' ? 'all brokers' : `broker ${broker}`, (name, value) => {
    checkBrokerSetting(name, value)
    if (isBrokerConfigName(name) && brokerConfigTable[name].update === 'restart') {
      throw new InvalidConfigError(
        `give it to the broker at its start: millrace serve --set ${name}=${value}`,
      )
    }
  })
}

/** Replays what was changed, one after the other. */
export function takeQuotas(changes: readonly KafkaQuotaChange[]): {
  readonly quotas: readonly { readonly entity: QuotaEntity; readonly values: QuotaValues }[]
  readonly leftBehind: readonly LeftBehind[]
} {
  const quotas = new Map<string, { entity: QuotaEntity; values: QuotaValues }>()
  const refused = new Map<string, string>()
  for (const { entity: parts, key, value, remove } of changes) {
    const what = `quota ${key} of ${parts.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(default)'}`).join(', ')}`
    try {
      const entity = readQuotaEntity(parts)
      const before = quotas.get(entityKey(entity))?.values ?? {}
      quotas.set(entityKey(entity), { entity, values: changeQuotas(before, [{ key, value, remove }]) })
      refused.delete(what)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      if (remove) refused.delete(what)
      else refused.set(what, error.message)
    }
  }
  return {
    quotas: [...quotas.values()].filter(({ values }) => Object.keys(values).length > 0),
    leftBehind: Array.from(refused, ([what, reason]) => ({ what, reason })),
  }
}

function takeEach(
  configs: ReadonlyMap<string, string>,
  owner: string,
  check: (name: string, value: string) => void,
): TakenConfigs {
  const taken: Record<string, string> = {}
  const leftBehind: LeftBehind[] = []
  for (const [name, value] of configs) {
    try {
      check(name, value)
      taken[name] = value
    } catch (error) {
      if (!(error instanceof InvalidConfigError)) throw error
      leftBehind.push({ what: `config ${name}=${value} of ${owner}`, reason: error.message })
    }
  }
  return { configs: taken, leftBehind }
}
