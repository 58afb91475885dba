import { CLEAN_SHUTDOWN } from '../directory/clean-shutdown.ts'
import { directoryOf, writeFileAtomically } from '../fs/atomic-file.ts'
import type { FileSystem } from '../fs/file-system.ts'
import { LEADER_EPOCH_CHECKPOINT, LeaderEpochs } from '../log/leader-epoch-checkpoint.ts'
import { createSegmentWriter, sealSegment, writeIndexFiles } from '../log/segment-list.ts'
import { DEFAULT_LOG_CONFIG } from '../log-config.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { OpenFilePool } from '../segment/reopening-file.ts'
import { asSegmentBatch } from '../segment/segment-scan.ts'
import { SegmentWriter } from '../segment/segment-writer.ts'
import { salvageSegment } from './salvage.ts'
import { type PartitionReport, type SegmentReport, verifyPartition } from './verify-partition.ts'

/** One thing that a repair does, or would do. */
export interface RepairStep {
  readonly path: string
  /** What is done, in words for the operator. */
  readonly action: string
  /** Offsets that are lost by it: `[first, end)`. Null when none are. */
  readonly lostOffsets: { readonly first: number; readonly end: number | null } | null
}

export interface RepairOptions {
  /** False, the default: only says what would be done. */
  readonly isExecuted?: boolean
  readonly nowMs: number
  /**
   * Up to which offset the log was synced, as the sync marks say. The log goes on behind it, so that no offset is given
   * twice.
   */
  readonly syncedUpTo?: number
}

/**
 * Makes a partition that was refused one that opens: damaged segments are written anew with every batch that is good or
 * can be restored, and what is derived is built again. Every file that is replaced stays, as `.damaged` beside it.
 *
 * The directory's lock must be held by the caller, and the log must not be open. May be repeated.
 */
export async function repairPartition(
  fs: FileSystem,
  directory: string,
  options: RepairOptions,
): Promise<{ before: PartitionReport; steps: RepairStep[] }> {
  const before = await verifyPartition(fs, directory)
  const steps = await new Repair(fs, before, options).run()
  return { before, steps }
}

class Repair {
  readonly #fs: FileSystem
  readonly #report: PartitionReport
  readonly #options: RepairOptions
  readonly #steps: RepairStep[] = []

  constructor(fs: FileSystem, report: PartitionReport, options: RepairOptions) {
    this.#fs = fs
    this.#report = report
    this.#options = options
  }

  async run(): Promise<RepairStep[]> {
    const { segments, findings, directory } = this.#report
    // It says what the files were when they were closed, which is about to become untrue.
    const cleanShutdown = `${directoryOf(directory)}/${CLEAN_SHUTDOWN}`
    if (this.#options.isExecuted === true && findings.length > 0 && this.#fs.exists(cleanShutdown)) {
      this.#fs.remove(cleanShutdown)
      await this.#fs.syncDirectory(directoryOf(directory))
    }
    for (const [index, segment] of segments.entries()) {
      const nextBase = segments[index + 1]?.baseOffset ?? null
      await this.#repairSegment(segment, nextBase)
    }
    await this.#repairEpochs()
    for (const { path, message } of this.#report.findings) {
      if (path.endsWith('.snapshot')) this.#setAside(path, `set aside: ${message}`)
    }
    if (this.#options.isExecuted === true) await this.#fs.syncDirectory(this.#report.directory)
    return this.#steps
  }

  /** `nextBase` is where the segment behind it begins; null for the last one. */
  async #repairSegment(segment: SegmentReport, nextBase: number | null): Promise<void> {
    const findings = this.#report.findings.filter(({ path }) => isOfSegment(path, segment.path))
    const { syncedUpTo = 0 } = this.#options
    const endsTooEarly = nextBase === null && segment.nextOffset < syncedUpTo
    const isDamaged =
      segment.damages.length > 0 || endsTooEarly || findings.some(({ severity }) => severity === 'damage')
    if (isDamaged) await this.#rewrite(segment, nextBase)
    else if (findings.length > 0) await this.#rebuildDerived(segment, nextBase)
  }

