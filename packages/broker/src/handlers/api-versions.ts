import { type ApiVersionsRequest, type ApiVersionsResponseInput, ErrorCode } from '@millrace/protocol'
import type { Handler } from './handler.ts'

/** Kafka's rule for both fields (KIP-511, ApiVersionsRequest.isValid). */
const SOFTWARE_PATTERN = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/

const FIRST_VERSION_WITH_SOFTWARE = 3

/**
 * ApiVersions, v0-4: what this broker serves. A version that it does not know never gets here: the router
 * answers it (trap 1b). From v3 a client says what it is (trap 1d). No feature is told before it works (1g).
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
  return { errorCode: ErrorCode.NONE, apiKeys: services.advertisedApis, throttleTimeMs: 0 }
}
