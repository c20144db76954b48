import { once } from 'node:events'
import { connect } from 'node:net'
import { Child } from '../child.ts'

/** As many bare processes as there are brokers, each of which has answered. */
export async function startBare(count: number): Promise<Child[]> {
  const children = Array.from({ length: count }, () => new Child('cluster/bare-process.ts'))
  await Promise.all(
    children.map(async (child) => {
      const socket = connect(await child.answer<number>(), '127.0.0.1')
      await once(socket, 'connect')
      socket.end('x')
      await once(socket, 'data')
    }),
  )
  return children
}
