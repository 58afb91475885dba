import { expect, test } from 'vitest'
import { apiVersions } from '../apis/api-versions.ts'
import { heartbeat } from '../apis/heartbeat.ts'
import { produce } from '../apis/produce.ts'
import { WireError } from '../wire/wire-error.ts'
import { encodeRequest } from './request-header.ts'
import { decodeResponse, encodeResponse } from './response-header.ts'

const HEARTBEAT_V4 = '00000009 00 00000000 001b 00'.replaceAll(' ', '')

test('a flexible response has tagged fields in its header', () => {
  const frame = Buffer.concat(encodeResponse(heartbeat, 4, 9, { throttleTimeMs: 0, errorCode: 27 }))
  expect(frame.toString('hex')).toBe(`0000000c${HEARTBEAT_V4}`)
  expect(decodeResponse(heartbeat, 4, frame.subarray(4))).toEqual({
    correlationId: 9,
    body: { throttleTimeMs: 0, errorCode: 27 },
  })
})

test('ApiVersions never has them, in any version', () => {
  const body = { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] }
  expect(Buffer.concat(encodeResponse(apiVersions, 0, 9, body)).toString('hex')).toBe(
    '000000100000000900230000000100120000 0004'.replaceAll(' ', ''),
  )
  const flexible = Buffer.concat(encodeResponse(apiVersions, 4, 9, body))
  // The error code follows the correlation id at once: clients look for 35 there (KIP-511).
  expect(flexible.readInt16BE(8)).toBe(35)
  expect(decodeResponse(apiVersions, 4, flexible.subarray(4)).body).toMatchObject(body)
})

test('bytes behind a response are refused', () => {
  const frame = Buffer.from(`${HEARTBEAT_V4}00`, 'hex')
  expect(() => decodeResponse(heartbeat, 4, frame)).toThrow(
    new WireError('1 bytes too many in Heartbeat response v4'),
  )
})

test('large records go out by reference, and the length counts them', () => {
  const records = Buffer.alloc(5_000, 1)
  const parts = encodeRequestWithRecords(records)
  expect(parts).toContain(records)
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
  expect(parts[0]?.readInt32BE(0)).toBe(sizeBytes - 4)
})

function encodeRequestWithRecords(records: Buffer): Buffer[] {
  return encodeRequest(
    produce,
    9,
    { correlationId: 1, clientId: null },
    {
      acks: -1,
      timeoutMs: 1_000,
      topicData: [
        { name: 'flights', partitionData: [{ index: 0, records: [records, Buffer.from('tail')] }] },
      ],
    },
  )
}
