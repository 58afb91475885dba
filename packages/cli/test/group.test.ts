import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Consumer, Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runMillrace, ServeProcess } from './millrace-process.ts'

let broker: ServeProcess
let folder = ''

beforeAll(async () => {
  broker = await ServeProcess.start()
  folder = mkdtempSync(join(tmpdir(), 'millrace-groups-'))
  await data('topic create orders --partitions 2')
  // By kafkajs, whose members could not read what `millrace produce` compresses.
  const producer = kafka().producer()
  await producer.connect()
  const messages = ['a', 'b', 'c', 'd', 'e', 'f'].map((value, i) => ({ value, partition: i < 4 ? 0 : 1 }))
  await producer.send({ topic: 'orders', messages })
  await producer.disconnect()
})
afterAll(async () => {
  await broker[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

function kafka(): Kafka {
  return new Kafka({ clientId: 'app', brokers: [broker.bootstrap], logLevel: logLevel.NOTHING })
}

async function run(args: string, input?: string) {
  return runMillrace(args.split(' '), {
    bootstrap: broker.bootstrap,
    ...(input === undefined ? {} : { input }),
  })
}

async function data(args: string, input?: string): Promise<string> {
  const { code, stderr, stdout } = await run(args, input)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

async function failure(args: string): Promise<string> {
  const { code, stderr, stdout } = await run(args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  return stderr
}

/** `0:3 1:2`: what is committed in each partition of `orders`. */
async function committed(group: string): Promise<string> {
  const rows: { partition: number; committed: number }[] = JSON.parse(
    await data(`group offsets ${group} -o json`),
  )
  return rows.map((row) => `${row.partition}:${row.committed}`).join(' ')
}

async function startMember(groupId: string, onRead = (_value: string): void => {}): Promise<Consumer> {
  const consumer = kafka().consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 100 })
  const joined = Promise.withResolvers<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    autoCommitThreshold: 1,
    eachMessage: async ({ message }) => onRead(String(message.value)),
  })
  await joined.promise
  return consumer
}

it('a reset without --execute shows the offsets and changes nothing', async () => {
  const shown = await run('group reset dry --topic orders --to end')
  expect(shown).toMatchObject({ code: 0, stderr: 'Nothing was changed: add --execute to do it.\n' })
  expect(shown.stdout).toBe(
    'TOPIC   PARTITION  FROM  TO\norders          0     -   4\norders          1     -   2\n',
  )
  expect(await failure('group describe dry')).toContain('there is no group "dry"')
})

it('a reset goes to an end, an offset, by a number, per partition, and never out of the log', async () => {
  await data('group reset moved --topic orders --to end --execute')
  expect(await committed('moved')).toBe('0:4 1:2')
  await data('group reset moved --by -1 --execute')
  expect(await committed('moved')).toBe('0:3 1:1')
  await data('group reset moved --topic orders:1 --by=-9 --execute')
  expect(await committed('moved')).toBe('0:3 1:0')
  await data('group reset moved --topic orders:0 --to 1 --execute')
  await data('group reset moved --topic orders:1 --to 99 --execute')
  expect(await committed('moved')).toBe('0:1 1:2')
  await data('group reset moved --to 1h --execute')
  expect(await committed('moved')).toBe('0:0 1:0')
})

it('a reset takes what another group has, and what a file says', async () => {
  await data('group reset first --topic orders --to -1 --execute')
  await data('group reset second --from-group first --execute')
  expect(await committed('second')).toBe('0:3 1:1')
  const csv = await data('group offsets first -o csv')
  expect(csv).toBe('orders,0,3\norders,1,1\n')
  writeFileSync(join(folder, 'first.csv'), csv)
  await data(`group reset third --from-file ${join(folder, 'first.csv')} --topic orders:0 --execute`)
  expect(await committed('third')).toBe('0:3')
  writeFileSync(join(folder, 'many.csv'), 'other,orders,0,1\n"fourth","orders",0,2\n')
  await data(`group reset fourth --from-file ${join(folder, 'many.csv')} --execute`)
  expect(await committed('fourth')).toBe('0:2')
})

it('a reset refuses what it cannot read, and targets that contradict each other', async () => {
  writeFileSync(join(folder, 'bad.csv'), 'orders,0,1\norders,zero,1\n')
  expect(await failure(`group reset x --from-file ${join(folder, 'bad.csv')}`)).toContain(
    'line 2: expected topic',
  )
  expect(await failure('group reset x --to end --by 1')).toContain('one of --to, --by')
  expect(await failure('group reset x --from-group nobody')).toContain('has committed nothing')
  expect(await failure('group reset x --topic orders:one --to end')).toContain('expected TOPIC or TOPIC:')
  expect(await failure('group reset x --topic orders:0,9 --to end')).toContain(
    '--topic orders:9: there is no such partition',
  )
  expect(await failure('group reset x --to end')).toContain('name what to reset with --topic')
  expect(await failure('group reset x --topic orders --by much')).toContain('expected a number of records')
})

it('lag is told in records and in time', async () => {
  await data('group reset late --topic orders --to -1 --execute')
  const described = JSON.parse(await data('group describe late -o json'))
  expect(described.partitions).toMatchObject([
    { lag: 1, lagMs: expect.any(Number) },
    { lag: 1, lagMs: expect.any(Number) },
  ])
  expect(described.lagMs).toBeGreaterThan(0)
  await data('group reset late --to end --execute')
  expect(JSON.parse(await data('group describe late -o json'))).toMatchObject({
    lagMs: 0,
    partitions: [
      { lag: 0, lagMs: null },
      { lag: 0, lagMs: null },
    ],
  })
})

it('a group is deleted with --execute, or what it has of one topic', async () => {
  await data('topic create extra')
  await data('group reset gone --topic orders --topic extra --to beginning --execute')
  const shown = await run('group delete gone')
  expect(shown).toMatchObject({ code: 0, stderr: 'Nothing was deleted: add --execute to do it.\n' })
  expect(shown.stdout).toBe(
    'TOPIC   PARTITION  COMMITTED\nextra           0          0\norders          0          0\norders          1          0\n',
  )
  await data('group delete gone --topic extra --execute')
  expect(await committed('gone')).toBe('0:0 1:0')
  await data('group delete gone --execute')
  expect(await failure('group describe gone')).toContain('there is no group')
  expect(await failure('group delete gone')).toContain('there is no group')
})

it('members are shown, and a running group is rewound only when that is asked for', async () => {
  const read: string[] = []
  const rewound = Promise.withResolvers<void>()
  const consumer = await startMember('running', (value) => {
    read.push(value)
    if (read.length === 12) rewound.resolve()
  })
  try {
    expect(await data('group members running')).toMatch(/app-\S+ +- +app +\S+ +2 +orders 0 1/)
    await expect.poll(() => committed('running'), { timeout: 50_000 }).toBe('0:4 1:2')
    expect(await failure('group reset running --to beginning --execute')).toContain('1 running member')
    expect(await failure('group delete running --execute')).toContain('1 running member: stop its consumers')
    await data('group reset running --to beginning --while-running --execute')
    await rewound.promise
    expect(read.toSorted().join('')).toBe('aabbccddeeff')
  } finally {
    await consumer.disconnect()
  }
})

it("a group is explained by the broker's own state, or by what Kafka's APIs tell", async () => {
  const local = await data(`group describe first --why --data ${broker.dataDir}`)
  expect(local).toMatch(/^first: Empty\n- The group has no members, since .*Its last commit was .* ago\.\n/)
  const { code, stderr, stdout } = await run('group describe first --why')
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: "This is what Kafka's APIs tell; on the broker's machine --data tells more.\n",
  })
  expect(stdout).toMatch(/^first: Empty\n- The group has no members: no consumer/)
  expect(JSON.parse(await data(`group describe first --why -o json --data ${broker.dataDir}`))).toMatchObject(
    {
      findings: [{ code: 'no-members' }],
    },
  )
  expect(await failure(`group describe nobody --why --data ${broker.dataDir}`)).toContain('there is no group')
})

it('groups are reset only with --execute, and described', async () => {
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
