import { CommandError } from '../command-error.ts'

/** Reads `HOST:PORT`; an IPv6 host stands in brackets. */
export function parseHostPort(flag: string, text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || host === '' || port > 65535) {
    throw new CommandError(`${flag} ${text}: expected HOST:PORT, for example localhost:9092`)
  }
  return { host, port }
}
