import { expect, it } from 'vitest'
import type { OutputFormat } from '../commands/output-option.ts'
import { ItemStream } from './item-stream.ts'
import { OutputBuffer } from './output-buffer.ts'

/** What a stream of these numbers writes, and how much of it before its end. */
async function streamed(
  output: OutputFormat,
  numbers: readonly number[],
): Promise<{ all: string; before: string }> {
  let all = ''
  const out = new OutputBuffer(async (data) => {
    all += data.toString()
  })
  const stream = new ItemStream<number>({ output }, { asText: (n) => (n % 2 === 0 ? '' : `${n}.\n`) }, out)
  for (const number of numbers) {
    stream.add(number)
    await stream.flush()
  }
  const before = all
  await stream.end()
  return { all, before }
}

it('text and lines are there as soon as they are written', async () => {
  expect(await streamed('table', [1, 2, 3])).toEqual({ all: '1.\n3.\n', before: '1.\n3.\n' })
  expect(await streamed('ndjson', [1, 2])).toEqual({ all: '1\n2\n', before: '1\n2\n' })
  expect((await streamed('ndjson', [])).all).toBe('')
})

it('a document grows, and is whole at its end, without items too', async () => {
  const { all, before } = await streamed('json', [1, 2, 3])
  expect(before).toBe('[1,\n2,\n3')
  expect(JSON.parse(all)).toEqual([1, 2, 3])
  expect(JSON.parse((await streamed('json', [])).all)).toEqual([])
})
