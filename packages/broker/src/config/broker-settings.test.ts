import { checkGroupConfig, type GroupConfig } from '@millrace/consumer-groups'
import { describe, expect, it } from 'vitest'
import { limitsFrom } from '../limits.ts'
import { type BrokerConfig, checkBrokerSetting, parseBrokerConfig } from './broker-config.ts'
import { brokerConfigTable } from './broker-config-table.ts'
import { BrokerSettings } from './broker-settings.ts'
import { InvalidConfigError, LONG_MAX_TEXT } from './config-value.ts'
import { consumerGroupTimes, groupConfigFrom } from './group-config.ts'
import { defaultLogConfig } from './topic-config.ts'

const EXTREMES = ['-1', '0', '1', '0.0', '1.0', '2147483647', LONG_MAX_TEXT, 'true', 'false', '']

/** The extreme values that a configuration accepts. */
function accepted(name: string): string[] {
  return EXTREMES.filter((text) => {
    try {
      checkBrokerSetting(name, text)
      return true
    } catch {
      return false
    }
  })
}

/** What groups would be told; a contradiction is told to the user, never asserted. */
function groupConfigOf(config: BrokerConfig): GroupConfig | InvalidConfigError {
  try {
    return checkGroupConfig(groupConfigFrom(config))
  } catch (error) {
    if (error instanceof InvalidConfigError) return error
    throw error
  }
}

describe('BrokerSettings', () => {
  it('takes every extreme value that is accepted: no assertion is left for a user to meet', () => {
    for (const name of Object.keys(brokerConfigTable)) {
      for (const text of accepted(name)) {
        const config = parseBrokerConfig({ [name]: text })
        expect(() => limitsFrom(config), `${name}=${text}`).not.toThrow()
        expect(() => defaultLogConfig(config), `${name}=${text}`).not.toThrow()
        expect(() => groupConfigOf(config), `${name}=${text}`).not.toThrow()
      }
    }
  })

  it('lets what was set while running beat what was given at start, and a node beat all', () => {
    const dynamic: Record<string, Record<string, string>> = { '': {}, '1': {} }
    const settings = new BrokerSettings({
      staticSettings: { 'log.retention.hours': '1', 'max.connections': '5' },
      nodeIds: [1],
    })
    settings.readDynamicFrom((name) => dynamic[name] ?? {})
    const { limits } = settings
    expect(settings.defaultLogConfig.retentionMs).toBe(3_600_000)
    dynamic[''] = { 'log.retention.ms': '7', 'max.connections': '6' }
    settings.refresh()
    expect(settings.defaultLogConfig.retentionMs).toBe(7)
    dynamic['1'] = { 'log.retention.ms': '8' }
    settings.refresh()
    expect(settings.defaultLogConfig.retentionMs).toBe(8)
    // Whoever holds the limits sees the change.
    expect(limits.maxConnections).toBe(6)
  })
})

describe('the times of one KIP-848 group', () => {
  const config = parseBrokerConfig({ 'group.consumer.max.session.timeout.ms': '50000' })

  it('are the broker’s, unless the group has its own', () => {
    expect(consumerGroupTimes({}, config)).toEqual({})
    expect(consumerGroupTimes({ 'consumer.heartbeat.interval.ms': '6000' }, config)).toEqual({
      consumerSessionTimeoutMs: 45_000,
      consumerHeartbeatIntervalMs: 6_000,
    })
  })

  it('end at a bound of the broker that was drawn closer afterwards', () => {
    expect(consumerGroupTimes({ 'consumer.session.timeout.ms': '60000' }, config)).toMatchObject({
      consumerSessionTimeoutMs: 50_000,
    })
  })
})

describe('the configuration of groups', () => {
  it.each([
    [{ 'group.min.session.timeout.ms': '20', 'group.max.session.timeout.ms': '10' }, /is above/],
    [{ 'group.consumer.session.timeout.ms': '1000' }, /min\.session\.timeout\.ms .* is above/],
    [{ 'group.consumer.heartbeat.interval.ms': '16000' }, /is above group\.consumer\.max\.heartbeat/],
    [
      { 'group.consumer.session.timeout.ms': '5000', 'group.consumer.min.session.timeout.ms': '5000' },
      /is not above group\.consumer\.heartbeat/,
    ],
    [{ 'group.consumer.assignors': '' }, /must not be empty/],
  ])('%j is refused: it contradicts itself', (settings, message) => {
    expect(() => groupConfigFrom(parseBrokerConfig(settings))).toThrow(message)
  })
})
