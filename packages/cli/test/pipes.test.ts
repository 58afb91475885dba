/** Through `produce` and `tail` in pipes: what goes in comes out, byte for byte. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMillrace, ServeProcess } from './millrace-process.ts'

const FLIGHTS = new URL('../../../node_modules/vega-datasets/data/flights-200k.json', import.meta.url)

let broker: ServeProcess
beforeAll(async () => {
  broker = await ServeProcess.start()
})
afterAll(() => broker[Symbol.asyncDispose]())

async function through(topic: string, input: Buffer): Promise<Buffer> {
  const { bootstrap } = broker
  const sent = await runMillrace(['produce', topic], { bootstrap, input })
  expect(sent).toEqual({ code: 0, stdout: '', stderr: '' })
  const args = ['tail', topic, '--from', 'beginning', '--no-follow']
  const { code, stdout, stderr } = await runMillrace(args, { bootstrap })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return Buffer.from(stdout, 'latin1')
}

it('200,000 flights', async () => {
  const rows = readFileSync(FLIGHTS, 'utf8').match(/\{[^}]*\}/g) ?? []
  expect(rows.length).toBeGreaterThan(199_999)
  const input = Buffer.from(rows.map((row) => `${row.replaceAll('\n', ' ')}\n`).join(''))
  expect((await through('flights', input)).equals(input)).toBe(true)
})

it('wide characters, colours, long lines, one of nearly 1 MiB', async () => {
  const longest = 'é'.repeat(500_000)
  const input = Buffer.from(`航班 ✈️ 👩‍👩‍👧\n\x1b[31mred\x1b[0m\n${'long'.repeat(25_000)}\nlast\n${longest}\n`)
  expect((await through('wide', input)).equals(input)).toBe(true)
})
