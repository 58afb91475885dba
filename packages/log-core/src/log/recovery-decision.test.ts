import { describe, expect, it } from 'vitest'
import { decideTail, type TailDecision, type TailFacts } from './recovery-decision.ts'

const BOOLEANS = [false, true]
const ALL_FACTS: TailFacts[] = (['end', 'cut-off', 'broken'] as const).flatMap((scanEnd) =>
  BOOLEANS.flatMap((isBelowSynced) =>
    BOOLEANS.flatMap((isGoodBatchBeyondWindow) =>
      BOOLEANS.map((hasMachineRestarted) => ({
        scanEnd,
        isBelowSynced,
        isGoodBatchBeyondWindow,
        hasMachineRestarted,
      })),
    ),
  ),
)

/** Every fact set by hand: below synced, good batch beyond W, machine restarted. */
const EXPECTED: Record<TailFacts['scanEnd'], Record<string, TailDecision['kind']>> = {
  end: {
    'no no no': 'keep',
    'no no yes': 'keep',
    'no yes no': 'keep',
    'no yes yes': 'keep',
    'yes no no': 'refuse',
    'yes no yes': 'refuse',
    'yes yes no': 'refuse',
    'yes yes yes': 'refuse',
  },
  'cut-off': {
    'no no no': 'cut',
    'no no yes': 'cut',
    'no yes no': 'refuse',
    'no yes yes': 'refuse',
    'yes no no': 'refuse',
    'yes no yes': 'refuse',
    'yes yes no': 'refuse',
    'yes yes yes': 'refuse',
  },
  broken: {
    'no no no': 'refuse',
    'no no yes': 'cut',
    'no yes no': 'refuse',
    'no yes yes': 'refuse',
    'yes no no': 'refuse',
    'yes no yes': 'refuse',
    'yes yes no': 'refuse',
    'yes yes yes': 'refuse',
  },
}

describe('decideTail', () => {
  it.each(ALL_FACTS)('decides every fact set as written down: %j', (facts) => {
    const key = [facts.isBelowSynced, facts.isGoodBatchBeyondWindow, facts.hasMachineRestarted]
      .map((is) => (is ? 'yes' : 'no'))
      .join(' ')
    expect(decideTail(facts).kind).toBe(EXPECTED[facts.scanEnd][key])
  })

  it('never cuts what a sync had covered, and never keeps bytes that are no batch', () => {
    for (const facts of ALL_FACTS) {
      const { kind } = decideTail(facts)
      if (facts.isBelowSynced) expect(kind).toBe('refuse')
      if (facts.scanEnd !== 'end') expect(kind).not.toBe('keep')
    }
  })
})
