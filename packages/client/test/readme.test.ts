import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Broker, startBroker } from '@millrace/broker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const README = fileURLToPath(new URL('../README.md', import.meta.url))
const FOLDER = fileURLToPath(new URL('../.reports/readme/', import.meta.url))

interface Example {
  readonly code: string
  /** What stands behind it in a block of its own; null when nothing does. */
  readonly output: string | null
}

/** The TypeScript blocks of a page, each with the text block that follows it. */
function examplesOf(markdown: string): Example[] {
  const blocks = [...markdown.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({
    language,
    text,
  }))
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== 'ts') return []
    const next = blocks[i + 1]
    return [{ code: text, output: next?.language === 'text' ? next.text : null }]
  })
}

const examples = examplesOf(readFileSync(README, 'utf8'))

describe('the examples of the README', () => {
  let broker: Broker
  beforeAll(async () => {
    broker = await startBroker({ host: '127.0.0.1', port: 0 })
    mkdirSync(FOLDER, { recursive: true })
  })
  afterAll(async () => {
    await broker.close()
  })

  it.each(examples.map((example, i) => ({ ...example, name: `example ${i + 1}`, i })))(
    '$name runs',
    async ({ code, output, i }) => {
      const file = `${FOLDER}${i + 1}.ts`
      writeFileSync(file, code.replaceAll('localhost:9092', broker.bootstrapServers))
      const node = promisify(execFile)(process.execPath, ['--conditions=@millrace/source', file], {
        timeout: 55_000,
      })
      const { stdout } = await node
      if (output !== null) expect(stdout).toBe(output)
    },
  )

  it('are not lost from the page', () => expect(examples.length).toBeGreaterThanOrEqual(6))
})
