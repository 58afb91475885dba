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
import { checkTopicConfigs, defaultLogConfig } from '../config/topic-config.ts'
import { changeQuotas, readQuotaEntity } from '../quotas/quota-change.ts'
import { entityKey, type QuotaEntity, type QuotaValues } from '../quotas/quota-entity.ts'
import type { KafkaMetadata, KafkaQuotaChange } from './kafka-metadata.ts'

const CLIENT_METRICS_RESOURCE = 16

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
  const defaults = defaultLogConfig(parseBrokerConfig({}))
  return takeEach(configs, `topic ${topic}`, (name, value) => {
    checkReplicas(name, value)
    checkTopicConfigs(defaults, { [name]: value })
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
    checkReplicas(name, value)
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

/** What has no place here whatever it says. */
export function takeNothing(metadata: KafkaMetadata): LeftBehind[] {
  const { brokers, unknownCounts } = metadata
  const { acl, scram, token } = unknownCounts
  const left: LeftBehind[] = []
  if (acl > 0) left.push({ what: `${acl} access control entries`, reason: 'access is not controlled here' })
  if (scram > 0) left.push({ what: `${scram} SCRAM credentials`, reason: 'set the users up again' })
  if (token > 0) left.push({ what: `${token} delegation tokens`, reason: 'there are none here' })
  for (const name of metadata.configs(CLIENT_METRICS_RESOURCE).keys()) {
    left.push({ what: `configs of client metrics ${name}`, reason: 'nothing is collected from clients here' })
  }
  if (brokers.size > 1) {
    const reason = 'one broker is imported; a partition that is not whole on it is named above'
    left.push({ what: `the ${brokers.size - 1} other brokers of the cluster`, reason })
  }
  return left
}

/** A promise of a cluster that one broker cannot keep. */
function checkReplicas(name: string, value: string): void {
  if (name !== 'min.insync.replicas' || Number(value) <= 1) return
  throw new InvalidConfigError(
    'there is one replica here: with this, nothing could be written under acks=all',
  )
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
