import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  consumeInGroup,
  dumpTopic,
  type ForeignClient,
  foreignClients,
  produceRecords,
} from './foreign-client.ts'
import { MillraceProcess } from './process/millrace-process.ts'
import type { Tally } from './record-tally.ts'

const COUNT = 2000
const FIRST_PART = 700

const clients = foreignClients()
const isHere = (client: ForeignClient): boolean => client.availability.kind === 'here'
const mustBeHere = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

let broker: MillraceProcess
beforeAll(async () => {
  broker = await MillraceProcess.start({ settings: { 'num.partitions': '3' } })
})
afterAll(async () => {
  await broker?.close()
})

const topicOf = (client: ForeignClient): string => `from-${client.name.replace(/[^a-z-]/gi, '')}`

describe.each(clients)('$name', (client) => {
  const absence = client.availability.kind === 'absent' ? `: ${client.availability.reason}` : ''

  it.runIf(isHere(client) || mustBeHere)(`produces under acks=all${absence}`, async () => {
    const { bootstrap } = broker
    const target = { bootstrap, topic: topicOf(client), count: COUNT, prefix: 'value' }
    expect(await produceRecords(client, target)).toBe(COUNT)
  })

  it.runIf(isHere(client))('wrote what every other client reads: same count, same hash', async () => {
    const tallies = new Map<string, Tally>()
    // Most of a reader's time is its own start, so they run side by side.
    await Promise.all(
      clients.filter(isHere).map(async (reader) => {
        tallies.set(reader.name, await dumpTopic(reader, broker.bootstrap, topicOf(client)))
      }),
    )
    const own = tallies.get(client.name) ?? {}
    expect(Object.values(own).reduce((sum, { count }) => sum + count, 0)).toBe(COUNT)
    for (const { first, last, count, isOrdered } of Object.values(own)) {
      expect({ first, last, isOrdered }).toEqual({ first: 0, last: count - 1, isOrdered: true })
    }
    for (const [reader, tally] of tallies) expect({ reader, tally }).toEqual({ reader, tally: own })
  })

  it.runIf(isHere(client))('goes on from its commit, also after the broker was killed', async () => {
    const target = { bootstrap: broker.bootstrap, topic: topicOf(client), group: `group-of-${client.name}` }
    const before = await consumeInGroup(client, { ...target, count: FIRST_PART })
    await broker.kill()
    await broker.restart()
    const after = await consumeInGroup(client, { ...target, count: COUNT - FIRST_PART })
    expect(joined(before, after)).toEqual(shape(await dumpTopic(client, broker.bootstrap, target.topic)))
  })
})

/** First and last offset and count of each partition. */
function shape(tally: Tally): Record<string, { first: number; last: number; count: number }> {
  return Object.fromEntries(
    Object.entries(tally).map(([partition, { first, last, count }]) => [partition, { first, last, count }]),
  )
}

/** Two parts of a topic as one; a gap or an overlap between them shows in the count. */
function joined(before: Tally, after: Tally): ReturnType<typeof shape> {
  const result = shape(before)
  for (const [partition, part] of Object.entries(shape(after))) {
    const earlier = result[partition]
    result[partition] =
      earlier === undefined
        ? part
        : { first: earlier.first, last: part.last, count: earlier.count + part.count }
  }
  return result
}
