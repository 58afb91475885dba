import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { ConfigTypeName } from './config-value.ts'

/** What is set on one resource, by name. */
export type Configs = Readonly<Record<string, string>>

/** Kafka's `AlterConfigOp.OpType`. */
const SET = 0
const DELETE = 1
const APPEND = 2
const SUBTRACT = 3

/** One operation of IncrementalAlterConfigs. */
export interface ConfigOperation {
  readonly name: string
  readonly configOperation: number
  readonly value: string | null
}

/** What the operations must know of a configuration to change a part of it. */
export interface ListedConfig {
  readonly type: ConfigTypeName
  /** The value to which is appended, and from which is taken away, when nothing is set. */
  readonly inherited: string
}

/**
 * What is set after the operations. Pure: nothing is checked but the operations themselves. Throws the KafkaError of
 * Kafka's `ConfigurationControlManager.incrementalAlterConfigResource`.
 */
export function changeConfigs(
  current: Configs,
  operations: readonly ConfigOperation[],
  listedConfig: (name: string) => ListedConfig | undefined,
): Configs {
  if (new Set(operations.map(({ name }) => name)).size !== operations.length) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys')
  }
  const missing = operations.filter(
    ({ configOperation, value }) => configOperation !== DELETE && value === null,
  )
  if (missing.length > 0) throw nullValues(missing.map(({ name }) => name))
  const changed = new Map(Object.entries(current))
  for (const { name, configOperation, value } of operations) {
    switch (configOperation) {
      case SET:
        changed.set(name, value ?? '')
        break
      case DELETE:
        changed.delete(name)
        break
      case APPEND:
      case SUBTRACT: {
        const listed = listedConfig(name)
        if (listed?.type !== 'LIST') throw notAList(name, configOperation)
        const items = splitList(changed.get(name) ?? listed.inherited)
        changed.set(name, combine(items, splitList(value ?? ''), configOperation).join(','))
        break
      }
      default:
        throw new KafkaError(ErrorCode.INVALID_REQUEST, `Unknown operation ${configOperation} for ${name}`)
    }
  }
  return Object.fromEntries(changed)
}

/** What is set after AlterConfigs: what it names, and nothing else. */
export function replaceConfigs(
  asked: readonly { readonly name: string; readonly value: string | null }[],
): Configs {
  if (new Set(asked.map(({ name }) => name)).size !== asked.length) {
    throw new KafkaError(ErrorCode.INVALID_REQUEST, 'Error due to duplicate config keys')
  }
  const missing = asked.filter(({ value }) => value === null)
  if (missing.length > 0) throw nullValues(missing.map(({ name }) => name))
  return Object.fromEntries(asked.map(({ name, value }) => [name, value ?? '']))
}

function combine(items: readonly string[], named: readonly string[], operation: number): string[] {
  if (operation === SUBTRACT) return items.filter((item) => !named.includes(item))
  return [...items, ...named.filter((item) => !items.includes(item))]
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

function notAList(name: string, operation: number): KafkaError {
  const verb = operation === APPEND ? 'APPEND' : 'SUBTRACT'
  return new KafkaError(
    ErrorCode.INVALID_CONFIG,
    `Can't ${verb} to key ${name} because its type is not LIST.`,
  )
}

function nullValues(names: readonly string[]): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, `Null value not supported for : ${names.join(',')}`)
}
