import { type FileSystem, memoryFileSystem, StorageError } from '@millrace/log-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../observability.ts'
import { Journal, type JournalState } from './journal.ts'
import { encodeEntry, encodeMark, JOURNAL_MAGIC } from './journal-format.ts'
import { readJournal } from './journal-recovery.ts'

class Words implements JournalState {
  readonly words: unknown[] = []

  apply(entry: unknown): void {
    this.words.push(entry)
  }

  snapshot(): Iterable<unknown> {
    return this.words.slice(-2)
  }
}

const PATH = '/data/journal'

describe('Journal', () => {
  let fs: FileSystem
  beforeEach(() => {
    fs = memoryFileSystem()
    fs.makeDirectory('/data')
  })

  const open = async () => {
    const state = new Words()
    const journal = await Journal.open({ fs, path: PATH, state, logger: silentLogger })
    return { state, journal }
  }

  it('applies entries in order, and gives them again when it is opened', async () => {
    const first = await open()
    await Promise.all([['a'], ['b', 'c'], ['d']].map((entries) => first.journal.append(entries)))
    expect(first.state.words).toEqual(['a', 'b', 'c', 'd'])
    await first.journal.close()
    expect((await open()).state.words).toEqual(['a', 'b', 'c', 'd'])
  })

  it('rewrites itself when most of it is history', async () => {
    const { journal } = await open()
    const long = 'x'.repeat(10_000)
    for (let index = 0; index < 200; index++) await journal.append([`${index}${long}`])
    await journal.close()
    expect(fs.readFile(PATH).length).toBeLessThan(400_000)
    const { state } = await open()
    expect(state.words.at(-1)).toBe(`199${long}`)
  })

  it('cuts what was torn off the last change, keeps a copy, and goes on', async () => {
    const { journal } = await open()
    await journal.append(['kept'])
    await journal.close()
    const torn = encodeEntry('torn').subarray(0, 10)
    const file = fs.open(PATH, 'open')
    file.appendSync([torn])
    file.close()
    const again = await open()
    expect(again.state.words).toEqual(['kept'])
    expect(fs.readFile(`${PATH}.torn`).equals(torn)).toBe(true)
    await again.journal.append(['later'])
    await again.journal.close()
    expect((await open()).state.words).toEqual(['kept', 'later'])
  })

  it('refuses each flipped bit in what was synced, names the record, and deletes nothing', async () => {
    const { journal } = await open()
    for (const word of ['one', 'two', 'three']) await journal.append([word])
    await journal.close()
    const good = fs.readFile(PATH)
    const lastMarkAt = good.length - encodeMark(0).length
    for (let bit = 0; bit < lastMarkAt * 8; bit++) {
      const bad = Buffer.from(good)
      const position = bit >> 3
      bad.writeUInt8(bad.readUInt8(position) ^ (1 << (bit & 7)), position)
      fs.remove(PATH)
      const file = fs.open(PATH, 'create')
      file.appendSync([bad])
      file.close()
      await expect(open(), `bit ${bit}`).rejects.toThrow(/record \d at position \d+ is damaged/)
      expect(fs.readFile(PATH).equals(bad)).toBe(true)
    }
  })

  it('refuses changes while the disk is full, and takes them when it is not', async () => {
    const { journal, state } = await open()
    await journal.append(['a'])
    await journal.close()
    const full = fullDisk(fs)
    const again = new Words()
    const reopened = await Journal.open({ fs: full.fs, path: PATH, state: again, logger: silentLogger })
    full.isFull = true
    await expect(reopened.append(['b'])).rejects.toThrow(StorageError)
    full.isFull = false
    await reopened.append(['c'])
    await reopened.close()
    expect(again.words).toEqual(['a', 'c'])
    expect(state.words).toEqual(['a'])
    expect((await open()).state.words).toEqual(['a', 'c'])
  })

  it('accepts nothing after a failed sync, not even what comes later', async () => {
    const failing = failingSync(fs)
    const state = new Words()
    const journal = await Journal.open({ fs: failing.fs, path: PATH, state, logger: silentLogger })
    failing.isFailing = true
    await expect(journal.append(['lost'])).rejects.toThrow(StorageError)
    failing.isFailing = false
    await expect(journal.append(['later'])).rejects.toThrow(StorageError)
    expect(state.words).toEqual([])
    await journal.close()
  })
})

