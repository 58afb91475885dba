import { boolean, type ConfigValue, int, string } from './config-value.ts'

/**
 * A configuration of one group. A row with a `fixedBecause` has no meaning here: it is shown with its default, and any
 * other value is refused with that sentence.
 */
export interface GroupConfigRow {
  readonly value: ConfigValue<unknown>
  /** The broker configuration that gives the default; null where only the group has it. */
  readonly brokerName: string | null
  readonly fixedBecause: string | null
  /** What it does, where it does something. */
  readonly about: string
}

const AT_ONCE = 'assignments are computed as soon as something changes'
const SHARE = 'share groups are not available'
const STREAMS = 'groups of the streams protocol are not available'

/** Exactly the group configurations of Kafka 4.3. */
export const groupConfigTable: Readonly<Record<string, GroupConfigRow>> = {
  'consumer.assignment.interval.ms': fixed(int(1000), 'group.consumer.assignment.interval.ms', AT_ONCE),
  'consumer.heartbeat.interval.ms': row(
    'How often the members of this KIP-848 group are told to send heartbeats.',
    int(5000, { min: 1 }),
    'group.consumer.heartbeat.interval.ms',
  ),
  'consumer.session.timeout.ms': row(
    'A member of this KIP-848 group that is silent for as long is out.',
    int(45000, { min: 1 }),
    'group.consumer.session.timeout.ms',
  ),
  'share.assignment.interval.ms': fixed(int(1000), 'group.share.assignment.interval.ms', SHARE),
  'share.auto.offset.reset': fixed(string('latest'), null, SHARE),
  'share.delivery.count.limit': fixed(int(5), 'group.share.delivery.count.limit', SHARE),
  'share.heartbeat.interval.ms': fixed(int(5000), 'group.share.heartbeat.interval.ms', SHARE),
  'share.isolation.level': fixed(string('read_uncommitted'), null, SHARE),
  'share.partition.max.record.locks': fixed(int(2000), 'group.share.partition.max.record.locks', SHARE),
  'share.record.lock.duration.ms': fixed(int(30000), 'group.share.record.lock.duration.ms', SHARE),
  'share.renew.acknowledge.enable': fixed(boolean(true), null, SHARE),
  'share.session.timeout.ms': fixed(int(45000), 'group.share.session.timeout.ms', SHARE),
  'streams.assignment.interval.ms': fixed(int(1000), 'group.streams.assignment.interval.ms', STREAMS),
  'streams.heartbeat.interval.ms': fixed(int(5000), 'group.streams.heartbeat.interval.ms', STREAMS),
  'streams.initial.rebalance.delay.ms': fixed(int(3000), 'group.streams.initial.rebalance.delay.ms', STREAMS),
  'streams.num.standby.replicas': fixed(int(0), 'group.streams.num.standby.replicas', STREAMS),
  'streams.session.timeout.ms': fixed(int(45000), 'group.streams.session.timeout.ms', STREAMS),
}

function row(about: string, value: ConfigValue<unknown>, brokerName: string): GroupConfigRow {
  return { value, brokerName, fixedBecause: null, about }
}

function fixed(value: ConfigValue<unknown>, brokerName: string | null, because: string): GroupConfigRow {
  return { value, brokerName, fixedBecause: because, about: '' }
}
