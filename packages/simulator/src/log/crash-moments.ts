import { strict as assert } from 'node:assert'
import type { Operation } from '../disk/operation-gate.ts'
import type { SimulatedFileSystem } from '../disk/simulated-file-system.ts'
import type { LifePhase } from './life.ts'
import type { World } from './world.ts'

/** Counts in the middle of what a process died. */
export function countCrash(
  { moments }: World,
  { gate }: SimulatedFileSystem,
  life: { isFirst: boolean; phase: LifePhase; lastPhase: LifePhase },
): void {
  const last = gate.trace.at(-1)
  assert(last !== undefined, 'a crash has an operation at which it happened')
  const isStart = life.phase === 'starting' || life.phase === 'recovering'
  if (isStart) moments.reach(life.isFirst ? 'crash in the first start' : 'crash in recovery')
  const wasStart = life.lastPhase === 'starting' || life.lastPhase === 'recovering'
  if (isStart && !life.isFirst && wasStart) moments.reach('crash in recovery after a crash in recovery')
  if (life.phase === 'closing') moments.reach('crash in a clean shutdown')
  if (life.phase === 'serving' && isPartOfRoll(last)) moments.reach('crash in a roll')
  if (last.path.includes('.deleted') || last.kind === 'remove') moments.reach('crash in retention')
  if (last.kind === 'append' || last.kind === 'write') moments.reach('crash in the middle of a write')
  if (isSyncInFlight(gate.trace)) moments.reach('crash with a sync in flight')
}

function isPartOfRoll({ kind, path }: Operation): boolean {
  return (
    /\.(seal|seal\.tmp|index|timeindex|snapshot|snapshot\.tmp)$/.test(path) ||
    (kind === 'create' && path.endsWith('.log'))
  )
}

function isSyncInFlight(trace: readonly Operation[]): boolean {
  let inFlightCount = 0
  for (const { kind } of trace) {
    if (kind === 'sync') inFlightCount++
    else if (kind === 'sync-end') inFlightCount = Math.max(0, inFlightCount - 1)
  }
  return inFlightCount > 0
}
