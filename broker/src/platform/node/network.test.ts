import { expect, test } from 'vitest'
import { type NetworkUnderTest, networkConformance } from '../../../../test/conformance/network.ts'
import { nodeNetwork } from './network.ts'

async function until(happened: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!happened()) {
    if (performance.now() > deadline) throw new Error('it has not happened within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function loopback(): NetworkUnderTest {
  return {
    near: nodeNetwork,
    far: nodeNetwork,
    farAddress: '127.0.0.1:0',
    deadAddress: '127.0.0.1:1',
    until,
    settle: () => new Promise((resolve) => setTimeout(resolve, 30)),
    drive: (promise) => promise,
  }
}

networkConformance(loopback)

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
