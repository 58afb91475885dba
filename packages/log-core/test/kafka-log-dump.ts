import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import process from 'node:process'

/** What Kafka's DumpLogSegments said about some files. */
export interface LogDump {
  readonly validBatches: number
  readonly invalidBatches: number
  /** Lines that are neither batches, records, index entries nor titles: complaints. */
  readonly complaints: readonly string[]
}

/** Where Kafka's jars are, and what to put into the environment when they are nowhere. Null: Java or the jars are missing. */
export function findKafkaJars(): string | null {
  const home = process.env.KAFKA_HOME_DIR ?? `${tmpdir()}/kafka-reference`
  const hasJava = spawnSync('java', ['-version']).status === 0
  return hasJava && existsSync(`${home}/libs`) ? `${home}/libs` : null
}

/**
 * Runs DumpLogSegments over files of one partition. Its exit code is 0 on a wrong CRC, a cut tail, a wrong index and
 * a damaged snapshot, so its output is read instead.
 */
export function dumpLogSegments(jars: string, files: readonly string[]): LogDump {
  const run = spawnSync(
    'java',
    [
      '-cp',
      `${jars}/*`,
      'org.apache.kafka.tools.DumpLogSegments',
      '--deep-iteration',
      '--files',
      files.join(','),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  const lines = run.stdout.split('\n').filter((line) => line !== '')
  const errors = run.stderr.split('\n').filter((line) => line !== '' && !isHarmless(line))
  return {
    validBatches: lines.filter((line) => line.includes('isvalid: true')).length,
    invalidBatches: lines.filter((line) => line.includes('isvalid: false')).length,
    complaints: [...lines.filter((line) => !EXPECTED_LINE.test(line)), ...errors],
  }
}

const EXPECTED_LINE =
  /^.*\.index is empty\.$|^(Dumping |Log starting offset: |Starting offset: |baseOffset: |\| offset: |offset: \d+ position: |timestamp: -?\d+ offset: |producerId: )/

/** Every file that does not begin at offset 0 is reported so; and what logging itself has to say. */
function isHarmless(line: string): boolean {
  return /^Non-consecutive offsets in |^ {2}-1 is followed by \d+$|SLF4J|StatusLogger|^WARNING/.test(line)
}
