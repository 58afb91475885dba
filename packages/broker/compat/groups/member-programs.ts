/** Which clients can be members, and in which protocols. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Availability, goProgram, javaProgram, nodeProgram, pythonProgram } from '../program-commands.ts'
import type { Protocol } from './group-member.ts'

const MEMBERS = fileURLToPath(new URL('./members/', import.meta.url))
const GO_MEMBER = fileURLToPath(new URL('../programs/go/member/main.go', import.meta.url))

export type Limit = 'comes back after its session' | 'reads when its broker died while it joined'

export interface MemberProgram {
  readonly name: string
  readonly protocols: readonly Protocol[]
  readonly availability: Availability
  /** What it is not asked for, with the reason where it is said. */
  readonly limits: readonly Limit[]
}

/** Looking is done once, when this is called. */
export function memberPrograms(): MemberProgram[] {
  return [
    program('kafkajs', ['eager'], nodeProgram(join(MEMBERS, 'kafkajs-member.ts'))),
    {
      // After a rebalance 2.12.1 goes on handing out records that it had fetched of partitions which are another member's
      // by now, and commits them under the new generation: a broker cannot tell them from its own. In 2 of 48 lives on a busy
      // machine an offset stood back at the end, with nothing left to be read that would have put it right; in the one that was
      // written down, two members committed one partition in one generation, the one that did not own it last.
      ...program('@platformatic/kafka', ['eager'], nodeProgram(join(MEMBERS, 'platformatic-member.ts'))),
      limits: ['reads when its broker died while it joined'],
    },
    {
      // As above, though no such life was seen here; and against whichever broker it goes on sending the heartbeats of a
      // member that is told to be unknown.
      ...program('@platformatic/kafka', ['consumer'], nodeProgram(join(MEMBERS, 'platformatic-member.ts'))),
      limits: ['comes back after its session', 'reads when its broker died while it joined'],
    },
    program(
      'confluent-kafka',
      ['eager', 'cooperative', 'consumer'],
      pythonProgram('confluent_kafka', join(MEMBERS, 'confluent_member.py')),
    ),
    program('aiokafka', ['eager'], pythonProgram('aiokafka', join(MEMBERS, 'aiokafka_member.py'))),
    program('franz-go', ['eager', 'cooperative', 'consumer'], goProgram('franz-go-member', GO_MEMBER)),
    program(
      'Java',
      ['eager', 'cooperative', 'consumer'],
      javaProgram(join(MEMBERS, 'java', 'GroupMember.java')),
    ),
  ]
}

function program(name: string, protocols: readonly Protocol[], availability: Availability): MemberProgram {
  return { name, protocols, availability, limits: [] }
}
