/**
 * Whether the simulation finds bugs: plants ten, each in a copy of the sources, and looks for a seed that fails.
 *
 *     node --conditions=@millrace/source packages/consumer-groups/test/find-plants.ts
 *
 * Prints the seed that found each; ends with 1 when one was not found, or its place is not there any more.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

interface Plant {
  readonly about: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly members: 'classic' | 'consumer' | 'mixed'
}

const SEEDS = 400

const PLANTS: readonly Plant[] = [
  {
    about: 'a partition is given away before its owner has let go',
    file: 'consumer/consumer-group.ts',
    from: 'return owner === undefined || owner === memberId',
    to: 'return true',
    members: 'consumer',
  },
  {
    about: 'a member that left goes on owning its partitions',
    file: 'consumer/consumer-group.ts',
    from: 'if (owners.get(partition) === memberId) owners.delete(partition)',
    to: 'if (owners.get(partition) === "") owners.delete(partition)',
    members: 'consumer',
  },
  {
    about: 'a member that does not let go of partitions may keep them for ever',
    file: 'consumer/epochs.ts',
    from: "if (next.state === 'unrevoked') step.armTimer(timer, next.rebalanceTimeoutMs)",
    to: "if (next.state === 'unknown') step.armTimer(timer, next.rebalanceTimeoutMs)",
    members: 'consumer',
  },
  {
    about: 'partitions are not spread anew when a member leaves',
    file: 'consumer/fence.ts',
    from: 'if (members.length > 0) refreshGroup(step, group, true)',
    to: 'if (members.length > 9) refreshGroup(step, group, true)',
    members: 'consumer',
  },
  {
    about: 'a partition is taken from a member that has not confirmed',
    file: 'consumer/reconcile.ts',
    from: 'if (revoked.size > 0 && ownsAny(to.owned, revoked)) {\n    return changed(member, memberEpoch, { state',
    to: 'if (revoked.size > 99) {\n    return changed(member, memberEpoch, { state',
    members: 'consumer',
  },
  {
    about: 'two generations have one number',
    file: 'classic/rebalance.ts',
    from: 'group.generationId = nextGeneration(group.generationId)',
    to: 'group.generationId = Math.max(1, nextGeneration(0))',
    members: 'classic',
  },
  {
    about: 'a rebalance waits for ever for members that do not come back',
    file: 'classic/rebalance.ts',
    from: 'step.armTimer(group.joinTimer, group.rebalanceTimeoutMs)\n  }\n}',
    to: 'group.hasNewMember = false\n  }\n}',
    members: 'classic',
  },
  {
    about: 'members that never sync are kept',
    file: 'classic/timeouts.ts',
    from: 'if (group.pendingSync.size === 0) return',
    to: 'if (group.pendingSync.size >= 0) return',
    members: 'classic',
  },
  {
    about: 'a silent member is not removed when its session ends',
    file: 'classic/timeouts.ts',
    from: 'if (isParked && !member.isNew) return',
    to: 'if (isParked || !member.isNew) return',
    members: 'classic',
  },
  {
    about: 'the sessions of a loaded group are not watched',
    file: 'classic/timeouts.ts',
    from: 'for (const member of group.members.values()) step.armTimer(member.sessionTimer, member.sessionTimeoutMs)\n  if',
    to: 'if',
    members: 'classic',
  },
]

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

function findPlant({ file, from, members, to }: Plant): string | null {
  const copy = mkdtempSync(join(tmpdir(), 'millrace-plant-'))
  try {
    for (const part of ['src', 'test', 'package.json']) {
      cpSync(join(PACKAGE, part), join(copy, part), { recursive: true })
    }
    symlinkSync(join(PACKAGE, '../../node_modules'), join(copy, 'node_modules'))
    const path = join(copy, 'src', file)
    const source = readFileSync(path, 'utf8')
    if (source.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`)
    writeFileSync(path, source.replace(from, to))
    return firstFailure(join(copy, 'test/run-seeds.ts'), members)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** The message of the first seed that fails; null when none of them does. */
function firstFailure(script: string, members: string): string | null {
  const args = ['--conditions=@millrace/source', '--no-warnings', script, members, '1', String(SEEDS)]
  try {
    execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    return null
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    const found = /seed \d+ fails/.exec(stderr)
    // Anything else that goes wrong is not the simulation's finding.
    if (found === null) throw error
    const cause = /\[cause\]: (.*)/.exec(stderr)?.[1] ?? ''
    return `${found[0]}: ${cause}`
  }
}

let missed = 0
for (const plant of PLANTS) {
  const found = findPlant(plant)
  if (found === null) missed++
  process.stdout.write(
    `${found === null ? 'NOT FOUND' : 'found'}: ${plant.about}${found === null ? '' : `; ${found}`}\n`,
  )
}
process.stdout.write(`${PLANTS.length - missed} of ${PLANTS.length} planted bugs found\n`)
process.exitCode = missed === 0 ? 0 : 1
