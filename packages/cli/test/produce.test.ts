/** `produce`, read back by `tail`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { RunningCommand, runMillrace, ServeProcess } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const broker = servedBroker()
const { data, failure, run } = broker
const folder = mkdtempSync(join(tmpdir(), 'millrace-produce-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('bytes come through as they are', async () => {
  await data('topic create bytes')
  const input = Buffer.concat([
    Buffer.from('a\r\n\nb \t'),
    Buffer.from([0, 0xff, 0xfe]),
    Buffer.from('\nlast'),
  ])
  await data('produce bytes', input)
  const output = await data('tail bytes --from beginning --no-follow')
  expect(output).toBe(`${input.toString('latin1')}\n`)
})

it('takes key and time from fields, and keeps the order of a key', async () => {
  await data('topic create keyed --partitions 3')
  const lines = Array.from({ length: 3000 }, (_, i) =>
    JSON.stringify({ row: i, origin: `A${i % 7}`, time: 978307200000 + i }),
  )
  const file = join(folder, 'lines.ndjson')
  writeFileSync(file, lines.join('\n'))
  await data(`produce keyed --file ${file} --key-field origin --timestamp-field time`)
  const rows = (await data('tail keyed --from beginning --no-follow -f %k,%T,%v\\n')).trimEnd().split('\n')
  expect(rows).toHaveLength(3000)
  const lastRow = new Map<string, number>()
  for (const line of rows) {
    const [key = '', time, ...value] = line.split(',')
    const { row, origin } = JSON.parse(value.join(','))
    expect([origin, Number(time)]).toEqual([key, 978307200000 + row])
    expect(row).toBeGreaterThan(lastRow.get(key) ?? -1)
    lastRow.set(key, row)
  }
})

it('stops at a line that is bad, naming it, with those before it sent', async () => {
  await data('topic create partly')
  expect(await failure('produce partly --key-field a', '{"a":1}\nnonsense\n{"a":2}\n')).toContain(
    'line 2: not a JSON object',
  )
  expect(await data('tail partly --from beginning --no-follow')).toBe('{"a":1}\n')
  const told = await run('produce partly --key-field a -o json', '{"a":3}\nnonsense\n')
  expect([told.code, JSON.parse(told.stdout).records]).toEqual([1, 1])
  const csv = 'a\nx\n"y"z\n'
  expect(await failure('produce partly --input csv', csv)).toContain('line 3: "z" behind a closing quote')
  expect(await data('tail partly --from -1 --no-follow')).toBe('{"a":"x"}\n')
  const frames = Buffer.from('\0\0\0\x01x\xff\xff\xff\xff', 'latin1')
  expect(await failure('produce partly --input framed', frames)).toContain('frame 2 claims -1 bytes')
  expect(await data('tail partly --from -1 --no-follow')).toBe('x\n')
})

it('does not wait for the pace when it is to end', async () => {
  await data('topic create slow')
  const produce = new RunningCommand(['produce', 'slow', '--rate', '1/h', '--bootstrap', broker.bootstrap])
  produce.write('a\nb\n')
  const tail = new RunningCommand(['tail', 'slow', '--from', 'beginning', '--bootstrap', broker.bootstrap])
  await tail.untilOutput('a\n')
  tail.child.kill('SIGINT')
  produce.child.kill('SIGINT')
  expect(await produce.result()).toMatchObject({ code: 130, stderr: '' })
})

it('reads CSV and frames, fills templates, puts bad lines aside, keeps a pace', async () => {
  await data('topic create varied')
  const csv = join(folder, 'people.csv')
  const rejects = join(folder, 'rejects')
  writeFileSync(csv, 'id,name\n1,"Ann, B."\n2\n3,Cy\n4,"D"e\n')
  const flags = `--input csv --key p{id} --header from=csv --reject ${rejects}`
  expect(await run(`produce varied --file ${csv} ${flags}`)).toEqual({
    code: 0,
    stdout: '',
    stderr: `millrace: 2 lines put into ${rejects}\n`,
  })
  expect(await data('tail varied --from beginning --no-follow -f %k|%h|%v\\n')).toBe(
    'p1|from=csv|{"id":1,"name":"Ann, B."}\np3|from=csv|{"id":3,"name":"Cy"}\n',
  )
  // As they were, to be mended and sent again.
  expect(readFileSync(rejects, 'utf8')).toBe('id,name\n2\n4,"D"e\n')
  expect(await failure(`produce varied --file ${csv} --input csv`)).toContain('line 3: it has 1 fields')
  expect(JSON.parse(await data(`produce varied --file ${csv} ${flags} -o json`))).toEqual({
    topic: 'varied',
    records: 2,
    bytes: 34,
    elapsedMs: expect.any(Number),
    recordsPerSecond: expect.any(Number),
    rejected: 2,
  })
  expect(readFileSync(rejects, 'utf8')).toBe('id,name\n2\n4,"D"e\n2\n4,"D"e\n')
  await data('produce varied --input csv --delimiter \\t', 'a\tb\n1\tx, y\n')
  expect(await data('tail varied --from -1 --no-follow')).toBe('{"a":1,"b":"x, y"}\n')

  await data('topic create framed')
  await data('produce framed --input framed', Buffer.from([0, 0, 0, 2, 10, 0xff, 0, 0, 0, 0]))
  expect(await data('tail framed --from beginning --no-follow -f <%v>')).toBe('<\n\xff><>')
  const frames = Buffer.from('\0\0\0\x01x\0\0\0\x07{"a":1}')
  await data(`produce framed --input framed --key-field a -q --reject ${rejects}.frames`, frames)
  expect(readFileSync(`${rejects}.frames`)).toEqual(frames.subarray(0, 5))

  await data('topic create paced')
  const startMs = performance.now()
  await data('produce paced --rate 200/s', 'x\n'.repeat(100))
  expect(performance.now() - startMs).toBeGreaterThan(490)
  expect(await failure('produce paced --rate fast')).toContain('--rate fast: expected')
})

it('sends each line once, in order, through kills of the broker, and a tail goes on by itself', async () => {
  await using other = await ServeProcess.start()
  const { bootstrap } = other
  await runMillrace(['topic', 'create', 'durable'], { bootstrap })
  const produce = new RunningCommand(['produce', 'durable', '--bootstrap', bootstrap])
  const tail = new RunningCommand(['tail', 'durable', '--from', 'beginning', '--bootstrap', bootstrap])
  const lines = Array.from({ length: 4000 }, (_, i) => `${i}\n`)
  for (let from = 0; from < 4000; from += 1000) {
    produce.write(lines.slice(from, from + 900).join(''))
    await tail.untilOutput(`${from + 899}\n`)
    // These are on their way, or behind them, when the broker dies.
    produce.write(lines.slice(from + 900, from + 1000).join(''))
    await other.signal('SIGKILL')
    await other.restart()
  }
  expect(await produce.end()).toEqual({ code: 0, stdout: '', stderr: '' })
  const all = await runMillrace(['tail', 'durable', '--from', 'beginning', '--no-follow'], { bootstrap })
  expect(all.stdout).toBe(lines.join(''))
  await tail.untilOutput('3999\n')
  tail.child.kill('SIGINT')
  expect(await tail.result()).toEqual({ code: 0, stdout: lines.join(''), stderr: '' })
})
