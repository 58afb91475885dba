/**
 * The command line that every client program shares:
 *
 *   dump BOOTSTRAP TOPIC                    reads every record up to the ends as they are now; prints the tally
 *   produce BOOTSTRAP TOPIC COUNT PREFIX    writes COUNT records under acks=all; prints {"acked": COUNT}
 *   group BOOTSTRAP TOPIC GROUP COUNT       reads COUNT records as a group's member, commits them; prints the tally
 *
 * One line of JSON goes to standard output, everything else to standard error.
 */
import type { Tally } from '../record-tally.ts'

export interface ClientProgram {
  dump(bootstrap: string, topic: string): Promise<Tally>
  produce(bootstrap: string, topic: string, count: number, prefix: string): Promise<number>
  group(bootstrap: string, topic: string, group: string, count: number): Promise<Tally>
}

/** The records that `produce` writes: the same in every language. */
export function producedRecord(index: number, prefix: string): { key: string; value: string } {
  return { key: `key-${index % 97}`, value: `${prefix}-${index}` }
}

/** Runs one verb of a program from the process's arguments. */
export async function runProgram(program: ClientProgram, args: readonly string[]): Promise<void> {
  const [verb, bootstrap, topic, first, second] = args
  if (verb === undefined || bootstrap === undefined || topic === undefined)
    throw new Error('dump|produce|group')
  const result = await runVerb()
  process.stdout.write(`${JSON.stringify(result)}\n`)

  async function runVerb(): Promise<unknown> {
    if (bootstrap === undefined || topic === undefined) return null
    if (verb === 'dump') return program.dump(bootstrap, topic)
    if (first === undefined || second === undefined) throw new Error(`${verb} needs two more arguments`)
    if (verb === 'produce') return { acked: await program.produce(bootstrap, topic, Number(first), second) }
    if (verb === 'group') return program.group(bootstrap, topic, first, Number(second))
    throw new Error(`unknown verb ${verb}`)
  }
}
