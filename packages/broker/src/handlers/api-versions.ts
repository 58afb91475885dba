import {
  type ApiVersionsRequest,
  type ApiVersionsResponseInput,
  consumerGroupHeartbeat,
  ErrorCode,
} from '@millrace/protocol'
import type { AdvertisedApi } from '../network/advertised-apis.ts'
import type { Handler } from './handler.ts'

/** Kafka's rule for both fields (KIP-511, ApiVersionsRequest.isValid). */
const SOFTWARE_PATTERN = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

const FIRST_VERSION_WITH_SOFTWARE = 3
/** Version 3 must not list supported features whose minimum is 0 (KAFKA-17011). */
const FIRST_VERSION_WITH_ZERO_MINIMUM = 4

/** KIP-848 groups. Java's administration tools look for it. */
const GROUP_VERSION = 'group.version'

/**
 * ApiVersions, v0-4: what this broker serves. A version that it does not know never gets here: the router
 * answers it (trap 1b). From v3 a client says what it is (trap 1d). Features are told as in trap 1g.
 */
export const handleApiVersions: Handler<ApiVersionsRequest, ApiVersionsResponseInput> = (
  services,
  context,
  request,
) => {
  if (context.apiVersion >= FIRST_VERSION_WITH_SOFTWARE) {
    const { clientSoftwareName, clientSoftwareVersion } = request
    if (!SOFTWARE_PATTERN.test(clientSoftwareName) || !SOFTWARE_PATTERN.test(clientSoftwareVersion)) {
      return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [], throttleTimeMs: 0 }
    }
    context.connection.softwareName = clientSoftwareName
    context.connection.softwareVersion = clientSoftwareVersion
  }
  const { advertisedApis } = services
  return {
    errorCode: ErrorCode.NONE,
    apiKeys: advertisedApis,
    throttleTimeMs: 0,
    ...features(context.apiVersion, advertisedApis),
  }
}

/** A feature goes with the API that it stands for: a cap on versions takes both away. */
function features(
  apiVersion: number,
  advertisedApis: readonly AdvertisedApi[],
): Pick<ApiVersionsResponseInput, 'supportedFeatures' | 'finalizedFeatures' | 'finalizedFeaturesEpoch'> {
  if (!advertisedApis.some(({ apiKey }) => apiKey === consumerGroupHeartbeat.key)) return {}
  return {
    supportedFeatures:
      apiVersion >= FIRST_VERSION_WITH_ZERO_MINIMUM
        ? [{ name: GROUP_VERSION, minVersion: 0, maxVersion: 1 }]
        : [],
    finalizedFeatures: [{ name: GROUP_VERSION, minVersionLevel: 1, maxVersionLevel: 1 }],
    // They never change here; below 0 clients ignore them.
    finalizedFeaturesEpoch: 0,
  }
}