  async #rewrite(segment: SegmentReport, nextBase: number | null): Promise<void> {
    const { syncedUpTo = 0 } = this.#options
    const endOffset = nextBase ?? Math.max(segment.nextOffset, syncedUpTo)
    for (const damage of segment.damages) {
      const bytes = `bytes ${damage.position} to ${damage.endPosition}: ${damage.message}`
      const end = damage.endOffset ?? endOffset
      this.#note(
        segment.path,
        damage.isRestorable ? `restore the header of a batch, ${bytes}` : `leave out ${bytes}`,
        damage.isRestorable ? null : { first: damage.firstOffset, end },
      )
    }
    const last = segment.damages.at(-1)
    const endsEarly =
      segment.nextOffset < endOffset && (last === undefined || last.endOffset !== null || last.isRestorable)
    if (endsEarly) {
      this.#note(segment.path, 'records are missing at its end', {
        first: segment.nextOffset,
        end: endOffset,
      })
    }
    if (this.#options.isExecuted !== true) return
    const fs = this.#fs
    const { directory } = this.#report
    const damagedPath = this.#renameAside(segment.path)
    const source = fs.open(damagedPath, 'read')
    const file = fs.open(segment.path, 'create')
    try {
      const writer = new SegmentWriter(
        { directory, baseOffset: segment.baseOffset },
        file,
        this.#options.nowMs,
      )
      const epochOf = (offset: number) => this.#report.epochs.epochOf(offset)
      const hasGaps = nextBase !== null && (segment.seal?.isCompacted ?? true)
      for await (const step of salvageSegment(source, { baseOffset: segment.baseOffset, hasGaps, epochOf })) {
        if (step.kind === 'batches') writer.append(step.batches.map(asSegmentBatch), DEFAULT_LOG_CONFIG)
      }
      await file.fullSync()
      writer.nextOffset = endOffset
      await sealSegment(fs, writer, { nowMs: this.#options.nowMs, isCompacted: true })
    } finally {
      source.close()
      file.close()
    }
    if (nextBase === null) this.#beginSegment(endOffset)
  }

  /** Offsets that are lost are not given again: the log goes on behind them, in a segment of its own. */
  #beginSegment(baseOffset: number): void {
    const { directory } = this.#report
    const environment = { fs: this.#fs, activeFiles: new OpenFilePool(1) }
    createSegmentWriter(environment, directory, { baseOffset, nowMs: this.#options.nowMs }).file.close()
  }

  async #rebuildDerived(segment: SegmentReport, nextBase: number | null): Promise<void> {
    this.#note(
      segment.path,
      nextBase === null ? 'build its indexes again' : 'build its indexes and its seal again',
      null,
    )
    if (this.#options.isExecuted !== true) return
    const { directory, epochs } = this.#report
    const target = new LogSegment(directory, segment.baseOffset, segment.sizeBytes)
    for (const kind of ['index', 'timeindex', 'seal'] as const) {
      if (this.#fs.exists(target.path(kind))) this.#renameAside(target.path(kind))
    }
    const file = this.#fs.open(segment.path, 'read')
    try {
      const writer = new SegmentWriter(target, file, this.#options.nowMs)
      const hasGaps = nextBase !== null && (segment.seal?.isCompacted ?? true)
      const options = {
        baseOffset: segment.baseOffset,
        hasGaps,
        epochOf: (offset: number) => epochs.epochOf(offset),
      }
      for await (const step of salvageSegment(file, options)) {
        if (step.kind !== 'batches') continue
        for (const batch of step.batches) writer.note(asSegmentBatch(batch), DEFAULT_LOG_CONFIG)
      }
      if (nextBase === null) {
        writeIndexFiles(this.#fs, writer)
        return
      }
      const isCompacted = segment.seal?.isCompacted ?? writer.nextOffset !== nextBase
      writer.nextOffset = nextBase
      await sealSegment(this.#fs, writer, { nowMs: this.#options.nowMs, isCompacted })
    } finally {
      file.close()
    }
  }

  async #repairEpochs(): Promise<void> {
    const path = `${this.#report.directory}/${LEADER_EPOCH_CHECKPOINT}`
    if (!this.#report.findings.some((finding) => finding.path === path)) return
    this.#note(path, 'read the leader epochs from the batches', null)
    if (this.#options.isExecuted !== true) return
    if (this.#fs.exists(path)) this.#renameAside(path)
    const epochs = new LeaderEpochs([])
    for (const { path: segmentPath, baseOffset } of this.#report.segments) {
      const file = this.#fs.open(segmentPath, 'read')
      try {
        for await (const step of salvageSegment(file, { baseOffset, hasGaps: true, epochOf: () => -1 })) {
          for (const { header } of step.kind === 'batches' ? step.batches : []) {
            const { partitionLeaderEpoch: epoch, baseOffset: startOffset } = header
            if (epoch > epochs.latest) epochs.assign({ epoch, startOffset })
          }
        }
      } finally {
        file.close()
      }
    }
    await writeFileAtomically(this.#fs, path, epochs.encode())
  }

  #setAside(path: string, action: string): void {
    this.#note(path, action, null)
    if (this.#options.isExecuted === true) this.#renameAside(path)
  }

  #renameAside(path: string): string {
    let aside = `${path}.damaged`
    for (let count = 2; this.#fs.exists(aside); count++) aside = `${path}.damaged.${count}`
    this.#fs.rename(path, aside)
    return aside
  }

  #note(path: string, action: string, lostOffsets: RepairStep['lostOffsets']): void {
    this.#steps.push({ path, action, lostOffsets })
  }
}

/** Any file of the segment whose log file has this path. */
function isOfSegment(path: string, logPath: string): boolean {
  const stem = logPath.slice(0, -'log'.length)
  return path.startsWith(stem) && !path.endsWith('.snapshot')
}
