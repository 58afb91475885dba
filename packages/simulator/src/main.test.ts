import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { describe, expect, it } from 'vitest'

const MAIN = new URL('./main.ts', import.meta.url).pathname

function simulate(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--conditions=@millrace/source', MAIN, ...args], { encoding: 'utf8' })
}

describe('npm run simulate', () => {
  it('ends with 0 and the counters when nothing is wrong', () => {
    const { status, stdout, stderr } = simulate('--seeds', '5', '--first-seed', '40')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('power failed')
    expect(stdout).toMatch(/^5 seeds, \d+ crashes, \d+ operations in /m)
  })

  it('ends with 1 and a line that replays the seed when something is wrong', () => {
    const { status, stderr } = simulate('--seeds', '5', '--plant', 'ack-before-sync')
    expect(status).toBe(1)
    const replay = /replay: npm run simulate -- (.+)$/m.exec(stderr)?.[1]
    expect(replay).toMatch(/^--first-seed \d --trace --plant ack-before-sync$/)
    const again = simulate(...(replay ?? '').split(' '))
    expect(again.status).toBe(1)
    expect(again.stdout).toContain('boot simulated-boot-1')
    expect(stderr).toContain(again.stderr.trim())
  })

  it('lists the planted bugs, and refuses what it does not understand', () => {
    expect(simulate('--list-plants').stdout).toMatch(/^epoch-not-raised +the leader epoch/m)
    expect(simulate('--plant', 'nonsense')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('nonsense'),
    })
    expect(simulate('--seeds', 'many')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--seeds'),
    })
  })
})
