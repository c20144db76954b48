import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NetworkUnderTest, networkConformance } from '../../../../test/conformance/network.ts'
import type { ByteStream, Listener, Network } from '../network.ts'
import { silentLogger } from '../testing/logger.ts'
import { nodeClock } from './clock.ts'
import { createNetwork, nodeNetwork } from './network.ts'
import { CertificateFolder } from './tls/testing/certificate-folder.ts'
import { createTlsPort } from './tls/tls-port.ts'
import { noTlsStats } from './tls/tls-stats.ts'
import { WatchedCertificates } from './tls/watched-certificates.ts'

async function until(happened: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!happened()) {
    if (performance.now() > deadline) throw new Error('it has not happened within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function loopback(near: Network = nodeNetwork, far: Network = near): NetworkUnderTest {
  return {
    near,
    far,
    farAddress: '127.0.0.1:0',
    deadAddress: '127.0.0.1:1',
    until,
    settle: () => new Promise((resolve) => setTimeout(resolve, 30)),
    drive: (promise) => promise,
  }
}

networkConformance(() => loopback())

test('bytes written in one turn leave in one piece, batches and small frames alike', async () => {
  const chunks: Uint8Array[] = []
  const listener = await nodeNetwork.listen('127.0.0.1:0', (stream) => (stream.onData = (chunk) => chunks.push(chunk)))
  const stream = await nodeNetwork.connect(listener.address, 1000)
  for (let i = 0; i < 50; i++) stream.write([Uint8Array.of(i), new Uint8Array(100).fill(i)])
  stream.write([new Uint8Array(4000)])
  await until(() => chunks.length > 0)
  expect(chunks.map((chunk) => chunk.length)).toEqual([50 * 101 + 4000])
  stream.destroy()
  await listener.close()
})

test('IPv6 addresses are written in brackets', async () => {
  let remote = ''
  const listener = await nodeNetwork.listen('[::1]:0', (stream) => (remote = stream.remote))
  const stream = await nodeNetwork.connect(listener.address, 1000)
  await until(() => remote !== '')
  expect(listener.address).toMatch(/^\[::1\]:\d+$/)
  expect(remote).toMatch(/^\[::1\]:\d+$/)
  stream.destroy()
  await listener.close()
})

describe('TLS', () => {
  let folder: CertificateFolder
  let stranger: CertificateFolder
  const watched: WatchedCertificates[] = []
  beforeAll(async () => {
    folder = await CertificateFolder.create()
    stranger = await CertificateFolder.create()
  })
  afterAll(async () => {
    for (const certificates of watched) certificates.close()
    await folder.remove()
    await stranger.remove()
  })

  async function secure(mode: 'allowed' | 'required', of = folder): Promise<Network> {
    const certificates = await WatchedCertificates.open(of.files, { clock: nodeClock, log: silentLogger })
    watched.push(certificates)
    const options = { mode, minVersion: '1.3', protocols: [], maxUnfinished: 9, handshakeTimeoutMs: 1000 } as const
    const newPort = () =>
      createTlsPort({ ...options, clientCertificates: 'required' }, certificates, nodeClock, noTlsStats())
    const refusals = {
      plain: (socket: { write(text: string): unknown }) => void socket.write('refused'),
      certificate: (socket: { write(text: string): unknown }, reason: string) => void socket.write(reason),
    }
    return createNetwork({ mode, minVersion: '1.3', certificates, newPort, refusals })
  }

  describe('keeps the promises of a network', () => {
    let network: Network
    beforeAll(async () => {
      network = await secure('required')
    })
    networkConformance(() => loopback(network))
  })

  /** What becomes of a connection: who sees which certificate, or the error. */
  async function meet(near: Network, far: Network): Promise<string> {
    let listener: Listener | undefined
    const streams: ByteStream[] = []
    let answer = ''
    try {
      listener = await far.listen('127.0.0.1:0', (stream) => {
        streams.push(stream)
        stream.onData = () => stream.write([Buffer.from(nameOf(stream))])
      })
      const stream = await near.connect(listener.address, 1000)
      streams.push(stream)
      stream.onData = (chunk) => {
        answer += Buffer.from(chunk).toString()
      }
      stream.write([Uint8Array.of(1)])
      await until(() => answer !== '')
      return `${nameOf(stream)} / ${answer}`
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message.replace(/^127.0.0.1:\d+: /, '')}`
    } finally {
      for (const stream of streams) stream.destroy()
      await listener?.close()
    }
  }
  const nameOf = ({ encrypted, certificate }: ByteStream) => (encrypted ? String(certificate?.names[0]) : 'plain')

  test.each(['allowed', 'required'] as const)('both ends see who the other is: %s', async (mode) => {
    expect(await meet(await secure(mode), await secure('required'))).toBe('broker-1 / broker-1')
    expect(await meet(await secure(mode), await secure('allowed'))).toBe('broker-1 / broker-1')
  })

  test('without TLS only where both allow it', async () => {
    expect(await meet(await secure('allowed'), nodeNetwork)).toBe('plain / plain')
    expect(await meet(nodeNetwork, await secure('allowed'))).toBe('plain / plain')
    expect(await meet(nodeNetwork, await secure('required'))).toBe('plain / refused')
    expect(await meet(await secure('required'), nodeNetwork)).toMatch(/^(TLS_OFF|CONNECTION_LOST): /)
  })

  test('a certificate of another CA is refused at both ends, and nobody goes on without TLS', async () => {
    const refused = /^TLS_FAILED: .*The certificate of the broker is refused: its CA is not known here/
    expect(await meet(await secure('allowed'), await secure('required', stranger))).toMatch(refused)
    expect(await meet(await secure('required', stranger), await secure('allowed'))).toMatch(refused)
  })
})
