import { describe, it } from 'vitest'
import { liveThroughEverything, liveThroughUpgrade, liveTogether } from './group-lives.ts'
import type { Protocol } from './group-member.ts'
import { type MemberProgram, memberPrograms } from './member-programs.ts'

const mustBeHere = process.env.MILLRACE_REQUIRE_CLIENTS === '1'
/** `npm run nightly` runs every client in every protocol that it has. */
const isEverythingRun = process.env.MILLRACE_GROUP_TRIALS === 'all'
/** By day each client lives in the protocol that asks most of it. */
const BY_DAY = new Set([
  'kafkajs eager',
  '@platformatic/kafka consumer',
  'confluent-kafka cooperative',
  'confluent-kafka consumer',
  'aiokafka eager',
  'franz-go cooperative',
  'Java consumer',
  'mixed eager',
  'upgraded cooperative',
])

const programs = memberPrograms()
const isRun = (trial: string): boolean => isEverythingRun || BY_DAY.has(trial)
const areHere = (needed: readonly MemberProgram[]): boolean =>
  mustBeHere || needed.every(({ availability }) => availability.kind === 'here')
const named = (...names: string[]): MemberProgram[] => programs.filter(({ name }) => names.includes(name))

const TIMEOUT_MS = 240_000

describe.concurrent('groups of foreign clients', () => {
  const lives = programs.flatMap((program) => program.protocols.map((protocol) => ({ program, protocol })))
  for (const { program, protocol } of lives) {
    const { availability, name } = program
    const absence = availability.kind === 'here' ? '' : `: ${availability.reason}`
    it.runIf(isRun(`${name} ${protocol}`) && areHere([program]))(
      `of ${name} settle after whatever happens, and skip nothing (${protocol})${absence}`,
      () => liveThroughEverything(program, protocol),
      TIMEOUT_MS,
    )
  }

  // Of these protocols they all have an assignor, or the broker has it for them.
  for (const protocol of ['eager', 'consumer'] as const satisfies readonly Protocol[]) {
    const mixed = named('confluent-kafka', 'franz-go', 'Java', ...(protocol === 'eager' ? ['aiokafka'] : []))
    it.runIf(isRun(`mixed ${protocol}`) && areHere(mixed))(
      `of different clients share what there is, and skip nothing (${protocol})`,
      () => liveTogether(mixed, protocol),
      TIMEOUT_MS,
    )
  }

  for (const classic of ['eager', 'cooperative'] as const satisfies readonly Protocol[]) {
    const [java, other] = [...named('Java'), ...named('confluent-kafka')]
    it.runIf(isRun(`upgraded ${classic}`) && areHere(named('Java', 'confluent-kafka')))(
      `go from ${classic} to KIP-848 and back, member by member, and skip nothing`,
      async () => {
        if (java === undefined || other === undefined) throw new Error('no such programs')
        await liveThroughUpgrade({ java, other }, classic)
      },
      TIMEOUT_MS,
    )
  }
})
