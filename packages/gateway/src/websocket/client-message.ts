import type { ProducerRecord } from '@millrace/client'
import type { GatewayLimits } from '../gateway-limits.ts'
import type { Acks } from '../gateway-services.ts'
import { badRequest, HttpError } from '../http/http-error.ts'
import { JsonFields } from '../http/json-fields.ts'
import { parseJson } from '../http/json-text.ts'
import type { FrameFormat } from '../listen/frame.ts'
import { type OffsetTarget, readOffsetTarget } from '../records/offset-target.ts'
import type { Positions } from '../records/positions.ts'
import { readRecord } from '../records/record-input.ts'

/** Where a subscription starts: a place, what a group has committed, or positions that were left earlier. */
export type SubscribeFrom =
  | { readonly kind: 'target'; readonly target: OffsetTarget }
  | { readonly kind: 'group'; readonly group: string }

/** What a client may say. `id` is given back in the answer. */
export type ClientMessage =
  | {
      readonly type: 'subscribe'
      readonly id: string | null
      readonly topics: readonly string[]
      readonly pattern: string | null
      readonly from: SubscribeFrom
      readonly resume: ReadonlyMap<string, Positions>
      readonly format: FrameFormat
      readonly credit: number
    }
  | { readonly type: 'unsubscribe'; readonly id: string | null; readonly topics: readonly string[] }
  | { readonly type: 'credit'; readonly records: number }
  | {
      readonly type: 'produce'
      readonly id: string | null
      readonly topic: string
      readonly records: readonly ProducerRecord[]
      readonly acks: Acks
    }
  /** A produce with something wrong in it: the others of its socket are none the worse for it. */
  | { readonly type: 'refused'; readonly id: string | null; readonly error: HttpError }

const SUBSCRIBE_FIELDS = ['type', 'id', 'topics', 'pattern', 'from', 'resume', 'format', 'credit']
const UNSUBSCRIBE_FIELDS = ['type', 'id', 'topics']
const CREDIT_FIELDS = ['type', 'records']
const PRODUCE_FIELDS = ['type', 'id', 'topic', 'records', 'acks']
const ALL_FIELDS = [...new Set([...SUBSCRIBE_FIELDS, ...CREDIT_FIELDS, ...PRODUCE_FIELDS])]

/** Reads a message. Throws 400 for what cannot be understood, a produce apart, which is then `refused`. */
export function readClientMessage(text: string, limits: GatewayLimits): ClientMessage {
  const given = parseJson('a message', text)
  const message = new JsonFields('a message', given, ALL_FIELDS)
  const type = message.text('type')
  switch (type) {
    case 'subscribe':
      return readSubscribe(new JsonFields(type, given, SUBSCRIBE_FIELDS), limits)
    case 'unsubscribe': {
      const fields = new JsonFields(type, given, UNSUBSCRIBE_FIELDS)
      return { type, id: fields.text('id') ?? null, topics: fields.texts('topics') ?? [] }
    }
    case 'credit':
      return {
        type,
        records: new JsonFields(type, given, CREDIT_FIELDS).integer('records', 1, limits.maxCredit) ?? 0,
      }
    case 'produce': {
      const id = message.text('id') ?? null
      try {
        return readProduce(new JsonFields(type, given, PRODUCE_FIELDS), limits)
      } catch (error) {
        if (error instanceof HttpError) return { type: 'refused', id, error }
        throw error
      }
    }
    default:
      throw badRequest(`message type ${type}: expected subscribe, unsubscribe, credit or produce`)
  }
}

function readSubscribe(fields: JsonFields, limits: GatewayLimits): ClientMessage {
  const topics = fields.texts('topics') ?? []
  const pattern = fields.text('pattern') ?? null
  const resume = readResume(fields.value('resume'))
  if (topics.length === 0 && pattern === null && resume.size === 0) {
    throw badRequest('subscribe: expected topics, pattern or resume')
  }
  if (pattern !== null && (pattern === '' || pattern.length > limits.maxPatternLength)) {
    throw badRequest(`subscribe: a pattern has 1 to ${limits.maxPatternLength} characters`)
  }
  const format = fields.text('format') ?? 'json'
  if (format !== 'json' && format !== 'binary')
    throw badRequest(`subscribe: format ${format}, expected json or binary`)
  return {
    type: 'subscribe',
    id: fields.text('id') ?? null,
    topics: [...new Set([...topics, ...resume.keys()])],
    pattern,
    from: readFrom(fields.value('from')),
    resume,
    format,
    credit: fields.integer('credit', 0, limits.maxCredit) ?? 0,
  }
}

function readFrom(given: unknown): SubscribeFrom {
  if (given === undefined) return { kind: 'target', target: 'end' }
  if (typeof given === 'object' && given !== null && 'group' in given) {
    return { kind: 'group', group: new JsonFields('from', given, ['group']).requiredText('group') }
  }
  return { kind: 'target', target: readOffsetTarget('from', given) }
}

/** `{TOPIC: {PARTITION: OFFSET}}`: what `subscribed` and the frames since told. */
function readResume(given: unknown): ReadonlyMap<string, Positions> {
  const resume = new Map<string, Positions>()
  if (given === undefined) return resume
  if (typeof given !== 'object' || given === null)
    throw badRequest('resume: expected {TOPIC: {PARTITION: OFFSET}}')
  for (const [topic, positions] of Object.entries(given)) {
    const entries = Object.entries(positions ?? {}).map(([partition, offset]) => [Number(partition), offset])
    const isGood = entries.flat().every((value) => Number.isSafeInteger(value) && Number(value) >= 0)
    if (!isGood) throw badRequest(`resume: ${topic} has positions that are none`)
    resume.set(topic, new Map(entries as [number, number][]))
  }
  return resume
}

function readProduce(fields: JsonFields, limits: GatewayLimits): ClientMessage {
  const records = fields.list('records') ?? []
  if (records.length === 0 || records.length > limits.maxRecordsPerMessage) {
    throw badRequest(`produce: ${records.length} records, expected 1 to ${limits.maxRecordsPerMessage}`)
  }
  const acks = fields.value('acks') ?? 'all'
  if (acks !== 'all' && acks !== 1 && acks !== 0) throw badRequest('produce: acks is "all", 1 or 0')
  return {
    type: 'produce',
    id: fields.text('id') ?? null,
    topic: fields.requiredText('topic'),
    records: records.map((record, index) =>
      readRecord(`record ${index}`, record, limits.maxHeadersPerRecord),
    ),
    acks,
  }
}
