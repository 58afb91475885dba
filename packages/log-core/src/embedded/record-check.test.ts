import { json, type ValueCodec, validated } from '@millrace/record-batch'
import { expect, it } from 'vitest'
import { memoryFileSystem } from '../fs/memory-file-system.ts'
import { InvalidRequestError } from './invalid-request-error.ts'
import { openLog } from './open-log.ts'

const PATH = '/data/log-0'
const NEVER_BYTES = { encode: () => 7, decode: () => 7 } as unknown as ValueCodec<unknown>

function open(value?: ValueCodec<unknown>) {
  return openLog<unknown, unknown>('/data', {
    fileSystem: memoryFileSystem(),
    ...(value !== undefined && { value }),
  })
}

it.each([
  [undefined, /record: got undefined, expected an object with a value/],
  ['text', /record: got 'text'/],
  [{}, /value: got undefined, expected a value, or null for a tombstone/],
  [{ value: null, timestamp: '7' }, /a record has no field "timestamp"; it has value, key, headers, time/],
  [{ value: 5 }, /value: got 5, expected what its codec makes a Buffer of/],
  [{ value: new Uint8Array(2) }, /value: got Uint8Array/],
  [{ value: null, key: 5 }, /key: got 5, which its codec refuses: .*number/],
  [{ value: null, headers: { source: 'tower' } }, /headers: got .*expected an array of \{ name, value \}/],
  [{ value: null, headers: null }, /headers: got null/],
  [{ value: null, headers: [null] }, /headers: got null/],
  [{ value: null, headers: [{ key: 'source', value: null }] }, /headers: got \{ key: 'source'/],
  [{ value: null, headers: [{ name: 'source', value: 5 }] }, /header "source": got 5, expected a Buffer/],
  [{ value: null, headers: [{ name: 'source' }] }, /header "source": got undefined/],
])('%o is no record: it is refused by the field, and nothing of it is appended', async (record, message) => {
  await using log = await open()
  const refusal = { code: 'INVALID_RECORD', path: PATH, message: expect.stringMatching(message) }
  for (const refused of [
    log.append(record as never),
    log.appendMany([{ value: Buffer.from('good') }, record as never]),
    log.appendAll([record as never]),
  ]) {
    const error = await refused.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InvalidRequestError)
    expect(error).toMatchObject(refusal)
  }
  expect(log.info().endOffset).toBe(0)
  expect(await log.append({ value: Buffer.from('next') })).toMatchObject({ offset: 0 })
})

it.each([Number.NaN, '2001-01-01', new Date(0), 1.5])('%o is no time of a record', async (timestampMs) => {
  await using log = await open()
  await expect(log.append({ value: null, timestampMs: timestampMs as number })).rejects.toMatchObject({
    code: 'INVALID_TIMESTAMP',
    path: PATH,
  })
})

it.each([
  ['cannot be JSON', json(), /which its codec refuses: function has no JSON form/],
  ['is not valid', validated(refusing('a name is missing')), /codec refuses: not valid: a name is missing/],
  ['becomes no bytes', NEVER_BYTES, /expected what its codec makes a Buffer of/],
])('a value that %s is refused, with what the codec said', async (_, codec, message) => {
  await using log = await open(codec)
  await expect(log.append({ value: () => 0 })).rejects.toMatchObject({
    code: 'INVALID_RECORD',
    message: expect.stringMatching(message),
  })
})

function refusing(message: string) {
  return { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message }] }) } } as const
}

it('takes a record as it was read', async () => {
  await using log = await open()
  await log.append({
    key: 'k',
    value: Buffer.from('v'),
    headers: [{ name: 'h', value: null }],
    timestampMs: 7,
  })
  for await (const record of log.read()) await log.append(record)
  const { value: first } = await log.read().next()
  expect(await log.read({ from: 1 }).next()).toMatchObject({ value: { ...first, offset: 1 } })
})

it('appends only from an array or an iterable of records', async () => {
  await using log = await open()
  const refusal = { code: 'INVALID_RECORD', path: PATH, message: expect.stringMatching(/^records: got/) }
  for (const records of [undefined, {}, 'text', []])
    await expect(log.appendMany(records as never)).rejects.toMatchObject(refusal)
  for (const records of [undefined, {}, 'text', 5])
    await expect(log.appendAll(records as never)).rejects.toMatchObject(refusal)
})
