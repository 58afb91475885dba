import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, json, openLogDirectory, startBroker, string, type Topics } from '../src/index.ts'

interface Flight {
  readonly row: number
  readonly origin: string
}

/** Where a log can be. Each place gives the same `topic()`. */
interface Place extends Topics {
  close(): Promise<void>
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const places: Record<string, () => Promise<Place>> = {
  'a client of a broker': async () => {
    const broker = await startBroker({ host: '127.0.0.1', port: 0 })
    const client = createClient({ bootstrapServers: broker.bootstrapServers })
    const close = async (): Promise<void> => {
      await client.close()
      await broker.close()
    }
    return { admin: client.admin, topic: (name, codecs) => client.topic(name, codecs), close }
  },
  'a broker in this process': () => startBroker({ host: '127.0.0.1', port: 0 }),
  'an embedded log directory': () => openLogDirectory(join(folder, 'embedded')),
}

describe.each(Object.entries(places))('the topic of %s', (_what, open) => {
  let place: Place
  beforeAll(async () => {
    place = await open()
    await place.admin.createTopics([{ name: 'flights', partitions: 3 }])
  })
  afterAll(async () => {
    await place.close()
  })

  it('takes records and gives them back, typed', async () => {
    const flights = place.topic('flights', { key: string(), value: json<Flight>() })
    const { partition, offset } = await flights.send({ key: 'SFO', value: { row: 0, origin: 'SFO' } })
    expect(offset).toBe(0)
    await flights.sendMany([1, 2, 3].map((row) => ({ key: 'SFO', value: { row, origin: 'SFO' } })))
    async function* more(): AsyncGenerator<{ key: string; value: Flight }> {
      for (let row = 4; row < 10; row++) yield { key: 'SFO', value: { row, origin: 'SFO' } }
    }
    expect(await flights.sendAll(more())).toBe(6)
    const rows: (number | undefined)[] = []
    for await (const record of flights.read({ from: 'beginning' })) {
      expect(record).toMatchObject({ topic: 'flights', partition, key: 'SFO' })
      rows.push(record.value?.row)
    }
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('reads from, until and on', async () => {
    const flights = place.topic('flights', { value: json<Flight>() })
    const rows = async (options: Parameters<typeof flights.read>[0]): Promise<(number | undefined)[]> => {
      const found: (number | undefined)[] = []
      for await (const { value } of flights.read(options)) found.push(value?.row)
      return found
    }
    expect(await rows({ from: -2 })).toEqual([8, 9])
    expect(await rows({ from: 3, until: 5 })).toEqual([3, 4])
    const controller = new AbortController()
    const seen: (number | undefined)[] = []
    for await (const { value } of flights.read({ from: -1, follow: true, signal: controller.signal })) {
      seen.push(value?.row)
      if (seen.length === 1)
        await flights.send({ key: Buffer.from('SFO'), value: { row: 10, origin: 'SFO' } })
      else controller.abort()
    }
    expect(seen).toEqual([9, 10])
  })

  it('is consumed by a group, that goes on where it stopped', async () => {
    const flights = place.topic('flights', { value: json<Flight>() })
    const rows: (number | undefined)[] = []
    for await (const { value } of flights.consume({ group: 'billing' })) {
      rows.push(value?.row)
      if (rows.length === 4) break
    }
    for await (const { value } of flights.consume({ group: 'billing' })) {
      rows.push(value?.row)
      if (value?.row === 10) break
    }
    expect(rows).toEqual([0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('is handled by a function', async () => {
    const flights = place.topic('flights', { value: json<Flight>() })
    const controller = new AbortController()
    const rows: (number | undefined)[] = []
    await flights.consume(
      { group: 'handling', concurrency: 4, orderedBy: 'key', signal: controller.signal },
      ({ value }) => {
        rows.push(value?.row)
        if (rows.length === 11) controller.abort()
      },
    )
    expect(rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

describe('an embedded log directory', () => {
  it('keeps records, groups and topics, and can be served by a broker afterwards', async () => {
    const path = join(folder, 'kept')
    {
      await using log = await openLogDirectory(path)
      const words = log.topic('words', { value: string() })
      await words.send({ value: 'one' })
      await words.send({ value: 'two' })
      for await (const { value } of words.consume({ group: 'readers' })) if (value === 'two') break
      await expect(openLogDirectory(path)).rejects.toMatchObject({ code: 'LOCKED' })
    }
    await using broker = await startBroker({ dataDir: path, host: '127.0.0.1', port: 0 })
    const words = broker.topic('words', { value: string() })
    const values: (string | null)[] = []
    for await (const { value } of words.read()) values.push(value)
    expect(values).toEqual(['one', 'two'])
    expect(await broker.admin.fetchOffsets('readers')).toMatchObject([{ topic: 'words', offset: 1 }])
  })
})
