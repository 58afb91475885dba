export { CrashError } from './disk/crash-error.ts'
export type { FileNode } from './disk/file-node.ts'
export {
  type Operation,
  OperationGate,
  type OperationKind,
  type PlannedFailure,
} from './disk/operation-gate.ts'
export { type CrashKind, SimulatedDisk, type SimulatedDiskOptions } from './disk/simulated-disk.ts'
export type { SimulatedFileSystem } from './disk/simulated-file-system.ts'
export { Prng } from './prng.ts'
export { SimulatedClock } from './time/simulated-clock.ts'
