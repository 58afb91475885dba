import { memoryFileSystem } from '@millrace/log-core'
import { describe, expect, it } from 'vitest'
import { planImport } from './import-plan.ts'
import { ImportRefusedError, openKafkaDirectory, readLogStarts } from './kafka-directory.ts'
import { KafkaMetadata } from './kafka-metadata.ts'
import { takeBrokerConfigs, takeNothing } from './take-configs.ts'

const DIRECTORY = '/kafka'
const META = { clusterId: 'cluster', nodeId: 1, directoryId: 'here', formatVersion: null }
const ID = 'Wiukvg8ARA-YWuz5pZ5zgg'
const NO_CHANGES = { isr: null, replicas: null, directories: null, eligibleLeaderReplicas: null }

/** A directory with these files. */
function directoryWith(files: Readonly<Record<string, string>>): ReturnType<typeof memoryFileSystem> {
  const fs = memoryFileSystem()
  for (const [name, text] of Object.entries({ '__cluster_metadata-0/x': '', ...files })) {
    const path = `${DIRECTORY}/${name}`
    fs.makeDirectory(path.slice(0, path.lastIndexOf('/')))
    const file = fs.open(path, 'create')
    file.appendSync([Buffer.from(text)])
    file.close()
  }
  return fs
}

const partitionOf = (index: number): Readonly<Record<string, string>> => ({
  [`flights-${index}/partition.metadata`]: `version: 0\ntopic_id: ${ID}\n`,
  [`flights-${index}/${'0'.repeat(20)}.log`]: '',
})

/** One topic whose partitions have these replicas; all are up to date unless `isr` says otherwise. */
function metadataOf(replicas: readonly number[][], isr?: number[], name = 'flights'): KafkaMetadata {
  const metadata = new KafkaMetadata()
  metadata.apply({ kind: 'topic', name, topicId: ID })
  for (const [partitionId, ids] of replicas.entries()) {
    metadata.apply({
      kind: 'partition',
      topicId: ID,
      partitionId,
      replicas: ids,
      isr: isr ?? ids,
      removingReplicas: [],
      addingReplicas: [],
      leader: ids[0] ?? -1,
      leaderEpoch: 3,
      partitionEpoch: 0,
      directories: [],
      eligibleLeaderReplicas: null,
    })
  }
  return metadata
}

function plan(metadata: KafkaMetadata, files: Readonly<Record<string, string>>) {
  const input = { kafkaDir: DIRECTORY, meta: META, metadata, wantedTopics: null }
  return planImport(directoryWith(files), input)
}

