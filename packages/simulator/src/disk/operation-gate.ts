import { strict as assert } from 'node:assert'
import { STORAGE_ERROR_MEANINGS, StorageError, type StorageErrorCode } from '@millrace/log-core'
import type { Prng } from '../prng.ts'
import { CrashError } from './crash-error.ts'

/** Every kind of operation that is counted, can fail, and can be the last one of a process. */
export type OperationKind =
  | 'open'
  | 'create'
  | 'append'
  | 'write'
  | 'truncate'
  | 'read'
  | 'list'
  | 'rename'
  | 'remove'
  | 'make-directory'
  | 'sync'
  | 'sync-end'
  | 'sync-directory'
  | 'sync-directory-end'
  | 'lock'

/** One operation, as the trace remembers it. */
export interface Operation {
  readonly number: number
  readonly kind: OperationKind
  readonly path: string
}

/** How much of a write is done: all of it, nothing, or a part when it fails or the process dies in the middle. */
export type Extent = (wholeBytes: number) => number

/** One planned failure. `short` writes a part and then reports ENOSPC. */
export interface PlannedFailure {
  readonly atOperation: number
  /** The first operation of one of these kinds from there on fails; that very operation when left out. */
  readonly kinds?: readonly OperationKind[]
  readonly code: Extract<StorageErrorCode, 'EIO' | 'ENOSPC' | 'EMFILE' | 'EACCES'> | 'short'
}

const KEPT_TRACE = 64

/** Stands before every operation of one simulated process: counts, fails and kills. */
export class OperationGate {
  operationCount = 0
  readonly counts = new Map<OperationKind, number>()
  /**
   * The process dies at the operation of this number: before it, after it, or in the middle of a write. May be moved
   * while the process runs.
   */
  crashAtOperation = Number.POSITIVE_INFINITY
  plannedFailure: PlannedFailure | null = null
  /** The operation that was made to fail. */
  failedOperation: Operation | null = null
  /** Called with each operation before it runs: a workload watches from here. */
  onOperation: (operation: Operation) => void = () => undefined
  onFailure: (error: StorageError) => void = () => undefined
  #isDead = false
  readonly #trace: Operation[] = []
  readonly #prng: Prng

  constructor(prng: Prng) {
    this.#prng = prng
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** The last operations, the newest last. */
  get trace(): readonly Operation[] {
    return this.#trace
  }

  die(): void {
    this.#isDead = true
  }

  /** Runs `effect`, unless this operation is the one that fails or at which the process dies. */
  perform<T>(kind: OperationKind, path: string, effect: (extent: Extent) => T): T {
    if (this.#isDead) throw new CrashError(path)
    this.#record({ number: ++this.operationCount, kind, path })
    if (this.operationCount >= this.crashAtOperation) {
      if (this.#prng.chance(0.5)) ignoreStorageError(() => effect(partOf(this.#prng)))
      this.#isDead = true
      throw new CrashError(path)
    }
    if (this.#mustFail(kind)) this.#fail({ kind, path, effect })
    return effect(wholeOf)
  }

  #mustFail(kind: OperationKind): boolean {
    if (this.plannedFailure === null || this.failedOperation !== null) return false
    const { atOperation, kinds } = this.plannedFailure
    return kinds === undefined
      ? this.operationCount === atOperation
      : this.operationCount >= atOperation && kinds.includes(kind)
  }

  #fail<T>(operation: { kind: OperationKind; path: string; effect: (extent: Extent) => T }): never {
    const { kind, path, effect } = operation
    const failure = this.plannedFailure
    assert(failure !== null)
    this.failedOperation = { number: this.operationCount, kind, path }
    if (kind === 'append' || kind === 'write') {
      effect(failure.code === 'short' || this.#prng.chance(0.5) ? partOf(this.#prng) : () => 0)
    }
    const code = failure.code === 'short' ? 'ENOSPC' : failure.code
    const what = `simulated failure of operation ${this.operationCount} (${kind})`
    const error = new StorageError(code, path, `${what}: ${code}, ${STORAGE_ERROR_MEANINGS[code]} (${path})`)
    this.onFailure(error)
    throw error
  }

  #record(operation: Operation): void {
    this.counts.set(operation.kind, (this.counts.get(operation.kind) ?? 0) + 1)
    this.#trace.push(operation)
    if (this.#trace.length > KEPT_TRACE) this.#trace.shift()
    this.onOperation(operation)
  }
}

function wholeOf(wholeBytes: number): number {
  return wholeBytes
}

function partOf(prng: Prng): Extent {
  return (wholeBytes) => {
    const part = prng.below(wholeBytes + 1)
    assert(part <= wholeBytes)
    return part
  }
}

function ignoreStorageError(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
  }
}
