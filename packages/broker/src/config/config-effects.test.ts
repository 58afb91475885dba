/**
 * Every configuration that is said to work is given to a broker, and something is other than without it. What is
 * neither here nor fixed would be stored and ignored.
 */
import { describe, expect, it } from 'vitest'
import { BROKER_EFFECTS } from '../testing/config-effects/broker-effects.ts'
import type { ConfigEffect } from '../testing/config-effects/effect.ts'
import { GROUP_EFFECTS, SINGLE_GROUP_EFFECTS } from '../testing/config-effects/group-effects.ts'
import {
  observeTopic,
  type Place,
  TOPIC_EFFECTS,
  type TopicEffect,
} from '../testing/config-effects/topic-effects.ts'
import { brokerConfigTable } from './broker-config-table.ts'
import { groupConfigTable } from './group-config-table.ts'
import { topicConfigTable } from './topic-config-table.ts'

/** Defaults of topic configurations under other names and in other units. */
const OTHER_UNITS: readonly (readonly [brokerName: string, value: string, topicName: string])[] = [
  ['log.roll.hours', '1', 'segment.ms'],
  ['log.roll.jitter.hours', '168', 'segment.jitter.ms'],
  ['log.retention.minutes', '60', 'retention.ms'],
  ['log.retention.hours', '1', 'retention.ms'],
]

const working = Object.entries(topicConfigTable).filter(([, { field }]) => field !== null)
const isLive = (name: string): boolean =>
  Object.entries(brokerConfigTable).some(([other, { update }]) => other === name && update === 'live')

/** Topic and name under which a configuration of a topic is given, and where. */
function* waysToGive(): Generator<readonly [string, string, Place, string]> {
  for (const [topicName, { brokerName }] of working) {
    const { value = '' } = TOPIC_EFFECTS[topicName] ?? {}
    yield [topicName, topicName, 'topic at once', value]
    yield [topicName, topicName, 'topic later', value]
    if (brokerName === null) continue
    yield [topicName, brokerName, 'broker at once', value]
    if (isLive(brokerName)) yield [topicName, brokerName, 'broker later', value]
  }
  for (const [brokerName, value, topicName] of OTHER_UNITS)
    yield [topicName, brokerName, 'broker at once', value]
}

function effectOf(topicName: string): TopicEffect {
  const effect = TOPIC_EFFECTS[topicName]
  if (effect === undefined) throw new Error(`nothing shows that ${topicName} works`)
  return effect
}

describe('a topic', () => {
  it.each(working.map(([name]) => name))('without %s is as by default', async (name) => {
    const effect = effectOf(name)
    expect(effect.withIt).not.toEqual(effect.without)
    expect(await observeTopic(effect, null)).toEqual(effect.without)
  })

  it.each([...waysToGive()])('%s: obeys %s (%s)', async (topicName, name, place, value) => {
    const effect = effectOf(topicName)
    expect(await observeTopic(effect, { place, configs: { [name]: value } })).toEqual(effect.withIt)
  })
})

describe('a broker, and its groups', () => {
  const effects: readonly (readonly [string, ConfigEffect])[] = [
    ...Object.entries(BROKER_EFFECTS),
    ...Object.entries(GROUP_EFFECTS),
    ...Object.entries(SINGLE_GROUP_EFFECTS),
  ]
  it.each(effects)('obeys %s', async (name, { observe, value, withIt, without }) => {
    expect(withIt).not.toEqual(without)
    expect(await observe({})).toEqual(without)
    expect(await observe({ [name]: value })).toEqual(withIt)
  })
})

describe('what works', () => {
  it('is shown here, for every configuration', () => {
    const ofTopics = working.map(([name]) => name)
    expect(Object.keys(TOPIC_EFFECTS).sort()).toEqual(ofTopics.sort())
    const defaults = new Set([...waysToGive()].map(([, name]) => name))
    const ofBrokers = Object.keys(brokerConfigTable).filter((name) => !defaults.has(name))
    expect([...Object.keys(BROKER_EFFECTS), ...Object.keys(GROUP_EFFECTS)].sort()).toEqual(ofBrokers.sort())
    const ofGroups = Object.entries(groupConfigTable).filter(([, { fixedBecause }]) => fixedBecause === null)
    expect(Object.keys(SINGLE_GROUP_EFFECTS).sort()).toEqual(ofGroups.map(([name]) => name).sort())
  })
})
