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
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
}

export interface Latency {
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

async function run(args: readonly (string | number)[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(PROGRAM, args.map(String), { timeout: 600_000 })
  return JSON.parse(stdout)
}

export interface LoadTarget {
  readonly bootstrap: string
  readonly topic: string
}

export async function loadProduce(
  { bootstrap, topic }: LoadTarget,
  { count, bytes }: { count: number; bytes: number },
): Promise<Throughput> {
  return (await run(['produce', bootstrap, topic, count, bytes])) as Throughput
}

export async function loadConsume({ bootstrap, topic }: LoadTarget, count: number): Promise<Throughput> {
  return (await run(['consume', bootstrap, topic, count])) as Throughput
}

export async function loadLatency(
  { bootstrap, topic }: LoadTarget,
  { count, bytes, perSecond }: { count: number; bytes: number; perSecond: number },
): Promise<Latency> {
  return (await run(['latency', bootstrap, topic, count, bytes, perSecond])) as Latency
}
