/** Every example that the help shows, typed into a shell as it stands, with what it speaks of in place. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@millrace/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandTree, withChildren } from '../src/completion/command-tree.ts'
import { OVERVIEW_EXAMPLES } from '../src/overview.ts'
import { type CommandResult, LAUNCHER, RunningCommand } from './millrace-process.ts'

const nodes = (await commandTree()).flatMap(withChildren)
const examples = [...OVERVIEW_EXAMPLES, ...nodes.flatMap(({ declaration }) => declaration.examples)].map(
  ({ command }) => command,
)
const root = mkdtempSync(join(tmpdir(), 'millrace-examples-'))
/** What a command works in: with a broker on ./data, with what a stopped one left, or with nothing. */
const folders = { live: join(root, 'live'), stopped: join(root, 'stopped'), bare: join(root, 'bare') }
let broker: RunningCommand
let bootstrap = ''
let client: Client

beforeAll(async () => {
  for (const folder of Object.values(folders)) mkdirSync(folder)
  mkdirSync(join(root, 'bin'))
  const script = join(root, 'bin', 'millrace')
  writeFileSync(script, `#!/bin/sh\nexec '${process.execPath}' '${LAUNCHER}' "$@"\n`)
  chmodSync(script, 0o755)
  mkdirSync(join(root, '.config/fish/completions'), { recursive: true })
  writeFileSync(
    join(folders.live, 'flights.ndjson'),
    '{"origin":"SFO","delay":7}\n{"origin":"OAK","delay":61}\n',
  )
  const stopped = await serve(join(folders.stopped, 'data'))
  await withFlights(stopped.bootstrap)
  stopped.command.child.kill('SIGTERM')
  await stopped.command.result()
  ;({ command: broker, bootstrap } = await serve(join(folders.live, 'data')))
  client = createClient({ bootstrapServers: bootstrap })
})
afterAll(async () => {
  await client?.close()
  broker?.child.kill('SIGTERM')
  await broker?.result()
  rmSync(root, { recursive: true, force: true })
})

async function serve(data: string): Promise<{ command: RunningCommand; bootstrap: string }> {
  const command = new RunningCommand(['serve', '--data', data, '--listen', 'localhost:0', '--no-http'])
  await command.untilOutput('\n')
  return { command, bootstrap: /localhost:\d+/.exec(command.stdout)?.[0] ?? '' }
}

/** Leaves flights/0 with records of one key and a time. */
async function withFlights(bootstrapServers: string): Promise<void> {
  await using its = createClient({ bootstrapServers })
  await its.admin.createTopics([{ name: 'flights', partitions: 1 }])
  await its.producer().sendMany('flights', flights())
}

function flights() {
  const value = '{"origin":"SFO","value":{"delay":70},"total":101}'
  return Array.from({ length: 6 }, () => ({ key: 'SFO', value, timestampMs: Date.now() }))
}

/** What goes to a file, the shell or a topic says nothing; nor does a group without members, or a Kafka without topics. */
const SILENT =
  / > \S+\.\w+$|<\(|millrace produce|--to flights-again|'yesterday 14:00' --until|group members|millrace import/

/** Whatever the example before has done: what examples speak of is there, or not there where they make it. */
async function prepare(example: string): Promise<void> {
  const there = new Set((await client.admin.listTopics()).map(({ name }) => name))
  if (there.has('flights')) await client.admin.deleteTopics(['flights'])
  if (!example.includes('topic create flights')) {
    await client.admin.createTopics([{ name: 'flights', partitions: 1, configs: { 'retention.ms': '-1' } }])
    await client.producer().sendMany('flights', flights())
  }
  if (!there.has('orders-eu')) {
    await client.admin.createTopics([{ name: 'orders-eu', partitions: 2 }])
    await client.producer().send('orders-eu', { value: '{"total":101}' })
  }
  if (example.includes('log repair')) {
    const segment = openSync(join(folders.stopped, 'data/flights-0', `${'0'.repeat(20)}.log`), 'r+')
    writeSync(segment, Buffer.from([0xff, 0xff]), 0, 2, 70)
    closeSync(segment)
  }
  for (const group of ['billing', 'shadow']) {
    await client.admin.alterOffsets(group, [{ topic: 'orders-eu', partition: 0, offset: 0 }])
  }
}

/** Brokers that listen and readers that follow go on until somebody ends them. */
function runsOn(example: string): boolean {
  return /^millrace (?:serve|tail)/.test(example) && !/--no-follow| -n /.test(example)
}

/** An example with its long times shortened, and with places that a test may touch. */
function typed(example: string, folder: string): string {
  const placed = example
    .replaceAll('/var/lib/', `${folder}/var/lib/`)
    .replace(/--listen \S+/, '--listen localhost:0')
    .replace(/^(millrace bench .*?)(?: --duration \S+)?$/, '$1 --duration 200ms')
  if (!placed.startsWith('millrace serve')) return placed
  return `${placed}${placed.includes('--listen') ? '' : ' --listen localhost:0'} --no-http`
}

/** A folder with nothing but a Kafka that was stopped in good order, and held no topics. */
function bareFolder(): string {
  const folder = mkdtempSync(join(folders.bare, 'at-'))
  const kafka = join(folder, 'var/lib/kafka')
  mkdirSync(join(kafka, '__cluster_metadata-0'), { recursive: true })
  const properties =
    'version=1\ncluster.id=bWlsbHJhY2UtcmVmZXJlbg\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n'
  writeFileSync(join(kafka, 'meta.properties'), properties)
  writeFileSync(join(kafka, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":1}')
  writeFileSync(join(kafka, '__cluster_metadata-0', `${'0'.repeat(20)}.log`), '')
  return folder
}

async function run(example: string): Promise<CommandResult> {
  const kind = /^millrace (\w+)/.exec(example)?.[1]
  const folder =
    kind === 'serve' || kind === 'import' ? bareFolder() : kind === 'log' ? folders.stopped : folders.live
  const child = spawn('bash', ['-c', typed(example, folder)], {
    cwd: folder,
    env: {
      ...process.env,
      HOME: root,
      PATH: `${join(root, 'bin')}:${process.env.PATH}`,
      MILLRACE_BOOTSTRAP: bootstrap,
    },
  })
  child.stdin.end()
  let [stdout, stderr] = ['', '']
  const closed = once(child, 'close')
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  child.stdout.on('data', (chunk: Buffer) => {
    // It has begun to do what it is for; bash has become the command itself. A second signal would end it at once.
    if (stdout === '' && runsOn(example)) child.kill('SIGINT')
    stdout += chunk
  })
  await closed
  return { code: child.exitCode, stdout, stderr }
}

it('every command that does something has an example', () => {
  const without = nodes.filter(
    ({ children, declaration }) => children.length === 0 && declaration.examples.length === 0,
  )
  expect(without.map(({ path }) => path)).toEqual([])
})

it.each([...new Set(examples)])('%s', async (example) => {
  await prepare(example)
  const { code, stderr, stdout } = await run(example)
  expect({ example, code, stderr }).toEqual({
    example,
    code: 0,
    stderr: expect.not.stringContaining('millrace:'),
  })
  expect(stdout === '').toBe(SILENT.test(example))
})
