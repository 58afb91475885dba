/**
 * Produce by hand: the broker reads a request and writes a response for every batch that arrives. Declared and by
 * hand, v11 with 1 and with 12 partitions, in ns on 2 shared vCPU:
 *
 *     request decoding     270 -> 190    1,000 -> 580
 *     response encoding    360 -> 280    1,940 -> 1,200
 *
 * What the client does with both stays declared. `test/property/hand-written.test.ts` compares both kinds in
 * every version.
 */
import { ZERO_UUID } from '../schema/absent-value.ts'
import type { Codec } from '../schema/codec.ts'
import { compileTaggedFields } from '../schema/compile.ts'
import {
  readCount,
  readNullableBytes,
  readNullableString,
  readString,
  writeLength,
  writeNullableString,
} from '../schema/length-prefixed.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import type { ByteWriter } from '../wire/byte-writer.ts'
import {
  type ProduceRequest,
  type ProduceRequestInput,
  type ProduceResponse,
  type ProduceResponseInput,
  partitionProduceResponse,
  produceResponse,
} from './produce-messages.ts'

type RequestTopic = ProduceRequest['topicData'][number]
type RequestPartition = RequestTopic['partitionData'][number]
type ResponseTopicInput = ProduceResponseInput['responses'][number]
type ResponsePartitionInput = ResponseTopicInput['partitionResponses'][number]

/** An empty name or a uuid, and an empty array. */
const MIN_TOPIC_BYTES = 3
/** A partition, and null or empty records. */
const MIN_PARTITION_BYTES = 5

export function produceRequestCodec(
  version: number,
  isFlexible: boolean,
  declared: Codec<ProduceRequest, ProduceRequestInput>,
): Codec<ProduceRequest, ProduceRequestInput> {
  function readPartition(reader: ByteReader): RequestPartition {
    const index = reader.int32()
    const records = readNullableBytes(reader, isFlexible)
    if (isFlexible) reader.skipTaggedFields()
    return { index, records }
  }

  function readTopic(reader: ByteReader): RequestTopic {
    const name = version <= 12 ? readString(reader, isFlexible) : ''
    const topicId = version >= 13 ? reader.uuid() : ZERO_UUID
    const count = readCount(reader, isFlexible, MIN_PARTITION_BYTES)
    const partitionData = new Array<RequestPartition>(count)
    for (let index = 0; index < count; index++) partitionData[index] = readPartition(reader)
    if (isFlexible) reader.skipTaggedFields()
    return { name, topicId, partitionData }
  }

  return {
    encode: declared.encode,
    decode: (reader) => {
      const transactionalId = version >= 3 ? readNullableString(reader, isFlexible) : null
      const acks = reader.int16()
      const timeoutMs = reader.int32()
      const count = readCount(reader, isFlexible, MIN_TOPIC_BYTES)
      const topicData = new Array<RequestTopic>(count)
      for (let index = 0; index < count; index++) topicData[index] = readTopic(reader)
      if (isFlexible) reader.skipTaggedFields()
      return { transactionalId, acks, timeoutMs, topicData }
    },
  }
}

export function produceResponseCodec(
  version: number,
  isFlexible: boolean,
  declared: Codec<ProduceResponse, ProduceResponseInput>,
): Codec<ProduceResponse, ProduceResponseInput> {
  const responseTags = compileTaggedFields(produceResponse, version)
  const partitionTags = compileTaggedFields(partitionProduceResponse, version)

  function writeRecordErrors(writer: ByteWriter, errors: ResponsePartitionInput['recordErrors']): void {
    writeLength(writer, errors?.length ?? 0, isFlexible)
    for (const { batchIndex, batchIndexErrorMessage } of errors ?? []) {
      writer.int32(batchIndex)
      writeNullableString(writer, batchIndexErrorMessage ?? null, isFlexible)
      if (isFlexible) writer.unsignedVarint(0)
    }
  }

  function writePartition(writer: ByteWriter, partition: ResponsePartitionInput): void {
    writer.int32(partition.index)
    writer.int16(partition.errorCode)
    writer.int64(partition.baseOffset)
    if (version >= 2) writer.int64(partition.logAppendTimeMs ?? -1)
    if (version >= 5) writer.int64(partition.logStartOffset ?? -1)
    if (version >= 8) {
      writeRecordErrors(writer, partition.recordErrors)
      writeNullableString(writer, partition.errorMessage ?? null, isFlexible)
    }
    if (isFlexible) partitionTags.encode(writer, partition)
  }

  function writeTopic(writer: ByteWriter, { name, partitionResponses, topicId }: ResponseTopicInput): void {
    if (version <= 12) writeNullableString(writer, name ?? '', isFlexible)
    else writer.uuid(topicId ?? ZERO_UUID)
    writeLength(writer, partitionResponses.length, isFlexible)
    for (const partition of partitionResponses) writePartition(writer, partition)
    if (isFlexible) writer.unsignedVarint(0)
  }

  return {
    decode: declared.decode,
    encode: (writer, response) => {
      writeLength(writer, response.responses.length, isFlexible)
      for (const topic of response.responses) writeTopic(writer, topic)
      if (version >= 1) writer.int32(response.throttleTimeMs ?? 0)
      if (isFlexible) responseTags.encode(writer, response)
    },
  }
}
