/** `--output` and `--quiet`: the same for every command that shows something. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandTree, withChildren } from '../src/completion/command-tree.ts'
import { type CommandResult, RunningCommand, runMillrace, ServeProcess } from './millrace-process.ts'

const FORMS = ['json', 'ndjson', 'table'] as const

/** A command and its words; FORM is another name for each form, DATA and IDLE are data directories. */
const COMMANDS: readonly {
  readonly path: string
  readonly words: string
  /** What stays of its text when it is to be quiet. */
  readonly quiet: RegExp
  readonly isOneObject?: true
}[] = [
  { path: 'topic create', words: 'made-FORM', quiet: /^$/, isOneObject: true },
  { path: 'topic list', words: '', quiet: /^fixed\n(.+\n)+$/ },
  { path: 'topic describe', words: 'fixed', quiet: /^0 .+\n1 .+\n$/, isOneObject: true },
  { path: 'topic alter', words: 'fixed --set retention.ms=5000000', quiet: /^$/, isOneObject: true },
  { path: 'topic delete', words: 'gone-FORM', quiet: /^$/ },
  { path: 'config describe', words: 'topic fixed', quiet: /^retention\.ms +\S+ +topic\n$/ },
  { path: 'config alter', words: 'topic fixed --set retention.ms=5000000', quiet: /^$/ },
  { path: 'group list', words: '', quiet: /^readers .*\n/ },
  { path: 'group describe', words: 'readers', quiet: /^fixed +0 .+\nfixed +1 .+\n$/, isOneObject: true },
  { path: 'group members', words: 'readers', quiet: /^$/ },
  { path: 'group offsets', words: 'readers', quiet: /^fixed +0 .+\nfixed +1 .+\n$/ },
  { path: 'group reset', words: 'readers --to beginning', quiet: /^fixed +0 .+\nfixed +1 .+\n$/ },
  { path: 'group delete', words: 'readers', quiet: /^fixed +0 .+\nfixed +1 .+\n$/ },
  { path: 'clients', words: '--data DATA', quiet: /^$/ },
  { path: 'stats', words: '--data DATA', quiet: /^(\S+ +\d+ .+ online\n)+$/, isOneObject: true },
  {
    path: 'bench',
    words: 'latency --duration 100ms',
    quiet: /^produced: .+\n(.+\n)*.+read: p50 .+\n$/,
    isOneObject: true,
  },
  { path: 'doctor', words: '', quiet: /^((warning|BROKEN).+\n)*$/ },
  { path: 'log dump', words: 'IDLE/left-0/00000000000000000000.log', quiet: /^batch at 0: .+\n$/ },
  { path: 'log verify', words: '--data IDLE', quiet: /^$/ },
  { path: 'log repair', words: '--data IDLE', quiet: /^$/ },
]
/** Run elsewhere: of Kafka's files, what takes input, and streams that have no end. */
const ELSEWHERE = ['import', 'produce', 'tail', 'replay']

let broker: ServeProcess
let idle: ServeProcess
let folder = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-output-'))
  ;[broker, idle] = await Promise.all([ServeProcess.start(), ServeProcess.start()])
  await runMillrace(['produce', 'left'], { bootstrap: idle.bootstrap, input: 'x\n' })
  await idle.signal('SIGTERM')
  await run('topic create fixed --partitions 2 --set retention.ms=5000000')
  for (const form of [...FORMS, 'quiet']) await run(`topic create gone-${form}`)
  await run('group reset readers --topic fixed --to end --execute')
})
afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  await idle[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function run(line: string): Promise<CommandResult> {
  const words = line.replace('DATA', broker.dataDir).replace('IDLE', idle.dataDir).split(' ')
  return runMillrace(
    words.filter((word) => word !== ''),
    { bootstrap: broker.bootstrap },
  )
}

/** The fields of a document, as docs/command-json.md names them: of a list those of its items. */
function fieldsOf(value: unknown, name = ''): string[] {
  if (Array.isArray(value)) {
    const list = name === '' ? '' : `${name}[]`
    return value.length === 0 ? [list] : [...new Set(value.flatMap((item) => fieldsOf(item, list)))]
  }
  if (typeof value !== 'object' || value === null) return [name]
  return Object.entries(value).flatMap(([key, part]) => fieldsOf(part, name === '' ? key : `${name}.${key}`))
}

/** What the page says of a command: the fields in the last column of its row. */
function documentedFields(path: string): string[] {
  const page = readFileSync(new URL('../../../docs/command-json.md', import.meta.url), 'utf8')
  const row = page.split('\n').find((line) => new RegExp(`^\\| [^|]*\`${path}\``).test(line)) ?? ''
  return [...(row.split(' | ').at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, field = '']) => field)
}

