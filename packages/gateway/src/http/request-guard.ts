import { isIP } from 'node:net'
import { HttpError } from './http-error.ts'

/** Who may talk to this gateway from a browser. */
export interface GuardPolicy {
  /** Names that the gateway answers to besides IP addresses and `localhost`. */
  readonly hosts: readonly string[]
  /** Origins of other pages that may use it, as `https://app.example`. */
  readonly allowedOrigins: readonly string[]
}

/** The headers that say where a request comes from. */
export interface RequestSource {
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site` and `Sec-Fetch-Mode`: browsers send them where they send no `Origin`. */
  readonly fetchSite: string | undefined
  readonly fetchMode: string | undefined
}

/**
 * Refuses what a foreign web page made a browser send. Throws an HttpError, or gives the foreign origin
 * that is allowed, for the CORS headers, or null.
 *
 * A name that is none of ours is DNS rebinding: a page whose name was pointed at this machine. An address
 * cannot be rebound, and what is no browser sends no `Origin`.
 */
export function guardRequest(source: RequestSource, policy: GuardPolicy): string | null {
  const { fetchMode, fetchSite, host, origin } = source
  const hostName = host === undefined ? null : hostNameOf(host)
  if (host === undefined || hostName === null || !isOurHost(hostName, policy.hosts)) {
    throw new HttpError(
      421,
      'HOST_NOT_ALLOWED',
      `the gateway does not answer to the name ${host ?? '(none)'}`,
    )
  }
  if (origin === undefined) {
    const isForeign = fetchSite === 'cross-site' || fetchSite === 'same-site'
    if (!isForeign || fetchMode === 'navigate') return null
    throw new HttpError(403, 'ORIGIN_NOT_ALLOWED', 'a page of another site may not use the gateway')
  }
  if (origin.toLowerCase() === `http://${host.toLowerCase()}`) return null
  if (policy.allowedOrigins.includes(origin.toLowerCase())) return origin
  throw new HttpError(
    403,
    'ORIGIN_NOT_ALLOWED',
    `pages of ${origin} may not use the gateway: --allow-origin ${origin} lets them`,
  )
}

/** Reads an origin as it is given in options: scheme, host and port, nothing else. Null when it is none. */
export function parseOrigin(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.origin === 'null' || url.origin !== text.toLowerCase().replace(/\/$/, ''))
    return null
  return url.origin
}

function hostNameOf(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:/@\s[\]]+))(?::\d{1,5})?$/i.exec(host)
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '') ?? null
}

function isOurHost(name: string, hosts: readonly string[]): boolean {
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || hosts.includes(name)
}
