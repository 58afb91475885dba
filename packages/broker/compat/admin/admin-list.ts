/**
 * One list of operations for the admin client of every language. The programs in `programs/` (and in `../programs/go/admin`)
 * do the same with what their clients offer, and print the outcome as one line of JSON:
 *
 *   PROGRAM BOOTSTRAP TOPIC
 */

/** What came of the list. */
export interface AdminOutcome {
  readonly isCreated: boolean
  readonly isSecondRefused: boolean
  readonly partitions: number
  readonly isFewerRefused: boolean
  readonly isConfigRefused: boolean
  readonly config: string | null | undefined
  readonly brokers: number
  /** Where partition 0 begins after its records before offset 0 were deleted. */
  readonly start: number
  readonly groups: number
  readonly isDeleted: boolean
}

export const EXPECTED_OUTCOME: AdminOutcome = {
  isCreated: true,
  isSecondRefused: true,
  partitions: 4,
  isFewerRefused: true,
  isConfigRefused: true,
  config: '12345',
  brokers: 1,
  start: 0,
  groups: 0,
  isDeleted: true,
}

/** What the list asks of a client in this process. What is refused throws. */
export interface AdminClient {
  createTopic(name: string, partitions: number): Promise<unknown>
  addPartitions(name: string, count: number): Promise<unknown>
  countPartitions(name: string): Promise<number>
  setConfig(name: string, key: string, value: string): Promise<unknown>
  readConfig(name: string, key: string): Promise<string | null | undefined>
  countBrokers(): Promise<number>
  /** Before offset 0, in partition 0. Returns where it begins then. */
  deleteRecords(name: string): Promise<number>
  countGroups(): Promise<number>
  listTopics(): Promise<readonly string[]>
  deleteTopic(name: string): Promise<unknown>
  close(): Promise<unknown>
}

/** Does the list, one after the other. */
export async function runAdminList(admin: AdminClient, topic: string): Promise<AdminOutcome> {
  await admin.createTopic(topic, 2)
  const isCreated = (await admin.listTopics()).includes(topic)
  const isSecondRefused = await isRefused(admin.createTopic(topic, 2))
  await admin.addPartitions(topic, 4)
  const partitions = await admin.countPartitions(topic)
  const isFewerRefused = await isRefused(admin.addPartitions(topic, 3))
  await admin.setConfig(topic, 'retention.ms', '12345')
  const isConfigRefused = await isRefused(admin.setConfig(topic, 'retention.ms', 'a week'))
  const config = await admin.readConfig(topic, 'retention.ms')
  const brokers = await admin.countBrokers()
  const start = await admin.deleteRecords(topic)
  const groups = await admin.countGroups()
  await admin.deleteTopic(topic)
  const isDeleted = !(await admin.listTopics()).includes(topic)
  return {
    isCreated,
    isSecondRefused,
    partitions,
    isFewerRefused,
    isConfigRefused,
    config,
    brokers,
    start,
    groups,
    isDeleted,
  }
}

async function isRefused(answer: Promise<unknown>): Promise<boolean> {
  return answer.then(
    () => false,
    () => true,
  )
}