describe('readJournal', () => {
  it('takes every cut of an unmarked tail for torn', () => {
    const head = Buffer.concat([JOURNAL_MAGIC, encodeEntry('a')])
    const marked = Buffer.concat([head, encodeMark(head.length)])
    const whole = Buffer.concat([marked, encodeEntry('b')])
    for (let size = marked.length; size < whole.length; size++) {
      const contents = readJournal(whole.subarray(0, size))
      expect(contents).toEqual({ kind: 'usable', entries: ['a'], validBytes: marked.length })
    }
  })

  it('takes a hole before an unmarked entry for torn too: its pages may have come first', () => {
    const head = Buffer.concat([JOURNAL_MAGIC, encodeEntry('a')])
    const torn = Buffer.concat([head, Buffer.alloc(encodeEntry('b').length), encodeEntry('c')])
    expect(readJournal(torn)).toEqual({ kind: 'usable', entries: ['a'], validBytes: head.length })
  })

  it('refuses a hole that a later mark covers', () => {
    const head = Buffer.concat([JOURNAL_MAGIC, encodeEntry('a')])
    const hole = Buffer.alloc(encodeEntry('b').length)
    const bytes = Buffer.concat([head, hole, encodeMark(head.length + hole.length)])
    expect(readJournal(bytes)).toMatchObject({ kind: 'refused', recordNumber: 1, position: head.length })
  })

  it('refuses a journal that ends before its mark', () => {
    const bytes = Buffer.concat([JOURNAL_MAGIC, encodeMark(1000)])
    expect(readJournal(bytes)).toMatchObject({ kind: 'refused' })
  })
})

function fullDisk(fs: FileSystem): { fs: FileSystem; isFull: boolean } {
  const control = { fs, isFull: false }
  control.fs = wrapHandles(fs, (handle) => ({
    ...handle,
    appendSync: (buffers) => {
      if (control.isFull) throw new StorageError('ENOSPC', PATH, 'the disk is full')
      handle.appendSync(buffers)
    },
  }))
  return control
}

function failingSync(fs: FileSystem): { fs: FileSystem; isFailing: boolean } {
  const control = { fs, isFailing: false }
  control.fs = wrapHandles(fs, (handle) => ({
    ...handle,
    sync: async () => {
      if (control.isFailing) throw new StorageError('EIO', PATH, 'the sync failed')
      await handle.sync()
    },
  }))
  return control
}

type Handle = ReturnType<FileSystem['open']>

/** A file system whose handles do something else in places. Handles are classes: their methods are bound by hand. */
function wrapHandles(fs: FileSystem, change: (handle: Handle) => Handle): FileSystem {
  const bound = (handle: Handle): Handle => ({
    path: handle.path,
    get sizeBytes() {
      return handle.sizeBytes
    },
    appendSync: (buffers) => handle.appendSync(buffers),
    writeAtSync: (position, bytes) => handle.writeAtSync(position, bytes),
    readSync: (...args) => handle.readSync(...args),
    read: (position, length) => handle.read(position, length),
    readInto: (position, target, length) => handle.readInto(position, target, length),
    truncateSync: (sizeBytes) => handle.truncateSync(sizeBytes),
    sync: () => handle.sync(),
    syncSync: () => handle.syncSync(),
    fullSync: () => handle.fullSync(),
    close: () => handle.close(),
  })
  return new Proxy(fs, {
    get: (target, name) => {
      if (name !== 'open') return Reflect.get(target, name).bind(target)
      return (path: string, mode: 'create' | 'open' | 'read') => {
        const handle = bound(target.open(path, mode))
        const changed = change(handle)
        // Spreading has frozen the size: it must stay alive.
        Object.defineProperty(changed, 'sizeBytes', { get: () => handle.sizeBytes })
        return changed
      }
    },
  })
}
