import type { Admin, QuotaEntity } from '@millrace/client'
import { CommandError } from '../command-error.ts'
import { CONFIG_KINDS, type ConfigAlterArguments, type ConfigDescribeArguments } from '../commands/config.ts'
import { connect } from '../connection/connect.ts'
import { confirm, show, table } from '../output/show.ts'
import { parseSets } from '../serve/broker-settings.ts'

type Resource =
  | { readonly kind: 'topic' | 'broker' | 'group'; readonly name: string }
  | {
      readonly kind: 'quota'
      readonly entity: QuotaEntity
      readonly part: 'user' | 'clientId'
      readonly name: string
    }

/** One config as it is shown. */
interface ShownConfig {
  readonly name: string
  readonly value: string | null
  readonly source: string
}

export async function describeConfig(args: ConfigDescribeArguments): Promise<void> {
  const resource = resourceOf(args.kind, args.name)
  await using client = await connect(args)
  await checkThere(client.admin, resource)
  const configs = await readConfigs(client.admin, resource)
  const shown = args.all ? configs : configs.filter(({ source }) => source !== 'default')
  const rows = shown.map(({ name, value, source }) => [name, value ?? '(secret)', source])
  await show(args, { value: shown, asText: () => table(args, ['NAME', 'VALUE', 'FROM'], rows) })
}

export async function alterConfig(args: ConfigAlterArguments): Promise<void> {
  const resource = resourceOf(args.kind, args.name)
  const changes: Record<string, string | null> = parseSets(args.set)
  for (const name of args.unset) changes[name] = null
  if (Object.keys(changes).length === 0)
    throw new CommandError('nothing to change: say --set KEY=VALUE or --unset KEY')
  await using client = await connect(args)
  await checkThere(client.admin, resource)
  if (resource.kind === 'quota') await client.admin.alterQuotas(resource.entity, quotaValues(changes))
  else await client.admin.alterConfigs(resource, changes)
  const changed = Object.entries(changes)
  await confirm(args, {
    value: changed.map(([name, value]) => ({ name, value })),
    asText: () =>
      changed
        .map(([name, value]) => (value === null ? `${name} is back to its default\n` : `${name}=${value}\n`))
        .join(''),
  })
}

function resourceOf(kind: string, name: string): Resource {
  switch (kind) {
    case 'topic':
    case 'broker':
    case 'group':
      return { kind, name }
    case 'user':
      return { kind: 'quota', entity: { user: name }, part: 'user', name }
    case 'client-id':
      return { kind: 'quota', entity: { clientId: name }, part: 'clientId', name }
    default:
      throw new CommandError(`there are no configs of a "${kind}": name one of ${CONFIG_KINDS.join(', ')}`)
  }
}

/** The client would wait for a broker that may come yet, and nobody answers for a topic that is not there. */
async function checkThere(admin: Admin, { kind, name }: Resource): Promise<void> {
  if (kind === 'topic') await admin.describeTopic(name)
  if (kind !== 'broker' || !/^\d+$/.test(name)) return
  const ids = (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId)
  if (ids.includes(Number(name))) return
  throw new CommandError(`there is no broker ${name}: the cluster has ${ids.join(', ')}`)
}

async function readConfigs(admin: Admin, resource: Resource): Promise<ShownConfig[]> {
  if (resource.kind !== 'quota') return admin.describeConfigs(resource)
  const quotas = await admin.listQuotas([resource.part])
  const own = quotas.filter(
    ({ entity }) => entity[resource.part] === resource.name && Object.keys(entity).length === 1,
  )
  return own.flatMap(({ values }) =>
    Object.entries(values).map(([name, value]) => ({ name, value: String(value), source: 'quota' })),
  )
}

function quotaValues(changes: Readonly<Record<string, string | null>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(changes).map(([name, text]) => {
      const value = text === null ? null : Number(text)
      if (value !== null && !(value >= 0)) throw new CommandError(`${name}=${text}: expected a number from 0`)
      return [name, value]
    }),
  )
}