describe('what is imported', () => {
  it('is a topic whose partitions all lie here', () => {
    const { leftBehind, topics } = plan(metadataOf([[1], [1, 2]]), { ...partitionOf(0), ...partitionOf(1) })
    expect(leftBehind).toEqual([])
    expect(topics).toMatchObject([
      { name: 'flights', topicId: ID, partitions: [{ from: 'files' }, { index: 1 }] },
    ])
  })

  it('is not a topic of which a partition lies on another broker', () => {
    const { leftBehind, topics } = plan(metadataOf([[1], [2]]), partitionOf(0))
    expect(topics).toEqual([])
    expect(leftBehind).toMatchObject([
      {
        what: 'topic flights',
        reason: 'partition 1 lies on broker 2, and this is the directory of broker 1',
      },
    ])
  })

  it('is not a copy that was behind its leader', () => {
    const { leftBehind } = plan(metadataOf([[1, 2]], [2]), partitionOf(0))
    expect(leftBehind[0]?.reason).toBe('partition 0 is behind on broker 1: up to date are 2')
  })

  it('is the last copy that left the in-sync replicas when its broker stopped', () => {
    const metadata = metadataOf([[1, 2]])
    metadata.apply({
      kind: 'partition-change',
      ...NO_CHANGES,
      topicId: ID,
      partitionId: 0,
      leader: -1,
      isr: [],
      eligibleLeaderReplicas: [1],
    })
    expect(plan(metadata, partitionOf(0)).topics).toMatchObject([{ partitions: [{ leaderEpoch: 4 }] }])
  })

  it('is not a directory of another topic of that name', () => {
    const files = {
      ...partitionOf(0),
      'flights-0/partition.metadata': 'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n',
    }
    expect(plan(metadataOf([[1]]), files).leftBehind[0]?.reason).toMatch(/is of topic id A+Q, expected/)
  })

  it('is no topic whose name would be a path', () => {
    expect(() => plan(metadataOf([[1]], [1], '../../etc'), partitionOf(0))).toThrow(
      /contains one or more characters/,
    )
  })

  it('tells of directories that no topic accounts for', () => {
    expect(plan(new KafkaMetadata(), partitionOf(0)).leftBehind).toMatchObject([
      { what: 'directory flights-0' },
    ])
  })

  it('is nothing of a topic that was deleted, which is told once for all its directories', () => {
    const removed = (index: number): string => `gone-${index}.${'0a'.repeat(16)}-delete/${'0'.repeat(20)}.log`
    const files = { ...partitionOf(0), [removed(0)]: '', [removed(1)]: '' }
    const { leftBehind, topics } = plan(metadataOf([[1]]), files)
    expect(topics).toMatchObject([{ name: 'flights' }])
    expect(leftBehind).toMatchObject([{ what: '2 directories named -delete' }])
  })

  it('is of a topic in tiered storage what lies here, and nothing of where the rest lies', () => {
    const metadata = metadataOf([[1]])
    const name = 'remote.storage.enable'
    metadata.apply({ kind: 'config', resourceType: 2, resourceName: 'flights', name, value: 'true' })
    const { leftBehind, topics } = plan(metadata, partitionOf(0))
    expect(topics).toMatchObject([{ name: 'flights', configs: {} }])
    expect(leftBehind.map(({ what }) => what)).toEqual([
      'records of topic flights in remote storage',
      'config remote.storage.enable=true of topic flights',
    ])
    expect(plan(metadataOf([[1]], [1], '__remote_log_metadata'), {}).topics).toEqual([])
  })

  it('is no promise that needs other brokers, and nothing about clients', () => {
    const metadata = new KafkaMetadata()
    const set = {
      kind: 'config',
      resourceType: 16,
      resourceName: 'm',
      name: 'interval.ms',
      value: '1',
    } as const
    metadata.apply(set)
    expect(takeNothing(metadata)).toMatchObject([{ what: 'configs of client metrics m' }])
    const { configs, leftBehind } = takeBrokerConfigs(
      '',
      new Map([
        ['min.insync.replicas', '2'],
        ['log.retention.ms', '5'],
      ]),
    )
    expect(configs).toEqual({ 'log.retention.ms': '5' })
    expect(leftBehind[0]?.reason).toMatch(/there is one replica here/)
  })

  it('forgets the configs of a topic that was deleted', () => {
    const metadata = metadataOf([[1]])
    metadata.apply({
      kind: 'config',
      resourceType: 2,
      resourceName: 'flights',
      name: 'retention.ms',
      value: '1',
    })
    metadata.apply({ kind: 'remove-topic', topicId: ID })
    metadata.apply({ kind: 'topic', name: 'flights', topicId: ID })
    expect(metadata.configs(2).get('flights')).toBeUndefined()
  })
})

describe('a directory to import', () => {
  const META_FILE = 'version=1\nnode.id=1\ncluster.id=c\n'
  const CLEAN = { '.kafka_cleanshutdown': '{}' }

  it.each([
    [
      'of a Kafka with ZooKeeper',
      { ...CLEAN, 'meta.properties': 'version=0\nbroker.id=1\ncluster.id=c\n' },
      /ZooKeeper/,
    ],
    ['whose Kafka runs', { 'meta.properties': META_FILE }, /its Kafka runs/],
    ['of nobody', CLEAN, /it is no log directory of Kafka/],
    [
      'of Millrace',
      { ...CLEAN, 'meta.properties': `${META_FILE}millrace.format.version=1\n` },
      /of Millrace already/,
    ],
  ])('is refused with a sentence: one %s', (_whose, files, sentence) => {
    const open = (): unknown => openKafkaDirectory(directoryWith(files), DIRECTORY)
    expect(open).toThrow(ImportRefusedError)
    expect(open).toThrow(sentence)
  })

  it('is taken when its Kafka stopped in good order', () => {
    const fs = directoryWith({ ...CLEAN, 'meta.properties': META_FILE })
    expect(openKafkaDirectory(fs, DIRECTORY)).toMatchObject({ clusterId: 'c', nodeId: 1 })
  })

  it('says where its logs begin', () => {
    const fs = directoryWith({ 'log-start-offset-checkpoint': '0\n1\ntrains 0 3\n' })
    expect([...readLogStarts(fs, DIRECTORY)]).toEqual([['trains-0', 3]])
  })

  it('is refused with a checkpoint that is cut off', () => {
    const fs = directoryWith({ 'log-start-offset-checkpoint': '0\n2\ntrains 0 3\n' })
    expect(() => readLogStarts(fs, DIRECTORY)).toThrow(/1 entries, expected 2/)
  })
})
