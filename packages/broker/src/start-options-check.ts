import { inspect } from 'node:util'
import { InvalidConfigError } from './config/config-value.ts'
import { nearestNameHint } from './config/nearest-name.ts'
import type { StartBrokerOptions } from './start-broker.ts'

/** Which values an option takes: a test, and the words for whoever fails it. */
interface OptionCheck {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

const MAX_PORT = 65_535

const text: OptionCheck = { expected: 'a string', accepts: (value) => typeof value === 'string' }

/** By what it can do, not by its class: test runners have an AbortSignal of their own realm. */
function objectWith(expected: string, ...methods: readonly string[]): OptionCheck {
  return {
    expected,
    accepts: (value) => isObject(value) && methods.every((name) => typeof value[name] === 'function'),
  }
}

const OPTIONS: Readonly<Record<keyof StartBrokerOptions, OptionCheck>> = {
  dataDir: text,
  host: text,
  port: {
    expected: `an integer between 0 and ${MAX_PORT}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_PORT,
  },
  listeners: {
    expected: 'an array of strings, each NAME://HOST:PORT',
    accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  },
  // How many there may be is for millrace.nodes to say.
  nodes: { expected: 'an integer', accepts: Number.isInteger },
  config: {
    expected: 'an object of strings by configuration name',
    accepts: (value) => isObject(value) && !Array.isArray(value),
  },
  logger: objectWith("a logger of pino's shape", 'isLevelEnabled', 'debug', 'info', 'warn', 'error'),
  signal: objectWith('an AbortSignal', 'throwIfAborted', 'addEventListener'),
  fileSystem: objectWith('a FileSystem', 'open'),
  network: objectWith('a Network', 'listen'),
  clock: objectWith('a Clock', 'nowMs'),
  randomBytes: { expected: 'a function', accepts: (value) => typeof value === 'function' },
}

/**
 * Refuses what no compiler has seen. A typo must not pass for a default (`datadir` would keep all records in memory),
 * nor a value of the wrong type for another one. `undefined` is the same as an absent option.
 */
export function checkStartOptions(options: unknown): void {
  if (!isObject(options)) {
    throw new InvalidConfigError(`Invalid options ${shown(options)} of startBroker: expected an object`)
  }
  for (const [name, value] of Object.entries(options)) {
    if (!isOptionName(name)) {
      const hint = nearestNameHint(name, Object.keys(OPTIONS))
      throw new InvalidConfigError(`Unknown option ${name} of startBroker${hint}`)
    }
    const { accepts, expected } = OPTIONS[name]
    if (value === undefined || accepts(value)) continue
    throw new InvalidConfigError(
      `Invalid value ${shown(value)} for option ${name} of startBroker: expected ${expected}`,
    )
  }
}

function isOptionName(name: string): name is keyof StartBrokerOptions {
  return Object.hasOwn(OPTIONS, name)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** One short line, so that '9' and 9 are not taken for the same. */
function shown(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
}
