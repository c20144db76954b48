import { type ByteStream, nodeClock } from 'tailrace/embedded'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { networkConformance } from '../../../test/conformance/network.ts'
import { HeldPort } from './held-port.ts'
import { TcpNetwork } from './tcp-network.ts'

let network: TcpNetwork
let port: HeldPort
beforeEach(async () => {
  network = new TcpNetwork(nodeClock)
  port = await HeldPort.open()
  network.add('far', port)
})
afterEach(() => port.close())

const until = async (happened: () => boolean): Promise<void> =>
  void (await vi.waitUntil(happened, { timeout: 5_000, interval: 2 }))
/** So long that what is sent over a link that is whole has arrived. */
const settle = () => new Promise<void>((done) => setTimeout(done, 50))

describe('as a network', () => {
  networkConformance(() => ({
    near: network.host('near'),
    far: network.host('far'),
    farAddress: port.address,
    deadAddress: '127.0.0.1:1',
    until,
    settle,
    drive: (promise) => promise,
  }))
})

describe('links that are cut', () => {
  interface End {
    readonly stream: ByteStream
    readonly got: number[]
    isClosed: boolean
  }
  const watched = (stream: ByteStream): End => {
    const end: End = { stream, got: [], isClosed: false }
    stream.onData = (chunk) => end.got.push(...chunk)
    stream.onClose = () => (end.isClosed = true)
    return end
  }
  async function pair(): Promise<{ near: End; far: End }> {
    let far: End | undefined
    await network.host('far').listen(port.address, (stream) => (far = watched(stream)))
    const near = watched(await network.host('near').connect(port.address, 1_000))
    await until(() => far !== undefined)
    return { near, far: far! }
  }

  test.each([
    ['near', 'far'],
    ['far', 'near'],
  ] as const)(
    'from %s to %s: bytes wait there, and arrive in order; the other way they get through',
    async (from, to) => {
      const { [from]: sender, [to]: receiver } = await pair()
      network.cut(from, to)
      sender.stream.write([Uint8Array.of(1), Uint8Array.of(2)])
      sender.stream.write([Uint8Array.of(3)])
      receiver.stream.write([Uint8Array.of(9)])
      await until(() => sender.got.length === 1)
      await settle()
      expect(receiver.got).toEqual([])
      network.heal(from, to)
      sender.stream.write([Uint8Array.of(4)])
      await until(() => receiver.got.length === 4)
      expect(receiver.got).toEqual([1, 2, 3, 4])
    },
  )

  test('what waits is queued, and its end is told', async () => {
    const { near, far } = await pair()
    network.cut('near', 'far')
    let drained = 0
    near.stream.onDrain = () => drained++
    near.stream.write([new Uint8Array(100_000)])
    await settle()
    expect({ queued: near.stream.queuedBytes, drained }).toEqual({ queued: 100_000, drained: 0 })
    network.heal('near', 'far')
    await until(() => far.got.length === 100_000 && drained > 0)
    expect(near.stream.queuedBytes).toBe(0)
  })

  test.each(['near', 'far'] as const)('the other side learns of the end of %s when the link is whole', async (ends) => {
    const both = await pair()
    const other = both[ends === 'near' ? 'far' : 'near']
    network.cut('near', 'far')
    network.cut('far', 'near')
    both[ends].stream.destroy()
    await until(() => both[ends].isClosed)
    await settle()
    expect(other.isClosed).toBe(false)
    network.heal('near', 'far')
    network.heal('far', 'near')
    await until(() => other.isClosed)
  })

  test.each(['near', 'far'] as const)(
    '%s dies: it is told nothing, the other side sees its connection close',
    async (dies) => {
      const both = await pair()
      const other = both[dies === 'near' ? 'far' : 'near']
      network.kill(dies)
      await until(() => other.isClosed)
      await settle()
      expect(both[dies].isClosed).toBe(false)
    },
  )

  test('a connection over it is made when it is whole, if that is in time', async () => {
    await network.host('far').listen(port.address, () => {})
    network.cut('far', 'near')
    await expect(network.connect('near', port.address, 50)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    const made = network.connect('near', port.address, 5_000)
    await settle()
    network.heal('far', 'near')
    ;(await made).destroy()
  })

  test('a machine that is down refuses', async () => {
    await expect(network.connect('near', port.address, 5_000)).rejects.toThrow('refused')
    await expect(network.host('far').listen('127.0.0.1:2', () => {})).rejects.toMatchObject({ code: 'INVALID_SETTING' })
  })
})
