import {
  type Api,
  ByteReader,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  FrameSplitter,
  fetch,
  metadata,
  produce,
} from '@millrace/protocol'
import { buildBatch } from '@millrace/record-batch'
import type { MicroSuite, MicroTask } from '../harness/micro-suite.ts'
import { makeRecords } from '../harness/records.ts'

const ORIGIN = { correlationId: 7, clientId: 'benchmark' }
const CALLS_PER_RUN = 100
const MAX_FRAME_BYTES = 100 * 1_048_576
const PARTITIONS = 12

/** What a request or a response costs besides its records. */
export const protocolSuite: MicroSuite = {
  name: 'protocol',
  about: 'requests and responses with framing and header, per message',
  open: () => {
    const batch = buildBatch(makeRecords({ count: 100, valueBytes: 100 }))
    return {
      tasks: [
        ...produceTasks(batch, 1),
        ...produceTasks(batch, PARTITIONS),
        ...fetchTasks(batch),
        ...metadataTasks(),
        splitting(batch),
      ],
    }
  },
}

function produceTasks(batch: Buffer, partitions: number): MicroTask[] {
  const indexes = Array.from({ length: partitions }, (_, index) => index)
  const request = {
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: 'flights', partitionData: indexes.map((index) => ({ index, records: batch })) }],
  }
  const answered = indexes.map((index) => ({ index, errorCode: 0, baseOffset: 1_000_000, logStartOffset: 0 }))
  const response = {
    responses: [
      { name: 'flights', partitionResponses: answered.map((one) => ({ ...one, recordErrors: [] })) },
    ],
  }
  const body = bodyOf(encodeRequest(produce, 9, ORIGIN, request))
  const of = `${partitions} partition${partitions === 1 ? '' : 's'}`
  return [
    task(`Produce v9 request, decode, ${of}`, () => decodeRequest(produce, body)),
    task(`Produce v9 request, encode, ${of}`, () => encodeRequest(produce, 9, ORIGIN, request).length),
    task(`Produce v9 response, encode, ${of}`, () => encodeResponse(produce, 9, 7, response).length),
  ]
}

function fetchTasks(batch: Buffer): MicroTask[] {
  const indexes = Array.from({ length: PARTITIONS }, (_, index) => index)
  const request = {
    maxWaitMs: 500,
    minBytes: 1,
    topics: [
      {
        topic: 'flights',
        partitions: indexes.map((partition) => ({
          partition,
          fetchOffset: 5_000,
          partitionMaxBytes: 1_048_576,
        })),
      },
    ],
    sessionId: 0,
    forgottenTopicsData: [],
    rackId: '',
  }
  const partitions = indexes.map((partitionIndex) => ({
    partitionIndex,
    errorCode: 0,
    highWatermark: 1_000_000,
    abortedTransactions: null,
    records: batch,
  }))
  const response = { errorCode: 0, sessionId: 0, responses: [{ topic: 'flights', partitions }] }
  const body = bodyOf(encodeRequest(fetch, 12, ORIGIN, request))
  const frame = bodyOf(encodeResponse(fetch, 12, 7, response))
  return [
    task(`Fetch v12 request, decode, ${PARTITIONS} partitions`, () => decodeRequest(fetch, body)),
    task(
      `Fetch v12 response, encode, ${PARTITIONS} partitions`,
      () => encodeResponse(fetch, 12, 7, response).length,
    ),
    task(
      `Fetch v12 response, decode, ${PARTITIONS} partitions`,
      () => decodeResponse(fetch, 12, frame).correlationId,
    ),
  ]
}

function metadataTasks(): MicroTask[] {
  const partition = (partitionIndex: number) => ({
    errorCode: 0,
    partitionIndex,
    leaderId: 1,
    leaderEpoch: 3,
    replicaNodes: [1],
    isrNodes: [1],
    offlineReplicas: [],
  })
  const topics = Array.from({ length: 20 }, (_, index) => ({
    errorCode: 0,
    name: `topic-with-a-name-${index}`,
    isInternal: false,
    partitions: Array.from({ length: 10 }, (_unused, partitionIndex) => partition(partitionIndex)),
  }))
  const response = {
    throttleTimeMs: 0,
    brokers: [{ nodeId: 1, host: 'localhost', port: 9092 }],
    clusterId: 'MkU3OEVBNTcwNTJENDM2Qk',
    controllerId: 1,
    topics,
  }
  const frame = bodyOf(encodeResponse(metadata, 9, 7, response))
  return [
    task(
      `Metadata v9 response, decode, ${frame.length} B`,
      () => decodeResponse(metadata, 9, frame).correlationId,
    ),
    task(
      `Metadata v9 response, encode, ${frame.length} B`,
      () => encodeResponse(metadata, 9, 7, response).length,
    ),
  ]
}

function splitting(batch: Buffer): MicroTask {
  const request = {
    acks: -1,
    timeoutMs: 1,
    topicData: [{ name: 'flights', partitionData: [{ index: 0, records: batch }] }],
  }
  const frame = Buffer.concat(encodeRequest(produce, 9, ORIGIN, request))
  const stream = Buffer.concat(Array.from({ length: CALLS_PER_RUN }, () => frame))
  return {
    name: `frames of ${frame.length} B out of chunks of 64 KiB`,
    operations: CALLS_PER_RUN,
    bytes: stream.length,
    run() {
      const splitter = new FrameSplitter({ maxFrameBytes: MAX_FRAME_BYTES })
      let total = 0
      for (let start = 0; start < stream.length; start += 65_536) {
        splitter.push(stream.subarray(start, start + 65_536))
        for (let body = splitter.next(); body !== null; body = splitter.next()) total += body.length
      }
      return total
    },
  }
}

function decodeRequest(api: Api, body: Buffer): number {
  const reader = new ByteReader(body)
  const header = decodeRequestHeader(reader)
  api.request(header.apiVersion).decode(reader)
  return header.correlationId
}

/** A frame without its length. */
function bodyOf(frame: readonly Buffer[]): Buffer {
  return Buffer.concat(frame).subarray(4)
}

function task(name: string, call: () => number): MicroTask {
  return {
    name,
    operations: CALLS_PER_RUN,
    run() {
      let sum = 0
      for (let index = 0; index < CALLS_PER_RUN; index++) sum += call()
      return sum
    },
  }
}
