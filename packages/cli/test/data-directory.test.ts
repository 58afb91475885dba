/** `stats`, `clients` and `log`: what works on a data directory. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RunningCommand, runMillrace, ServeProcess } from './millrace-process.ts'
import { servedBroker } from './served-broker.ts'

const broker = servedBroker()
const { data, failure, run } = broker

it('a data directory is asked while its broker runs', async () => {
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

it('a data directory is dumped, verified and repaired while it does not', async () => {
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

it('a data directory has room for the longest name of a topic, which can be deleted and made again', async () => {
  const other = await ServeProcess.start()
  // With the number of its partition 251 characters, of the 255 that a name on the disk may have.
  const name = 'a'.repeat(249)
  const at = { bootstrap: other.bootstrap }
  await runMillrace(['produce', name], { ...at, input: 'one\ntwo\n' })
  await runMillrace(['topic', 'delete', name], at)
  await runMillrace(['produce', name], { ...at, input: 'again\n' })
  await other.signal('SIGTERM')
  expect(await data(`log verify --data ${other.dataDir}`)).toContain(`${name}-0: good, 1 segments, 1 records`)
  await other[Symbol.asyncDispose]()
})

it('a data directory, or a file, that is not there is named', async () => {
  for (const command of ['verify', 'repair'])
    expect(await failure(`log ${command} --data /no/such/dir`)).toContain(
      'there is no data directory /no/such/dir',
    )
  expect(await failure('log dump /no/such/file')).toContain('there is no file /no/such/file')
})
