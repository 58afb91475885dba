export { CrashError } from './disk/crash-error.ts'
export { type DroppingDisk, droppingDisk } from './disk/dropping-disk.ts'
export type { FileNode } from './disk/file-node.ts'
export {
  type Operation,
  OperationGate,
  type OperationKind,
  type PlannedFailure,
} from './disk/operation-gate.ts'
export { type CrashKind, SimulatedDisk, type SimulatedDiskOptions } from './disk/simulated-disk.ts'
export type { SimulatedFileSystem } from './disk/simulated-file-system.ts'
export { BLOWS, type Blow, type StruckOperation, strikeEveryOperation } from './log/every-operation.ts'
export { MOMENTS, type Moment, MomentCounters } from './log/moments.ts'
export { ALL_PLANTS, plantNamed } from './log/plants/all-plants.ts'
export type { Plant } from './log/plants/plant.ts'
export { runSeed, type SeedResult } from './log/seed-run.ts'
export { runSeeds, type SeedsRun } from './log/seeds-run.ts'
export { Prng } from './prng.ts'
export { SimulatedClock } from './time/simulated-clock.ts'
