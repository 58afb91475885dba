import { describe, expect, it } from 'vitest'
import { guardRequest, parseOrigin, type RequestSource } from './request-guard.ts'

const policy = { hosts: ['log.example'], allowedOrigins: ['https://app.example'] }
const nothing = { host: 'localhost:9080', origin: undefined, fetchSite: undefined, fetchMode: undefined }
const guard = (source: Partial<RequestSource>): string | null =>
  guardRequest({ ...nothing, ...source }, policy)

describe('the Host header', () => {
  it.each([
    'localhost',
    'localhost:9080',
    'app.localhost',
    '127.0.0.1:1',
    '[::1]:9080',
    '10.0.0.7',
    'LOG.example.',
  ])('lets %s in', (host) => expect(guard({ host })).toBeNull())

  it.each([
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    'evil@localhost',
    '[::1',
    '127.0.0.1.evil.example',
    'evil-localhost',
    '127.1',
    '0x7f000001',
    '2130706433',
    '::1',
    'localhost:1:1',
    'localhost/',
  ])('refuses %s, to which a foreign name may have been pointed', (host) =>
    expect(() => guard({ host })).toThrow(expect.objectContaining({ status: 421 })),
  )
})

describe('the Origin header', () => {
  it('lets the own page in, and the origins that are allowed by name', () => {
    expect(guard({ origin: 'http://localhost:9080' })).toBeNull()
    expect(guard({ origin: 'https://app.example' })).toBe('https://app.example')
  })

  it.each([
    'null',
    'http://localhost:3000',
    'https://localhost:9080',
    'https://app.example.evil',
    'http://evil.example',
  ])('refuses %s', (origin) =>
    expect(() => guard({ origin })).toThrow(expect.objectContaining({ status: 403 })),
  )

  it('refuses what a page of another site loads without one, and lets a link be followed', () => {
    expect(() => guard({ fetchSite: 'cross-site', fetchMode: 'no-cors' })).toThrow('another site')
    expect(() => guard({ fetchSite: 'same-site' })).toThrow('another site')
    expect(guard({ fetchSite: 'cross-site', fetchMode: 'navigate' })).toBeNull()
    expect(guard({ fetchSite: 'same-origin', fetchMode: 'cors' })).toBeNull()
    expect(guard({ fetchSite: 'none', fetchMode: 'navigate' })).toBeNull()
  })

  it('is read from options only in its plain form', () => {
    expect(parseOrigin('https://App.example')).toBe('https://app.example')
    expect(parseOrigin('http://localhost:3000/')).toBe('http://localhost:3000')
    for (const text of ['*', 'null', 'app.example', 'https://app.example/path', 'file:///x']) {
      expect(parseOrigin(text)).toBeNull()
    }
  })
})