function isDocumented(path: string, field: string): boolean {
  return documentedFields(path).some((name) => {
    // `a.*` stands for what is in a; a list without items, or null, for whatever could be in it.
    const isWhole = field === name || (name.endsWith('*') && field.startsWith(name.slice(0, -1)))
    return isWhole || name.startsWith(`${field}.`) || name.startsWith(`${field}[`) || field === ''
  })
}

it('every command that has --output is on the page that says what its JSON is', async () => {
  const paths = [...COMMANDS.map(({ path }) => path), ...ELSEWHERE]
  expect(paths.filter((path) => documentedFields(path).length === 0)).toEqual([])
  expect(isDocumented('topic list', 'partitions')).toBe(true)
  expect(isDocumented('topic list', 'leader')).toBe(false)
})

it('every command that has --output is tried', async () => {
  const leaves = (await commandTree()).flatMap(withChildren).filter(({ children }) => children.length === 0)
  const having = leaves.filter(({ declaration }) => declaration.options.has('output')).map(({ path }) => path)
  expect([...COMMANDS.map(({ path }) => path), ...ELSEWHERE].sort()).toEqual(having.sort())
})

it.each(COMMANDS)('$path: one document, an object a line, and little when quiet', async (command) => {
  const line = (form: string): string => `${command.path} ${command.words.replace('FORM', form)}`
  const calls = [
    () => run(`${line('json')} -o json`),
    () => run(`${line('ndjson')} -o ndjson`),
    () => run(`${line('table')} -o table`),
    () => run(`${line('quiet')} -q`),
  ]
  const results: CommandResult[] = []
  // What locks a data directory has it for itself; the others save time.
  if (command.words.includes('IDLE')) for (const call of calls) results.push(await call())
  else results.push(...(await Promise.all(calls.map((call) => call()))))
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  const [json = '', ndjson = '', table = '', quiet] = results.map(({ stdout }) => stdout)
  const document = JSON.parse(json)
  expect(Array.isArray(document)).toBe(command.isOneObject === undefined)
  expect(fieldsOf(document).filter((field) => !isDocumented(command.path, field))).toEqual([])
  const lines = ndjson.split('\n').slice(0, -1)
  for (const text of lines) expect(JSON.parse(text)).toBeInstanceOf(Object)
  // These two count what the runs beside them do.
  if (!['clients', 'topic list'].includes(command.path)) {
    expect(lines).toHaveLength(command.isOneObject ? 1 : document.length)
  }
  expect(table).not.toMatch(/^[[{]/)
  expect(quiet).toMatch(command.quiet)
  expect(results[3]?.stderr).toBe('')
})

it('refuses a form that there is not, and names those that there are, in any locale', async () => {
  for (const locale of ['C', 'ru_RU.UTF-8']) {
    const command = new RunningCommand(['topic', 'list', '-o', 'yaml'], { LC_ALL: locale })
    const { code, stderr } = await command.end()
    expect(stderr).toBe(
      'millrace: --output yaml: expected one of table, json, ndjson (see millrace topic list --help)\n',
    )
    expect(code).toBe(1)
  }
})
