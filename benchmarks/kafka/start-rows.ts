/** The rows about starting: a process of its own each time, until its first answered ApiVersions. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@millrace/client'
import { LAUNCHER } from '../../packages/broker/compat/process/millrace-process.ts'
import { freePort } from '../../packages/broker/compat/process/ports.ts'
import { startKafka } from '../../test/kafka/apache-kafka.ts'
import { installPacked, PACKAGES } from '../../test/pack/packed-project.ts'
import { loadProduce } from '../harness/loader.ts'
import { residentMegabytes } from '../harness/process-cpu.ts'
import { firstAnswer } from '../macro/start.ts'
import { type OwnRow, tableLine } from './comparison.ts'

const KIB = 1024
const GIGABYTE = 1e9
const PARTITIONS = 12
const TOPIC = 'large'
/** What is idle has done what it does after its start. */
const IDLE_MS = 3000

interface Started {
  readonly bootstrap: string
  readonly startMs: number
  readonly pid: number
  end(signal: NodeJS.Signals): Promise<void>
}

type Starter = (dataDir: string) => Promise<Started>

async function startMillrace(command: readonly [string, ...string[]], dataDir: string): Promise<Started> {
  const port = await freePort()
  const [file, ...args] = command
  const startedMs = performance.now()
  const child = spawn(file, [...args, 'serve', '--data', dataDir, '--listen', `localhost:${port}`], {
    stdio: 'ignore',
  })
  await answerOf(child, port)
  const startMs = performance.now() - startedMs
  return {
    bootstrap: `localhost:${port}`,
    startMs,
    pid: child.pid ?? -1,
    end: async (signal) => {
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
  }
}

async function answerOf(child: ChildProcess, port: number): Promise<void> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the broker ended with ${code} before it answered`)
  })
  // It ends later, when it is told to.
  exited.catch(() => {})
  await Promise.race([firstAnswer(port), exited])
}

async function startApacheKafka(dataDir: string): Promise<Started> {
  const port = await freePort()
  const startedMs = performance.now()
  const answered = firstAnswer(port)
  const kafka = await startKafka({ dataDir, port })
  await answered
  return {
    bootstrap: kafka.bootstrap,
    startMs: performance.now() - startedMs,
    pid: kafka.pid,
    end: (signal) => (signal === 'SIGKILL' ? kafka.kill() : kafka.close()),
  }
}

const fromClone: Starter = (dataDir) => startMillrace([process.execPath, LAUNCHER], dataDir)

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-start-'))
  try {
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Each start finds a new data directory; Kafka's is formatted before, and that is not counted. */
async function emptyStarts(start: Starter, rounds: number): Promise<{ startMs: number[]; idle: number[] }> {
  const startMs: number[] = []
  const idle: number[] = []
  // The first one fills caches and is left out.
  for (let round = 0; round <= rounds; round += 1) {
    await inFolder(async (folder) => {
      const dataDir = join(folder, 'data')
      if (start === startApacheKafka) await (await start(dataDir)).end('SIGTERM')
      const started = await start(dataDir)
      if (round > 0) {
        await wait(IDLE_MS)
        startMs.push(started.startMs)
        idle.push(residentMegabytes(started.pid))
      }
      await started.end('SIGTERM')
    })
  }
  return { startMs, idle }
}

const startEmpty: OwnRow = {
  name: 'start-empty',
  run: async ({ rounds }) => {
    const ours = await emptyStarts(fromClone, rounds)
    const theirs = await emptyStarts(startApacheKafka, Math.min(rounds, 3))
    return [
      tableLine(
        { label: 'start, empty, from a clone: ms', goal: '200', digits: 0 },
        ours.startMs,
        theirs.startMs,
      ),
      tableLine({ label: 'memory when idle: MB', goal: '70', digits: 0 }, ours.idle, theirs.idle),
    ]
  },
}

const startPacked: OwnRow = {
  name: 'start-packed',
  run: async ({ rounds }) => {
    const installed = await installPacked(PACKAGES)
    try {
      const launcher = join(installed.project, 'node_modules', '.bin', 'millrace')
      const { idle, startMs } = await emptyStarts((dataDir) => startMillrace([launcher], dataDir), rounds)
      return [
        tableLine({ label: 'start, empty, packed: ms', goal: '100', digits: 0 }, startMs, []),
        tableLine({ label: 'memory when idle, packed: MB', goal: '70', digits: 0 }, idle, []),
      ]
    } finally {
      installed.remove()
    }
  },
}

const startLarge: OwnRow = {
  name: 'start-large',
  run: async ({ rounds, startGigabytes }) => {
    const free = statfsSync(tmpdir())
    const freeGigabytes = (free.bavail * free.bsize) / GIGABYTE
    if (startGigabytes === 0 || freeGigabytes < startGigabytes * 1.5) return []
    const ours = await largeStarts(fromClone, startGigabytes, rounds)
    const theirs = await largeStarts(startApacheKafka, startGigabytes, 1)
    const label = `start, ${startGigabytes} GB`
    return [
      tableLine({ label: `${label}, clean: ms`, goal: '250', digits: 0 }, ours.clean, theirs.clean),
      tableLine(
        { label: `${label}, after kill -9: ms`, goal: '1000', digits: 0 },
        ours.killed,
        theirs.killed,
      ),
    ]
  },
}

/** Written once, as fast as the disk takes it; then stopped and killed in turn, with a few records in between. */
function largeStarts(
  start: Starter,
  gigabytes: number,
  rounds: number,
): Promise<{ clean: number[]; killed: number[] }> {
  return inFolder(async (folder) => {
    const dataDir = join(folder, 'data')
    let running = await start(dataDir)
    await using client = createClient({ bootstrapServers: running.bootstrap })
    await client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS }])
    const load = { bytes: KIB, partitions: PARTITIONS }
    const write = (count: number): Promise<unknown> =>
      loadProduce({ bootstrap: running.bootstrap, topic: TOPIC }, { ...load, count })
    await write(Math.ceil((gigabytes * GIGABYTE) / KIB))
    const clean: number[] = []
    const killed: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      for (const [signal, samples] of [['SIGTERM', clean] as const, ['SIGKILL', killed] as const]) {
        await write(1000)
        await running.end(signal)
        running = await start(dataDir)
        samples.push(running.startMs)
      }
    }
    await running.end('SIGKILL')
    return { clean, killed }
  })
}

/** Rows that bring their own brokers. */
export const START_ROWS: readonly OwnRow[] = [startEmpty, startPacked, startLarge]
