import { join } from 'node:path'
import type { ClientOptions } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import type { BrokerArguments } from '../commands/broker-option.ts'
import { readTextFile, readTextFileIfThere } from '../files.ts'
import { nearestName } from '../nearest-name.ts'
import { parseProperties } from '../serve/broker-settings.ts'
import { environment } from '../terminal.ts'
import { type ClientProperties, checkProperties, clientOptions } from './client-properties.ts'

const DEFAULT_BOOTSTRAP = 'localhost:9092'

/**
 * How to reach the broker. `--bootstrap` beats MILLRACE_BOOTSTRAP, which beats the properties of `--config`,
 * which beat those of the profile.
 */
export function connectionSettings(args: BrokerArguments): ClientOptions {
  const properties = { ...profileProperties(args), ...fileProperties(args), ...environmentProperties() }
  const bootstrapServers =
    args.bootstrap ??
    environment('MILLRACE_BOOTSTRAP') ??
    properties['bootstrap.servers'] ??
    DEFAULT_BOOTSTRAP
  return { clientId: 'millrace-cli', ...clientOptions(properties), bootstrapServers }
}

function fileProperties({ config }: BrokerArguments): ClientProperties {
  const file = config ?? environment('MILLRACE_CONFIG')
  if (file === undefined) return {}
  const properties = parseProperties(readTextFile(file), file)
  checkProperties(properties, file)
  return properties
}

/** A password does not belong into a file or onto a command line. */
function environmentProperties(): ClientProperties {
  const password = environment('MILLRACE_SASL_PASSWORD')
  return password === undefined ? {} : { 'sasl.password': password }
}

function profileProperties({ profile }: BrokerArguments): ClientProperties {
  const name = profile ?? environment('MILLRACE_PROFILE')
  if (name === undefined) return {}
  const path = profilesPath()
  const text = readTextFileIfThere(path)
  if (text === null) throw new CommandError(`there is no profile "${name}": ${path} does not exist`)
  const profiles = parseProfiles(text, path)
  const properties = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (properties === undefined) {
    const nearest = nearestName(name, Object.keys(profiles))
    const hint =
      nearest === null
        ? `there are ${Object.keys(profiles).join(', ') || 'none'}`
        : `did you mean ${nearest}?`
    throw new CommandError(`there is no profile "${name}" in ${path}: ${hint}`)
  }
  checkProperties(properties, `profile "${name}" of ${path}`)
  return properties
}

function parseProfiles(text: string, path: string): Record<string, Record<string, string>> {
  try {
    const parsed: unknown = JSON.parse(text)
    const isTable = (value: unknown): value is object => typeof value === 'object' && value !== null
    if (!isTable(parsed) || !Object.values(parsed).every(isTable))
      throw new Error('expected an object of profiles')
    const entries = Object.entries(parsed as Record<string, Record<string, unknown>>)
    return Object.fromEntries(
      entries.map(([name, properties]) => [
        name,
        Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, String(value)])),
      ]),
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`${path} cannot be read: ${reason}`)
  }
}

/** Where profiles are kept: an object of properties for each name. */
function profilesPath(): string {
  const own = environment('MILLRACE_PROFILES')
  if (own !== undefined) return own
  const base =
    environment('XDG_CONFIG_HOME') ??
    join(environment('HOME') ?? environment('USERPROFILE') ?? '.', '.config')
  return join(base, 'millrace', 'profiles.json')
}
