/**
 * Apache Kafka from Maven Central's jars: one KRaft node on the loopback, for tests and benchmarks that want the
 * reference beside ours. Broker properties are arguments; what is not given has values that suit a single node.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort, waitForPort } from '../../packages/broker/compat/process/ports.ts'

const POM = fileURLToPath(new URL('./pom.xml', import.meta.url))
const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')
const JARS = join(INSTALLED, 'kafka')
/** The last Kafka 3, which `npm run clients:install` puts there. */
const JARS_3_9 = join(INSTALLED, 'kafka-3.9')

/** Whether `installKafka` has been done (it needs Maven, and a minute the first time). */
export function isKafkaInstalled(): boolean {
  return existsSync(join(JARS, 'installed'))
}

/** Copies the jars into the user's cache. Does nothing when they are there. */
export function installKafka(): void {
  if (isKafkaInstalled()) return
  mkdirSync(JARS, { recursive: true })
  execFileSync('mvn', ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  writeFileSync(join(JARS, 'installed'), '')
}

/** Where Java finds Kafka's classes, its tools among them. */
export function kafkaClassPath(): string {
  return `${JARS}/*`
}

export interface KafkaOptions {
  readonly properties?: Readonly<Record<string, string>>
  /** Kept afterwards when given; else a temporary folder that `close` removes. */
  readonly dataDir?: string
  readonly heap?: string
  readonly release?: '4.3' | '3.9'
  /** Where its plain listener is, when `properties` name the listeners; any free one otherwise. */
  readonly port?: number
}

export interface ApacheKafka extends AsyncDisposable {
  readonly bootstrap: string
  readonly pid: number
  readonly dataDir: string
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  close(): Promise<void>
}

/** Formats the data directory, starts the broker, and answers when it accepts connections. */
export async function startKafka(options: KafkaOptions = {}): Promise<ApacheKafka> {
  const jars = options.release === '3.9' ? JARS_3_9 : JARS
  if (jars === JARS) installKafka()
  else if (!existsSync(join(jars, 'installed'))) throw new Error('no Kafka 3.9: npm run clients:install')
  const home = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
  const dataDir = options.dataDir ?? join(home, 'data')
  const port = options.port ?? (await freePort())
  const propertiesFile = join(home, 'server.properties')
  const properties = { ...singleNode(port, await freePort(), dataDir), ...options.properties }
  writeFileSync(
    propertiesFile,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  if (!existsSync(join(dataDir, 'meta.properties'))) {
    const format = ['format', '--cluster-id', 'bWlsbHJhY2UtcmVmZXJlbg', '--config', propertiesFile]
    await runKafkaClass('kafka.tools.StorageTool', format, jars)
  }
  const logFile = join(home, 'broker.log')
  const output = openSync(logFile, 'a')
  const heap = options.heap ?? '1g'
  const flags = [`-Xmx${heap}`, `-Xms${heap}`, '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20']
  const child = spawn('java', [...flags, '-cp', `${jars}/*`, 'kafka.Kafka', propertiesFile], {
    stdio: ['ignore', output, output],
  })
  try {
    await waitForPort(port, { timeoutMs: 60_000, child })
  } catch (error) {
    child.kill('SIGKILL')
    throw new Error(`Kafka did not start:\n${readFileSync(logFile, 'utf8').slice(-4000)}`, { cause: error })
  }
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    await endChild(child, signal)
    rmSync(home, { recursive: true, force: true })
  }
  const close = (): Promise<void> => stop('SIGTERM')
  return {
    bootstrap: `127.0.0.1:${port}`,
    pid: child.pid ?? -1,
    dataDir,
    kill: () => endChild(child, 'SIGKILL'),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Runs one of Kafka's own tools by its class name, e.g. `org.apache.kafka.tools.DumpLogSegments`. */
export async function runKafkaClass(
  className: string,
  args: readonly string[],
  jars = JARS,
): Promise<{ stdout: string; stderr: string }> {
  if (jars === JARS) installKafka()
  const flags = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', `${jars}/*`, className]
  return promisify(execFile)('java', [...flags, ...args], { maxBuffer: 256 * 1024 * 1024 })
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

function singleNode(port: number, controllerPort: number, dataDir: string): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataDir,
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
  }
}
