/** The foreign clients, each a program in its own process behind one command line (`programs/program.ts`). */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  type Availability,
  absent,
  goProgram,
  javaProgram,
  nodeProgram,
  pythonProgram,
  works,
} from './program-commands.ts'
import type { Tally } from './record-tally.ts'

const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))

export interface ForeignClient {
  readonly name: string
  readonly availability: Availability
}

/** Every client that counts, those that are absent too; looking is done once, when this is called. */
export function foreignClients(): ForeignClient[] {
  return [
    { name: 'kcat', availability: kcat() },
    { name: 'kafkajs', availability: nodeProgram(join(PROGRAMS, 'kafkajs.ts')) },
    { name: '@platformatic/kafka', availability: nodeProgram(join(PROGRAMS, 'platformatic.ts')) },
    {
      name: 'confluent-kafka',
      availability: pythonProgram('confluent_kafka', join(PROGRAMS, 'python', 'confluent_program.py')),
    },
    {
      name: 'aiokafka',
      availability: pythonProgram('aiokafka', join(PROGRAMS, 'python', 'aiokafka_program.py')),
    },
    { name: 'franz-go', availability: goProgram('franz-go', join(PROGRAMS, 'go', 'main.go')) },
    { name: 'Java', availability: javaProgram(join(PROGRAMS, 'java', 'CompatProgram.java')) },
  ]
}

const CALL_TIMEOUT_MS = 300_000

/** Reads every record of the topic up to its ends as they are now. */
export async function dumpTopic(client: ForeignClient, bootstrap: string, topic: string): Promise<Tally> {
  return (await call(client, ['dump', bootstrap, topic])) as Tally
}

/** Writes `count` records under acks=all; answers how many were acknowledged. */
export async function produceRecords(
  client: ForeignClient,
  target: { bootstrap: string; topic: string; count: number; prefix: string },
): Promise<number> {
  const { bootstrap, topic, count, prefix } = target
  const answer = await call(client, ['produce', bootstrap, topic, String(count), prefix])
  return (answer as { acked: number }).acked
}

/** Reads `count` records as a member of the group and commits them. */
export async function consumeInGroup(
  client: ForeignClient,
  target: { bootstrap: string; topic: string; group: string; count: number },
): Promise<Tally> {
  const { bootstrap, topic, group, count } = target
  return (await call(client, ['group', bootstrap, topic, group, String(count)])) as Tally
}

async function call(client: ForeignClient, args: readonly string[]): Promise<unknown> {
  if (client.availability.kind === 'absent') throw new Error(`${client.name}: ${client.availability.reason}`)
  const [file, ...prefix] = client.availability.command
  const { stdout } = await promisify(execFile)(file, [...prefix, ...args], {
    timeout: CALL_TIMEOUT_MS,
    maxBuffer: 16 * 1024 * 1024,
  })
  return JSON.parse(stdout)
}

function kcat(): Availability {
  return works('kcat', ['-V']) ? nodeProgram(join(PROGRAMS, 'kcat.ts')) : absent('kcat is not on the PATH')
}
