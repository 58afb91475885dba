import type { Prng } from '../prng.ts'
import type { DirectoryNode, DiskNode, NameChange, Place } from './directory-node.ts'
import type { PowerLoss } from './file-node.ts'

/** The changes of names that a power loss may undo: creations, renames, removals. */
export class NameJournal {
  #changes: NameChange[] = []
  #nextSequence = 0

  get pendingCount(): number {
    return this.#changes.length
  }

  add(place: Place, node: DiskNode): void {
    place.directory.names.set(place.name, node)
    this.#push({ removed: null, added: { ...place, node }, directories: [place.directory] })
  }

  remove(place: Place): void {
    place.directory.names.delete(place.name)
    this.#push({ removed: place, added: null, directories: [place.directory] })
  }

  rename(from: Place, to: Place, node: DiskNode): void {
    from.directory.names.delete(from.name)
    to.directory.names.set(to.name, node)
    this.#push({ removed: from, added: { ...to, node }, directories: [from.directory, to.directory] })
  }

  /** What a directory sync that begins now covers: hand it to `completeSync`. */
  beginSync(): number {
    return this.#nextSequence
  }

  completeSync(directory: DirectoryNode, end: number): void {
    const pending: NameChange[] = []
    for (const change of this.#changes) {
      if (change.sequence < end) change.unsyncedDirectories.delete(directory)
      if (change.unsyncedDirectories.size > 0) pending.push(change)
      else applyToPlatter(change)
    }
    this.#changes = pending
  }

  /** The platter keeps any selection of the changes in which none rests on one that was lost. */
  losePower(loss: PowerLoss): void {
    if (loss.kind === 'random') {
      for (const change of selectSurvivors(this.#changes, loss.prng)) applyToPlatter(change)
    }
    this.#changes = []
  }

  #push(change: Pick<NameChange, 'removed' | 'added'> & { directories: readonly DirectoryNode[] }): void {
    const { removed, added, directories } = change
    const sequence = this.#nextSequence++
    this.#changes.push({ sequence, unsyncedDirectories: new Set(directories), removed, added })
  }
}

function applyToPlatter({ removed, added }: NameChange): void {
  removed?.directory.platterNames.delete(removed.name)
  added?.directory.platterNames.set(added.name, added.node)
}

/** A journaling file system keeps a prefix; others keep names of their own choice. The die says which this one is. */
function selectSurvivors(changes: readonly NameChange[], prng: Prng): NameChange[] {
  const mood = prng.below(4)
  if (mood === 0) return [...changes]
  if (mood === 1) return []
  if (mood === 2) return changes.slice(0, prng.below(changes.length + 1))
  const lostNames = new Map<DirectoryNode, Set<string>>()
  const lostNodes = new Set<DiskNode>()
  return changes.filter((change) => {
    const places = [change.removed, change.added].filter((place) => place !== null)
    const restsOnLost =
      places.some(({ directory, name }) => lostNames.get(directory)?.has(name)) ||
      (change.added !== null && lostNodes.has(change.added.node))
    if (!restsOnLost && prng.chance(0.5)) return true
    for (const { directory, name } of places) {
      const names = lostNames.get(directory) ?? new Set()
      lostNames.set(directory, names.add(name))
    }
    if (change.added !== null) lostNodes.add(change.added.node)
    return false
  })
}
