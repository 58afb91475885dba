/** A JSON Schema, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 0 }
const offset: Schema = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const bytes: Schema = {
  description:
    'A text is that text, {"base64": "..."} those bytes, null none, any other value its JSON. In answers, JSON objects and lists stand as such.',
}

function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = Object.keys(properties),
): Schema {
  return { type: 'object', properties, required, additionalProperties: false }
}

const list = (items: Schema): Schema => ({ type: 'array', items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const nullable = (schema: Schema): Schema => ({ oneOf: [schema, { type: 'null' }] })

const place = { topic: text, partition: count }

/** `"beginning"`, `"end"`, an offset, -N, or `{"time": ...}`. */
const target: Schema = {
  oneOf: [
    { enum: ['beginning', 'end'] },
    { type: 'integer', description: 'An offset; a negative number counts records back from the end.' },
    object({
      time: {
        oneOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', format: 'date-time' },
        ],
      },
    }),
  ],
}

const header = object({ key: text, value: bytes })

/** Everything that routes take and give. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Error: object({ error: object({ code: text, message: text }) }),
  StreamError: object({ error: object({ code: text, message: text }), records: count }),
  RecordInput: object(
    {
      key: bytes,
      value: bytes,
      headers: list(header),
      timestamp: {
        oneOf: [
          { type: 'integer', minimum: 0 },
          { type: 'string', format: 'date-time' },
        ],
      },
      partition: count,
      topic: { description: 'Read over, so that what was read can be sent again.' },
      offset: { description: 'Read over.' },
    },
    [],
  ),
  Record: object(
    { ...place, offset, timestamp: { type: 'integer' }, key: bytes, value: bytes, headers: list(header) },
    ['topic', 'partition', 'offset', 'timestamp', 'key', 'value'],
  ),
  Written: object({ ...place, offset: { type: 'integer', minimum: -1 }, timestamp: { type: 'integer' } }),
  WrittenList: object({
    topic: text,
    records: list(object({ partition: count, offset: { type: 'integer', minimum: -1 } })),
  }),
  WrittenStream: object({ topic: text, records: count }),
  TopicInput: object(
    {
      name: { type: 'string', minLength: 1 },
      partitions: { type: 'integer', minimum: 1 },
      replicationFactor: { type: 'integer', minimum: 1 },
      configs: { type: 'object', additionalProperties: text },
    },
    ['name'],
  ),
  Topic: object({ name: text, topicId: text, partitions: count, internal: { type: 'boolean' } }),
  TopicList: object({ topics: list(ref('Topic')) }),
  TopicDescription: object({
    name: text,
    topicId: text,
    internal: { type: 'boolean' },
    partitions: list(
      object({
        partition: count,
        leader: { type: 'integer' },
        leaderEpoch: { type: 'integer' },
        firstOffset: offset,
        nextOffset: offset,
      }),
    ),
    configs: { type: 'object', additionalProperties: nullable(text) },
  }),
  GroupList: object({ groups: list(object({ group: text, protocolType: text, state: text, type: text })) }),
  GroupDescription: object({
    group: text,
    state: text,
    protocolType: text,
    assignor: text,
    members: list(
      object({
        memberId: text,
        instanceId: nullable(text),
        clientId: text,
        clientHost: text,
        topics: list(text),
        assignment: list(object(place)),
      }),
    ),
  }),
  GroupLag: object({
    group: text,
    state: text,
    totalLag: count,
    partitions: list(
      object({ ...place, committed: offset, nextOffset: nullable(offset), lag: nullable(count) }),
    ),
  }),
  ResetInput: object(
    { to: target, topics: list(text), partitions: list(count), dryRun: { type: 'boolean' } },
    ['to'],
  ),
  Reset: object({
    group: text,
    dryRun: { type: 'boolean' },
    offsets: list(object({ ...place, from: nullable(offset), to: offset })),
  }),
  Alive: object({ status: { const: 'alive' } }),
  Readiness: object({ status: { enum: ['ready', 'not ready'] }, reasons: list(text) }),
}
