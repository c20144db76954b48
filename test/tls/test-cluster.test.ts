import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterEach, expect, test } from 'vitest'
import { CertificateFolder } from '../../broker/src/platform/node/tls/testing/certificate-folder.ts'
import { startCluster } from '../../testing/src/start-cluster.ts'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

test.each(['memory', 'tcp'] as const)(
  'cascade brokers of a test cluster copy from ports with TLS, and are cut off there: over %s',
  async (network) => {
    const folder = await CertificateFolder.create()
    open.push({ close: () => folder.remove() })
    const own = { tlsCertFile: folder.path('broker.crt'), tlsKeyFile: folder.path('broker.key') }
    const settings = { tls: 'required', ...own, sourceTls: 'required', sourceTlsCaFile: folder.path('ca.crt') } as const
    const brokers = await startCluster({ network, brokers: 1, cascades: 1, settings })
    open.push(brokers)
    await brokers.createTopic('orders')
    const over = ({ server }: { server: string }) => ({
      servers: [server.replace('ws:', 'wss:')],
      tls: { ca: folder.authority.cert },
    })
    const sender = new Producer(over(brokers.broker(1)))
    const reader = new Consumer(over(brokers.cascade(1)))
    open.push(sender, reader)
    const values: string[] = []
    const reading = (async () => {
      for await (const { value } of reader.subscribe('orders', { from: 'earliest' }))
        if (values.push(value!) === 2) break
    })()
    await sender.send('orders', { value: 'one' })
    await expect.poll(() => values).toEqual(['one'])
    brokers.partition([1], [2])
    await sender.send('orders', { value: 'two' })
    await brokers.advance(10_000)
    expect(values).toEqual(['one'])
    brokers.heal()
    await reading
    expect(values).toEqual(['one', 'two'])
  },
)
