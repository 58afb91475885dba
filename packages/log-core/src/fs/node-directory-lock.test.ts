import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import nodeFs from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LOCK_FILE_NAME, LOCK_HOLDER_FILE_NAME } from './lock-holder-file.ts'
import { nodeFileSystem } from './node-file-system.ts'

let root = ''
let children: ChildProcess[] = []

beforeEach(() => {
  root = nodeFs.mkdtempSync(`${os.tmpdir()}/millrace-lock-`)
})

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  nodeFs.rmSync(root, { recursive: true, force: true })
})

const holder = { pid: process.pid, bootId: 'boot', startedAtMs: 1_700_000_000_000 }

/** Another process that takes the lock, says so, and holds it until it is killed. */
async function startHolder(): Promise<{ child: ChildProcess; errorOutput: () => string }> {
  const modulePath = new URL('./node-file-system.ts', import.meta.url).href
  // Warns on loading SQLite as the Node versions do that call it experimental. The last warning is the last line of
  // standard error, so 'locked' is printed after all of them.
  const program = `
    import { nodeFileSystem } from ${JSON.stringify(modulePath)}
    const load = process.getBuiltinModule
    process.getBuiltinModule = (id) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning')
      return load(id)
    }
    process.on('warning', (warning) => warning.message === 'another warning' && console.log('locked'))
    const fs = nodeFileSystem()
    fs.lockDirectory(${JSON.stringify(root)}, { pid: process.pid, bootId: fs.bootId(), startedAtMs: Date.now() })
    gc() // The lock must not hang on a reference: nothing in this program keeps one.
    process.emitWarning('another warning')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], {
    stdio: 'pipe',
  })
  children.push(child)
  let errorOutput = ''
  child.stderr.on('data', (chunk) => {
    errorOutput += chunk
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the holder ended: ${errorOutput}`)))
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => undefined)
  return { child, errorOutput: () => errorOutput }
}

describe('directory lock', () => {
  it('keeps another process out and names it, until that process is killed', async () => {
    const { child } = await startHolder()
    expect(() => nodeFileSystem().lockDirectory(root, holder)).toThrow(
      expect.objectContaining({
        code: 'LOCKED',
        message: expect.stringContaining(`process ${child.pid} since 20`),
      }),
    )
    child.kill('SIGKILL')
    await once(child, 'close')
    const lock = nodeFileSystem().lockDirectory(root, holder)
    expect(lock.previousHolder).toMatchObject({ pid: child.pid, bootId: nodeFileSystem().bootId() })
    lock.release()
  })

  it('prints nothing about SQLite and hides no other warning', async () => {
    const { child, errorOutput } = await startHolder()
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(errorOutput()).not.toContain('SQLite')
    expect(errorOutput()).toContain('another warning')
  })

  it('holds within one process too, while the name of the holder is read and copied', () => {
    const fs = nodeFileSystem()
    const lock = fs.lockDirectory(root, holder)
    nodeFs.copyFileSync(`${root}/${LOCK_HOLDER_FILE_NAME}`, `${root}/copy`)
    expect(fs.readFile(`${root}/${LOCK_HOLDER_FILE_NAME}`).toString()).toContain('"bootId": "boot"')
    expect(() => nodeFileSystem().lockDirectory(root, holder)).toThrow(/is in use by process/)
    lock.release()
  })

  it('leaves nothing but its two files behind', () => {
    const lock = nodeFileSystem().lockDirectory(root, holder)
    lock.release()
    expect(nodeFs.readdirSync(root).sort()).toEqual([LOCK_FILE_NAME, LOCK_HOLDER_FILE_NAME])
    expect(nodeFs.statSync(`${root}/${LOCK_FILE_NAME}`).size).toBe(0)
  })

  it('says so when the holder is unknown, and takes a holder file that makes no sense for none', () => {
    const fs = nodeFileSystem()
    const lock = fs.lockDirectory(root, holder)
    for (const text of [
      '',
      '{',
      '[]',
      '{"pid":1}',
      '{"pid":"1","bootId":"b","startedAtMs":0}',
      '{"pid":1,"bootId":"b","startedAtMs":1e300}',
    ]) {
      nodeFs.writeFileSync(`${root}/${LOCK_HOLDER_FILE_NAME}`, text)
      expect(() => fs.lockDirectory(root, holder)).toThrow(/another process that left no name/)
    }
    lock.release()
    expect(fs.lockDirectory(root, holder).previousHolder).toBe(null)
  })

  it('refuses a directory that it cannot use, with the path', () => {
    expect(() => nodeFileSystem().lockDirectory(`${root}/missing`, holder)).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: expect.stringContaining(`${root}/missing`) }),
    )
    nodeFs.writeFileSync(`${root}/file`, '')
    expect(() => nodeFileSystem().lockDirectory(`${root}/file`, holder)).toThrow(
      expect.objectContaining({ code: 'ENOTDIR' }),
    )
  })
})
