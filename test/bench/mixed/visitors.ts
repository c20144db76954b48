import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { WebSocket } from 'ws'

/** Where visitors go. `random(n)`: a whole number below n. */
export interface Place {
  readonly addresses: readonly string[]
  readonly topic: string
  readonly random: (bound: number) => number
}

export interface Visitor {
  readonly name: string
  /** One visit, from coming to going. Rejects when the broker did not do its part. */
  visit(place: Place): Promise<void>
}

const anyOf = ({ addresses, random }: Place): string => addresses[random(addresses.length)]!
const serversOf = ({ addresses }: Place): string[] => addresses.map((address) => `ws://${address}`)

async function publishWithSdk(place: Place): Promise<void> {
  const producer = new Producer({ servers: serversOf(place) })
  try {
    const value = 'v'.repeat(50 + place.random(2000))
    const records = Array.from({ length: 200 }, (_, at) => ({ key: `key ${at}`, value }))
    for (let round = 0; round < 5; round++) await producer.sendBatch(place.topic, records)
  } finally {
    await producer.close()
  }
}

async function consumeWithSdk(place: Place): Promise<void> {
  const consumer = new Consumer({ servers: serversOf(place) })
  try {
    let left = 300 + place.random(2000)
    const from = place.random(3) === 0 ? 'earliest' : 'latest'
    for await (const _record of consumer.subscribe(place.topic, { from })) if (--left === 0) break
  } finally {
    await consumer.close()
  }
}

async function request(place: Place, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(`http://${anyOf(place)}${path}`, init)
  // A request that the broker refuses for a while is not a fault.
  if (response.status >= 500 && response.status !== 503) throw new Error(`${path}: ${await response.text()}`)
  return response
}

async function useHttp(place: Place): Promise<void> {
  const records = Array.from({ length: 20 }, (_, at) => ({ key: `k${at}`, value: 'v'.repeat(place.random(500)) }))
  const headers = { 'content-type': 'application/json' }
  const topic = `/topics/${place.topic}`
  for (let round = 0; round < 10; round++) {
    await (
      await request(place, `${topic}/records`, { method: 'POST', headers, body: JSON.stringify({ records }) })
    ).text()
    const partition = place.random(16)
    await (await request(place, `${topic}/partitions/${partition}/records?offset=latest&waitMs=200`)).text()
    await (await request(place, topic)).text()
  }
}

/** Asks for records that do not exist yet and leaves before the answer. */
async function leaveLongPoll(place: Place): Promise<void> {
  const path = `/topics/${place.topic}/partitions/${place.random(16)}/records?offset=latest&waitMs=20000`
  await request(place, path, { signal: AbortSignal.timeout(500 + place.random(1500)) }).catch(() => {})
}

async function createAndDelete(place: Place): Promise<void> {
  const name = `visit-${place.random(1e9)}`
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ name, partitions: 3, replicas: 3 })
  await (await request(place, '/topics', { method: 'POST', headers, body })).text()
  await (await request(place, `/topics/${name}`, { method: 'DELETE' })).text()
}

async function openStream(place: Place): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${anyOf(place)}/stream`)
  socket.on('error', () => {})
  await new Promise((done, fail) => {
    socket.once('open', done)
    socket.once('close', () => fail(new Error('a stream was closed before it was open')))
  })
  return socket
}

async function readJson(place: Place): Promise<void> {
  const socket = await openStream(place)
  const from = place.random(2) === 0 ? 'earliest' : 'latest'
  socket.send(JSON.stringify({ op: 'subscribe', id: 1, topic: place.topic, from, credit: 1 << 20 }))
  await pause(1000 + place.random(4000))
  if (place.random(2) === 0) socket.close()
  else socket.terminate()
}

/** Subscribes and reads nothing. */
async function stall(place: Place): Promise<void> {
  const socket = await openStream(place)
  socket.send(JSON.stringify({ op: 'subscribe', id: 1, topic: place.topic, from: 'earliest', credit: 1 << 30 }))
  socket.pause()
  await pause(5000 + place.random(15_000))
  socket.terminate()
}

/** Sends half a request, half a frame, noise, and leaves. */
async function talkNonsense(place: Place): Promise<void> {
  const [host, port] = anyOf(place).split(':') as [string, string]
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  const halves = [
    'POST /topics/x/records HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n{"records":[',
    'POST /topics/x/records HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"re\r\n',
    Buffer.from(Array.from({ length: 2000 }, () => place.random(256))),
  ]
  socket.write(halves[place.random(halves.length)]!)
  await pause(500 + place.random(3000))
  socket.destroy()
}

export const visitors: readonly Visitor[] = [
  { name: 'SDK producer', visit: publishWithSdk },
  { name: 'SDK consumer', visit: consumeWithSdk },
  { name: 'HTTP client', visit: useHttp },
  { name: 'long poll that is left', visit: leaveLongPoll },
  { name: 'topic created and deleted', visit: createAndDelete },
  { name: 'JSON reader', visit: readJson },
  { name: 'stalled reader', visit: stall },
  { name: 'nonsense', visit: talkNonsense },
]
