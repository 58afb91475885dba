import type { LogDirectory } from '../directory/log-directory.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { checkLogConfig } from './log-config-check.ts'
import { completeOptions, LOG_OPTIONS, type OpenLogOptions } from './log-options.ts'
import { aFunction, checkOptions, invalidOption } from './option-check.ts'

/** How often retention and compaction are looked at: Kafka's `log.retention.check.interval.ms`. */
const HOUSEKEEP_EVERY_MS = 300_000
/** Of one core, for compaction in the background. */
const COMPACTION_SHARE = 0.2

/** Several logs in one directory, each with a name. `openLogDirectory` makes it. */
export class EmbeddedDirectory implements AsyncDisposable {
  readonly #directory: LogDirectory
  readonly #clock: Clock
  readonly #logs = new Map<string, PartitionLog>()
  #timer: Timer | null = null
  #housekeeping: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(directory: LogDirectory, clock: Clock) {
    this.#directory = directory
    this.#clock = clock
    this.#armTimer()
  }

  /** The names of all logs that lie here, open or not. */
  names(): string[] {
    return this.#directory.partitionDirectories().map(({ topic }) => topic)
  }

  /** Opens the log of that name, or begins one. A name may hold letters, digits, `.`, `_` and `-`, 249 at most. */
  async openLog<Value = Buffer, Key = string>(
    name: string,
    options: OpenLogOptions<Value, Key> & { close?: () => Promise<void> } = {},
  ): Promise<EmbeddedLog<Value, Key>> {
    const { path } = this.#directory
    checkName(path, name)
    checkOptions({ of: 'openLog', path }, options, { ...LOG_OPTIONS, close: aFunction })
    checkLogConfig(path, options.config ?? {})
    const { config, ...rest } = completeOptions(options)
    const known = this.#directory.partitionDirectories().find(({ topic }) => topic === name)
    const topicId = known?.topicId ?? this.#directory.newTopicId()
    const log = await this.#directory.openLog({ topic: name, partition: 0, topicId, config })
    this.#logs.set(name, log)
    const close = options.close ?? (() => this.#closeLog(name, log))
    return new EmbeddedLog({ ...rest, log, clock: this.#clock, close })
  }

  /** Closes the log and removes its files. */
  async deleteLog(name: string): Promise<void> {
    const log = this.#logs.get(name)
    if (log === undefined) throw new RangeError(`${name} is not open; expected a log that is`)
    this.#logs.delete(name)
    await this.#directory.deleteLog(log)
  }

  /** Applies retention and compaction to the open logs now. */
  housekeep(): Promise<void> {
    this.#housekeeping = this.#housekeeping.then(() => this.#housekeep())
    return this.#housekeeping
  }

  /** Closes all logs. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#directory.close()
    await this.#housekeeping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeLog(name: string, log: PartitionLog): Promise<void> {
    if (this.#logs.get(name) === log) this.#logs.delete(name)
    await this.#directory.closeLog(log)
  }

  async #housekeep(): Promise<void> {
    if (this.#isClosed) return
    const nowMs = this.#clock.nowMs()
    // A log that fails goes offline and says so; the others still want their turn.
    await Promise.allSettled([...this.#logs.values()].map((log) => log.applyRetention(nowMs)))
    await this.#directory.compact({ nowMs, share: COMPACTION_SHARE })
  }

  #armTimer(): void {
    this.#timer = this.#clock.after(HOUSEKEEP_EVERY_MS, () => {
      void this.housekeep().finally(() => {
        if (!this.#isClosed) this.#armTimer()
      })
    })
  }
}

/** The rules for a topic's name, so that any log can be served by a broker later. */
function checkName(path: string, name: string): void {
  const isFine = typeof name === 'string' && /^[a-zA-Z0-9._-]{1,249}$/.test(name) && !/^\.{1,2}$/.test(name)
  if (isFine) return
  const expected = "1 to 249 letters, digits, '.', '_' and '-', other than '.' and '..'"
  throw invalidOption(path, 'the name of a log', { given: name, expected })
}
