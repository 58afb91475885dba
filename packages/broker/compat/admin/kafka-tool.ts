/** Kafka's own command line tools, run as a user runs them, and what they print without what cannot be the same twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { kafkaClassPath } from '../../../../test/kafka/apache-kafka.ts'

/** What one run of a tool left. */
export interface ToolRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const JAVA_FLAGS = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', kafkaClassPath()]

/** Runs a tool by its class; `input` is what it reads. */
export async function runTool(className: string, args: readonly string[], input = ''): Promise<ToolRun> {
  const child = spawn('java', [...JAVA_FLAGS, className, ...args], { stdio: 'pipe' })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return {
    code,
    stdout: Buffer.concat(stdout).toString('utf8'),
    stderr: Buffer.concat(stderr).toString('utf8'),
  }
}

/** What is another on each broker and in each run. */
export interface Surroundings {
  readonly bootstrap: string
  readonly dataDir: string
}

/** Features that Kafka has and that are not told here (trap 1g of the notes on compatibility): what they mean is not served. */
const WITHHELD_FEATURES = ['eligible.leader.replicas', 'kraft', 'metadata', 'share', 'streams', 'transaction']

/**
 * What a tool printed, with addresses, ids, paths, times and sizes made equal. `min.insync.replicas` is shown as set by
 * Kafka where eligible leader replicas are on, a feature that is not told here.
 */
export function comparable(run: ToolRun, { bootstrap, dataDir }: Surroundings): string {
  const [host = '', port = ''] = bootstrap.split(':')
  const withheld = WITHHELD_FEATURES.map((name) => `${name.replaceAll('.', '\\.')}\\.version`).join('|')
  const text = `exit ${run.code}\n${run.stdout}\n${run.stderr}`
  return text
    .replaceAll(dataDir, 'DIR')
    .replaceAll(bootstrap, 'HOST')
    .replace(new RegExp(`${host.replaceAll('.', '\\.')} +${port} *`, 'g'), 'HOST ')
    .replace(/\/?(127\.0\.0\.1|localhost)\b/g, 'HOST')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UUID')
    .replace(/(cluster id: |Cluster ID: |TopicId: )[\w-]{22}/gi, '$1ID')
    .replace(/\b\d{2}:\d{2}:\d{2}\.\d{3}\b/g, 'TIME')
    .replace(/\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}[:,]\d{3}\b/g, 'TIME')
    .replace(/(?<![.\d])1\d{12}\b/g, 'TIME')
    .replace(/"size":\d+/g, '"size":N')
    .replace(new RegExp(`^Feature: (${withheld})\\s.*$`, 'gm'), '')
    .replace(/\bEpoch: \d+$/gm, 'Epoch: N')
    .replace(/^ +min\.insync\.replicas=.*$/gm, '')
    .replace(/min\.insync\.replicas=1,?/g, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^(SLF4J|WARNING|OpenJDK)/.test(line))
    .join('\n')
}

/** The same with every number as N: for tools that print rates and times. */
export function withoutNumbers(text: string): string {
  return text.replace(/-?\d+([.,]\d+)*/g, 'N')
}
