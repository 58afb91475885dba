import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CommandResult,
  LAUNCHER,
  RunningCommand,
  runMillrace,
  ServeProcess,
} from './millrace-process.ts'

let broker: ServeProcess
let folder = ''

beforeAll(async () => {
  broker = await ServeProcess.start()
  folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
})
afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function run(args: string, input?: string | Buffer): Promise<CommandResult> {
  return runMillrace(args.split(' '), {
    bootstrap: broker.bootstrap,
    ...(input === undefined ? {} : { input }),
  })
}

/** A command that has nothing to say but its data. */
async function data(args: string, input?: string | Buffer): Promise<string> {
  const { code, stdout, stderr } = await run(args, input)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** A command that fails: code 1, no data, one line. */
async function failure(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(args, input)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^millrace: [^\n]+\n$/)
  return stderr
}

describe('topics', () => {
  it('are created, listed, described and deleted', async () => {
    expect(await data('topic create planes --partitions 2 --set retention.ms=-1')).toBe(
      'created planes with 2 partitions\n',
    )
    expect(await data('topic list')).toContain('planes\n')
    const described = JSON.parse(await data('topic describe planes -o json'))
    expect(described).toMatchObject({
      name: 'planes',
      configs: { 'retention.ms': '-1' },
      partitions: [
        { partition: 0, begin: 0, end: 0 },
        { partition: 1, begin: 0, end: 0 },
      ],
    })
    expect(await data('topic describe planes')).toMatch(
      /^planes: 2 partitions, 0 offsets, id \S{22}\nretention\.ms=-1\n/,
    )
    expect(await data('topic delete planes')).toBe('deleted planes\n')
    expect(await data('topic list')).not.toContain('planes')
  })

  it('are told by the broker why they cannot be', async () => {
    await data('topic create twice')
    expect(await failure('topic create twice')).toMatch(/twice.*TOPIC_ALREADY_EXISTS/)
    expect(await failure('topic create bad --set retention.msx=1')).toContain('retention.msx')
    expect(await failure('topic create bad --partitions 0')).toContain(
      '--partitions 0: expected a whole number from 1',
    )
    expect(await failure('topic delete nowhere')).toContain('there is no topic "nowhere"')
  })
})

