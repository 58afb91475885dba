import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openLog } from '../src/index.ts'

/** `KILL_ROUNDS=100/1000` is the hundred from the thousandth on. */
const [KILLS = 50, FIRST = 0] = (process.env.KILL_ROUNDS ?? '').split('/').filter(Boolean).map(Number)
const WRITER = fileURLToPath(new URL('./killed-writer.ts', import.meta.url))
/** Node runs the writer's TypeScript as it is from this version on. */
const canRunTypeScript = Number(process.versions.node.split('.')[0]) >= 24
/** Opening takes about 60 calls of the disk, a segment 15, and so many are counted at most. */
const MOST_CALLS = 600

/** Runs the writer until it kills itself, and returns the last offset that it told, or -1. */
function writeUntilKilled(path: string, round: number): Promise<number> {
  // Half of the kills hit the opening and the first segments; a prime step leaves no number out for long.
  const most = round % 2 === 0 ? 150 : MOST_CALLS
  const killAt = 1 + ((round * 7_919) % most)
  const args = ['--conditions=@millrace/source', WRITER, path, String(round), String(killAt)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = ''
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      told += chunk
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`the writer ended by itself in round ${round}`))
      const whole = told.slice(0, told.lastIndexOf('\n')).split('\n')
      resolve(Number(whole.at(-1) || -1))
    })
  })
}

it.skipIf(!canRunTypeScript)(
  'keeps every acknowledged record of a process that is killed at any call of the disk',
  { timeout: 3_000_000 },
  async () => {
    const path = mkdtempSync(`${tmpdir()}/millrace-kills-`)
    let endBefore = 0
    let epochBefore = 0
    let writers = 0
    try {
      for (let round = FIRST; round < FIRST + KILLS; round++) {
        const acknowledged = await writeUntilKilled(path, round)
        const log = await openLog(path)
        const { startOffset, endOffset, leaderEpoch } = log.info()
        expect(endOffset).toBeGreaterThanOrEqual(Math.max(endBefore, acknowledged + 1))
        expect(leaderEpoch).toBeGreaterThanOrEqual(acknowledged < 0 ? epochBefore : epochBefore + 1)
        let offset = startOffset
        for await (const record of log.read()) {
          expect(record.offset).toBe(offset)
          expect(String(record.value)).toBe(`value ${offset}`.padEnd(100, '.'))
          offset++
        }
        expect(offset).toBe(endOffset)
        await log.close()
        endBefore = endOffset
        epochBefore = leaderEpoch
        if (acknowledged >= 0) writers++
      }
      expect(writers).toBeGreaterThan(KILLS / 4)
    } finally {
      rmSync(path, { recursive: true, force: true })
    }
  },
)
