import { afterEach, expect, test } from 'vitest'
import type { ByteStream, Listener, Network } from '../../broker/src/platform/network.ts'

/** A network under test: two machines on it, and how to let time pass until something has happened. */
export interface NetworkUnderTest {
  readonly near: Network
  readonly far: Network
  /** An address of `far` with a free port to be picked. */
  readonly farAddress: string
  /** An address without a listener. */
  readonly deadAddress: string
  /** Returns when `happened` is true; fails when it does not become so in a few seconds. */
  until(happened: () => boolean): Promise<void>
  /** Runs all pending events. */
  settle(): Promise<void>
  /** Drives time until the promise is settled. */
  drive<T>(promise: Promise<T>): Promise<T>
}

/** The promises of broker/src/platform/network.ts, for any implementation. */
export function networkConformance(make: () => NetworkUnderTest): void {
  const listeners: Listener[] = []
  const streams: ByteStream[] = []

  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.destroy()
    for (const listener of listeners.splice(0)) await listener.close()
  })

  async function pair(net: NetworkUnderTest): Promise<[ByteStream, ByteStream]> {
    let far: ByteStream | undefined
    const listener = await net.drive(net.far.listen(net.farAddress, (stream) => (far = stream)))
    listeners.push(listener)
    const near = await net.drive(net.near.connect(listener.address, 1000))
    await net.until(() => far !== undefined)
    streams.push(near, far!)
    return [near, far!]
  }

  test('bytes arrive in order, whatever the sizes of the pieces, and belong to the receiver', async () => {
    const net = make()
    const [near, far] = await pair(net)
    const sent: number[] = []
    const got: number[] = []
    far.onData = (chunk) => {
      got.push(...chunk)
      chunk.fill(255)
    }
    const shared = Uint8Array.from({ length: 5000 }, (_, i) => i % 251)
    for (const size of [0, 1, 2, 3000, 5000, 1, 1, 2047, 2048, 0, 1]) {
      const pieces = [shared.subarray(0, size), shared.subarray(size >> 1, size)]
      near.write(pieces)
      for (const piece of pieces) sent.push(...piece)
    }
    await net.until(() => got.length === sent.length)
    expect(got).toEqual(sent)
    expect(shared[4]).toBe(4)
  })

  test('both directions at once, and nothing is delivered within the call that writes', async () => {
    const net = make()
    const [near, far] = await pair(net)
    const got = { near: 0, far: 0 }
    near.onData = (chunk) => (got.near += chunk.length)
    far.onData = (chunk) => (got.far += chunk.length)
    near.write([new Uint8Array(100_000)])
    far.write([new Uint8Array(200_000)])
    expect(got).toEqual({ near: 0, far: 0 })
    await net.until(() => got.near === 200_000 && got.far === 100_000)
  })

  test('a reader that pauses fills the sender\'s queue, and "drain" tells when it is empty again', async () => {
    const net = make()
    const [near, far] = await pair(net)
    let got = 0
    let drained = 0
    far.onData = (chunk) => (got += chunk.length)
    near.onDrain = () => drained++
    far.pause()
    const bytes = 64 * 1024 * 1024
    const piece = new Uint8Array(1024 * 1024)
    for (let sent = 0; sent < bytes; sent += piece.length) near.write([piece])
    await net.settle()
    expect(near.queuedBytes).toBeGreaterThan(bytes / 2)
    expect(got).toBe(0)
    expect(drained).toBe(0)
    far.resume()
    await net.until(() => got === bytes && drained > 0)
    expect(near.queuedBytes).toBe(0)
  })

  test('destroy: both sides are told once, later, and get nothing afterwards', async () => {
    const net = make()
    const [near, far] = await pair(net)
    const events: string[] = []
    near.onClose = () => events.push('near')
    far.onClose = () => events.push('far')
    near.onData = () => events.push('data')
    near.destroy()
    near.destroy()
    expect(events).toEqual([])
    await net.until(() => events.length === 2)
    near.write([new Uint8Array(10)])
    far.write([new Uint8Array(10)])
    far.destroy()
    await net.settle()
    expect(events.sort()).toEqual(['far', 'near'])
    expect(near.queuedBytes).toBe(0)
  })

  test('the bytes that arrive before a destroy are a prefix of those that were sent', async () => {
    const net = make()
    const [near, far] = await pair(net)
    const got: number[] = []
    let closed = false
    far.onData = (chunk) => got.push(...chunk)
    far.onClose = () => (closed = true)
    near.write([Uint8Array.of(1, 2, 3)])
    await net.settle()
    near.write([Uint8Array.of(4, 5, 6)])
    near.destroy()
    await net.until(() => closed)
    expect([1, 2, 3, 4, 5, 6].slice(0, got.length)).toEqual(got)
  })

  test('connect rejects where there is no listener, and after the listener is closed', async () => {
    const net = make()
    await expect(net.drive(net.near.connect(net.deadAddress, 1000))).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    const listener = await net.drive(net.far.listen(net.farAddress, (stream) => streams.push(stream)))
    await listener.close()
    await expect(net.drive(net.near.connect(listener.address, 1000))).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    listeners.push(await net.drive(net.far.listen(listener.address, () => {})))
  })

  test('a listener that closes leaves its streams alone', async () => {
    const net = make()
    const [near, far] = await pair(net)
    await listeners.pop()!.close()
    let got = 0
    far.onData = (chunk) => (got += chunk.length)
    near.write([new Uint8Array(10)])
    await net.until(() => got === 10)
  })

  test('listen rejects a taken and a malformed address; connect a malformed one', async () => {
    const net = make()
    const listener = await net.drive(net.far.listen(net.farAddress, () => {}))
    listeners.push(listener)
    expect(listener.address).toMatch(/:[1-9]\d*$/)
    const refused = { code: 'INVALID_SETTING' }
    await expect(net.drive(net.far.listen(listener.address, () => {}))).rejects.toMatchObject(refused)
    for (const bad of ['', 'host', 'host:', ':1', 'host:70000', 'host:-1', 'a b:1', 'http://host:1']) {
      await expect(net.drive(net.far.listen(bad, () => {})), bad).rejects.toMatchObject(refused)
      await expect(net.drive(net.near.connect(bad, 100)), bad).rejects.toMatchObject(refused)
    }
  })
}