describe('produce and tail', () => {
  it('pass bytes through as they are', async () => {
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

  it('take key and time from fields, and keep the order of a key', async () => {
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

  it('start and end where they are told', async () => {
    await data('topic create ranges --partitions 2')
    const lines = Array.from({ length: 20 }, (_, i) => `{"n":${i},"time":${978307200000 + i * 1000}}`)
    await data('produce ranges --partition 1 --timestamp-field time', `${lines.join('\n')}\n`)
    const rows = async (args: string): Promise<string> =>
      data(`tail ranges --no-follow -f %p:%o,${args === '' ? '' : ` ${args}`}`)
    expect(await rows('--from -2')).toBe('1:18,1:19,')
    expect(await rows('--from 17 --partition 1')).toBe('1:17,1:18,1:19,')
    expect(await rows('--from 2001-01-01T00:00:18Z')).toBe('1:18,1:19,')
    expect(await rows('--from end')).toBe('')
    expect(await rows('--from beginning --partition 0')).toBe('')
    expect((await rows('')).split(',')).toHaveLength(11)
  })

  it('show JSON, one object a line', async () => {
    await data('topic create objects')
    await data('produce objects --key-field k', '{"k":"x","n":1}\n')
    const [record] = (await data('tail objects --from beginning --no-follow -o json')).trimEnd().split('\n')
    expect(JSON.parse(record ?? '')).toMatchObject({
      topic: 'objects',
      offset: 0,
      key: 'x',
      value: { k: 'x', n: 1 },
    })
  })

  it('show only what is asked for', async () => {
    await data('topic create asked-a')
    await data('topic create asked-b')
    const lines = Array.from({ length: 100 }, (_, i) => `{"n":${i},"k":"k${i % 10}"}`)
    await data('produce asked-a --key-field k', `${lines.join('\n')}\n`)
    await data('produce asked-b --key-field k', `${lines.join('\n')}\n`)
    const count = async (...args: string[]): Promise<number> => {
      const options = ['tail', 'asked-a', '--from', 'beginning', '--no-follow', ...args]
      const { stdout } = await runMillrace(options, { bootstrap: broker.bootstrap })
      return stdout.split('\n').length - 1
    }
    expect(await count('--key', 'k3')).toBe(10)
    expect(await count('--where', 'value.n >= 90 && key != "k9"')).toBe(9)
    expect(await count('--grep', '"n":4\\d')).toBe(10)
    expect(await count('--sample', '25')).toBe(4)
    expect(await count('--until', '30')).toBe(30)
    expect(await count('-n', '7')).toBe(7)
    const both = await data('tail asked-* --from beginning --no-follow -f %t\\n')
    expect(both.match(/asked-a/g)).toHaveLength(100)
    expect(both.match(/asked-b/g)).toHaveLength(100)
    expect(await failure('tail nothing-* --no-follow')).toContain('no topic matches nothing-*')
    expect(await failure('tail asked-a --where delay>3')).toContain('there is no "delay"')
    // Ends by itself although it would follow.
    expect(await data('tail asked-a --from beginning -n 2')).toBe(`${lines.slice(0, 2).join('\n')}\n`)
  })

  it('follow what arrives, and end with 0 on Ctrl-C', async () => {
    await data('topic create live')
    await data('produce live', 'old\n')
    const tail = new RunningCommand(['tail', 'live', '--bootstrap', broker.bootstrap])
    await tail.untilOutput('old\n')
    await data('produce live', 'new\n')
    await tail.untilOutput('new\n')
    tail.child.kill('SIGINT')
    expect(await tail.result()).toEqual({ code: 0, stdout: 'old\nnew\n', stderr: '' })
  })

  it('end with 0 when the reader of the pipe goes away', async () => {
    await data('topic create piped')
    await data('produce piped', `${'x'.repeat(1000)}\n`.repeat(2000))
    const command = `"${process.execPath}" "${LAUNCHER}" tail piped --from beginning --bootstrap ${broker.bootstrap}`
    const shell = spawn('bash', ['-c', `${command} | head -1 > /dev/null; exit \${PIPESTATUS[0]}`], {
      stdio: 'inherit',
    })
    const [code] = await once(shell, 'exit')
    expect(code).toBe(0)
  })

  it('stop at a line that is bad, naming it, with those before it sent', async () => {
    await data('topic create partly')
    expect(await failure('produce partly --key-field a', '{"a":1}\nnonsense\n{"a":2}\n')).toContain(
      'line 2: not a JSON object',
    )
    expect(await data('tail partly --from beginning --no-follow')).toBe('{"a":1}\n')
  })

  it('read CSV and frames, fill templates, put bad lines aside, keep a pace', async () => {
    await data('topic create varied')
    const csv = join(folder, 'people.csv')
    const rejects = join(folder, 'rejects')
    writeFileSync(csv, 'id,name\n1,"Ann, B."\n2\n3,Cy\n')
    await data(`produce varied --file ${csv} --input csv --key p{id} --header from=csv --reject ${rejects}`)
    expect(await data('tail varied --from beginning --no-follow -f %k|%h|%v\\n')).toBe(
      'p1|from=csv|{"id":1,"name":"Ann, B."}\np3|from=csv|{"id":3,"name":"Cy"}\n',
    )
    expect(readFileSync(rejects, 'utf8')).toBe('2\n')
    expect(await failure(`produce varied --file ${csv} --input csv`)).toContain('line 3: it has 1 fields')

    await data('topic create framed')
    await data('produce framed --input framed', Buffer.from([0, 0, 0, 2, 10, 0xff, 0, 0, 0, 0]))
    expect(await data('tail framed --from beginning --no-follow -f <%v>')).toBe('<\n\xff><>')

    await data('topic create paced')
    const startMs = performance.now()
    await data('produce paced --rate 200/s', 'x\n'.repeat(100))
    expect(performance.now() - startMs).toBeGreaterThan(490)
    expect(await failure('produce paced --rate fast')).toContain('--rate fast: expected')
  })

  it('say what is wrong in one line', async () => {
    expect(await failure('tail nowhere --no-follow')).toContain('there is no topic "nowhere"')
    expect(await failure('topic describe nowhere')).toContain('there is no topic "nowhere"')
    expect(await data('topic list')).not.toContain('nowhere')
    expect(await failure('tail twice --from sometimes')).toContain('--from sometimes: expected beginning')
    expect(await failure('tail twice --partition 9 --no-follow')).toContain('no partition 9')
    expect(await failure('tail twice -f %q')).toContain('there is no %q')
    expect(await failure('produce twice --file /no/such/file')).toContain('/no/such/file: there is none')
    expect(await failure('produce a/b', 'x\n')).toContain('INVALID_TOPIC_EXCEPTION')
  })
})

describe('produce through kills of the broker', () => {
  it('sends each line once, in order, and a tail goes on by itself', async () => {
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
  }, 60_000)
})

describe('replay', () => {
  it('sends history again in the order of time, at its pace or as fast as it goes', async () => {
    await data('topic create history --partitions 3')
    await data('topic create again --partitions 3')
    const lines = Array.from(
      { length: 60 },
      (_, i) => `{"n":${i},"k":"k${i % 7}","time":${978307200000 + i * 20}}`,
    )
    await data('produce history --key-field k --timestamp-field time --header h={n}', `${lines.join('\n')}\n`)
    expect(await data('replay history --speed max')).toBe(`${lines.join('\n')}\n`)
    const startMs = performance.now()
    expect(await data('replay history --speed 2 --until 2001-01-01T00:00:01Z')).toBe(
      `${lines.slice(0, 50).join('\n')}\n`,
    )
    // 49 steps of 20 ms at twice the pace.
    expect(performance.now() - startMs).toBeGreaterThan(490)
    await data('replay history --speed max --times 2 --to again')
    const show = '--from beginning --no-follow -f %p|%k|%T|%h|%v\\n'
    const before = (await data(`tail history ${show}`)).trimEnd().split('\n').sort()
    const after = (await data(`tail again ${show}`)).trimEnd().split('\n').sort()
    expect(after).toEqual([...before, ...before].sort())
    expect(await failure('replay history --speed never')).toContain('--speed never: expected')
    expect(await failure('replay history --to history')).toContain('into itself')
    expect(await failure('replay nowhere')).toContain('there is no topic "nowhere"')
  })
})

describe('bench', () => {
  for (const what of ['produce', 'consume', 'latency', 'mixed']) {
    it(`${what} measures, and leaves nothing behind`, async () => {
      const { code, stdout } = await run(
        `bench ${what} --duration 300ms --records 2000 --rate 2000/s --partitions 2 -o json`,
      )
      expect(code).toBe(0)
      const result = JSON.parse(stdout)
      const work = result.produced ?? result.consumed
      expect(work.records).toBeGreaterThan(100)
      expect(work.failed).toBe(0)
      if (what === 'latency') {
        expect(result.endToEndMs.p50).toBeGreaterThan(0)
        expect(result.consumed.records).toBe(result.produced.records)
      }
      expect(await data('topic list')).not.toContain('millrace-bench')
    })
  }

  it('shows a table with a plot', async () => {
    const shown = await data('bench latency --duration 200ms')
    expect(shown).toMatch(/^produced: [\d,]+ records\/s/)
    expect(shown).toMatch(/p99 +[\d.]+ ms #+/)
  })
})

describe('doctor', () => {
  it('looks at everything, and leaves nothing behind', async () => {
    const { code, stdout } = await run(`doctor --data ${broker.dataDir}`)
    expect(code).toBe(0)
    for (const subject of [
      'memory',
      'file system',
      'sync',
      'cluster',
      'advertised address of broker 1',
      'versions',
      'partitions',
      'clock',
    ]) {
      expect(stdout).toMatch(new RegExp(`^(ok|warning) +${subject}: `, 'm'))
    }
    expect(await data('topic list')).not.toContain('millrace-doctor')
  })

  it('names groups that stand still, and why', async () => {
    await data('topic create slow')
    await data('produce slow', 'a\nb\n')
    await data('group reset sleepers --topic slow --to beginning --execute')
    expect(await data('doctor')).toMatch(/warning +group sleepers: 2 records behind, and it has no members/)
  })

  it('ends with 1 when nobody answers', async () => {
    const { code, stdout, stderr } = await runMillrace(['doctor', '--bootstrap', 'localhost:1'])
    expect({ code, stdout: stdout.match(/BROKEN.*/)?.[0] }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('no broker answers at localhost:1'),
    })
    expect(stderr).toMatch(/^millrace: 1 of \d+ things are broken/)
  })
})

describe('configs', () => {
  it('are shown and changed', async () => {
    await data('topic create tuned')
    expect(await data('config alter topic tuned --set retention.ms=5000')).toBe('retention.ms=5000\n')
    expect(JSON.parse(await data('config describe topic tuned -o json'))).toContainEqual({
      name: 'retention.ms',
      value: '5000',
      source: 'topic',
      isReadOnly: false,
    })
    expect(await data('topic alter tuned --unset retention.ms --partitions 3')).toBe('changed tuned\n')
    expect(await data('config describe topic tuned')).not.toContain('retention.ms')
    expect(JSON.parse(await data('topic describe tuned -o json')).partitions).toHaveLength(3)
    expect(await data('config describe broker 1 --all')).toContain('num.partitions')
    expect(await failure('config describe topic nowhere')).toContain('there is no topic "nowhere"')
    expect(await failure('config describe planet x')).toContain('topic, broker, group, user, client-id')
    expect(await failure('topic alter tuned')).toContain('nothing to change')
  })
})

describe('a data directory', () => {
  it('is asked while its broker runs', async () => {
    await data('topic create looked-at')
    await data('produce looked-at', 'a\nb\n')
    expect(await data(`stats --data ${broker.dataDir}`)).toMatch(/looked-at +0 +0 +2/)
    expect(JSON.parse(await data(`stats --data ${broker.dataDir} -o json`))).toMatchObject({
      metrics: expect.any(Array),
    })
    const tail = new RunningCommand([
      'tail',
      'looked-at',
      '--from',
      'beginning',
      '--bootstrap',
      broker.bootstrap,
    ])
    await tail.untilOutput('b\n')
    expect(await data(`clients --data ${broker.dataDir}`)).toContain('millrace-cli')
    tail.child.kill('SIGINT')
    await tail.result()
    expect(await failure('stats --data /no/such/dir')).toContain('no broker runs on the data directory')
  })

  it('is dumped, verified and repaired while it does not', async () => {
    const other = await ServeProcess.start()
    await runMillrace(['produce', 'kept'], { bootstrap: other.bootstrap, input: 'one\ntwo\n' })
    await other.signal('SIGTERM')
    expect(await data(`log verify --data ${other.dataDir}`)).toMatch(/kept-0: good, 1 segments, 2 records/)
    const segment = join(other.dataDir, 'kept-0', '00000000000000000000.log')
    expect(await data(`log dump ${segment} --records`)).toMatch(
      /batch at 0: offsets 0 to 1, 2 records.*\n.* one\n.* two\n/,
    )
    const [, record] = (await data(`log dump ${segment} --records -o ndjson`)).split('\n')
    expect(JSON.parse(record ?? '')).toMatchObject({ kind: 'record', offset: 0, value: 'one' })

    const bytes = readFileSync(segment)
    bytes.writeUInt8(bytes.readUInt8(70) ^ 0xff, 70)
    writeFileSync(segment, bytes)
    const verified = await run(`log verify --data ${other.dataDir}`)
    expect(verified).toMatchObject({ code: 1, stdout: expect.stringContaining('kept-0: damaged') })
    expect(verified.stderr).toMatch(/1 of \d+ partitions are damaged: millrace log repair/)
    const shown = await run(`log repair --data ${other.dataDir}`)
    expect(shown).toMatchObject({ code: 0, stderr: 'Nothing was changed: add --execute to do it.\n' })
    await data(`log repair --data ${other.dataDir} --execute`)
    expect(await data(`log verify --data ${other.dataDir}`)).toContain('kept-0: good')
    await other[Symbol.asyncDispose]()
  })
})

describe('groups', () => {
  it('are reset only with --execute, and described', async () => {
    await data('topic create counted')
    await data('produce counted', 'a\nb\nc\n')
    const shown = await run('group reset counters --topic counted --to end')
    expect(shown).toMatchObject({ code: 0, stderr: 'Nothing was changed: add --execute to do it.\n' })
    expect(shown.stdout).toBe('TOPIC    PARTITION  FROM  TO\ncounted          0     -   3\n')
    expect(await failure('group describe counters')).toContain('there is no group "counters"')
    await data('group reset counters --topic counted --to -2 --execute')
    expect(await data('group list')).toMatch(/^counters +Empty/m)
    expect(JSON.parse(await data('group describe counters -o json'))).toMatchObject({
      group: 'counters',
      state: 'Empty',
      partitions: [{ topic: 'counted', partition: 0, committed: 1, end: 3, lag: 2 }],
    })
    await data('group reset counters --to beginning --execute')
    expect(await data('group describe counters')).toMatch(/counted +0 +0 +3 +3/)
  })
})

describe('the command line', () => {
  it('shows help with examples', async () => {
    expect(await data('--help')).toContain('Examples:')
    expect(await data('tail --help')).toContain('millrace tail flights')
    expect(await data('topic create --help')).toContain('millrace topic create flights')
  })

  it('tells its version', async () => {
    expect(await data('--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('names what was meant', async () => {
    expect(await failure('sreve')).toContain('serve')
    expect(await failure('serve --dtaa x')).toContain('dtaa: did you mean --data?')
    expect(await failure('topic create x --partitons 3')).toContain('did you mean --partitions?')
    expect(await failure('topic craete x')).toContain('no command "topic craete": did you mean create?')
    expect(await failure('topic')).toContain('topic create, list, describe, alter or delete')
  })

  it('says that no broker answers, and how to start one', async () => {
    const { code, stderr } = await runMillrace(['topic', 'list', '--bootstrap', 'localhost:1'])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^millrace: no broker answers at localhost:1: connection refused: .*millrace serve.*\n$/,
    )
  })
})
