import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, describeError } from '../command-error.ts'
import type { DoctorArguments } from '../commands/doctor.ts'
import { connect } from '../connection/connect.ts'
import { ItemStream } from '../output/item-stream.ts'
import { checkBrokers, checkClock, checkGroups, checkPartitions } from './cluster-checks.ts'
import { broken, type Finding } from './finding.ts'
import { checkDisk, checkMachine, realDisk, thisMachine } from './machine-checks.ts'

const MARKS: Readonly<Record<Finding['state'], string>> = {
  good: 'ok     ',
  warning: 'warning',
  broken: 'BROKEN ',
}

/** Looks at everything, a line each; ends with 1 when something is broken. */
export async function runDoctor(args: DoctorArguments): Promise<void> {
  const findings: Finding[] = []
  const shown = new ItemStream<Finding>(args, {
    asText: (finding) => (args.quiet && finding.state === 'good' ? '' : line(finding)),
  })
  const tell = async (found: readonly Finding[]): Promise<void> => {
    findings.push(...found)
    for (const finding of found) shown.add(finding)
    await shown.flush()
  }
  await tell(checkMachine(thisMachine()))
  if (args.data !== undefined) await tell(await checkDisk(args.data, realDisk()))
  await checkCluster(args, tell)
  await shown.end()
  const faults = findings.filter(({ state }) => state === 'broken').length
  if (faults > 0) throw new CommandError(`${faults} of ${findings.length} things are broken, see above`)
}

function line({ seen, state, subject, whatToDo }: Finding): string {
  return `${MARKS[state]}  ${subject}: ${seen}${whatToDo === null ? '' : `: ${whatToDo}`}\n`
}

async function checkCluster(
  args: DoctorArguments,
  tell: (found: readonly Finding[]) => Promise<void>,
): Promise<void> {
  try {
    await using client = await connect(args, { apiTimeoutMs: 10_000 })
    await tell(await checkBrokers(client))
    const topics = await client.admin.listTopics({ includeInternal: true })
    await tell(checkPartitions(topics))
    await tell(await checkGroups(client, topics, pause))
    await tell([await checkClock(client)])
  } catch (error) {
    await tell([broken('broker', describeError(error), 'the other checks need it')])
  }
}
