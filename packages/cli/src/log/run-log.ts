import { type CatalogDamage, repairCatalog } from '@millrace/broker'
import {
  dumpFile,
  nodeFileSystem,
  type PartitionReport,
  type RepairedPartition,
  type RepairStep,
  repairDirectory,
  verifyDirectory,
} from '@millrace/log-core'
import { CommandError } from '../command-error.ts'
import type { LogDumpArguments, LogRepairArguments, LogVerifyArguments } from '../commands/log.ts'
import type { OutputArguments } from '../commands/output-option.ts'
import { ItemStream } from '../output/item-stream.ts'
import { note } from '../output/show.ts'
import { formatEntry, jsonEntry } from './dump-format.ts'

/** Entries that are gathered before they are written. */
const ENTRIES_PER_WRITE = 1000

export async function dumpLog({ file, records, ...form }: LogDumpArguments): Promise<void> {
  if (!nodeFileSystem().exists(file)) throw new CommandError(`there is no file ${file}`)
  const shown = new ItemStream(form, { asText: (entry) => `${formatEntry(entry)}\n`, asJson: jsonEntry })
  let gathered = 0
  for await (const entry of dumpFile(nodeFileSystem(), file, { records })) {
    shown.add(entry)
    if (++gathered % ENTRIES_PER_WRITE === 0) await shown.flush()
  }
  await shown.end()
}

export async function verifyLog(args: LogVerifyArguments): Promise<void> {
  requireDirectory(args.data)
  let [partitions, damaged] = [0, 0]
  const shown = new ItemStream<CatalogDamage | PartitionReport>(args, {
    asText: (found) => ('findings' in found ? formatReport(found, args) : formatCatalog(found)),
    asJson: (found) => JSON.stringify({ ...found, epochs: undefined }),
  })
  const catalog = await repairCatalog(nodeFileSystem(), args.data, { isExecuted: false })
  if (catalog !== null) shown.add(catalog)
  for await (const report of verifyDirectory(nodeFileSystem(), args.data, toolOptions(args))) {
    partitions++
    if (report.findings.some(({ severity }) => severity === 'damage')) damaged++
    shown.add(report)
    await shown.flush()
  }
  await shown.end()
  const whatToDo = `millrace log repair --data ${args.data} shows what can be done`
  if (damaged === 0 && catalog !== null) throw new CommandError(`the catalog is damaged: ${whatToDo}`)
  if (damaged === 0) return
  throw new CommandError(`${damaged} of ${partitions} partitions are damaged: ${whatToDo}`)
}

export async function repairLog(args: LogRepairArguments): Promise<void> {
  requireDirectory(args.data)
  const options = { ...toolOptions(args), isExecuted: args.execute }
  const shown = new ItemStream<CatalogDamage | RepairedPartition>(args, {
    asText: (found) => ('steps' in found ? formatRepair(found) : formatCatalog(found)),
    asJson: (found) =>
      JSON.stringify('steps' in found ? { directory: found.directory, steps: found.steps } : found),
  })
  const catalog = await repairCatalog(nodeFileSystem(), args.data, options)
  if (catalog !== null) shown.add(catalog)
  let steps = catalog === null ? 0 : 1
  for await (const repaired of repairDirectory(nodeFileSystem(), args.data, options)) {
    steps += repaired.steps.length
    shown.add(repaired)
    await shown.flush()
  }
  await shown.end()
  if (steps === 0) note(args, 'Nothing is damaged.\n')
  else if (!args.execute) note(args, 'Nothing was changed: add --execute to do it.\n')
}

function requireDirectory(path: string): void {
  if (!nodeFileSystem().exists(path)) {
    throw new CommandError(`there is no data directory ${path}: name another one with --data`)
  }
}

/** What was found in a partition; to be quiet is to leave out what is good. */
function formatReport(report: PartitionReport, { quiet }: Pick<OutputArguments, 'quiet'>): string {
  const isGood = report.findings.every(({ severity }) => severity !== 'damage')
  if (quiet && isGood) return ''
  const records = report.segments.reduce((sum, segment) => sum + segment.records, 0)
  const counts = `${report.segments.length} segments, ${records} records`
  const findings = report.findings.map(({ path, position, message, severity }) => {
    const where = position === null ? path : `${path} at ${position}`
    return `  ${severity === 'damage' ? 'damage' : 'note'}: ${where}: ${message}\n`
  })
  return `${report.directory}: ${isGood ? 'good' : 'damaged'}, ${counts}\n${findings.join('')}`
}

function formatRepair({ directory, steps }: RepairedPartition): string {
  if (steps.length === 0) return ''
  return `${directory}:\n${steps.map((step) => `  ${formatStep(step)}\n`).join('')}`
}

/** What it is about, what would be lost, and where the file is kept. */
function formatCatalog(damage: CatalogDamage): string {
  const { asidePath, keptEntries, lostBytes, path, position, reason, recordNumber } = damage
  return [
    `${path}: damaged\n`,
    `  damage: record ${recordNumber} at byte ${position}: ${reason}\n`,
    `  repair: write it anew from ${keptEntries} whole records, and keep the file as ${asidePath}; lost: ${lostBytes} bytes, with what they said of topics and configs\n`,
  ].join('')
}

function toolOptions({ partition }: LogVerifyArguments): { partitions?: readonly string[]; nowMs: number } {
  return { nowMs: Date.now(), ...(partition === undefined ? {} : { partitions: partition }) }
}

function formatStep({ action, lostOffsets }: RepairStep): string {
  if (lostOffsets === null) return action
  const { first, end } = lostOffsets
  return `${action}; lost: offsets from ${first}${end === null ? '' : ` to ${end - 1}`}`
}
