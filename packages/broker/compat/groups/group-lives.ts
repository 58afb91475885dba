/** What the groups of `groups.test.ts` go through. Each life has a broker of its own, so that they can run beside each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { GroupExplanation } from '../../src/groups/explain.ts'
import { askLocalBroker } from '../../src/local-socket/ask-local-socket.ts'
import { MillraceProcess } from '../process/millrace-process.ts'
import type { GroupMember, Protocol } from './group-member.ts'
import { GroupTrial } from './group-trial.ts'
import type { MemberProgram } from './member-programs.ts'
import { RecordFeed } from './record-feed.ts'

const PARTITIONS = 6
const GROUP = 'readers'
const LOOK_EVERY_MS = 10
const SESSION_MS = 6_000
/** Section 5 of what groups promise: settled within the session timeout and five seconds. */
const SETTLED_WITHIN_MS = SESSION_MS + 5_000
/** Processes of their own have to start first. */
const STARTED_WITHIN_MS = SETTLED_WITHIN_MS + 20_000

const SETTINGS = {
  'group.consumer.min.session.timeout.ms': String(SESSION_MS),
  'group.consumer.session.timeout.ms': String(SESSION_MS),
  'group.consumer.min.heartbeat.interval.ms': '1000',
  'group.consumer.heartbeat.interval.ms': '1000',
}

/** Members of one program join, leave, die and fall silent; then the broker dies while somebody joins. */
export async function liveThroughEverything(program: MemberProgram, protocol: Protocol): Promise<void> {
  await inGroup(async (trial, broker) => {
    const start = (name: string): GroupMember => trial.start(name, program, protocol)
    const one = start('one')
    await trial.settled([one], STARTED_WITHIN_MS)
    const [two, three, four] = [start('two'), start('three'), start('four')]
    await trial.settled([one, two, three, four], STARTED_WITHIN_MS)

    await two.end('SIGTERM')
    await trial.settled([one, three, four], SETTLED_WITHIN_MS)
    const comesBack = !program.limits.includes('comes back after its session')
    if (comesBack) one.pause()
    await three.end('SIGKILL')
    await trial.settled(comesBack ? [four] : [one, four], SETTLED_WITHIN_MS)
    one.resume()
    await trial.settled([one, four], SETTLED_WITHIN_MS)

    const five = start('five')
    if (program.limits.includes('reads when its broker died while it joined')) {
      await trial.settled([one, four, five], STARTED_WITHIN_MS)
    } else {
      await untilRebalancing(broker)
    }
    await broker.kill()
    await broker.restart()
    const left = [one, four, five]
    await trial.settled(left, STARTED_WITHIN_MS)
    for (const member of left) {
      if (!member.isRunning) throw new Error(`${member.name} ended: ${member.complaints}`)
    }
  })
}

/** Until a member that was started is on its way in: a client that never reached the broker could not find it again. */
async function untilRebalancing(broker: MillraceProcess): Promise<void> {
  const untilMs = performance.now() + STARTED_WITHIN_MS
  while (performance.now() < untilMs) {
    const explained = (await askLocalBroker(broker.dataDir, 'group', GROUP)) as GroupExplanation | null
    const { members = [], state = 'Stable' } = explained?.facts ?? {}
    if (state !== 'Stable' || members.length > 2) return
    await sleep(LOOK_EVERY_MS)
  }
  throw new Error('nobody joined')
}

/** Members of different programs share what there is, also after one of them died. */
export async function liveTogether(programs: readonly MemberProgram[], protocol: Protocol): Promise<void> {
  await inGroup(async (trial) => {
    const [first, ...others] = programs.map((program) => trial.start(program.name, program, protocol))
    if (first === undefined) throw new Error('no programs')
    await trial.settled([first, ...others], STARTED_WITHIN_MS)
    await first.end('SIGKILL')
    await trial.settled(others, SETTLED_WITHIN_MS)
  })
}

/** From a classic protocol to KIP-848 and back, member by member, while it reads. */
export async function liveThroughUpgrade(
  { java, other }: { java: MemberProgram; other: MemberProgram },
  classic: Protocol,
): Promise<void> {
  await inGroup(async (trial) => {
    const [one, two] = [trial.start('one', java, classic), trial.start('two', java, classic)]
    await trial.settled([one, two], STARTED_WITHIN_MS)
    const three = trial.start('three', other, 'consumer')
    await trial.settled([one, two, three], STARTED_WITHIN_MS)
    await one.end('SIGTERM')
    await two.end('SIGTERM')
    const four = trial.start('four', java, 'consumer')
    await trial.settled([three, four], STARTED_WITHIN_MS)
    const [five, six] = [trial.start('five', java, classic), trial.start('six', java, classic)]
    await trial.settled([three, four, five, six], STARTED_WITHIN_MS)
    await three.end('SIGKILL')
    await four.end('SIGTERM')
    await trial.settled([five, six], SETTLED_WITHIN_MS)
  })
}

/** A group whose topic is written to all the time. At the end it must have read everything and skipped nothing. */
async function inGroup(live: (trial: GroupTrial, broker: MillraceProcess) => Promise<void>): Promise<void> {
  await using broker = await MillraceProcess.start({ settings: SETTINGS })
  const { bootstrap } = broker
  const feed = await RecordFeed.start(bootstrap, 'fed', PARTITIONS)
  try {
    await using trial = new GroupTrial({ bootstrap, topic: 'fed', group: GROUP }, PARTITIONS)
    await live(trial, broker)
    await feed.stop()
    await trial.caughtUp(SETTLED_WITHIN_MS)
  } finally {
    await feed.stop()
  }
}
