import { BATCH_HEADER_BYTES, CorruptBatchError, crc32c, readBatchHeader } from '@millrace/record-batch'
import { ForwardingFileHandle, ForwardingFileSystem } from '../../disk/forwarding-file-system.ts'
import { MARKS, type Plant, SEGMENTS, withFiles } from './plant.ts'

/** Bugs in what a start makes of what it finds. */
export const RECOVERY_PLANTS: readonly Plant[] = [
  {
    name: 'recovery-without-crc',
    description: 'no batch is ever found to have a wrong CRC',
    wrapFileSystem: (fs) => withFiles(fs, SEGMENTS, (handle) => new AlwaysRightCrcFile(handle)),
  },
  {
    name: 'epoch-not-raised',
    description: 'the leader epoch stays the same after an unclean stop',
    bugs: { keepsEpoch: true },
  },
  {
    name: 'forgotten-producers',
    description: 'a start knows no producer',
    bugs: { forgetsProducers: true },
  },
  {
    name: 'clean-marker-kept',
    description: 'the marker of a clean stop outlives the next start',
    wrapFileSystem: (fs) => new KeptMarkerFileSystem(fs),
  },
  {
    name: 'boot-id-frozen',
    description: 'a restart of the machine goes unnoticed',
    wrapFileSystem: (fs) => new FrozenBootFileSystem(fs),
  },
  {
    name: 'marks-not-read',
    description: 'a start does not look at the sync marks',
    wrapFileSystem: (fs) => new BlindToMarksFileSystem(fs),
  },
]

const CRC_AT = 17
const CRC_COVERS_FROM = 21

/** Puts a matching CRC into everything that looks like a batch, as a reader sees it that does not check. */
class AlwaysRightCrcFile extends ForwardingFileHandle {
  override async readInto(position: number, target: Buffer, length: number): Promise<number> {
    const readBytes = await super.readInto(position, target, length)
    putCrcsIn(target.subarray(0, readBytes))
    return readBytes
  }
}

function putCrcsIn(bytes: Buffer): void {
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; ) {
    const sizeBytes = batchSizeAt(bytes, at)
    if (sizeBytes === null || at + sizeBytes > bytes.length) return
    bytes.writeUInt32BE(crc32c(bytes, at + CRC_COVERS_FROM, at + sizeBytes), at + CRC_AT)
    at += sizeBytes
  }
}

function batchSizeAt(bytes: Buffer, at: number): number | null {
  try {
    return readBatchHeader(bytes, at).sizeBytes
  } catch (error) {
    if (error instanceof CorruptBatchError) return null
    throw error
  }
}

class KeptMarkerFileSystem extends ForwardingFileSystem {
  override remove(path: string): void {
    if (!path.endsWith('/clean-shutdown')) super.remove(path)
  }
}

class FrozenBootFileSystem extends ForwardingFileSystem {
  override bootId(): string {
    return 'the only boot'
  }
}

class BlindToMarksFileSystem extends ForwardingFileSystem {
  override readFile(path: string): Buffer {
    return MARKS.test(path) ? Buffer.alloc(0) : super.readFile(path)
  }
}
