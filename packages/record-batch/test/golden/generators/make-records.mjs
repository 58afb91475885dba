// Writes ../records.json: the records that every generator encodes. Keys and values in base64.
import { writeFileSync } from 'node:fs'

const base64 = (bytes) => (bytes === null ? null : Buffer.from(bytes).toString('base64'))
const record = (key, value, timestampMs, headers = []) => ({
  key: base64(key),
  value: base64(value),
  timestampMs,
  headers: headers.map(([name, bytes]) => [name, base64(bytes)]),
})

const start = 1_700_000_000_000
const mixed = [
  record('sfo', '{"delay":12}', start),
  record(null, 'no key', start + 1),
  record('tombstone', null, start + 2),
  record('', '', start + 3),
  record(null, 'earlier', start - 250),
  record('ключ', 'grüße, 世界 🌊', start - 90_000),
  record('headers', 'one', start + 70, [['trace', 'a1b2c3']]),
  record('headers', 'many', start + 71, [
    ['a', ''],
    ['a', 'again'],
    ['näme', 'ü'],
    ['long', 'x'.repeat(200)],
  ]),
  record('far back', 'a year earlier', start - 31_536_000_000),
  record('k'.repeat(63), 'v'.repeat(64), start + 5_000),
  record('k'.repeat(64), 'v'.repeat(8191), start + 5_001),
  record(
    Uint8Array.from({ length: 256 }, (_, index) => index),
    Uint8Array.of(0, 255, 128),
    start + 9_999,
  ),
]

// Above 64 KiB, so that every codec makes more than one block or chunk of it.
let state = 42
const next = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state % below
}
const bulk = Array.from({ length: 500 }, (_, index) =>
  record(
    `airport-${next(40)}`,
    `{"row":${index},"carrier":"${['AA', 'UA', 'WN', 'DL'][next(4)]}","note":"${'on time, as planned; '.repeat(6)}"}`,
    start + index * 3,
  ),
)

// What not every client can send.
const odd = [record('headers', 'null', start, [['none', null]]), record(null, null, start)]

writeFileSync(new URL('../records.json', import.meta.url), `${JSON.stringify({ mixed, bulk, odd })}\n`)
