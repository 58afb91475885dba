import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { type FileSystem, memoryFileSystem } from '../src/index.ts'

/** A data directory in one file, and what is expected of it. */
export interface GoldenDirectory<Expected> {
  readonly files: Record<string, string>
  readonly expected: Expected
}

export function readGolden<Expected>(name: string): GoldenDirectory<Expected> {
  return JSON.parse(gunzipSync(readFileSync(new URL(`./golden/${name}.json.gz`, import.meta.url))).toString())
}

/** Its files under `/data` of a disk of their own, because opening a log changes its directory. */
export function copyOf({ files }: GoldenDirectory<unknown>): FileSystem {
  const fs = memoryFileSystem()
  for (const [path, bytes] of Object.entries(files)) {
    const directory = `/data/${path}`.replace(/\/[^/]*$/, '')
    if (!fs.exists(directory)) fs.makeDirectory(directory)
    const file = fs.open(`/data/${path}`, 'create')
    file.appendSync([Buffer.from(bytes, 'base64')])
    file.close()
  }
  return fs
}
