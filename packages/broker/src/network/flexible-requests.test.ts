import {
  apiVersions,
  ByteReader,
  decodeResponse,
  ErrorCode,
  encodeRequest,
  metadata,
} from '@millrace/protocol'
import { describe, expect, it } from 'vitest'
import { TestBroker } from '../testing/test-broker.ts'

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length)
  return Buffer.concat([length, body])
}

/** The section of tagged fields that newer clients may send: tag 200 with three bytes. */
const UNKNOWN_TAG = Buffer.from('01' + 'c801' + '03' + 'aabbcc', 'hex')

describe('flexible versions (trap 21)', () => {
  it('skip tags that are not known, in the header and in the body', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    const header = Buffer.concat([
      Buffer.from('0012' + '0003' + '00000007' + '0002' + '6d65', 'hex'),
      UNKNOWN_TAG,
    ])
    // Compact strings 'ab' and '1', then the tags of the body.
    const body = Buffer.concat([Buffer.from('03' + '6162' + '02' + '31', 'hex'), UNKNOWN_TAG])
    const frame = await broker.settle(connection.exchangeRaw(framed(Buffer.concat([header, body])), 7))
    expect(decodeResponse(apiVersions, 3, frame).body.errorCode).toBe(ErrorCode.NONE)
    expect(broker.broker.clients()).toMatchObject([
      { clientId: 'me', softwareName: 'ab', softwareVersion: '1' },
    ])
  })

  it('have a client id that is not compact, and a header with tags in the answer, ApiVersions apart', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    const request = Buffer.concat(
      encodeRequest(metadata, 9, { correlationId: 5, clientId: 'id' }, { topics: [] }),
    ).subarray(4)
    expect(request.subarray(0, 12).toString('hex')).toBe('0003' + '0009' + '00000005' + '0002' + '6964')
    const frame = await broker.settle(connection.exchangeRaw(framed(request), 5))
    const reader = new ByteReader(frame)
    expect(reader.int32()).toBe(5)
    expect(reader.unsignedVarint(), 'tagged fields of the header').toBe(0)
    expect(reader.int32(), 'throttle time').toBe(0)
  })

  it('close the connection on null where it cannot be, and serve others', async () => {
    await using broker = await TestBroker.start()
    const connection = broker.connect()
    // ApiVersions v3 with a software name of null.
    connection.sendRaw(
      framed(Buffer.from('0012' + '0003' + '00000007' + 'ffff' + '00' + '00' + '0231' + '00', 'hex')),
    )
    await broker.quiesce()
    expect(connection.isClosed).toBe(true)
    const reply = await broker.settle(broker.connect().request(metadata, 9, { topics: [] }))
    expect(reply.brokers).toHaveLength(1)
  })
})
