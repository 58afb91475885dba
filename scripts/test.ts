/**
 * `npm test`: everything that a machine with npm alone can run. A foreign client that is not there is skipped by
 * name and counted. The last line is plain: `N passed, N failed`, with `, N skipped` when there were any.
 */

import { runSystemTests, runUnitTests } from './suites.ts'
import { addCounts, closingLine } from './test-report.ts'

const unit = runUnitTests()
const system = runSystemTests()
const counts = addCounts(unit.counts, system.counts)
const isGood = unit.isGood && system.isGood && counts.failed === 0

process.stdout.write('\n')
for (const title of counts.skipped) process.stdout.write(`skipped: ${title}\n`)
// A suite that failed without a failing test (it crashed) must show in the line too.
process.stdout.write(`${closingLine(isGood || counts.failed > 0 ? counts : { ...counts, failed: 1 })}\n`)
process.exitCode = isGood ? 0 : 1
