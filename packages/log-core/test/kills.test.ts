import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openLog } from '../src/index.ts'

const KILLS = 12
const WRITER = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))
/** Node runs the writer's TypeScript as it is from this version on. */
const canRunTypeScript = Number(process.versions.node.split('.')[0]) >= 24

/** Runs the writer for a while after its first acknowledgement, kills it, and returns the last offset that it told. */
function writeUntilKilled(path: string, round: number): Promise<number> {
  const child = spawn(process.execPath, ['--conditions=@millrace/source', WRITER, path, String(round)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let told = ''
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      // A different moment each time, and none that this process chose.
      if (told === '') setTimeout(() => child.kill('SIGKILL'), 5 + ((round * 37) % 90))
      told += chunk
    })
    child.on('error', reject)
    child.on('exit', () => {
      const whole = told.slice(0, told.lastIndexOf('\n')).split('\n')
      resolve(Number(whole.at(-1) || -1))
    })
  })
}

it.skipIf(!canRunTypeScript)(
  'keeps every acknowledged record of a process that is killed',
  { timeout: 60_000 },
  async () => {
    const path = mkdtempSync(`${tmpdir()}/millrace-kills-`)
    try {
      for (let round = 0; round < KILLS; round++) {
        const acknowledged = await writeUntilKilled(path, round)
        expect(acknowledged).toBeGreaterThanOrEqual(0)
        const log = await openLog(path)
        const { startOffset, endOffset, leaderEpoch } = log.info()
        expect(endOffset).toBeGreaterThan(acknowledged)
        expect(leaderEpoch).toBe(round + 1)
        let offset = startOffset
        for await (const record of log.read()) {
          expect(record.offset).toBe(offset)
          expect(String(record.value)).toBe(`value ${offset}`.padEnd(100, '.'))
          offset++
        }
        expect(offset).toBe(endOffset)
        await log.close()
      }
    } finally {
      rmSync(path, { recursive: true, force: true })
    }
  },
)
