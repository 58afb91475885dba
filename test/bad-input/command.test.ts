import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type CommandResult,
  MillraceProcess,
  runMillrace,
} from '../../packages/broker/compat/process/millrace-process.ts'

const LINES_TOO_MANY = 20_000

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-bad-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** An error of the command: exit code 1, nothing on standard output, one line that contains each of the words. */
function expectOneLine(result: CommandResult, ...words: readonly (string | RegExp)[]): void {
  expect(result).toMatchObject({ code: 1, stdout: '' })
  expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
  for (const word of words) expect(result.stderr).toMatch(word)
}

const serve = (...args: readonly string[]): Promise<CommandResult> =>
  runMillrace(['serve', '--listen', 'localhost:0', ...args])

describe('serve says in one line, and ends with 1, when', () => {
  it('the data directory is not ours', async () => {
    writeFileSync(join(folder, 'thesis.txt'), 'not a log')
    expectOneLine(await serve('--data', folder), folder)
    // And nothing was touched.
    expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('thesis.txt\n')
  })

  it('the data directory is a file', async () => {
    const file = join(folder, 'data')
    writeFileSync(file, 'x')
    expectOneLine(await serve('--data', file), file)
  })

  it('the data directory cannot be made', async () => {
    expectOneLine(await serve('--data', '/proc/millrace/data'), '/proc/millrace')
  })

  it('the port is in use', async () => {
    await using other = await MillraceProcess.start()
    const args = ['serve', '--data', join(folder, 'data'), '--listen', other.bootstrap]
    expectOneLine(await runMillrace(args), String(other.port))
  })

  it('another broker holds the data directory', async () => {
    await using other = await MillraceProcess.start()
    expectOneLine(await serve('--data', other.dataDir), other.dataDir, String(other.pid))
  })

  it('a configuration file has a typo', async () => {
    const file = join(folder, 'broker.properties')
    writeFileSync(file, 'num.partitons=3\n')
    const result = await serve('--data', join(folder, 'data'), '--config', file)
    expectOneLine(result, 'num.partitons', 'num.partitions')
  })

  it('a setting has a value that cannot be', async () => {
    const result = await serve('--data', join(folder, 'data'), '--set', 'num.partitions=many')
    expectOneLine(result, 'num.partitions', 'many')
  })
})

describe('a command says in one line, and ends with 1, when', () => {
  it('no broker answers', async () => {
    expectOneLine(await runMillrace(['topic', 'list'], { bootstrap: 'localhost:1' }), 'localhost:1')
  })

  it('the topic is unknown, and it does not create it', async () => {
    await using broker = await MillraceProcess.start()
    const { bootstrap } = broker
    expectOneLine(await runMillrace(['tail', 'nowhere', '--no-follow'], { bootstrap }), 'nowhere')
    expectOneLine(await runMillrace(['topic', 'describe', 'nowhere'], { bootstrap }), 'nowhere')
    expect(await runMillrace(['topic', 'list'], { bootstrap })).toMatchObject({ code: 0, stdout: '' })
  })

  it('the topic name cannot be', async () => {
    await using broker = await MillraceProcess.start()
    const { bootstrap } = broker
    for (const name of ['a/b', '..', 'x'.repeat(250)]) {
      expectOneLine(await runMillrace(['topic', 'create', name], { bootstrap }), /name/i)
    }
  })

  it('it is misspelt', async () => {
    const result = await runMillrace(['sreve'])
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/serve/)
  })
})

/** File systems of our own making need the right to mount; a machine where we are not root has no such test. */
function canMount(): boolean {
  const probe = mkdtempSync(join(tmpdir(), 'millrace-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', probe], { stdio: 'ignore' })
    execFileSync('umount', [probe], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    mkdirSync(probe, { recursive: true })
    rmSync(probe, { recursive: true, force: true })
  }
}

describe.runIf(canMount())('on a file system that', () => {
  const mount = (options: string): void => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder])
  }
  afterEach(() => {
    execFileSync('umount', [folder])
  })

  it('is read-only, serve says so in one line', async () => {
    mount('ro,size=1m')
    expectOneLine(await serve('--data', join(folder, 'data')), /EROFS|read-only/i)
  })

  it('is full, what was acknowledged stays, reading goes on, and writing too once there is space', async () => {
    mount('size=24m')
    const ballast = join(folder, 'ballast')
    writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024))
    await using broker = await MillraceProcess.start({ dataDir: join(folder, 'data') })
    const { bootstrap } = broker
    expect(await runMillrace(['topic', 'create', 'full'], { bootstrap })).toMatchObject({ code: 0 })
    const offsets = async (): Promise<string[]> => {
      const tail = ['tail', 'full', '--from', 'beginning', '--no-follow', '-f', '%o\\n']
      const { code, stdout } = await runMillrace(tail, { bootstrap })
      expect(code).toBe(0)
      return stdout.split('\n').slice(0, -1)
    }

    // Lines that do not compress, more of them than there is space for.
    const lines = Array.from({ length: LINES_TOO_MANY }, () => randomBytes(512).toString('hex'))
    const producing = runMillrace(['produce', 'full'], { bootstrap, input: `${lines.join('\n')}\n` })
    await vi.waitFor(() => expect(broker.output).toMatch(/ENOSPC|disk is full/), {
      timeout: 20_000,
      interval: 50,
    })
    const kept = await offsets()
    expect(kept.length).toBeLessThan(LINES_TOO_MANY)

    rmSync(ballast)
    expect(await producing).toMatchObject({ code: 0 })
    await broker.kill()
    await broker.restart()
    expect(await offsets()).toEqual(Array.from({ length: LINES_TOO_MANY }, (_, offset) => String(offset)))
  })
})
