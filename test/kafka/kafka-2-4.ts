/** Apache Kafka 2.4 with its ZooKeeper, from Maven Central's jars: the oldest broker that our client works with. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, waitForPort } from '../../packages/broker/compat/process/ports.ts'

const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')
const JARS = join(INSTALLED, 'kafka-2.4')
const START_TIMEOUT_MS = 60_000

/** Whether `npm run clients:install` has put it on this machine. */
export function isKafka24Installed(): boolean {
  return existsSync(join(JARS, 'installed'))
}

export interface Kafka24 extends AsyncDisposable {
  readonly bootstrapServers: string
  /** Makes a user known to both SCRAM mechanisms: over the wire this is not possible before Kafka 2.7. */
  addScramUser(user: string, password: string): Promise<void>
}

export interface Kafka24Options {
  readonly properties?: Readonly<Record<string, string>>
  /** Where its plain listener is, when `properties` name the listeners; any free one otherwise. */
  readonly port?: number
}

/** Starts both on ports of their own, and answers when the broker takes connections. */
export async function startKafka24(options: Kafka24Options = {}): Promise<Kafka24> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-kafka-2-4-'))
  const [zookeeperPort, port] = [await freePort(), options.port ?? (await freePort())]
  const children: ChildProcess[] = []
  const close = async (): Promise<void> => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exited = once(child, 'exit')
      // A clean stop would wait for a controller to take over, and there is no other broker.
      child.kill('SIGKILL')
      await exited
    }
    rmSync(home, { recursive: true, force: true })
  }
  const start = async (
    name: string,
    mainClass: string,
    atPort: number,
    properties: object,
  ): Promise<void> => {
    const file = join(home, `${name}.properties`)
    writeFileSync(
      file,
      Object.entries(properties)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    const child = spawn('java', ['-Xmx256m', '-XX:+UseSerialGC', '-cp', `${JARS}/*`, mainClass, file], {
      stdio: 'ignore',
    })
    children.push(child)
    await waitForPort(atPort, { timeoutMs: START_TIMEOUT_MS, child })
  }
  try {
    await start('zookeeper', 'org.apache.zookeeper.server.quorum.QuorumPeerMain', zookeeperPort, {
      dataDir: join(home, 'zookeeper'),
      clientPort: zookeeperPort,
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': false,
    })
    await start('kafka', 'kafka.Kafka', port, {
      'broker.id': 1,
      'zookeeper.connect': `127.0.0.1:${zookeeperPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port}`,
      'log.dirs': join(home, 'data'),
      'offsets.topic.replication.factor': 1,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
      'offsets.topic.num.partitions': 5,
      ...options.properties,
    })
  } catch (error) {
    await close()
    throw error
  }
  const addScramUser = async (user: string, password: string): Promise<void> => {
    const credentials = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((name) => `${name}=[password=${password}]`)
    const entity = ['--entity-type', 'users', '--entity-name', user]
    const change = ['--alter', '--add-config', credentials.join(), ...entity]
    const args = [
      '-cp',
      `${JARS}/*`,
      'kafka.admin.ConfigCommand',
      '--zookeeper',
      `127.0.0.1:${zookeeperPort}`,
    ]
    await promisify(execFile)('java', [...args, ...change])
  }
  return { bootstrapServers: `127.0.0.1:${port}`, addScramUser, [Symbol.asyncDispose]: close }
}
