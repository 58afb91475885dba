/** How long a broker takes to start with a million committed offsets. Kafka loads while it starts, and has no figure for it. */
import { offsetFetch } from '@millrace/protocol'
import { MillraceProcess } from '../../packages/broker/compat/process/millrace-process.ts'
import { openWires, Wire } from '../harness/wire.ts'
import type { Metric, Sample } from '../kafka/comparison.ts'
import { COMMITTERS, commitFrame, PARTITIONS, prepare, type Scale, WHOLE } from './rows.ts'

const OFFSETS = (WHOLE.loadedGroups * PARTITIONS).toLocaleString('en')

export const LOADING_ROW: { readonly name: string; readonly metrics: readonly Metric[] } = {
  name: 'loading',
  metrics: [
    { key: 'seconds', label: `start with ${OFFSETS} committed offsets, to the first answer, s`, goal: '2' },
  ],
}

/** A process that is started again on what it was told, until it answers for one of the groups. */
export async function measureLoading(
  scale: Scale,
  rounds: number,
  take: (sample: Sample) => void,
): Promise<void> {
  await using broker = await MillraceProcess.start()
  await prepare(broker.bootstrap)
  await fillOffsets(broker.bootstrap, scale)
  for (let round = 0; round < rounds; round += 1) {
    await broker.stop()
    const startedMs = performance.now()
    await broker.restart()
    const wire = await Wire.open(broker.bootstrap)
    const groups = [{ groupId: 'loaded-1', memberId: null, memberEpoch: -1, topics: null }]
    const answer = await wire.ask(offsetFetch, 8, { groupId: '', topics: null, groups, requireStable: false })
    take({ seconds: (performance.now() - startedMs) / 1000 })
    wire.close()
    const found = answer.groups[0]?.topics[0]?.partitions.length
    if (found !== PARTITIONS) throw new Error(`${found} offsets of a group were loaded, not ${PARTITIONS}`)
  }
}

/** Commits every partition of so many groups: what is to be loaded at a start. */
async function fillOffsets(bootstrap: string, { loadedGroups }: Scale): Promise<void> {
  const wires = await openWires(bootstrap, COMMITTERS)
  const everyPartition = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  await Promise.all(
    wires.map(async (wire, lane) => {
      for (let group = lane; group < loadedGroups; group += COMMITTERS)
        await wire.askRaw(commitFrame(`loaded-${group}`, everyPartition))
    }),
  )
  for (const wire of wires) wire.close()
}
