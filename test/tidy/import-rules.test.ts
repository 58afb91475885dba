import { describe, expect, it } from 'vitest'
import { ownPackage, wrongImport } from './import-rules.ts'

describe('the import rules', () => {
  it.each([
    ['protocol', 'record-batch'],
    ['record-batch', 'protocol'],
    ['log-core', 'protocol'],
    ['consumer-groups', 'log-core'],
    ['broker', 'client'],
    ['client', 'broker'],
    ['gateway', 'log-core'],
    ['broker', 'cli'],
    ['broker', 'simulator'],
    ['log-core', 'benchmarks'],
  ])('refuse that %s ships with %s', (from, to) => {
    expect(wrongImport({ from, to, isShipped: true })).toEqual(expect.any(String))
  })

  it.each([
    ['broker', 'log-core', true],
    ['cli', 'gateway', true],
    ['log-core', 'simulator', false],
    ['client', 'broker', false],
    ['test', 'client', false],
  ])('allow that %s imports %s (shipped: %s)', (from, to, isShipped) => {
    expect(wrongImport({ from, to, isShipped })).toBeNull()
  })

  it.each([
    ['@millrace/log-core', 'log-core'],
    ['@millrace/broker/testing', 'broker'],
    ['millrace', 'cli'],
    ['node:fs', null],
    ['millrace-like', null],
  ])('see in %s the package %s', (specifier, name) => {
    expect(ownPackage(specifier)).toBe(name)
  })
})
