/**
 * The main job on a disk that loses every unsynced byte when the power fails: in process, since the disk is simulated.
 * What `millrace produce` does in the other test is done here by the client that it stands on.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Broker, startBroker } from '@millrace/broker'
import { createClient } from '@millrace/client'
import { nodeClock } from '@millrace/log-core'
import { Prng, SimulatedDisk } from '@millrace/simulator'
import { expect, it } from 'vitest'
import { SeededRandom } from '../seeded-random.ts'
import { type Flight, flightTruth, readFlights } from './flights.ts'
import { MortalNetwork } from './mortal-network.ts'
import { checkStored, type StoredFlight } from './stored-flights.ts'

const COUNT = 30_000
const SEED = Number(process.env.MAIN_JOB_SEED ?? Math.floor(Math.random() * 2 ** 31))
const POWER_LOSSES = 10
const TOPIC = 'flights'
const FLIGHTS_PER_SEND = 100
/** A life, a death and a start take less than a second: who waits so long will never be answered. */
const ACKNOWLEDGED_WITHIN_MS = 60_000
const READ_WITHIN_MS = 60_000

it(`keeps every acknowledged flight through ${POWER_LOSSES} power losses (MAIN_JOB_SEED=${SEED})`, async () => {
  const random = new SeededRandom(SEED)
  const disk = new SimulatedDisk(new Prng(SEED), { powerLoss: 'drop-all' })
  let network = new MortalNetwork()
  const boot = (port: number): Promise<Broker> => {
    network = new MortalNetwork()
    return startBroker({ port, network, dataDir: '/data', fileSystem: disk.boot(nodeClock()) })
  }
  let broker = await boot(0)
  const port = broker.brokers[0]?.port ?? 0
  const client = createClient({ bootstrapServers: broker.bootstrapServers })
  let isOver = false
  try {
    await client.admin.createTopics([{ name: TOPIC, partitions: 6, configs: { 'retention.ms': '-1' } }])
    const producer = client.producer({ deliveryTimeoutMs: ACKNOWLEDGED_WITHIN_MS })
    const producing = produceFlights(producer, () => isOver)
    const losingPower = async (): Promise<void> => {
      for (let losses = 0; losses < POWER_LOSSES && !isOver; losses += 1) {
        await wait(random.between(50, 600))
        disk.crash('power')
        // Nobody tells the broker that it is dead; whatever it still tries meets the dead disk.
        await network.die()
        broker = await boot(port)
        const failures = broker.snapshot().partitions.flatMap(({ failure }) => failure ?? [])
        expect(failures, `partitions refused after power loss ${losses + 1}`).toEqual([])
      }
      isOver = true
    }
    // Whichever fails first is told: a broker that does not start, or a flight that is never acknowledged.
    await Promise.all([losingPower(), producing])

    const { timestamps } = await flightTruth(COUNT)
    const stored = storedFlights(client, AbortSignal.timeout(READ_WITHIN_MS))
    const { faults } = await checkStored(stored, { count: COUNT, timestamps })
    expect(faults).toEqual([])
  } finally {
    isOver = true
    await Promise.all([client.close(), broker.close()])
  }
})

type Producer = ReturnType<ReturnType<typeof createClient>['producer']>

/** Sends all flights, several requests at a time, slowly enough for the power to fail meanwhile. */
async function produceFlights(producer: Producer, isOver: () => boolean): Promise<void> {
  const sending: Promise<unknown>[] = []
  const failed = Promise.withResolvers<never>()
  // Told at once by the race below; the others that fail with it have nothing to add.
  failed.promise.catch(() => {})
  let flights: Flight[] = []
  let sent = 0
  const send = (): void => {
    const records = flights.map(({ origin, line, timestampMs }) => ({
      key: origin,
      value: line,
      timestampMs,
    }))
    const acknowledged = producer.sendMany(TOPIC, records)
    acknowledged.catch(failed.reject)
    sending.push(acknowledged)
    sent += flights.length
    flights = []
  }
  for await (const flight of readFlights(COUNT)) {
    flights.push(flight)
    if (flights.length < FLIGHTS_PER_SEND) continue
    send()
    // The last flights wait for the last power loss.
    while (!isOver() && sent > COUNT * 0.9) await Promise.race([wait(5), failed.promise])
    if (!isOver()) await Promise.race([wait(10), failed.promise])
  }
  send()
  await Promise.all(sending)
}

async function* storedFlights(
  client: ReturnType<typeof createClient>,
  signal: AbortSignal,
): AsyncGenerator<StoredFlight> {
  for await (const { partition, offset, timestampMs, key, value } of client.topic(TOPIC).read({ signal })) {
    const { row } = JSON.parse(String(value)) as { row: number }
    yield { partition, offset, timestampMs, key: String(key), row }
  }
}
