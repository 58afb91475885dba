/** docs/replay.md, command by command, beside the group of its program. And its CSV, in the hands of Kafka's own tool. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@millrace/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runTool } from '../../packages/broker/compat/admin/kafka-tool.ts'
import { MillraceProcess, runMillrace } from '../../packages/broker/compat/process/millrace-process.ts'
import { isKafkaInstalled } from '../kafka/apache-kafka.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const mustBeHere = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

const page = readFileSync(join(ROOT, 'docs/replay.md'), 'utf8')
const program = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
/** A line with a dollar is a command; the lines up to the next one are what it prints. */
const steps = [...page.matchAll(/```console\n([\s\S]*?)```/g)]
  .flatMap((block) => String(block[1]).split(/^\$ /m).slice(1))
  .map((text) => {
    const end = text.indexOf('\n')
    return { command: text.slice(0, end), output: text.slice(end + 1) }
  })

describe('the page about reading again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'))
  const read: string[] = []
  let broker: MillraceProcess
  let client: Client
  let consumer: ChildProcess | null = null

  beforeAll(async () => {
    broker = await MillraceProcess.start({
      settings: {
        'group.consumer.heartbeat.interval.ms': '300',
        'group.consumer.min.heartbeat.interval.ms': '300',
      },
    })
    client = createClient({ bootstrapServers: broker.bootstrap })
    // npx looks for the command in the folder that it is started in.
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  })
  afterAll(async () => {
    consumer?.kill('SIGKILL')
    await client.close()
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(steps)('$command', async ({ command, output }) => {
    if (command.includes('group offsets billing')) consumer ??= startProgram()
    if (command.startsWith('npx millrace group')) await untilRead()
    const shell = spawn('sh', ['-c', command], {
      cwd: folder,
      env: { ...process.env, MILLRACE_BOOTSTRAP: broker.bootstrap },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
      })
    }
    await once(shell, 'close')
    expect(printed).toMatch(patternOf(output))
  })

  it('has let the running group read the last two again, and nothing else', async () => {
    await expect.poll(() => read.join(' ')).toBe('10 20 30 40 30 40')
  })

  it.runIf(isKafkaInstalled() || mustBeHere)(
    "exports what Kafka's own tool reads, and the other way round",
    async () => {
      const tool = (...args: string[]) =>
        runTool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
          ...['--bootstrap-server', broker.bootstrap, '--reset-offsets', '--group', 'copied'],
          ...args,
        ])
      const run = async (...args: string[]): Promise<string> =>
        (await runMillrace(['group', ...args], { bootstrap: broker.bootstrap })).stdout
      const file = join(folder, 'theirs.csv')
      writeFileSync(file, await run('offsets', 'billing', '-o', 'csv'))
      const imported = await tool('--from-file', file, '--execute')
      expect(imported.stdout).toMatch(/copied +orders +0 +4/)
      expect(await run('offsets', 'copied', '-o', 'csv')).toBe('orders,0,4\n')
      const exported = await tool('--topic', 'orders', '--to-offset', '1', '--dry-run', '--export')
      writeFileSync(file, exported.stdout.trim())
      expect(await run('reset', 'copied', '--from-file', file)).toMatch(/orders +0 +4 +1\n/)
    },
  )

  function startProgram(): ChildProcess {
    writeFileSync(join(folder, 'billing.mjs'), program)
    const child = spawn(process.execPath, ['--conditions=@millrace/source', 'billing.mjs'], {
      cwd: folder,
      env: { ...process.env, MILLRACE_BOOTSTRAP: broker.bootstrap },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: child.stdout }).on('line', (line) => read.push(JSON.parse(line).total))
    return child
  }

  /** The running consumer has read and committed all that there is, also what it was sent back to. */
  async function untilRead(): Promise<void> {
    const committed = async (): Promise<number | undefined> =>
      (await client.admin.fetchOffsets('billing'))[0]?.offset
    const members = async (): Promise<number | undefined> =>
      (await client.admin.describeGroup('billing'))?.members.length
    await expect.poll(committed, { timeout: 20_000 }).toBe(4)
    await expect.poll(members, { timeout: 20_000 }).toBe(1)
  }
})

function patternOf(output: string): RegExp {
  const escaped = output.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('…', '.*')}$`)
}
