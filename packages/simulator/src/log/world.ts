import { SimulatedDisk } from '../disk/simulated-disk.ts'
import { Prng } from '../prng.ts'
import { PartitionLedger } from './ledger.ts'
import type { MomentCounters } from './moments.ts'
import type { Plant } from './plants/plant.ts'
import { drawShape, type Shape } from './shape.ts'
import { SimulatedProducer } from './simulated-producer.ts'

export const DATA_DIRECTORY = '/data'
export const TOPIC = 'simulated'
/** 22 characters, as Kafka writes a topic id. */
export const TOPIC_ID = 'MillraceSimulatedLog0A'

/** One partition of the simulated world: the truth about it, and who writes to it. */
export interface PartitionWorld {
  readonly partition: number
  readonly directory: string
  readonly ledger: PartitionLedger
  readonly producers: readonly SimulatedProducer[]
  /**
   * What allows a log more than crashes do. `rot`: bytes were flipped, it may refuse them for good. `failed-operation`:
   * as long as the page cache lives on, it may show what never reached the disk, and may be refused for that.
   */
  damage: 'none' | 'failed-operation' | 'rot'
}

/** What outlives the simulated processes of one seed. */
export interface World {
  readonly seed: number
  readonly prng: Prng
  readonly shape: Shape
  readonly disk: SimulatedDisk
  readonly partitions: readonly PartitionWorld[]
  readonly moments: MomentCounters
  readonly plant: Plant | null
  /** Told what happens, line by line, when somebody replays a seed to see how it fails. */
  readonly trace: ((line: string) => void) | null
  /** Bytes of a file of the whole directory were flipped: it may be refused as a whole. */
  isDirectoryDamaged: boolean
  /** What an observer saw in the middle of the log's own work, where it must not throw. */
  observed: Error | null
  /** Labels of batches: no two have the same bytes. */
  nextLabel: number
  /** Virtual time goes on from life to life. */
  nowMs: number
}

export function createWorld(seed: number, parts: Pick<World, 'moments' | 'plant' | 'trace'>): World {
  const prng = new Prng(seed)
  const shape = drawShape(prng)
  const partitions = Array.from({ length: shape.partitionCount }, (_, partition) => ({
    partition,
    directory: `${DATA_DIRECTORY}/${TOPIC}-${partition}`,
    ledger: new PartitionLedger(),
    producers: [1, 2].map((number) => new SimulatedProducer(1000 * (partition + 1) + number)),
    damage: 'none' as PartitionWorld['damage'],
  }))
  return {
    seed,
    prng,
    shape,
    disk: new SimulatedDisk(prng.fork()),
    partitions,
    ...parts,
    isDirectoryDamaged: false,
    observed: null,
    nextLabel: 1,
    nowMs: Date.UTC(2024, 0, 1),
  }
}
