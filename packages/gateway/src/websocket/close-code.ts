/** Why the gateway closes a WebSocket: RFC 6455's codes, and ours from 4000. */
export const CloseCode = {
  /** The gateway or its broker ends: come again. */
  goingAway: 1001,
  /** Messages of a client are text. */
  binaryMessage: 1003,
  /** The gateway failed: its log says how. */
  internalError: 1011,
  /** A message that cannot be understood. The reason says what was wrong with it. */
  badMessage: 4400,
  /** No answer to a ping. */
  silent: 4408,
} as const
