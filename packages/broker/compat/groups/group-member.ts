/** A member of a group: a foreign client in its own process, which tells what it owns and reads. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type Protocol = 'eager' | 'cooperative' | 'consumer'

export interface GroupTarget {
  readonly bootstrap: string
  readonly topic: string
  readonly group: string
}

type ReadRange = readonly [partition: number, first: number, last: number]

export class GroupMember {
  readonly name: string
  readonly #child: ChildProcess
  readonly #read: ReadRange[] = []
  #assigned: readonly number[] = []
  #complaints = ''

  constructor(
    name: string,
    command: readonly [string, ...string[]],
    target: GroupTarget & { readonly protocol: Protocol },
  ) {
    this.name = name
    const [file, ...args] = command
    const { bootstrap, group, protocol, topic } = target
    this.#child = spawn(file, [...args, bootstrap, topic, group, protocol], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const { stderr, stdout } = this.#child
    stderr?.on('data', (chunk: Buffer) => {
      this.#complaints = `${this.#complaints}${chunk}`.slice(-10_000)
    })
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#take(line))
  }

  /** The partitions that it owned when it last said so. */
  get assigned(): readonly number[] {
    return this.#assigned
  }

  get read(): readonly ReadRange[] {
    return this.#read
  }

  /** The end of what it wrote to standard error. */
  get complaints(): string {
    return this.#complaints
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** SIGSTOP: it is there, but silent. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  /** SIGTERM lets it leave, SIGKILL does not. Resolves when it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (!this.isRunning) return
    const exited = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exited
  }

  #take(line: string): void {
    const said: { assigned?: number[]; read?: ReadRange[] } = JSON.parse(line)
    if (said.assigned !== undefined) this.#assigned = said.assigned
    if (said.read !== undefined) this.#read.push(...said.read)
  }
}
