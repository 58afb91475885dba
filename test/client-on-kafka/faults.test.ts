/**
 * Our client on Apache Kafka over a network with faults: a few of each kind here; nightly a connection is cut at each
 * byte (FAULT_STEP=1, in shards by FAULT_SHARD).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tcpNetwork } from '../../packages/client/src/network/tcp-network.ts'
import { converseOver } from '../../packages/client/test/fault-conversation.ts'
import type { Fault } from '../../packages/client/test/faulty-network.ts'
import { type ApacheKafka, isKafkaInstalled, startKafka } from '../kafka/apache-kafka.ts'

const STEP = Number(process.env.FAULT_STEP ?? 331)
const [SHARD = 0, SHARDS = 1] = (process.env.FAULT_SHARD ?? '0/1').split('/').map(Number)

let kafka: ApacheKafka

function converse(faultOf: (connection: number) => Fault): Promise<number> {
  const place = { bootstrapServers: kafka.bootstrap, timeoutMs: 1_000 }
  return converseOver(tcpNetwork(), place, faultOf)
}

describe.runIf(isKafkaInstalled() || process.env.MILLRACE_REQUIRE_CLIENTS === '1')(
  'our client on Apache Kafka',
  () => {
    beforeAll(async () => {
      // What a conversation wrote is of no use behind it, and a minute of it would be a thousand folders.
      kafka = await startKafka({ heap: '512m', properties: { 'log.segment.delete.delay.ms': '1000' } })
    }, 90_000)
    afterAll(() => kafka.close())

    it('loses and doubles nothing when connections are cut, anywhere in a conversation', async () => {
      expect(await converse(() => ({}))).toBeGreaterThan(5_000)
      for (let cutAfterBytes = 1 + STEP * SHARD; cutAfterBytes < 4_000; cutAfterBytes += STEP * SHARDS) {
        await converse((connection) => (connection % 3 === 2 ? {} : { cutAfterBytes }))
      }
    }, 1_800_000)

    it('gives up connections that fall silent', async () => {
      await converse((connection) => (connection === 1 ? { silentAfterBytes: 1_500 } : {}))
    }, 60_000)

    it('does not believe answers that come twice', async () => {
      for (const doubledAfterBytes of [300, 1_000, 1_900]) {
        await converse((connection) => (connection % 2 === 0 ? { doubledAfterBytes } : {}))
      }
    }, 60_000)

    it('waits for answers that are late, or come in small pieces', async () => {
      await converse(() => ({ delayMs: 20 }))
      await converse(() => ({ pieceBytes: 3 }))
    }, 60_000)
  },
)
