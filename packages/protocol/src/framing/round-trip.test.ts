import { expect, test } from 'vitest'
import {
  apiVersions,
  ByteReader,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  FrameSplitter,
  fetch,
  metadata,
} from '../index.ts'

test('a request survives encoding, framing and decoding', () => {
  const parts = encodeRequest(
    fetch,
    12,
    { correlationId: 7, clientId: 'me' },
    {
      maxWaitMs: 500,
      minBytes: 1,
      topics: [
        { topic: 'flights', partitions: [{ partition: 3, fetchOffset: 42, partitionMaxBytes: 1_000 }] },
      ],
    },
  )
  const splitter = new FrameSplitter({ maxFrameBytes: 1_000 })
  for (const part of parts) splitter.push(part)
  const reader = new ByteReader(splitter.next() ?? Buffer.alloc(0))
  expect(decodeRequestHeader(reader)).toEqual({
    apiKey: 1,
    apiVersion: 12,
    correlationId: 7,
    clientId: 'me',
    isKnown: true,
  })
  const request = fetch.request(12).decode(reader)
  expect(reader.remaining).toBe(0)
  expect(request).toMatchObject({ maxWaitMs: 500, isolationLevel: 0, rackId: '', clusterId: null })
  expect(request.topics[0]?.partitions[0]).toMatchObject({
    partition: 3,
    fetchOffset: 42,
    lastFetchedEpoch: -1,
  })
})

test('a response to ApiVersions has no tagged fields in its header, others do', () => {
  const versions = Buffer.concat(
    encodeResponse(apiVersions, 3, 9, { errorCode: 0, apiKeys: [], throttleTimeMs: 0 }),
  )
  expect(versions.toString('hex')).toBe('0000000c000000090000010000000000')
  const meta = Buffer.concat(encodeResponse(metadata, 9, 9, { brokers: [], topics: [] })).subarray(4)
  expect(decodeResponse(metadata, 9, meta)).toMatchObject({ correlationId: 9, body: { controllerId: -1 } })
})
