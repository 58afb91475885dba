/** Flags that no other test uses, each by what it changes. That none is left out: every-flag.test.ts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { freePort } from './free-port.ts'
import { RunningCommand, runMillrace, ServeProcess } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const broker = servedBroker()
const { data, run } = broker
const folder = mkdtempSync(join(tmpdir(), 'millrace-flags-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('--bootstrap, --config and --profile say which broker', async () => {
  const { bootstrap } = broker
  await data('topic create seen')
  const properties = join(folder, 'client.properties')
  writeFileSync(properties, `bootstrap.servers=${bootstrap}\n`)
  const profiles = join(folder, 'profiles.json')
  writeFileSync(profiles, JSON.stringify({ here: { 'bootstrap.servers': bootstrap } }))
  const env = { MILLRACE_BOOTSTRAP: '', MILLRACE_PROFILES: profiles }
  for (const args of [
    ['topic', 'list', '--bootstrap', bootstrap],
    ['topic', 'list', '--config', properties],
    ['topic', 'list', '--profile', 'here'],
  ]) {
    expect((await new RunningCommand(args, env).end()).stdout).toBe('seen\n')
  }
})

it('serve --nodes stands for several, and --log-level tells more', async () => {
  const serve = new RunningCommand([
    'serve',
    ...['--data', join(folder, 'nodes'), '--listen', 'localhost:0', '--no-http'],
    ...['--nodes', '3', '--log-level', 'debug'],
  ])
  await serve.untilOutput('\n')
  const [bootstrap = ''] = /localhost:\d+/.exec(serve.stdout) ?? []
  const { stdout } = await runMillrace(['doctor', '-o', 'json'], { bootstrap })
  const findings: { subject: string; seen: string }[] = JSON.parse(stdout)
  expect(findings.find(({ subject }) => subject === 'brokers')?.seen.match(/ at /g)).toHaveLength(3)
  serve.child.kill('SIGTERM')
  expect((await serve.result()).stderr).not.toBe('')
})

it('serve --allow-origin and --allow-host let a page and a name in', async () => {
  const port = await freePort()
  const settings = join(folder, 'broker.properties')
  writeFileSync(settings, 'num.partitions=4\n')
  const serve = new RunningCommand([
    'serve',
    ...['--data', join(folder, 'web'), '--listen', 'localhost:0', '--http', `localhost:${port}`],
    ...['--config', settings],
    ...['--allow-origin', 'https://page.example', '--allow-host', 'log.example'],
  ])
  await serve.untilOutput('\n')
  const ask = (origin: string): Promise<Response> =>
    fetch(`http://localhost:${port}/v1/topics`, { headers: { origin } })
  const asked = await ask('https://page.example')
  expect(asked.headers.get('access-control-allow-origin')).toBe('https://page.example')
  expect((await ask('https://other.example')).status).toBe(403)
  expect(await statusFor(port, 'log.example')).toBe(200)
  expect(await statusFor(port, 'other.example')).not.toBe(200)
  serve.child.kill('SIGTERM')
  await serve.result()
})

/** As `fetch`, which does not let a Host be named. */
function statusFor(port: number, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  get({ host: 'localhost', port, path: '/v1/topics', headers: { host } }, (answer) => {
    answer.resume()
    resolve(answer.statusCode)
  }).on('error', reject)
  return promise
}

it('topic create --replication-factor, list --internal, alter --set', async () => {
  expect(await data('topic create thin --replication-factor 1')).toContain('created thin')
  expect((await run('topic create thick --replication-factor 3')).stderr).toContain(
    'INVALID_REPLICATION_FACTOR',
  )
  await data('group reset internal --topic thin --to end --execute')
  expect(await data('topic list')).not.toContain('__consumer_offsets')
  expect(await data('topic list --internal')).toContain('__consumer_offsets\n')
  await data('topic alter thin --set retention.ms=77000')
  expect(await data('config describe topic thin')).toContain('77000')
  await data('config alter topic thin --unset retention.ms')
  expect(await data('config describe topic thin')).not.toContain('77000')
})

it('produce --delimiter and --quiet', async () => {
  await data('produce semicolons --input csv --delimiter ; --quiet', 'a;b\n1;x,y\n')
  expect(await data('tail semicolons --from beginning --no-follow')).toBe('{"a":1,"b":"x,y"}\n')
})

