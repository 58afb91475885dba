import { ErrorCode, KafkaError } from '@millrace/protocol'
import type { Step } from '../step.ts'
import type { ConsumerGroup } from './consumer-group.ts'

/** Throws INVALID_REGULAR_EXPRESSION. To be asked before anything is persisted. */
export function checkRegex(step: Step, group: ConsumerGroup, regex: string | null): void {
  if (regex === null || regex === '' || group.regexes.has(regex)) return
  const { refusal } = step.topics.matching(regex)
  if (refusal !== null) {
    throw new KafkaError(
      ErrorCode.INVALID_REGULAR_EXPRESSION,
      `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${refusal}.`,
    )
  }
}

/** What the expression matches now becomes what it matched; nothing happens where that is the same. */
export function resolveRegex(step: Step, group: ConsumerGroup, regex: string): void {
  const before = group.regexes.get(regex)
  const topics = [...step.topics.matching(regex).names].sort()
  if (
    before !== undefined &&
    before.topics.size === topics.length &&
    topics.every((name) => before.topics.has(name))
  )
    return
  step.persist({
    kind: 'consumer-regular-expression',
    groupId: group.groupId,
    regularExpression: regex,
    value: { topics, version: step.topics.version, timestamp: step.nowMs },
  })
}

/** Forgets an expression to which nobody subscribes any more. */
export function dropRegexIfUnused(step: Step, group: ConsumerGroup, regex: string | null): void {
  if (regex === null || !group.regexes.has(regex) || group.subscribersOf(regex) > 0) return
  const { groupId } = group
  step.persist({ kind: 'consumer-regular-expression', groupId, regularExpression: regex, value: null })
}
