/** What a client costs before and beside its work: import, first record, memory, disk. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SOURCE_CONDITION = '--conditions=@millrace/source'

/** The module that a program imports. */
export const MODULES = {
  millrace: '@millrace/client',
  kafkajs: 'kafkajs',
  platformatic: '@platformatic/kafka',
} as const
export type ClientName = keyof typeof MODULES

/** What is imported: the files as npm publishes them, or the sources of a clone, with what Node keeps of an earlier run. */
export type ImportFrom = 'package' | 'sources' | 'sources, compiled before'

/** Milliseconds of the import alone, Node's own start left out. */
export async function measureImport(name: ClientName, from: ImportFrom = 'package'): Promise<number> {
  const code = `const start = performance.now(); await import('${MODULES[name]}'); console.log(performance.now() - start)`
  if (from !== 'sources, compiled before') return Number(await runScript(code, from === 'sources'))
  const cache = mkdtempSync(join(tmpdir(), 'millrace-compiled-'))
  try {
    const env = { NODE_COMPILE_CACHE: cache }
    await runScript(code, true, env)
    return Number(await runScript(code, true, env))
  } finally {
    rmSync(cache, { recursive: true, force: true })
  }
}

const FIRST_RECORD: Readonly<Record<ClientName, (bootstrap: string, topic: string) => string>> = {
  millrace: (bootstrap, topic) => `
    const { createClient } = await import('@millrace/client')
    const client = createClient({ bootstrapServers: '${bootstrap}' })
    await client.topic('${topic}').send({ value: 'x' })`,
  kafkajs: (bootstrap, topic) => `
    const { default: { Kafka } } = await import('kafkajs')
    const producer = new Kafka({ brokers: ['${bootstrap}'], logLevel: 0 }).producer({ idempotent: true })
    await producer.connect()
    await producer.send({ topic: '${topic}', messages: [{ value: 'x' }] })`,
  platformatic: (bootstrap, topic) => `
    const { Producer } = await import('@platformatic/kafka')
    const producer = new Producer({ clientId: 'bench', bootstrapBrokers: ['${bootstrap}'], idempotent: true })
    await producer.send({ messages: [{ topic: '${topic}', value: Buffer.from('x') }], acks: -1 })`,
}

/** Milliseconds from before the import to the acknowledgement of the first record. */
export async function measureFirstRecord(
  name: ClientName,
  bootstrap: string,
  topic: string,
): Promise<number> {
  const code = FIRST_RECORD[name](bootstrap, topic)
  return Number(
    await runScript(
      `const start = performance.now(); ${code}; console.log(performance.now() - start)`,
      false,
    ),
  )
}

const ASSIGNED: Readonly<Record<ClientName, (bootstrap: string, topic: string, group: string) => string>> = {
  millrace: (bootstrap, topic, group) => `
    const { createClient } = await import('@millrace/client')
    const consumer = createClient({ bootstrapServers: '${bootstrap}' }).consume(['${topic}'], { group: '${group}' })
    void consumer.next()`,
  kafkajs: (bootstrap, topic, group) => `
    const { default: { Kafka } } = await import('kafkajs')
    const consumer = new Kafka({ brokers: ['${bootstrap}'], logLevel: 0 }).consumer({ groupId: '${group}' })
    await consumer.connect()
    await consumer.subscribe({ topic: '${topic}', fromBeginning: true })
    await consumer.run({ eachMessage: async () => {} })`,
  platformatic: (bootstrap, topic, group) => `
    const { Consumer } = await import('@platformatic/kafka')
    const consumer = new Consumer({ clientId: 'bench', bootstrapBrokers: ['${bootstrap}'], groupId: '${group}' })
    const stream = await consumer.consume({ topics: ['${topic}'], mode: 'earliest' })
    stream.resume()`,
}

/** Resident memory of the process, in MB, with all partitions of the topic assigned for two seconds. */
export async function measureMemory(
  name: ClientName,
  bootstrap: string,
  topic: string,
  group: string,
): Promise<number> {
  const code = `${ASSIGNED[name](bootstrap, topic, group)}
    await new Promise((resolve) => setTimeout(resolve, 2000))
    console.log(process.memoryUsage.rss() / 1e6)
    process.exit(0)`
  return Number(await runScript(code, false))
}

/** MB of the client's own package, unpacked. */
export async function measurePackage(): Promise<number> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', './packages/client'], {
    cwd: ROOT,
    maxBuffer: 1 << 26,
  })
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { unpackedSize: number }>)
  return (packed?.unpackedSize ?? Number.NaN) / 1e6
}

/** Packages outside @millrace that an installation brings, at all levels; those of one platform are not counted. */
export function countDependencies(): number {
  const { packages } = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as {
    packages: Record<string, { dependencies?: Record<string, string> }>
  }
  const seen = new Set<string>()
  const visit = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const entry = packages[`packages/${name.replace('@millrace/', '')}`] ?? packages[`node_modules/${name}`]
    for (const dependency of Object.keys(entry?.dependencies ?? {})) visit(dependency)
  }
  visit('@millrace/client')
  return [...seen].filter((name) => !name.startsWith('@millrace/')).length
}

async function runScript(
  code: string,
  fromSource: boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const args = [...(fromSource ? [SOURCE_CONDITION] : []), '--no-warnings', '--input-type=module', '-e']
  const { stdout } = await promisify(execFile)(process.execPath, [...args, `${code}\nprocess.exit(0)`], {
    cwd: `${ROOT}benchmarks`,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    timeout: 60_000,
  })
  return stdout
}
