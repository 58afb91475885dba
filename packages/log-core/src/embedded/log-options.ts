import { bytes, Compression, type CompressionName, string, type ValueCodec } from '@millrace/record-batch'
import type { Durability } from '../log/append-outcome.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { anyObject, type OptionChecks, objectWith, oneOf, withoutUndefined } from './option-check.ts'

/** The codecs of a log: keys are strings, values bytes, unless somebody says otherwise. */
export interface CodecOptions<Value, Key> {
  readonly value?: ValueCodec<Value>
  readonly key?: ValueCodec<Key>
}

/** Of one log. */
export interface OpenLogOptions<Value, Key> extends CodecOptions<Value, Key> {
  /** What an append waits for unless it says otherwise. Default: synced, so that nothing acknowledged is ever lost. */
  readonly durability?: Durability
  /** Default: none. */
  readonly compression?: CompressionName
  /** Kafka's topic configs in camelCase. Unlike a topic, a log keeps everything unless it is told to forget. */
  readonly config?: Partial<LogConfig>
}

/** What an append waits for. */
export const DURABILITY = oneOf('synced', 'written')
const CODEC = objectWith('a codec: an object with encode() and decode()', 'encode', 'decode')

/** What the options of one log may be; `config` is checked by itself. */
export const LOG_OPTIONS: OptionChecks<OpenLogOptions<unknown, unknown>> = {
  value: CODEC,
  key: CODEC,
  durability: DURABILITY,
  compression: oneOf(...Object.keys(Compression)),
  config: anyObject,
}

/** What a log forgets by default: nothing. */
const KEEP_ALL: Partial<LogConfig> = { retentionMs: -1, retentionBytes: -1 }

/** The options of a log with everything filled in. */
export function completeOptions<Value, Key>(options: OpenLogOptions<Value, Key>) {
  const { durability = 'synced', compression = 'none', config = {} } = options
  return {
    durability,
    compression,
    config: { ...DEFAULT_LOG_CONFIG, ...KEEP_ALL, ...withoutUndefined(config) },
    codecs: codecsOf(options),
  }
}

/** Without codecs the type parameters have their defaults, which these are the codecs of. */
function codecsOf<Value, Key>(options: CodecOptions<Value, Key>) {
  return {
    value: options.value ?? (bytes() as ValueCodec<unknown> as ValueCodec<Value>),
    key: options.key ?? (string() as ValueCodec<unknown> as ValueCodec<Key>),
  }
}
