// The suite is test code, which log-core does not publish: so it is reached by its path, not by the package's name.
import { describeFileSystemContract } from '../../../log-core/src/fs/testing/file-system-contract.ts'
import { Prng } from '../prng.ts'
import { SimulatedClock } from '../time/simulated-clock.ts'
import { SimulatedDisk } from './simulated-disk.ts'

describeFileSystemContract('simulated', () => {
  const clock = new SimulatedClock()
  const fs = new SimulatedDisk(new Prng(1)).boot(clock)
  fs.makeDirectory('/data')
  return { fs, root: '/data', settle: (pending) => clock.settle(pending), dispose: () => undefined }
})