it('tail --key, --grep, --sample and --until, together', async () => {
  const lines = Array.from({ length: 100 }, (_, i) => `{"n":${i},"k":"k${i % 2}"}\n`)
  await data('produce narrowed --key-field k', lines.join(''))
  const shown = await data(
    'tail narrowed --from beginning --until 90 --no-follow --key k1 --grep "n":[0-9]*5, --sample 3',
  )
  // Of 5, 15, ... 85 every third.
  expect(shown.match(/"n":\d+/g)).toEqual(['"n":5', '"n":35', '"n":65'])
})

it('replay -o and --quiet', async () => {
  await data('produce replayed', 'a\n')
  for (const form of ['json', 'ndjson']) {
    const [line = ''] = (await data(`replay replayed --speed max -o ${form} --quiet`)).split('\n')
    expect(JSON.parse(line)).toMatchObject({ topic: 'replayed', offset: 0, value: 'a' })
  }
  expect(await data('replay replayed --speed max -o raw --quiet')).toBe('a\n')
  expect(await data('replay replayed --speed max -o table --quiet')).toMatch(/^\d\d:\d\d:\S+ {2}0:0 {2}a\n$/)
})

it('tail -o', async () => {
  await data('produce formed', 'a\n')
  const shown = (form: string): Promise<string> => data(`tail formed --from beginning --no-follow -o ${form}`)
  expect(JSON.parse(await shown('json'))).toMatchObject({ topic: 'formed', offset: 0, value: 'a' })
  expect(await shown('ndjson')).toBe(await shown('json'))
  expect(await shown('raw')).toBe('a\n')
  // Columns in a pipe too, when they are asked for; never colours.
  expect(await shown('table')).toMatch(/^\d\d:\d\d:\S+ {2}0:0 {2}a\n$/)
})

it('log verify and repair: -o json and --partition', async () => {
  const other = await ServeProcess.start()
  for (const topic of ['left', 'right'])
    await runMillrace(['produce', topic], { bootstrap: other.bootstrap, input: 'x\n' })
  await other.signal('SIGTERM')
  const verified = await data(`log verify --data ${other.dataDir} --partition left-0 -o json`)
  expect(JSON.parse(verified)).toMatchObject([{ directory: join(other.dataDir, 'left-0'), findings: [] }])
  const segment = join(other.dataDir, 'left-0', '00000000000000000000.log')
  const bytes = readFileSync(segment)
  bytes.writeUInt8(bytes.readUInt8(70) ^ 0xff, 70)
  writeFileSync(segment, bytes)
  const { code, stdout } = await run(`log repair --data ${other.dataDir} --partition left-0 -o json`)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toHaveLength(1)
  expect(stdout).toContain('left-0')
  await other[Symbol.asyncDispose]()
})

it('clients --data names the broker', async () => {
  expect(JSON.parse(await data(`clients --data ${broker.dataDir} -o json`))).toBeInstanceOf(Array)
})

it('bench --topic, --topics, --size, --acks and --compression', async () => {
  await data('topic create benched')
  const own = await data(
    'bench produce --topic benched --size 50 --acks 1 --compression none --rate 1000/s --duration 200ms -o json',
  )
  const { options, produced } = JSON.parse(own)
  expect(options).toMatchObject({ topic: 'benched', sizesBytes: [50], acks: 1, compression: 'none' })
  // It is not deleted, and holds what was sent.
  expect(JSON.parse(await data('topic describe benched -o json')).partitions[0].end).toBe(produced.records)
  expect(await data('tail benched --from beginning -n 1')).toHaveLength(51)
  const several = await data('bench produce --topics 3 --size 20,200 --duration 200ms --rate 1000/s -o json')
  expect(JSON.parse(several).produced).toMatchObject({ records: 200, failed: 0 })
})

it('group members -o json and reset -o csv', async () => {
  await data('produce grouped', 'a\n')
  expect(await data('group reset readers --topic grouped --to end --execute -o csv')).toContain('grouped')
  expect(JSON.parse(await data('group members readers -o json'))).toEqual([])
})

it('completion names every shell that it knows', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) expect(await data(`completion ${shell}`)).toContain('complete')
  expect((await run('completion tcsh')).stderr).toContain('bash, zsh, fish')
})
