import { ErrorCode, offsetForLeaderEpoch } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'
import type { Cluster } from '../cluster.ts'
import type { Purpose } from '../connection/broker-links.ts'
import { resourceError } from '../resource-error.ts'
import type { FetchPartition } from './fetch-partition.ts'

/**
 * Asks the leader where the epoch of the last batch that was read ends now (KIP-320). Gives that offset
 * when it lies before what was read: the log was cut meanwhile, by an unclean stop or another leader, and
 * has other records behind it. Null when everything that was read is still there.
 */
export async function findCut(
  cluster: Cluster,
  partition: FetchPartition,
  leader: { readonly nodeId: number; readonly epoch: number; readonly purpose: Purpose },
): Promise<number | null> {
  const input = {
    replicaId: -1,
    topics: [
      {
        topic: partition.topic,
        partitions: [
          {
            partition: partition.partition,
            currentLeaderEpoch: leader.epoch,
            leaderEpoch: partition.lastFetchedEpoch,
          },
        ],
      },
    ],
  }
  const options = { purpose: leader.purpose }
  const answer = await cluster
    .send({ nodeId: leader.nodeId }, offsetForLeaderEpoch, input, options)
    .catch(unlessUnknown)
  if (answer === null) return null
  const found = answer.topics[0]?.partitions[0]
  const where = `${partition.topic}/${partition.partition}`
  if (found === undefined)
    throw new ClientError('INVALID_RESPONSE', `OffsetForLeaderEpoch: no answer for ${where}`)
  if (found.errorCode !== ErrorCode.NONE)
    throw resourceError(`OffsetForLeaderEpoch of ${where}`, found.errorCode)
  return found.endOffset >= 0 && found.endOffset < partition.fetchOffset ? found.endOffset : null
}

/** A broker that does not have the request has no epochs to compare either. */
function unlessUnknown(error: unknown): null {
  if (error instanceof ClientError && error.code === 'UNSUPPORTED_VERSION') return null
  throw error
}
