import { describeConfigs, ErrorCode, incrementalAlterConfigs } from '@millrace/protocol'
import type { Cluster, Target } from '../cluster.ts'
import { invalidOption, refuseUnknownOptions, requiredText } from '../option-check.ts'
import { resourceError } from '../resource-error.ts'

/** Whose configs: a topic, a broker by node id, or a group. */
export interface ConfigResource {
  readonly kind: 'topic' | 'broker' | 'group'
  readonly name: string
}

/** One config as it is in effect. */
export interface ConfigEntry {
  readonly name: string
  /** Null for a secret. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly isReadOnly: boolean
}

/** Where a value comes from. */
export type ConfigSource = 'topic' | 'broker' | 'group' | 'default' | 'other'

const RESOURCE_TYPES = { topic: 2, broker: 4, group: 32 } as const
/** Kafka's ConfigSource numbers. */
const SOURCES: Readonly<Record<number, ConfigSource>> = {
  1: 'topic',
  2: 'broker',
  3: 'broker',
  4: 'broker',
  5: 'default',
  8: 'group',
}
const SET = 0
const DELETE = 1

/** Checks configs to be set: texts, as the broker has them, and null where one is put back. */
export function checkConfigs(
  given: Readonly<Record<string, string | null>>,
  mayBeNull: 'or null' | 'never null' = 'never null',
): void {
  if (typeof given !== 'object' || given === null)
    throw invalidOption('configs', given, 'an object of names and texts')
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === 'string' || (value === null && mayBeNull === 'or null')) continue
    throw invalidOption(`config "${name}"`, value, mayBeNull === 'or null' ? 'a text or null' : 'a text')
  }
}

/** Every config of a resource, sorted by name as the broker sorts them. */
export async function readConfigs(cluster: Cluster, resource: ConfigResource): Promise<ConfigEntry[]> {
  checkResource(resource)
  const { kind, name } = resource
  const input = {
    resources: [{ resourceType: RESOURCE_TYPES[kind], resourceName: name, configurationKeys: null }],
  }
  return cluster.call(targetOf(resource), describeConfigs, input, ({ results }) =>
    results.flatMap(({ errorCode, errorMessage, configs }) => {
      if (errorCode !== ErrorCode.NONE) throw resourceError(`${kind} "${name}"`, errorCode, errorMessage)
      return configs.map((config) => ({
        name: config.name,
        value: config.value,
        source: SOURCES[config.configSource] ?? 'other',
        isReadOnly: config.readOnly,
      }))
    }),
  )
}

/** Sets configs, and puts those with null back to their default. */
export async function changeConfigs(
  cluster: Cluster,
  resource: ConfigResource,
  changes: Readonly<Record<string, string | null>>,
): Promise<void> {
  checkResource(resource)
  checkConfigs(changes, 'or null')
  const { kind, name } = resource
  const configs = Object.entries(changes).map(([config, value]) => ({
    name: config,
    configOperation: value === null ? DELETE : SET,
    value,
  }))
  const input = {
    resources: [{ resourceType: RESOURCE_TYPES[kind], resourceName: name, configs }],
    validateOnly: false,
  }
  await cluster.call(targetOf(resource), incrementalAlterConfigs, input, ({ responses }) => {
    for (const { errorCode, errorMessage } of responses) {
      if (errorCode !== ErrorCode.NONE) throw resourceError(`${kind} "${name}"`, errorCode, errorMessage)
    }
  })
}

/** A broker answers for its own configs only. */
function targetOf({ kind, name }: ConfigResource): Target {
  return kind === 'broker' && /^\d+$/.test(name) ? { nodeId: Number(name) } : 'any'
}

function checkResource(resource: ConfigResource): void {
  refuseUnknownOptions('a config resource', resource, ['kind', 'name'])
  const kinds = Object.keys(RESOURCE_TYPES)
  if (!kinds.includes(resource.kind)) throw invalidOption('kind', resource.kind, `one of ${kinds.join(', ')}`)
  // The name of all brokers together is empty.
  requiredText('name', resource.name)
}
