import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A proxy to a broker that can drop all bytes and keep the connections, as a cut cable or a stopped process does. */
export interface Way {
  readonly address: string
  /** From now on connections stay, new ones are taken, and no byte goes through. */
  swallow(): void
  close(): Promise<void>
}

export async function wayTo(address: string): Promise<Way> {
  const [host, port] = address.split(':')
  const sockets = new Set<Socket>()
  let isOpen = true
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from)
    from.on('data', (bytes) => isOpen && to.write(bytes))
    from.on('error', () => {})
    from.on('close', () => {
      sockets.delete(from)
      to.destroy()
    })
  }
  const server = createServer((near) => {
    const far = connect(Number(port), host)
    join(near, far)
    join(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    swallow: () => (isOpen = false),
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
