import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Api, allApis } from '../../src/index.ts'

/** One message as an encoder that is not ours wrote it: see `generate/`. */
export interface GoldenMessage {
  readonly name: string
  readonly side: string
  readonly version: number
  /** `full`, `empty`, or `unknown`: `full` with tagged fields that nobody knows. */
  readonly variant: string
  readonly bytes: Buffer
  /** What Kafka's own JSON writer made of the message; kmsg has no such writer. */
  readonly expected: object | null
}

export const KAFKA_FILES = goldenFiles('kafka')
export const KMSG_FILES = goldenFiles('kmsg')

/** The API that a file is named after; kmsg writes `ID` where Kafka writes `Id`. */
export function apiOfFile(file: string): Api {
  const name = file.replace(/^.*\/|\.txt$/g, '')
  const api = allApis.find((each) => each.name.toLowerCase() === name.toLowerCase())
  if (api === undefined) throw new Error(`no API for ${file}`)
  return api
}

/** Reads lines of `side version variant hex`, each followed by its JSON where there is one. */
export function readGolden(file: string): GoldenMessage[] {
  const lines = readFileSync(join(import.meta.dirname, file), 'utf8')
    .trim()
    .split('\n')
  return lines.flatMap((line, index): GoldenMessage[] => {
    if (line.startsWith('{')) return []
    const [side = '', version = '', variant = '', hex = ''] = line.split(' ')
    const json = lines[index + 1]
    return [
      {
        name: `${file.replace(/^.*\//, '')} ${side} v${version} ${variant}`,
        side,
        version: Number(version),
        variant,
        bytes: Buffer.from(hex, 'hex'),
        expected: json?.startsWith('{') ? JSON.parse(json) : null,
      },
    ]
  })
}

function goldenFiles(directory: string): string[] {
  return readdirSync(join(import.meta.dirname, directory)).map((file) => `${directory}/${file}`)
}
