import { type CatalogDamage, repairCatalog } from '@millrace/broker'
import {
  dumpFile,
  nodeFileSystem,
  type RepairStep,
  repairDirectory,
  verifyDirectory,
} from '@millrace/log-core'
import { CommandError } from '../command-error.ts'
import type { LogDumpArguments, LogRepairArguments, LogVerifyArguments } from '../commands/log.ts'
import { OutputBuffer } from '../tail/output-buffer.ts'
import { printLine, writeNote } from '../terminal.ts'
import { formatEntry, jsonEntry } from './dump-format.ts'

/** Entries that are gathered before they are written. */
const ENTRIES_PER_WRITE = 1000

export async function dumpLog({ file, records, output }: LogDumpArguments): Promise<void> {
  const out = new OutputBuffer()
  let gathered = 0
  for await (const entry of dumpFile(nodeFileSystem(), file, { records })) {
    out.text(`${output === 'json' ? jsonEntry(entry) : formatEntry(entry)}\n`)
    if (++gathered % ENTRIES_PER_WRITE === 0) await out.flush()
  }
  await out.flush()
}

export async function verifyLog(args: LogVerifyArguments): Promise<void> {
  let [partitions, damaged] = [0, 0]
  const catalog = await repairCatalog(nodeFileSystem(), args.data, { isExecuted: false })
  if (catalog !== null) await tellCatalog(catalog, args)
  for await (const report of verifyDirectory(nodeFileSystem(), args.data, toolOptions(args))) {
    partitions++
    const damages = report.findings.filter(({ severity }) => severity === 'damage')
    if (damages.length > 0) damaged++
    if (args.output === 'json') {
      await printLine(JSON.stringify({ ...report, epochs: undefined }))
      continue
    }
    const records = report.segments.reduce((sum, segment) => sum + segment.records, 0)
    const state = damages.length === 0 ? 'good' : 'damaged'
    await printLine(`${report.directory}: ${state}, ${report.segments.length} segments, ${records} records`)
    for (const { path, position, message, severity } of report.findings) {
      const where = position === null ? path : `${path} at ${position}`
      await printLine(`  ${severity === 'damage' ? 'damage' : 'note'}: ${where}: ${message}`)
    }
  }
  const whatToDo = `millrace log repair --data ${args.data} shows what can be done`
  if (damaged === 0 && catalog !== null) throw new CommandError(`the catalog is damaged: ${whatToDo}`)
  if (damaged === 0) return
  throw new CommandError(`${damaged} of ${partitions} partitions are damaged: ${whatToDo}`)
}

export async function repairLog(args: LogRepairArguments): Promise<void> {
  const options = { ...toolOptions(args), isExecuted: args.execute }
  const catalog = await repairCatalog(nodeFileSystem(), args.data, options)
  if (catalog !== null) await tellCatalog(catalog, args)
  let steps = catalog === null ? 0 : 1
  for await (const repaired of repairDirectory(nodeFileSystem(), args.data, options)) {
    steps += repaired.steps.length
    if (args.output === 'json') {
      await printLine(JSON.stringify({ directory: repaired.directory, steps: repaired.steps }))
      continue
    }
    if (repaired.steps.length > 0) await printLine(`${repaired.directory}:`)
    for (const step of repaired.steps) await printLine(`  ${formatStep(step)}`)
  }
  if (steps === 0) writeNote('Nothing is damaged.\n')
  else if (!args.execute) writeNote('Nothing was changed: add --execute to do it.\n')
}

/** What it is about, what would be lost, and where the file is kept. */
async function tellCatalog(damage: CatalogDamage, { output }: LogVerifyArguments): Promise<void> {
  if (output === 'json') return printLine(JSON.stringify(damage))
  const { asidePath, keptEntries, lostBytes, path, position, reason, recordNumber } = damage
  await printLine(`${path}: damaged`)
  await printLine(`  damage: record ${recordNumber} at byte ${position}: ${reason}`)
  await printLine(
    `  repair: write it anew from ${keptEntries} whole records, and keep the file as ${asidePath}; lost: ${lostBytes} bytes, with what they said of topics and configs`,
  )
}

function toolOptions({ partition }: LogVerifyArguments): { partitions?: readonly string[]; nowMs: number } {
  return { nowMs: Date.now(), ...(partition === undefined ? {} : { partitions: partition }) }
}

function formatStep({ action, lostOffsets }: RepairStep): string {
  if (lostOffsets === null) return action
  const { first, end } = lostOffsets
  return `${action}; lost: offsets from ${first}${end === null ? '' : ` to ${end - 1}`}`
}
