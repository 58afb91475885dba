/** Debian's chromium, or none: `install-clients.sh` brings it. */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser']

/** Where chromium is; null when it is not installed. */
export const chromiumPath = PATHS.find((path) => existsSync(path)) ?? null

/** Whether tests in a browser run: where clients are required, a missing browser fails them. */
export const runsBrowser = chromiumPath !== null || process.env.MILLRACE_REQUIRE_CLIENTS === '1'

/** Starts it without a window. As root it refuses to start with its sandbox; all that it opens here is our own. */
export function launchChromium(): Promise<Browser> {
  if (chromiumPath === null)
    throw new Error(`no chromium at ${PATHS.join(' or ')}: run npm run clients:install`)
  const isRoot = process.getuid?.() === 0
  return chromium.launch({
    timeout: 100_000,
    executablePath: chromiumPath,
    chromiumSandbox: !isRoot,
    args: ['--disable-gpu', '--disable-dev-shm-usage'],
  })
}
