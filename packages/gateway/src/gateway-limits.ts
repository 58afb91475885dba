import { strict as assert } from 'node:assert'

const KIB = 1024
const MIB = 1024 * KIB

/** Every bound of the gateway in one place. Full means refuse or pause, never grow. */
export interface GatewayLimits {
  /** Open sockets over all addresses: those above it are closed at once. */
  readonly maxConnections: number
  /** Request line and headers. */
  readonly maxHeaderBytes: number
  /** How long a client may take for them. */
  readonly headersTimeoutMs: number
  /** How long a connection may do nothing between two requests. */
  readonly keepAliveMs: number
  /** How long a body may stand still before its request is refused. */
  readonly stallMs: number
  /** How long a body that is taken as a whole may take. */
  readonly bodyMs: number
  /** A body that is taken as a whole. */
  readonly maxBodyBytes: number
  /** One line of an NDJSON stream. */
  readonly maxLineBytes: number
  /** Records of a stream that are sent to the broker together. */
  readonly recordsPerSend: number
  readonly maxHeadersPerRecord: number
  /** How long records may wait for their acknowledgement before they are given up: with 504, and they may come yet. */
  readonly deliveryMs: number
  /** Fetched ahead for one reader. */
  readonly readAheadBytes: number
  /** The same for a listener that is behind. */
  readonly listenerReadAheadBytes: number
  /** Written to a response before its reader is waited for. */
  readonly responseChunkBytes: number
  /** Requests that read or listen for longer than a moment: a reader each. */
  readonly maxStreams: number
  /** Nothing was sent to a listener for so long: it is told that the connection lives. */
  readonly heartbeatMs: number
  readonly maxWebSockets: number
  /** One message of a client. */
  readonly maxMessageBytes: number
  readonly maxTopicsPerSocket: number
  readonly maxPatternLength: number
  /** Produce messages of one socket that are not acknowledged yet. */
  readonly maxProducesInFlight: number
  /** Messages of one socket that change its subscriptions and wait for earlier ones: no more is read until there are fewer. */
  readonly maxChangesWaiting: number
  readonly maxRecordsPerMessage: number
  /** How long records are gathered for one frame at least. */
  readonly frameMs: number
  /**
   * A frame costs as much for ten records as for thirty: from one to the next a feed gathers for so many times as long as its
   * listeners took for the last one, and so leaves the loop to others for most of the time.
   */
  readonly gatherPerHandOut: number
  readonly maxFrameMs: number
  readonly maxRecordsPerFrame: number
  readonly maxFrameBytes: number
  /** What of a topic's newest records is kept for those who listen to it, and are a little late. */
  readonly feedWindowBytes: number
  readonly maxFeeds: number
  /** Unsent bytes of a socket above which nothing more is written to it. */
  readonly maxUnsentBytes: number
  readonly maxCredit: number
  /** Groups whose lag /metrics tells: the rest is only counted. */
  readonly maxGroupsInMetrics: number
  /** How long `close` waits for requests on their way. */
  readonly closeGraceMs: number
}

const LIMITS: GatewayLimits = {
  maxConnections: 5_000,
  maxHeaderBytes: 16 * KIB,
  headersTimeoutMs: 10_000,
  keepAliveMs: 30_000,
  stallMs: 30_000,
  bodyMs: 120_000,
  maxBodyBytes: 16 * MIB,
  maxLineBytes: 16 * MIB,
  recordsPerSend: 2_000,
  maxHeadersPerRecord: 1_000,
  deliveryMs: 10_000,
  readAheadBytes: 2 * MIB,
  listenerReadAheadBytes: 256 * KIB,
  responseChunkBytes: 64 * KIB,
  maxStreams: 1_000,
  heartbeatMs: 15_000,
  maxWebSockets: 4_000,
  maxMessageBytes: 4 * MIB,
  maxTopicsPerSocket: 100,
  maxPatternLength: 249,
  maxProducesInFlight: 100,
  maxChangesWaiting: 16,
  maxRecordsPerMessage: 10_000,
  frameMs: 10,
  gatherPerHandOut: 3,
  maxFrameMs: 30,
  maxRecordsPerFrame: 1_000,
  maxFrameBytes: 256 * KIB,
  feedWindowBytes: 4 * MIB,
  maxFeeds: 200,
  maxUnsentBytes: 1 * MIB,
  maxCredit: 1_000_000,
  maxGroupsInMetrics: 500,
  closeGraceMs: 1_000,
}

/** The limits, with those that a test wants smaller. Asserts how they must relate. */
export function gatewayLimits(changed: Partial<GatewayLimits> = {}): GatewayLimits {
  const limits = { ...LIMITS, ...changed }
  assert(limits.maxFrameBytes <= limits.maxUnsentBytes, 'a frame must fit into what may be unsent')
  assert(limits.maxFrameBytes <= limits.feedWindowBytes, 'a feed must be able to keep a frame')
  assert(limits.frameMs <= limits.maxFrameMs, 'a crowded feed gathers no shorter than another one')
  assert(limits.maxWebSockets <= limits.maxConnections, 'a WebSocket is a connection')
  return limits
}
