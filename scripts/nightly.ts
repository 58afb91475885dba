/**
 * `npm run nightly [-- PART...] [--list] [--fresh]`: the parts that take too long for every commit. What is done is kept in
 * `.cache/nightly`, for the commit that it was done with; the same command resumes there. The last line counts steps.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { NIGHTLY_PARTS, type NightlyPart, type NightlyStep } from './nightly-parts.ts'
import { ROOT } from './suites.ts'

/** What one part may take on two cores; a part that is stopped by it is resumed by the next run. */
const PART_LIMIT_MS = 60 * 60_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false } },
})

function runStep(step: NightlyStep, timeoutMs: number): boolean {
  const { status } = spawnSync(process.execPath, ['--conditions=@millrace/source', ...step.args], {
    cwd: ROOT,
    stdio: 'inherit',
    timeout: Math.ceil(timeoutMs),
    env: { ...process.env, ...step.env },
  })
  return status === 0
}

function runPart(part: NightlyPart, folder: string): { passed: number; failed: number; left: number } {
  const startMs = performance.now()
  const result = { passed: 0, failed: 0, left: 0 }
  for (const step of part.steps) {
    const marker = join(folder, `${part.name}.${step.name}.done`)
    if (existsSync(marker)) {
      result.passed += 1
      continue
    }
    const remainingMs = PART_LIMIT_MS - (performance.now() - startMs)
    if (remainingMs <= 0) {
      result.left += 1
      continue
    }
    process.stdout.write(`${part.name}: ${step.name}\n`)
    if (runStep(step, remainingMs)) {
      result.passed += 1
      writeFileSync(marker, '')
    } else {
      result.failed += 1
      process.stdout.write(`FAILED: ${part.name} ${step.name}\n`)
    }
  }
  return result
}

function main(): number {
  const unknown = positionals.filter((name) => !NIGHTLY_PARTS.some((part) => part.name === name))
  if (values.list || unknown.length > 0) {
    for (const name of unknown) process.stderr.write(`no part is called ${name}\n`)
    for (const { name, about, steps } of NIGHTLY_PARTS) {
      process.stdout.write(`${name}: ${about} (${steps.length} ${steps.length === 1 ? 'step' : 'steps'})\n`)
    }
    return unknown.length > 0 ? 1 : 0
  }
  const commit = execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim()
  const folder = join(ROOT, '.cache', 'nightly', commit)
  if (values.fresh) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const sum = { passed: 0, failed: 0, left: 0 }
  for (const part of NIGHTLY_PARTS) {
    if (positionals.length > 0 && !positionals.includes(part.name)) continue
    const { passed, failed, left } = runPart(part, folder)
    sum.passed += passed
    sum.failed += failed
    sum.left += left
  }
  process.stdout.write(
    `${sum.passed} passed, ${sum.failed} failed${sum.left > 0 ? `, ${sum.left} skipped` : ''}\n`,
  )
  return sum.failed > 0 ? 1 : 0
}

process.exitCode = main()
