import { createServer, request } from 'node:http'
import { MemoryNetwork } from 'tailrace/embedded'
import { expect, test } from 'vitest'
import { EventLoop } from '../simulation/event-loop.ts'
import { seededRandom } from '../simulation/seeded.ts'
import { SimRandom } from '../simulation/sim-random.ts'
import { simulatedClock } from '../simulation/simulated-clock.ts'
import { StreamSocket } from './stream-socket.ts'

const HOST = '127.0.0.1'
const ADDRESS = `${HOST}:8080`

function world(seed = 1) {
  const loop = new EventLoop()
  const clock = simulatedClock(loop)
  const network = new MemoryNetwork({ clock, random: seededRandom(new SimRandom(seed)), maxChunkBytes: 100 })
  const dial = () => new StreamSocket(clock, HOST, network.connect('127.1.0.1', ADDRESS, 10_000))
  return { loop, clock, network, dial }
}

function serve({ clock, network }: ReturnType<typeof world>, take: (socket: StreamSocket) => void): void {
  network.listen(HOST, ADDRESS, (stream) => take(new StreamSocket(clock, '127.1.0.1', Promise.resolve(stream))))
}

const SECOND = 1_000_000

test('node:http runs on it: a long answer arrives whole, although the server closes at once', async () => {
  const size = 700_000
  for (let seed = 1; seed <= 10; seed++) {
    const one = world(seed)
    const server = createServer((asked, answer) => answer.end(asked.url!.repeat(size)))
    serve(one, (socket) => server.emit('connection', socket))
    let bytes = 0
    let over = false
    const asked = request({ path: '/a', createConnection: one.dial as never }, (answer) => {
      answer.on('data', (piece: Buffer) => (bytes += piece.length))
      answer.on('end', () => (over = true))
    })
    asked.end()
    expect(await one.loop.run(60 * SECOND, () => over)).toBe(true)
    expect(bytes).toBe(2 * size)
  }
})

test('a reader that stands still makes the writer wait', async () => {
  const one = world()
  let far!: StreamSocket
  serve(one, (socket) => (far = socket))
  const near = one.dial()
  near.on('data', () => {})
  let written = 0
  const piece = Buffer.alloc(64 * 1024)
  const fill = (): void => {
    near.write(piece, () => {
      written++
      if (written < 100) fill()
    })
  }
  fill()
  await one.loop.run(5 * SECOND, () => false)
  const waiting = written
  expect(waiting).toBeLessThan(20)
  far.on('data', () => {})
  await one.loop.run(60 * SECOND, () => written === 100)
  expect(written).toBe(100)
})

test('its time limit is simulated, and each byte prolongs it', async () => {
  const one = world()
  let far!: StreamSocket
  serve(one, (socket) => (far = socket.resume() as StreamSocket))
  const near = one.dial()
  await one.loop.run(SECOND, () => far !== undefined)
  let limitAt = 0
  near.setTimeout(5_000, () => (limitAt = one.clock.monotonic()))
  one.clock.after(3_000, () => far.write('x'))
  near.resume()
  await one.loop.run(60 * SECOND, () => limitAt > 0)
  expect(limitAt).toBeGreaterThan(8_000)
  expect(limitAt).toBeLessThan(8_100)
})

test('a connection that is refused, broken or dropped tells so', async () => {
  const refused = world()
  const errors: string[] = []
  const told = (socket: StreamSocket) => socket.on('error', ({ message }) => errors.push(message))
  const nowhere = told(refused.dial())
  await refused.loop.run(SECOND, () => nowhere.destroyed)
  const one = world()
  let far!: StreamSocket
  serve(one, (socket) => (far = told(socket)))
  const near = told(one.dial())
  await one.loop.run(SECOND, () => far !== undefined)
  one.network.reset(HOST, '127.1.0.1')
  await one.loop.run(2 * SECOND, () => near.destroyed && far.destroyed)
  expect(errors).toEqual([expect.stringContaining('refused'), 'connection reset', 'connection reset'])
  const dropped = one.dial()
  await one.loop.run(3 * SECOND, () => !far.destroyed)
  far.resume()
  dropped.destroy()
  await one.loop.run(4 * SECOND, () => far.destroyed)
  expect(far.destroyed).toBe(true)
})
