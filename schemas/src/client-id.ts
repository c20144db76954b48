/** Under which a program names itself: in the address of a WebSocket, and in a header of HTTP and WebSocket. */
export const clientIdParameter = 'clientId'
export const clientIdHeader = 'tailrace-client-id'

const clientIds = /^[A-Za-z0-9][A-Za-z0-9._@:/+-]{0,254}$/

/** A name that a program gives itself, for logs and quotas. It proves nothing. */
export function isClientId(value: unknown): value is string {
  return typeof value === 'string' && clientIds.test(value)
}
