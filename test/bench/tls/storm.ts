import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import { CertificateFiles } from '../../e2e/certificate-files.ts'
import { ClusterProcesses } from '../../e2e/cluster-processes.ts'
import { processorSeconds } from '../../e2e/processor-time.ts'
import { toolArguments } from '../../tool-arguments.ts'

const usage = `node test/bench/tls/storm.ts [--connects 2000]
Opens so many connections to one broker at the same time, and asks for /healthz on each: plain, with TLS, and with TLS sessions that are resumed.
  --connects N  of each storm`

const { values } = toolArguments(usage, { connects: { kind: 'whole number', default: 2000, least: 1 } })

interface Storm {
  readonly seconds: number
  readonly failures: number
  readonly resumed: number
  readonly brokerCpuSeconds: number
  /** Milliseconds from the start of the storm to an answer. */
  readonly p50: number
  readonly p99: number
}

const longestMs = 20_000
const request = 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'

/** Rejects when the connection ends without an answer, or gets none in time. */
async function answered(port: number, secureContext: SecureContext | null, session?: Buffer): Promise<Socket> {
  const target = { host: '127.0.0.1', port }
  const resuming = session === undefined ? {} : { session }
  const socket = secureContext === null ? connect(target) : connectTls({ ...target, secureContext, ...resuming })
  socket.write(request)
  await new Promise<void>((resolve, reject) => {
    socket.on('data', () => resolve())
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
    socket.setTimeout(longestMs, () => socket.destroy())
  })
  return socket
}

/** A session to be resumed. */
async function newSession(port: number, secureContext: SecureContext): Promise<Buffer> {
  const socket = connectTls({ host: '127.0.0.1', port, secureContext })
  const [session] = (await once(socket, 'session')) as [Buffer]
  socket.destroy()
  return session
}

async function storm(cluster: ClusterProcesses, secureContext: SecureContext | null, session?: Buffer): Promise<Storm> {
  const port = Number(cluster.http(1).split(':')[1])
  const cpu = await processorSeconds(cluster.pid(1))
  const began = performance.now()
  const times: number[] = []
  const open: Socket[] = []
  let failures = 0
  let resumed = 0
  const one = async () => {
    try {
      const socket = await answered(port, secureContext, session)
      times.push(performance.now() - began)
      if (socket instanceof TLSSocket && socket.isSessionReused()) resumed++
      open.push(socket)
    } catch {
      failures++
    }
  }
  await Promise.all(Array.from({ length: values.connects }, one))
  const seconds = (performance.now() - began) / 1000
  for (const socket of open) socket.destroy()
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN
  return {
    seconds,
    failures,
    resumed,
    brokerCpuSeconds: (await processorSeconds(cluster.pid(1))) - cpu,
    p50: at(0.5),
    p99: at(0.99),
  }
}

const files = await CertificateFiles.create()
const tls = files.tls()
const flags = [...files.flagsOf(1), '--tls', 'allowed']
const cluster = await ClusterProcesses.start({ brokers: 1, flags, tls })
try {
  const context = createSecureContext({ ca: tls.ca })
  const session = await newSession(Number(cluster.http(1).split(':')[1]), context)
  console.log('| storm | connections | seconds | connections/s | resumed | failed | broker CPU s | p50 ms | p99 ms |')
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (let round = 0; round < 2; round++) {
    for (const [name, secure, kept] of [
      ['plain', null, undefined],
      ['TLS', context, undefined],
      ['TLS, resumed', context, session],
    ] as const) {
      const { seconds, failures, resumed, brokerCpuSeconds, p50, p99 } = await storm(cluster, secure, kept)
      const rate = (values.connects - failures) / seconds
      const cells = [name, values.connects, seconds.toFixed(2), rate.toFixed(0), resumed, failures]
      console.log(`| ${[...cells, brokerCpuSeconds.toFixed(2), p50.toFixed(0), p99.toFixed(0)].join(' | ')} |`)
    }
  }
} finally {
  await cluster.destroy()
  await files.remove()
}
process.exit(0)
