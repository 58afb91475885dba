import { setTimeout as wait } from 'node:timers/promises'
import { apiVersions, encodeRequest } from '@millrace/protocol'
import { expect, it } from 'vitest'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { residentBytes } from '../bad-input/process-memory.ts'
import { HEAVY_TIMEOUT_MS, sized } from './load-size.ts'
import { SocketCrowd } from './socket-crowd.ts'

const COUNT = sized(1000, 10_000)
const KIB = 1024
const LIMIT_BYTES = 8 * KIB
/** What a heap grows by whoever is connected: it is not a connection's. */
const SLACK_BYTES = 4 * KIB * KIB
const SETTLE_MS = sized(500, 2000)

it(
  `${COUNT} connections that have introduced themselves and say no more take at most 8 KiB each`,
  async () => {
    await using broker = await MillraceProcess.start()
    const software = { clientSoftwareName: 'heavy', clientSoftwareVersion: '1' }
    const hello = Buffer.concat(
      encodeRequest(apiVersions, 3, { correlationId: 1, clientId: 'heavy' }, software),
    )
    const open = async (count: number): Promise<SocketCrowd> => {
      const crowd = await SocketCrowd.open(broker.port, count, hello)
      await crowd.firstAnswers()
      await wait(SETTLE_MS)
      return crowd
    }
    // The first ones compile the code and grow the heap.
    await (await open(COUNT / 4))[Symbol.asyncDispose]()
    await wait(SETTLE_MS)
    const before = residentBytes(broker.pid)
    await using crowd = await open(COUNT)
    const each = (residentBytes(broker.pid) - before - SLACK_BYTES) / COUNT
    expect(crowd.openCount).toBe(COUNT)
    process.stdout.write(`idle connections: ${Math.round(each + SLACK_BYTES / COUNT)} bytes each\n`)
    expect(each).toBeLessThan(LIMIT_BYTES)
  },
  HEAVY_TIMEOUT_MS,
)
