import { execFileSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@millrace/client'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { Tmux } from '../../../../test/tour/tmux.ts'
import { MillraceProcess } from '../process/millrace-process.ts'

const INSTALLER = fileURLToPath(new URL('../install-clients.sh', import.meta.url))
const INSTALLED =
  process.env.MILLRACE_CLIENTS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-clients')
const KASKADE = join(INSTALLED, 'console', 'bin', 'kaskade')
const INSTALL_TIMEOUT_MS = 600_000
const COLUMNS = 160
const PARTITIONS = 3
const RECORDS = 5
/** The first one of the list, before `__consumer_offsets`: it is selected from the beginning. */
const TOPIC = '1999-flights'

/** A console that people look at Kafka with, in a terminal. It takes 180 MB: a nightly part. */
describe.runIf(process.env.MILLRACE_CONSOLE === 'full')('kaskade', () => {
  const tmux = new Tmux('millrace-kaskade')
  let broker: MillraceProcess

  beforeAll(async () => {
    execFileSync('bash', [INSTALLER, 'console'], { stdio: ['ignore', 'ignore', 'inherit'] })
    broker = await MillraceProcess.start()
    await using client = createClient({ bootstrapServers: broker.bootstrap })
    await client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS }])
    const flights = client.topic(TOPIC)
    for (let index = 0; index < RECORDS; index++) {
      await flights.send({ key: Buffer.from(`key ${index}`), value: Buffer.from(`flight number ${index}`) })
    }
    await client.admin.alterOffsets('boards', [{ topic: TOPIC, partition: 0, offset: 0 }])
  }, INSTALL_TIMEOUT_MS)

  afterAll(async () => {
    tmux.run('kill-server')
    await broker?.close()
  })

  it('lists topics with their partitions, records and groups, and shows their configs and groups', async () => {
    tmux.open('admin', COLUMNS)
    tmux.type('admin', `${KASKADE} admin -b ${broker.bootstrap}`)
    // Name, partitions, replicas, in sync, groups, members, records.
    await tmux.screenShows('admin', /1999-flights +3 +1 +1 +1 +0 +≈5/)
    tmux.press('admin', 'd')
    await tmux.screenShows('admin', /Topic Details \[1999-flights\]/)
    await tmux.screenShows('admin', /Partitions \[3\] +Configurations \[33\] +Groups \[1\]/)
    tmux.press('admin', 'Right')
    await tmux.screenShows('admin', /cleanup\.policy +delete/)
    tmux.press('admin', 'Right')
    await tmux.screenShows('admin', /boards/)
  })

  it('shows every record', async () => {
    tmux.open('consumer', COLUMNS)
    tmux.type(
      'consumer',
      `${KASKADE} consumer -b ${broker.bootstrap} -t ${TOPIC} --earliest -k string -v string`,
    )
    await tmux.screenShows('consumer', /Records \[1999-flights\]\[5\]/)
    for (let index = 0; index < RECORDS; index++) {
      await tmux.screenShows('consumer', new RegExp(`key ${index} +flight number ${index}`))
    }
  })
})
