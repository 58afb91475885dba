import { SCHEMAS, type Schema } from './schemas.ts'

/** One operation of the document. */
export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
}

/** The document, as far as its tests look into it. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const NDJSON = 'application/x-ndjson'

const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })
const json = (name: string): object => ({ 'application/json': { schema: ref(name) } })
const answer = (description: string, content: object): object => ({ description, content })
const ok = (name: string): Record<string, object> => ({ '200': answer('Done', json(name)) })
const errors = (...statuses: readonly number[]): Record<string, object> =>
  Object.fromEntries(
    statuses.map((status) => [String(status), answer('Refused: code and message say why', json('Error'))]),
  )
/** Whatever the route: names and pages that are not ours, a broker that loads, time that ran out. */
const ALWAYS = [400, 403, 421, 503, 504]

const path = (name: string): object => ({ name, in: 'path', required: true, schema: { type: 'string' } })
const query = (name: string, schema: Schema, description: string): object => ({
  name,
  in: 'query',
  schema,
  description,
})

const TEXT: Schema = { type: 'string' }
const FROM = [
  query('from', TEXT, '`beginning`, `end`, an offset, or -N: so many records before the end'),
  query('fromTime', TEXT, 'The first record at or after this time: milliseconds since 1970, or an ISO date'),
]
const PARTITIONS = query('partitions', TEXT, 'Numbers with commas between them; all when left out')

/** GET /openapi.json: what the gateway answers to. */
export function openApiDocument(): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace gateway',
      version: '1',
      description:
        'HTTP in front of a Millrace broker. WebSockets are at /v1/socket, and documented in docs/gateway.md.',
    },
    paths: { ...OPERATIONS_PATHS, ...TOPIC_PATHS, ...GROUP_PATHS },
    components: { schemas: SCHEMAS },
  }
}

