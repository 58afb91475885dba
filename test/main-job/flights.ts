/** The input of the main job: 3,000,000 real flights, and what is true of them however they travelled. */
import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { recordHash } from '../../packages/broker/compat/record-tally.ts'

const FILE = fileURLToPath(
  new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url),
)

export interface Flight {
  readonly row: number
  readonly origin: string
  readonly timestampMs: number
  /** The line of NDJSON that is piped into `millrace produce`; it becomes the record's value. */
  readonly line: string
}

/** The first `count` flights, in the order of the file. */
export async function* readFlights(count: number): AsyncGenerator<Flight> {
  const file = await asyncBufferFromFile(FILE)
  const metadata = await parquetMetadataAsync(file)
  let row = 0
  // A row group is the unit of decoding: reading parts of one would decode it again and again.
  for (const group of metadata.row_groups) {
    if (row >= count) return
    const rowEnd = Math.min(count, row + Number(group.num_rows))
    const flights = await parquetReadObjects({ file, metadata, compressors, rowStart: row, rowEnd })
    for (const flight of flights) {
      yield toFlight(row, flight)
      row += 1
    }
  }
}

function toFlight(row: number, flight: Record<string, unknown>): Flight {
  const timestampMs = (flight.date as Date).getTime()
  const origin = String(flight.origin)
  const line = JSON.stringify({
    row,
    origin,
    destination: flight.destination,
    delay: Number(flight.delay),
    distance: Number(flight.distance),
    time: timestampMs,
  })
  return { row, origin, timestampMs, line }
}

/** What has to come out at the other end. */
export interface FlightTruth {
  readonly count: number
  readonly flightsByOrigin: Readonly<Record<string, number>>
  /** The sum of all partitions' hashes in a tally, however keys map to partitions. */
  readonly hash: string
  readonly timestamps: Float64Array
}

export async function flightTruth(count: number): Promise<FlightTruth> {
  const flightsByOrigin: Record<string, number> = {}
  const timestamps = new Float64Array(count)
  let sum = 0
  for await (const { row, origin, timestampMs, line } of readFlights(count)) {
    flightsByOrigin[origin] = (flightsByOrigin[origin] ?? 0) + 1
    timestamps[row] = timestampMs
    const hash = recordHash({ timestampMs, key: Buffer.from(origin), value: Buffer.from(line) })
    sum = (sum + hash) % 2 ** 48
  }
  return { count, flightsByOrigin, hash: sum.toString(16).padStart(12, '0'), timestamps }
}
