import { CommandError } from '../command-error.ts'
import { readTextFile } from '../files.ts'

/** Settings of a broker by Kafka's names. */
export type BrokerSettings = Readonly<Record<string, string>>

/** What the file says, with what `--set` says over it. */
export function readBrokerSettings(file: string | undefined, sets: readonly string[]): BrokerSettings {
  const fromFile = file === undefined ? {} : parseProperties(readTextFile(file), file)
  return { ...fromFile, ...parseSets(sets) }
}

/** Reads `KEY=VALUE` arguments. */
export function parseSets(sets: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const set of sets) {
    const at = set.indexOf('=')
    if (at < 1) throw new CommandError(`--set ${set}: expected KEY=VALUE`)
    settings[set.slice(0, at).trim()] = set.slice(at + 1).trim()
  }
  return settings
}

/**
 * Reads a properties file as Kafka's are written: `key=value` or `key: value` lines, comments with # or !,
 * a backslash at the end of a line to continue it.
 */
export function parseProperties(text: string, file: string): Record<string, string> {
  const settings: Record<string, string> = {}
  const lines = text.replaceAll(/\\\r?\n[ \t]*/g, '').split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    const content = line.trim()
    if (content === '' || content.startsWith('#') || content.startsWith('!')) continue
    const match = /^([^=:\s]+)\s*[=:]\s*(.*)$/.exec(content)
    const [, key, value] = match ?? []
    if (key === undefined || value === undefined) {
      throw new CommandError(`${file}, line ${index + 1}: expected KEY=VALUE, found "${content}"`)
    }
    settings[key] = value
  }
  return settings
}
