/** The packed client as programs use it: Node 22 and 24, bundled, with types, validators and OpenTelemetry. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked, type PackedProject, ROOT, run } from './packed-project.ts'

const NODE_22 = `node-${process.platform}-${process.arch}`
const OTHERS = [
  `${NODE_22}@22.23.3`,
  'esbuild@0.28.2',
  'webpack@5.112.2',
  'zod@4.6.7',
  'valibot@1.5.0',
  'arktype@2.2.9',
  '@opentelemetry/api@1.9.0',
  '@opentelemetry/sdk-trace-node@2.12.0',
  '@types/node@24.19.2',
]

/** Sends and reads, with validators; and traces. Its types are checked, too. */
const PROGRAM = `
import { createClient, validated } from '@millrace/client'
import { openTelemetry } from '@millrace/client/opentelemetry'
import * as api from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'

const exporter = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
const tracing = openTelemetry(api)
await using client = createClient({ bootstrapServers: process.env.BOOTSTRAP ?? '' })
const prefix = process.env.PREFIX ?? ''

const zodTopic = client.topic(prefix + 'zod', { value: validated(z.object({ delay: z.number() })) })
await zodTopic.send({ value: { delay: 1 } })
const valibotTopic = client.topic(prefix + 'valibot', { value: validated(v.object({ delay: v.number() })) })
await valibotTopic.send({ value: { delay: 2 } })
const arkTopic = client.topic(prefix + 'ark', { value: validated(type({ delay: 'number' })) })
await arkTopic.send({ value: { delay: 3 } })
let sum = 0
for (const topic of [zodTopic, valibotTopic, arkTopic]) {
  for await (const { value } of topic.read()) sum += value?.delay ?? 0
}
const wrong = JSON.parse('{"delay":"late"}')
const refused = await zodTopic.send({ value: wrong }).catch((error: Error) => error.message)

const stop = new AbortController()
await tracing.send(zodTopic, { value: { delay: 4 } })
let count = 0
const handle = tracing.handler<Buffer, { delay: number }>(() => {
  if (++count === 2) stop.abort()
})
await zodTopic.consume({ group: prefix, signal: stop.signal }, handle)
const spans = exporter.getFinishedSpans()
const sent = spans.find(({ name }) => name.startsWith('send'))
const processed = spans.filter(({ name }) => name.startsWith('process')).at(-1)
const isOneTrace = sent?.spanContext().traceId === processed?.spanContext().traceId
console.log(JSON.stringify({ sum, refused: String(refused).slice(0, 16), isOneTrace }))
`
const EXPECTED = { sum: 6, refused: 'not valid: delay', isOneTrace: true }

/** All types of ours are looked at, those of our dependencies included. */
const TYPES = `
import { type Client, type ConsumerRecord, createClient, json } from '@millrace/client'
import { type Tracing } from '@millrace/client/opentelemetry'
const client: Client = createClient({ bootstrapServers: 'localhost:9092' })
const topic = client.topic('flights', { value: json<{ delay: number }>() })
export const records: AsyncGenerator<ConsumerRecord<Buffer | null, { delay: number } | null>, void, void> = topic.read()
// @ts-expect-error: a delay is a number.
export const sending = topic.send({ value: { delay: 'late' } })
export type { Tracing }
`

/** What a bundler makes one file of. */
const BUNDLED = `
import { createClient, json } from '@millrace/client'
const client = createClient({ bootstrapServers: process.env.BOOTSTRAP })
const topic = client.topic(process.env.PREFIX + 'bundled', { value: json() })
await topic.sendMany([{ value: 1 }, { value: 2 }])
let sum = 0
for await (const { value } of topic.read()) sum += value
await client.admin.listAcls().catch(() => {})
await client.close()
console.log(sum)
`

describe('the packed client', () => {
  let installed: PackedProject | null = null
  let project = ''
  let broker: Broker

  beforeAll(async () => {
    const packing = installPacked(['protocol', 'record-batch', 'client'], OTHERS)
    broker = await startBroker({ host: '127.0.0.1', port: 0 })
    installed = await packing
    project = installed.project
    writeFileSync(join(project, 'program.ts'), PROGRAM)
    writeFileSync(join(project, 'types.ts'), TYPES)
    writeFileSync(join(project, 'bundled.mjs'), BUNDLED)
  }, 300_000)
  afterAll(async () => {
    await broker.close()
    installed?.remove()
  })

  it('takes less than a megabyte of a disk', () => {
    expect(installed?.unpackedBytes.get('@millrace/client')).toBeLessThan(1_000_000)
  })

  const runProgram = async (node: string, file: string, prefix: string): Promise<string> => {
    const set = `process.env.BOOTSTRAP='${broker.bootstrapServers}';process.env.PREFIX='${prefix}';`
    return run(node, ['--input-type=module', '-e', `${set}await import('./${file}')`], project)
  }

  const compile = async (name: string, options: object, file: string): Promise<void> => {
    const common = { strict: true, target: 'es2024', lib: ['es2024', 'esnext.disposable'], types: ['node'] }
    const config = { compilerOptions: { ...common, ...options }, files: [file] }
    writeFileSync(join(project, `tsconfig.${name}.json`), JSON.stringify(config))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    await run(process.execPath, [tsc, '-p', `tsconfig.${name}.json`], project)
  }

  it.each([
    ['node16', 'node16'],
    ['bundler', 'esnext'],
  ])('has types for the module resolution %s', async (moduleResolution, module) => {
    await compile(moduleResolution, { module, moduleResolution, noEmit: true }, 'types.ts')
  })

  it('works with zod, valibot, arktype and OpenTelemetry, and with their types', async () => {
    await compile('program', { module: 'node16', skipLibCheck: true, outDir: 'out' }, 'program.ts')
    expect(JSON.parse(await runProgram(process.execPath, 'out/program.js', 'node-24-'))).toEqual(EXPECTED)
  })

  it('runs in Node 22', async () => {
    const node = join(project, 'node_modules', NODE_22, 'bin', 'node')
    expect(await run(node, ['--version'], project)).toMatch(/^v22\./)
    expect(await runProgram(node, 'bundled.mjs', 'node-22-')).toBe('3\n')
    const output = await runProgram(node, 'out/program.js', 'node-22-')
    expect(JSON.parse(output)).toEqual(EXPECTED)
  })

  const bundlers: Record<string, string> = {
    esbuild: `await require('esbuild').build({ entryPoints: ['bundled.mjs'], bundle: true, platform: 'node',
      format: 'esm', outfile: 'esbuild.mjs', external: ['lz4-napi', '@node-rs/crc32'], logLevel: 'error' })`,
    webpack: `await new Promise((resolve, reject) => require('webpack')({ mode: 'production', target: 'node22',
      entry: './bundled.mjs', experiments: { outputModule: true }, output: { path: process.cwd(),
      filename: 'webpack.mjs', library: { type: 'module' } }, externals: ['lz4-napi', '@node-rs/crc32'],
      externalsType: 'module' }, (error, stats) => error || stats.hasErrors()
        ? reject(error ?? new Error(stats.toString({ all: false, errors: true }))) : resolve()))`,
  }
  it.each(Object.keys(bundlers))('can be bundled by %s', async (name) => {
    const code = `import { createRequire } from 'node:module'
      const require = createRequire(process.cwd() + '/package.json'); ${bundlers[name]}`
    await run(process.execPath, ['--input-type=module', '-e', code], project)
    expect(await runProgram(process.execPath, `${name}.mjs`, `${name}-`)).toBe('3\n')
  })
})
