import { describe, expect, test } from 'vitest'
import { apiVersions } from '../apis/api-versions.ts'
import { heartbeat } from '../apis/heartbeat.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { WireError } from '../wire/wire-error.ts'
import { decodeRequestHeader, encodeRequest } from './request-header.ts'

function header(hex: string): ByteReader {
  return new ByteReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

describe('decodeRequestHeader', () => {
  test('header v1: a client id with an int16 length', () => {
    expect(decodeRequestHeader(header('000c 0003 00000009 0002 6d65'))).toEqual({
      apiKey: 12,
      apiVersion: 3,
      correlationId: 9,
      clientId: 'me',
      isKnown: true,
    })
  })

  test('header v2: the client id keeps its int16 length, tagged fields are skipped', () => {
    const reader = header('000c 0004 00000009 0002 6d65 01 07 02 abcd ff')
    expect(decodeRequestHeader(reader)).toMatchObject({ clientId: 'me', isKnown: true })
    expect(reader.remaining).toBe(1)
  })

  test('a null client id', () => {
    expect(decodeRequestHeader(header('000c 0003 00000009 ffff'))).toMatchObject({ clientId: null })
  })

  test('an unknown version of ApiVersions leaves the body alone', () => {
    const reader = header('0012 0063 00000009 0002 6d65 dead beef')
    expect(decodeRequestHeader(reader)).toEqual({
      apiKey: 18,
      apiVersion: 99,
      correlationId: 9,
      clientId: 'me',
      isKnown: false,
    })
    expect(reader.remaining).toBe(4)
  })

  test('a negative version is unknown', () => {
    expect(decodeRequestHeader(header('0012 ffff 00000009 0000')).isKnown).toBe(false)
  })

  test('of an unknown API nothing behind the correlation id is looked at', () => {
    const reader = header('03e7 0000 00000009 7fff')
    expect(decodeRequestHeader(reader)).toMatchObject({ apiKey: 999, clientId: null, isKnown: false })
    expect(reader.remaining).toBe(2)
  })

  test.each(['', '0012', '0012 0003 0000', '0012 0003 00000009 0005 6d65', '0012 0003 00000009 fffe 00'])(
    'refuses %s',
    (hex) => expect(() => decodeRequestHeader(header(hex))).toThrow(WireError),
  )
})

test('encodeRequest puts the length, the header and the body together', () => {
  const parts = encodeRequest(
    apiVersions,
    3,
    { correlationId: 1, clientId: null },
    { clientSoftwareName: 'm' },
  )
  expect(Buffer.concat(parts).toString('hex')).toBe(
    '0000000f' + '00120003' + '00000001' + 'ffff' + '00' + '026d' + '01' + '00',
  )
  const old = encodeRequest(
    heartbeat,
    0,
    { correlationId: 1, clientId: 'c' },
    { groupId: 'g', generationId: 2, memberId: 'm' },
  )
  expect(Buffer.concat(old).toString('hex')).toBe('00000015000c0000000000010001630001670000000200016d')
})
