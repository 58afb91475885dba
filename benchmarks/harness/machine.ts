import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import process from 'node:process'

/** What a figure was measured on: printed with every one, because without it a figure says nothing. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
  /** Short hash, with `+changes` when the working tree differs from it. `unknown` outside a repository. */
  readonly commit: string
}

/** Looks at this machine and this working tree. */
export function readMachine(): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    commit: readCommit(),
  }
}

/** One line for the head of a report. */
export function describeMachine(machine: Machine): string {
  const { cpu, cores, memoryGiB, platform, node, commit } = machine
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, commit ${commit}`
}

function readCommit(): string {
  const hash = git('rev-parse', '--short=10', 'HEAD')
  if (hash === null) return 'unknown'
  return git('status', '--porcelain', '--untracked-files=no') === '' ? hash : `${hash}+changes`
}

function git(...args: string[]): string | null {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}
