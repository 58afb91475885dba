/** The pages of `docs/` that are made from the code: `npm run docs` writes them, the tidy test compares them. */
import { readFileSync } from 'node:fs'
import { allErrors } from '@millrace/protocol'
import { ROUTES } from '../packages/broker/src/routes.ts'
import { CLIENT_ERROR_MEANINGS } from '../packages/client/src/client-error.ts'
import { STORAGE_ERROR_MEANINGS } from '../packages/log-core/src/fs/storage-error.ts'
import { clientApiPage } from './client-api-page.ts'
import { configPage } from './config-page.ts'

export interface GeneratedPage {
  readonly path: string
  readonly text: string
}

export function generatedPages(): GeneratedPage[] {
  return [
    { path: 'docs/protocol-support.md', text: protocolSupport() },
    { path: 'docs/errors.md', text: errors() },
    { path: 'docs/configs.md', text: configPage(MADE_BY, table) },
    { path: 'docs/client-api.md', text: clientApiPage(MADE_BY) },
  ]
}

const MADE_BY = '<!-- Made from the code by `npm run docs`. -->'

function protocolSupport(): string {
  const rows = [...ROUTES]
    .sort((a, b) => a.key - b.key)
    .map(({ key, name, advertised, served }) => [String(key), name, range(advertised), range(served)])
  return `# Protocol support

${MADE_BY}

The APIs that ApiVersions advertises, and the versions of each. A client may use every advertised version; one that is
advertised but not served is there because old clients look for it before they use newer ones, and is refused.

${table(['key', 'API', 'advertised', 'served'], rows)}

Everything else is not advertised, and a request for it closes the connection, as Apache Kafka does.

A request that names the same partition twice is a client's mistake which Apache Kafka meets with silence: it appends and
answers only the last batch for it in a Produce, and answers only the last mention in a Fetch. Here both batches are
appended, in their order, and both mentions are answered (one in a fetch session, which holds a partition once).
`
}

function range([min, max]: readonly [number, number]): string {
  return min === max ? String(min) : `${min}-${max}`
}

function errors(): string {
  const wire = allErrors.map(({ code, name, retriable, message }) => [
    String(code),
    `\`${name}\``,
    retriable ? 'yes' : 'no',
    message,
  ])
  const storage = Object.entries(STORAGE_ERROR_MEANINGS).map(([code, meaning]) => [`\`${code}\``, meaning])
  const client = Object.entries(CLIENT_ERROR_MEANINGS).map(([code, { retriable, whatToDo }]) => [
    `\`${code}\``,
    retriable ? 'yes' : 'no',
    whatToDo,
  ])
  const batch = batchErrors().map(({ code, meaning }) => [`\`${code}\``, meaning])
  return `# Errors

${MADE_BY}

Every error has a code from one of these tables, a message that says what was seen and what was expected, and its
cause. There are three kinds: what a broker answers, what the disk did, and our own bugs (assertions, which have no code). A
client adds what it finds itself.

## What a broker answers: \`KafkaError\`

The numbers are Kafka's. "Again" says whether the same request may succeed a little later; clients retry those by
themselves.

${table(['number', 'code', 'again', 'meaning'], wire)}

## What the disk did: \`StorageError\`

The message names the path. A partition that met one answers \`KAFKA_STORAGE_ERROR\` to clients, the others go on.

${table(['code', 'meaning'], storage)}

## Bytes that are no record batch: \`CorruptBatchError\`

${table(['code', 'meaning'], batch)}

## What our client finds itself: \`ClientError\`

${table(['code', 'again', 'what to do'], client)}

## The command

\`millrace\` writes one line to standard error and ends with 1 when something is wrong, whatever it is. It ends with 0
after a signal that asked it to end, and when the reader of its output goes away.
`
}

/** The codes of a batch are a union type, so they are read from its source, with the comments above them. */
function batchErrors(): { code: string; meaning: string }[] {
  const url = new URL('../packages/record-batch/src/corrupt-batch-error.ts', import.meta.url)
  const pattern = /\/\*\* (.+?) \*\/\s+\| '([A-Z_]+)'/g
  return [...readFileSync(url, 'utf8').matchAll(pattern)].map((match) => ({
    code: String(match[2]),
    meaning: String(match[1]),
  }))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
