import { DEFAULT_LOG_CONFIG, NO_LIMIT } from '@millrace/log-core'
import { describe, expect, it } from 'vitest'
import { limitsFrom } from '../limits.ts'
import { parseBrokerConfig } from './broker-config.ts'
import { canonicalText } from './canonical-text.ts'
import { InvalidConfigError } from './config-value.ts'
import { editDistance, nearestName } from './nearest-name.ts'
import { checkTopicConfigs, defaultLogConfig, topicLogConfig } from './topic-config.ts'
import { topicConfigTable } from './topic-config-table.ts'

describe('the broker configuration', () => {
  it("has Kafka's defaults where nothing is set", () => {
    const config = parseBrokerConfig({})
    expect(config['num.partitions']).toBe(1)
    expect(config['log.retention.hours']).toBe(168)
    expect(config['log.roll.ms']).toBeNull()
    expect(defaultLogConfig(config)).toEqual(DEFAULT_LOG_CONFIG)
  })

  it('refuses an unknown key and names the nearest known one', () => {
    expect(() => parseBrokerConfig({ 'num.partitons': '3' })).toThrow(
      /num\.partitons: did you mean num\.partitions\?/,
    )
    expect(() => parseBrokerConfig({ wholly: '3' })).toThrow(/^Unknown broker configuration wholly$/)
    expect(() => parseBrokerConfig({ toString: '3' })).toThrow(InvalidConfigError)
  })

  const wrong: [string, string, RegExp][] = [
    ['num.partitions', 'many', /Not a number of type INT/],
    ['num.partitions', '', /Not a number of type INT/],
    ['num.partitions', '1.5', /Not a number of type INT/],
    ['num.partitions', '0', /at least 1/],
    ['num.partitions', '2147483648', /Not a number of type INT/],
    ['log.retention.ms', '9223372036854775808', /Not a number of type LONG/],
    ['auto.create.topics.enable', 'yes', /true or false/],
    ['log.message.timestamp.type', 'Never', /CreateTime, LogAppendTime/],
    ['log.cleanup.policy', 'compact,none', /^Invalid value none for/],
    ['log.retention.ms', '0', /at least 1 or equal to -1/],
    ['log.retention.minutes', '0', /at least 1 or equal to -1/],
    ['log.retention.hours', '-2', /at least 1 or equal to -1/],
    ['max.connections', '0', /at least 1/],
    ['log.cleaner.min.cleanable.ratio', '2', /^Invalid value 2\.0 for/],
    ['compression.gzip.level', '0', /between 1 and 9 or equal to -1/],
    ['log.cleaner.min.cleanable.ratio', '0x1', /Not a number of type DOUBLE/],
    ['log.cleaner.min.cleanable.ratio', '1.1', /no more than 1/],
    ['num.io.threads', '16', /one event loop/],
    ['num.io.threads', 'many', /one event loop/],
    ['ssl.keystore.location', '/keys', /security is not available/],
  ]
  it.each(wrong)('refuses %s=%s', (name, text, message) => {
    expect(() => parseBrokerConfig({ [name]: text })).toThrow(message)
  })

  it.each([
    ['BOOLEAN', ' True', 'true'],
    ['INT', '+007', '7'],
    ['LIST', 'compact, delete,compact', 'compact,delete'],
    ['DOUBLE', '.5f', '0.5'],
    ['DOUBLE', '1', '1.0'],
    ['DOUBLE', '0', '0.0'],
    ['DOUBLE', '1e-5', '1.0E-5'],
    ['DOUBLE', '12345678', '1.2345678E7'],
  ] as const)('shows the %s "%s" as Java does: %s', (type, typed, shown) => {
    expect(canonicalText(type, typed)).toBe(shown)
  })

  it('takes the migration policy in any case, as Kafka does', () => {
    const config = parseBrokerConfig({ 'group.consumer.migration.policy': 'UPGRADE' })
    expect(config['group.consumer.migration.policy']).toBe('upgrade')
  })

  it('lets ms beat minutes, and minutes beat hours', () => {
    const of = (settings: Record<string, string>) => defaultLogConfig(parseBrokerConfig(settings)).retentionMs
    expect(of({ 'log.retention.hours': '2' })).toBe(7_200_000)
    expect(of({ 'log.retention.hours': '2', 'log.retention.minutes': '1' })).toBe(60_000)
    expect(of({ 'log.retention.minutes': '1', 'log.retention.ms': '5' })).toBe(5)
    expect(of({ 'log.retention.hours': '-1' })).toBe(-1)
  })

  it('gives limits whose relations hold', () => {
    expect(limitsFrom(parseBrokerConfig({ 'socket.request.max.bytes': '5000' })).maxFrameBytes).toBe(5000)
  })
})

describe('the configuration of a topic', () => {
  it('lies over the defaults', () => {
    const defaults = defaultLogConfig(parseBrokerConfig({}))
    const config = topicLogConfig(defaults, { 'retention.ms': '-1', 'flush.messages': '9223372036854775807' })
    expect(config).toEqual({ ...defaults, retentionMs: -1, flushMessages: NO_LIMIT })
  })

  it('has a row for each field that it changes, of the type of that field', () => {
    for (const [name, { field, value }] of Object.entries(topicConfigTable)) {
      if (field === null) continue
      expect(typeof value.defaultValue, name).toBe(typeof DEFAULT_LOG_CONFIG[field])
      expect(value.defaultValue, name).toEqual(DEFAULT_LOG_CONFIG[field])
    }
  })

  it('accepts the default of what has no effect here, and nothing else', () => {
    for (const [name, { fixedBecause, value }] of Object.entries(topicConfigTable)) {
      expect(
        () => checkTopicConfigs(DEFAULT_LOG_CONFIG, { [name]: value.defaultText ?? '' }),
        name,
      ).not.toThrow()
      if (fixedBecause === null) continue
      const other = { BOOLEAN: 'true', LIST: 'compact', STRING: 'gzip' }[value.type as string] ?? '1'
      expect(() => checkTopicConfigs(DEFAULT_LOG_CONFIG, { [name]: other }), name).toThrow(InvalidConfigError)
    }
  })
})

describe('nearestName', () => {
  it('counts swaps, losses, additions and changes as one each', () => {
    expect(editDistance('abc', 'acb')).toBe(1)
    expect(editDistance('abc', 'ab')).toBe(1)
    expect(editDistance('abc', 'abcd')).toBe(1)
    expect(editDistance('abc', 'axc')).toBe(1)
    expect(editDistance('', 'abc')).toBe(3)
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })

  it('names nothing when nothing is near', () => {
    expect(nearestName('zzz', ['retention.ms'])).toBeNull()
    expect(nearestName('retentoin.ms', ['segment.ms', 'retention.ms'])).toBe('retention.ms')
  })
})
