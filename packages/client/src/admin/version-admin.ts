import { allApis, apiVersions, ErrorCode } from '@millrace/protocol'
import type { Cluster } from '../cluster.ts'
import { resourceError } from '../resource-error.ts'

/** What a broker speaks. */
export interface BrokerVersions {
  /** The range of versions that it takes, by the name of the API; APIs that we do not know are left out. */
  readonly apis: ReadonlyMap<string, readonly [min: number, max: number]>
  /** The levels at which the cluster runs its features, such as `metadata.version`; none before Kafka 2.7. */
  readonly features: ReadonlyMap<string, number>
}

/** Asks one broker for what it speaks. */
export function readBrokerVersions(cluster: Cluster, nodeId: number): Promise<BrokerVersions> {
  const input = { clientSoftwareName: 'millrace', clientSoftwareVersion: '0.0.0' }
  return cluster.call({ nodeId }, apiVersions, input, ({ errorCode, apiKeys, finalizedFeatures }) => {
    if (errorCode !== ErrorCode.NONE) throw resourceError('ApiVersions was refused', errorCode)
    const names = new Map(allApis.map(({ key, name }) => [key, name]))
    const ranges = apiKeys.flatMap(({ apiKey, minVersion, maxVersion }) => {
      const name = names.get(apiKey)
      return name === undefined ? [] : [[name, [minVersion, maxVersion] as const] as const]
    })
    return {
      apis: new Map(ranges),
      features: new Map(finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])),
    }
  })
}
