import type { Socket } from 'node:net'

/** A cumulative byte count, the floor's whole protocol. */
export function sendCount(socket: Socket, count: number): void {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(count)
  if (!socket.destroyed) socket.write(bytes)
}

/** Counts come as 8-byte doubles that may be cut anywhere; only the newest matters. */
export function onCounts(socket: Socket, newest: (count: number) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const whole = bytes.length - (bytes.length % 8)
    if (whole > 0) newest(bytes.readDoubleBE(whole - 8))
    rest = bytes.subarray(whole)
  })
}
