import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { nodeClock } from '../platform/node/clock.ts'
import { nodeRandom } from '../platform/node/random.ts'
import { startGateway } from './testing/running-gateway.ts'

// All of them are asked for before this process, which is the gateway's as well, can accept the first one.
const atOnce = 1_000

it('clients that connect all at once need not try again', async () => {
  const { gateway, url } = await startGateway(nodeClock, nodeRandom)
  const port = Number(new URL(url).port)
  const waits: number[] = []
  const began = performance.now()
  const sockets = Array.from({ length: atOnce }, () => connect(port, '127.0.0.1'))
  const asked = performance.now() - began
  await Promise.all(
    sockets.map(async (socket) => {
      await once(socket, 'connect')
      waits.push(performance.now() - began - asked)
    }),
  )
  for (const socket of sockets) socket.destroy()
  await gateway.close()
  // Systems try again after a second for the first time.
  expect(Math.max(...waits)).toBeLessThan(900)
})
