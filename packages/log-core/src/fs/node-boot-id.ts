import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import process from 'node:process'

/**
 * Names this run of the machine's kernel. Where the kernel has no name for it, the time it started stands in, to ten
 * minutes: when the clock is set in between, the same run looks like another one, which only makes recovery cut a
 * tail that it could have refused.
 */
export function readBootId(): string {
  try {
    if (process.platform === 'linux') return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    if (process.platform === 'darwin') return sysctl('kern.bootsessionuuid')
  } catch {
    // A sandbox may hide both: the start time below is always there.
  }
  const startedAtMs = Date.now() - os.uptime() * 1000
  return `started-${Math.round(startedAtMs / 600_000)}`
}

function sysctl(name: string): string {
  return execFileSync('/usr/sbin/sysctl', ['-n', name], { encoding: 'utf8', timeout: 2000 }).trim()
}
