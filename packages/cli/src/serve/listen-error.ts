import { CommandError } from '../command-error.ts'

/** An address that was to be bound, and the flags that say another one. */
export interface AskedAddress {
  /** `HOST:PORT` */
  readonly where: string
  readonly flag: '--listen' | '--http'
}

/** The system's own words for what it would not bind are short of what to do about it. Null for every other error. */
export function listenError(error: unknown, { flag, where }: AskedAddress): CommandError | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  const reason = reasonOf(error.code, flag, 'port' in error)
  return reason === null ? null : new CommandError(`${where} ${reason}`, { cause: error })
}

function reasonOf(code: unknown, flag: AskedAddress['flag'], isOfSocket: boolean): string | null {
  switch (code) {
    case 'EADDRINUSE':
      return flag === '--http'
        ? 'is in use: choose another address with --http, or --no-http for none'
        : `is in use: stop what listens there, or choose another address with ${flag}`
    case 'EADDRNOTAVAIL':
      return `is no address of this machine: choose another one with ${flag}`
    case 'ENOTFOUND':
      return `is no such host: choose another one with ${flag}`
    case 'EACCES':
      // The disk says the same of a file.
      return isOfSocket ? `may not be bound by this user: choose a port from 1024 with ${flag}` : null
    default:
      return null
  }
}
