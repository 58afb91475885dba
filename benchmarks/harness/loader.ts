/** The load program in C (`loader.c`), compiled when it is first needed. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const SOURCE = fileURLToPath(new URL('./loader.c', import.meta.url))
const FOLDER = fileURLToPath(new URL('../../.cache/', import.meta.url))
const PROGRAM = `${FOLDER}loader`

export interface Throughput {
  readonly records: number
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
}

export interface Latency {
  readonly recordsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Needs a C compiler and librdkafka's headers (Debian: librdkafka-dev). */
export function buildLoader(): void {
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > statSync(SOURCE).mtimeMs) return
  mkdirSync(FOLDER, { recursive: true })
  execFileSync('cc', ['-O2', '-o', PROGRAM, SOURCE, '-lrdkafka', '-lpthread'], { stdio: 'inherit' })
}

export interface LoadTarget {
  readonly bootstrap: string
  readonly topic: string
}

/** What the load looks like; what is left out is as the program's head says. */
export interface Load {
  readonly count: number
  readonly bytes?: number
  readonly partitions?: number
  readonly codec?: 'none' | 'lz4'
  readonly acks?: 'all' | '1'
  /** Records a second, of `loadLatency`. */
  readonly rate?: number
  readonly clients?: number
  /** Records on their way of one client in a crowd. */
  readonly window?: number
}

const TIMEOUT_MS = 240_000

async function run(mode: string, { bootstrap, topic }: LoadTarget, load: Load): Promise<unknown> {
  const { count, ...options } = load
  const named = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  const args = [mode, bootstrap, topic, String(count), ...named]
  const { stdout } = await promisify(execFile)(PROGRAM, args, { timeout: TIMEOUT_MS })
  return JSON.parse(stdout)
}

export async function loadProduce(target: LoadTarget, load: Load): Promise<Throughput> {
  return (await run('produce', target, load)) as Throughput
}

export async function loadConsume(target: LoadTarget, load: Load): Promise<Throughput> {
  return (await run('consume', target, load)) as Throughput
}

export async function loadLatency(target: LoadTarget, load: Load): Promise<Latency> {
  return (await run('latency', target, load)) as Latency
}

/** Many producers and as many consumers at once. */
export async function loadCrowd(target: LoadTarget, load: Load): Promise<Latency> {
  return (await run('crowd', target, load)) as Latency
}
