import { defineApi } from '../schema/define-api.ts'
import type { Decoded, Input } from '../schema/infer.ts'
import {
  array,
  boolean,
  int8,
  int16,
  int32,
  nullable,
  since,
  string,
  withDefault,
} from '../schema/vocabulary.ts'

const describeConfigsSynonym = {
  name: string,
  value: nullable(string),
  source: int8,
}

const describeConfigsResourceResult = {
  name: string,
  value: nullable(string),
  readOnly: boolean,
  configSource: withDefault(int8, -1),
  isSensitive: boolean,
  synonyms: array(describeConfigsSynonym),
  configType: since(3, int8),
  documentation: since(3, nullable(string)),
}

const describeConfigsResult = {
  errorCode: int16,
  errorMessage: nullable(string),
  resourceType: int8,
  resourceName: string,
  configs: array(describeConfigsResourceResult),
}

const request = {
  resources: array({ resourceType: int8, resourceName: string, configurationKeys: nullable(array(string)) }),
  includeSynonyms: withDefault(boolean, false),
  includeDocumentation: since(3, boolean),
}

const response = {
  throttleTimeMs: withDefault(int32, 0),
  results: array(describeConfigsResult),
}

/** Reads configs of topics, brokers and groups. v1 synonyms. v3 types and documentation (KIP-569). v4 flexible encoding. */
export const describeConfigs = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  validVersions: [1, 4],
  flexibleSince: 4,
  request,
  response,
})

export type DescribeConfigsRequest = Decoded<typeof request>
export type DescribeConfigsResponse = Decoded<typeof response>
export type DescribeConfigsRequestInput = Input<typeof request>
export type DescribeConfigsResponseInput = Input<typeof response>
