import { checkGroupConfig, type GroupConfig } from '@millrace/consumer-groups'
import { describe, expect, it } from 'vitest'
import { limitsFrom } from '../limits.ts'
import { type BrokerConfig, checkBrokerSetting, parseBrokerConfig } from './broker-config.ts'
import { brokerConfigTable } from './broker-config-table.ts'
import { BrokerSettings } from './broker-settings.ts'
import { InvalidConfigError, LONG_MAX_TEXT } from './config-value.ts'
import { groupConfigFrom } from './group-config.ts'
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