const OPERATIONS_PATHS: OpenApiDocument['paths'] = {
  '/healthz': {
    get: {
      operationId: 'alive',
      summary: 'The process answers',
      responses: { ...ok('Alive'), ...errors(403, 421) },
    },
  },
  '/readyz': {
    get: {
      operationId: 'ready',
      summary: 'Every partition is served, or why not',
      responses: { ...ok('Readiness'), '503': answer('Not ready', json('Readiness')), ...errors(403, 421) },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      summary: 'Metrics for Prometheus, or OpenMetrics',
      responses: {
        '200': answer('Metrics', {
          'text/plain': { schema: TEXT },
          'application/openmetrics-text': { schema: TEXT },
        }),
        ...errors(403, 421, 503),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openapi',
      summary: 'This document',
      responses: {
        '200': answer('OpenAPI 3.1', { 'application/json': { schema: { type: 'object' } } }),
        ...errors(403, 421),
      },
    },
  },
}

const TOPIC_PATHS: OpenApiDocument['paths'] = {
  '/v1/topics': {
    get: {
      operationId: 'listTopics',
      summary: 'All topics',
      parameters: [query('internal', { type: 'boolean' }, 'Those that the broker keeps for itself too')],
      responses: { ...ok('TopicList'), ...errors(...ALWAYS) },
    },
    post: {
      operationId: 'createTopic',
      summary: 'Create a topic',
      requestBody: { required: true, content: json('TopicInput') },
      responses: { '201': answer('Created', json('Topic')), ...errors(...ALWAYS, 408, 409, 413) },
    },
  },
  '/v1/topics/{topic}': {
    get: {
      operationId: 'describeTopic',
      summary: 'A topic with its partitions, offsets and configs',
      parameters: [path('topic')],
      responses: { ...ok('TopicDescription'), ...errors(...ALWAYS, 404) },
    },
    delete: {
      operationId: 'deleteTopic',
      summary: 'Delete a topic with its records',
      parameters: [path('topic')],
      responses: { '204': { description: 'Deleted' }, ...errors(...ALWAYS, 404) },
    },
  },
  '/v1/topics/{topic}/records': {
    post: {
      operationId: 'produce',
      summary: 'Write a record, a list of records, or a stream of lines',
      parameters: [
        path('topic'),
        query(
          'acks',
          { enum: ['all', '1', '0'] },
          'Who has to have a record before it counts: all (stable storage) by default',
        ),
        query(
          'lines',
          { enum: ['records', 'values'] },
          'Whether a line of a stream is a record, or only its value',
        ),
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { oneOf: [ref('RecordInput'), { type: 'array', items: ref('RecordInput') }] },
          },
          [NDJSON]: { schema: ref('RecordInput') },
        },
      },
      responses: {
        '200': answer('Written', {
          'application/json': {
            schema: { oneOf: [ref('Written'), ref('WrittenList'), ref('WrittenStream')] },
          },
        }),
        ...Object.fromEntries(
          [...ALWAYS, 404, 408, 413].map((status) => [
            String(status),
            answer('Refused; of a stream, `records` were written before', {
              'application/json': { schema: { oneOf: [ref('Error'), ref('StreamError')] } },
            }),
          ]),
        ),
        ...errors(415),
      },
    },
    get: {
      operationId: 'read',
      summary: 'Read a range as NDJSON',
      parameters: [
        path('topic'),
        ...FROM,
        query('until', TEXT, '`end` as it is now, or the offset before which to stop'),
        query('untilTime', TEXT, 'The time before which to stop'),
        PARTITIONS,
        query('limit', { type: 'integer', minimum: 0 }, 'At most so many records'),
        query('follow', { type: 'boolean' }, 'Goes on with records that arrive later'),
      ],
      responses: {
        '200': answer('A record a line', { [NDJSON]: { schema: ref('Record') } }),
        ...errors(...ALWAYS, 404, 416),
      },
    },
  },
  '/v1/topics/{topic}/events': {
    get: {
      operationId: 'listen',
      summary: 'Listen to a topic with Server-Sent Events',
      parameters: [
        path('topic'),
        ...FROM,
        PARTITIONS,
        query('lastEventId', TEXT, 'The id of the last event that was seen, where the header cannot be set'),
        { name: 'Last-Event-ID', in: 'header', schema: TEXT, description: 'Browsers send it by themselves' },
      ],
      responses: {
        '200': answer('A record an event', { 'text/event-stream': { schema: TEXT } }),
        ...errors(...ALWAYS, 404),
      },
    },
  },
}

const GROUP_PATHS: OpenApiDocument['paths'] = {
  '/v1/groups': {
    get: {
      operationId: 'listGroups',
      summary: 'All groups',
      responses: { ...ok('GroupList'), ...errors(...ALWAYS) },
    },
  },
  '/v1/groups/{group}': {
    get: {
      operationId: 'describeGroup',
      summary: 'A group with its members',
      parameters: [path('group')],
      responses: { ...ok('GroupDescription'), ...errors(...ALWAYS, 404) },
    },
    delete: {
      operationId: 'deleteGroup',
      summary: 'Delete a group without members, and its offsets',
      parameters: [path('group')],
      responses: { '204': { description: 'Deleted' }, ...errors(...ALWAYS, 404, 409) },
    },
  },
  '/v1/groups/{group}/lag': {
    get: {
      operationId: 'groupLag',
      summary: 'What a group has committed, and how much lies behind that',
      parameters: [path('group')],
      responses: { ...ok('GroupLag'), ...errors(...ALWAYS, 404) },
    },
  },
  '/v1/groups/{group}/reset': {
    post: {
      operationId: 'resetGroup',
      summary: 'Move the offsets of a group without members',
      parameters: [path('group')],
      requestBody: { required: true, content: json('ResetInput') },
      responses: { ...ok('Reset'), ...errors(...ALWAYS, 404, 408, 409, 413) },
    },
  },
}
