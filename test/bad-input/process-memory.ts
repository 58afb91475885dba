/** The memory that a process has resident, as Linux tells it. */
import { readFileSync } from 'node:fs'

export function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  if (line === null) throw new Error(`no VmRSS of process ${pid}`)
  return Number(line[1]) * 1024
}
