import { strict as assert } from 'node:assert'
import type { Clock } from '@millrace/log-core'
import type { Prng } from '../prng.ts'
import { DirectoryNode, type DiskNode, type Place } from './directory-node.ts'
import type { FileNode, PowerLoss } from './file-node.ts'
import { NameJournal } from './name-journal.ts'
import { OperationGate } from './operation-gate.ts'
import { SimulatedFileSystem } from './simulated-file-system.ts'

/** `process`: the page cache survives. `power`: what was not synced is gone, in part or as a whole. */
export type CrashKind = 'process' | 'power'

export interface SimulatedDiskOptions {
  /** `random` (the default) is unkind; `drop-all` loses every unsynced byte and name at a power loss, and nothing else. */
  readonly powerLoss?: PowerLoss['kind']
  /** How long a sync takes; a cold read takes a tenth of it. */
  readonly syncMs?: { readonly least: number; readonly most: number }
}

/**
 * A disk that is not kind (durability.md section 5), and the page cache of the machine around it. It outlives the
 * simulated processes: `boot` gives the file system of the next one, `crash` ends the one that runs.
 *
 * What a power loss may do, and nothing more: each 512-byte sector of a file shows its bytes before or after any of
 * the unsynced writes to it, or zeros where there were none; the size is one of those that it had since the last sync;
 * unsynced truncates may come undone; unsynced creations, renames and removals may come undone, each alone, but none
 * stays that rests on another that was lost.
 */
export class SimulatedDisk {
  readonly root = new DirectoryNode()
  readonly names = new NameJournal()
  readonly lockHolders = new Map<DirectoryNode, SimulatedFileSystem>()
  readonly prng: Prng
  readonly syncMs: { readonly least: number; readonly most: number }
  #bootNumber = 1
  #running: SimulatedFileSystem | null = null
  readonly #powerLoss: PowerLoss['kind']

  constructor(prng: Prng, options: SimulatedDiskOptions = {}) {
    this.prng = prng
    this.#powerLoss = options.powerLoss ?? 'random'
    this.syncMs = options.syncMs ?? { least: 0.1, most: 3 }
  }

  get bootId(): string {
    return `simulated-boot-${this.#bootNumber}`
  }

  /** The file system of a new process. One runs at a time. */
  boot(clock: Clock): SimulatedFileSystem {
    assert(this.#running === null || this.#running.gate.isDead, 'a process is running: crash it first')
    this.#running = new SimulatedFileSystem(this, { clock, gate: new OperationGate(this.prng.fork()) })
    return this.#running
  }

  /** Ends the running process, and with `power` the page cache as well. */
  crash(kind: CrashKind): void {
    this.#running?.gate.die()
    this.#running = null
    this.lockHolders.clear()
    if (kind === 'process') {
      for (const { node } of this.#files(this.root, '')) node.killProcess(this.prng)
      return
    }
    const loss: PowerLoss =
      this.#powerLoss === 'drop-all' ? { kind: 'drop-all' } : { kind: 'random', prng: this.prng }
    this.#bootNumber++
    this.names.losePower(loss)
    forgetUnsyncedNames(this.root)
    for (const { node } of this.#files(this.root, '')) node.losePower(loss)
  }

  /** Every file with its path, in order. */
  files(): { path: string; node: FileNode }[] {
    return [...this.#files(this.root, '')]
  }

  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root
    for (const name of partsOf(path)) {
      if (node?.kind !== 'directory') return undefined
      node = node.names.get(name)
    }
    return node
  }

  /** Where `path` is or would be; null when there is no such directory. */
  placeOf(path: string): Place | null {
    const parts = partsOf(path)
    const name = parts.pop()
    assert(name !== undefined, 'the root has no place')
    const directory = this.find(parts.join('/'))
    return directory?.kind === 'directory' ? { directory, name } : null
  }

  *#files(directory: DirectoryNode, path: string): Generator<{ path: string; node: FileNode }> {
    for (const [name, node] of [...directory.names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (node.kind === 'file') yield { path: `${path}/${name}`, node }
      else yield* this.#files(node, `${path}/${name}`)
    }
  }
}

function forgetUnsyncedNames(directory: DirectoryNode): void {
  directory.names.clear()
  for (const [name, node] of directory.platterNames) {
    directory.names.set(name, node)
    if (node.kind === 'directory') forgetUnsyncedNames(node)
  }
}

function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  assert(!parts.includes('..'), `${path} leaves its directory`)
  return parts
}
