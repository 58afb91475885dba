import type { Api } from '@millrace/protocol'
import { ClientError } from '../client-error.ts'

type VersionedApi = Pick<Api, 'key' | 'name' | 'validVersions'>

/** The versions that one broker takes, by API key, as its ApiVersions answer names them. */
export class VersionRanges {
  readonly #ranges: ReadonlyMap<number, readonly [min: number, max: number]>

  constructor(apiKeys: readonly { apiKey: number; minVersion: number; maxVersion: number }[]) {
    this.#ranges = new Map(
      apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion]]),
    )
  }

  /** The highest version that both sides know, or null. `capVersion` is what the caller can make use of. */
  highestCommon(api: VersionedApi, capVersion = Number.POSITIVE_INFINITY): number | null {
    const range = this.#ranges.get(api.key)
    if (range === undefined) return null
    const version = Math.min(range[1], api.validVersions[1], capVersion)
    return version >= Math.max(range[0], api.validVersions[0]) ? version : null
  }

  /**
   * As `highestCommon`; throws UNSUPPORTED_VERSION where it has none, or none from `minVersion` on: below it the
   * broker would take the request to mean something else.
   */
  choose(api: VersionedApi, capVersion?: number, minVersion = 0): number {
    const version = this.highestCommon(api, capVersion)
    if (version !== null && version >= minVersion) return version
    const range = this.#ranges.get(api.key)
    const seen = range === undefined ? 'does not offer it' : `takes versions ${range[0]} to ${range[1]}`
    const ours = `${Math.max(minVersion, api.validVersions[0])} to ${api.validVersions[1]}`
    throw new ClientError(
      'UNSUPPORTED_VERSION',
      `${api.name}: the broker ${seen}, this call needs one of ${ours}`,
    )
  }
}
