import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { MillraceProcess } from '../process/millrace-process.ts'
import { type Availability, goProgram, javaProgram, pythonProgram } from '../program-commands.ts'
import { type AdminClient, EXPECTED_OUTCOME, runAdminList } from './admin-list.ts'
import { kafkajsAdmin, platformaticAdmin } from './node-admins.ts'

const sourceOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const PROGRAMS: readonly (readonly [name: string, Availability])[] = [
  ['librdkafka', pythonProgram('confluent_kafka', sourceOf('programs/confluent_admin.py'))],
  ['aiokafka', pythonProgram('aiokafka', sourceOf('programs/aiokafka_admin.py'))],
  ['franz-go', goProgram('franz-go-admin', sourceOf('../programs/go/admin/main.go'))],
  ['Java', javaProgram(sourceOf('programs/AdminProgram.java'))],
]
const IN_PROCESS: readonly (readonly [name: string, (bootstrap: string) => Promise<AdminClient>])[] = [
  ['kafkajs', kafkajsAdmin],
  ['@platformatic/kafka', platformaticAdmin],
]
const isRequired = process.env.MILLRACE_REQUIRE_CLIENTS === '1'

describe.concurrent('the list of operations is done by the admin of', () => {
  let broker: MillraceProcess
  beforeAll(async () => {
    broker = await MillraceProcess.start()
  })
  afterAll(() => broker?.close())

  for (const [name, open] of IN_PROCESS) {
    it(name, async ({ expect }) => {
      const admin = await open(broker.bootstrap)
      expect(await runAdminList(admin, topicOf(name))).toEqual(EXPECTED_OUTCOME)
      await admin.close()
    })
  }

  for (const [name, availability] of PROGRAMS) {
    it.runIf(availability.kind === 'here' || isRequired)(name, async ({ expect }) => {
      const [file = '', ...args] = availability.kind === 'here' ? availability.command : []
      const { stdout } = await promisify(execFile)(file, [...args, broker.bootstrap, topicOf(name)])
      expect(JSON.parse(stdout)).toEqual(EXPECTED_OUTCOME)
    })
  }
})

function topicOf(clientName: string): string {
  return `of-${clientName.replace(/[^A-Za-z]/g, '')}`
}
