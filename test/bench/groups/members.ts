/** Many members of consumer groups in one process, which do nothing but send beats. Started with IPC. */
import { encodeFrame, type OwnedFields, parseFrame } from '@tailrace/schemas'
import { WebSocket } from 'ws'

export interface MembersOrder {
  /** Addresses `host:port`, which the connections share among them. */
  readonly addresses: readonly string[]
  /** Each is a group of its own, with one member. */
  readonly groups: number
  readonly topic: string
  readonly sessionMs: number
}

/** A broker stops reading from a connection at some hundreds of requests that wait. */
const MEMBERS_A_CONNECTION = 20

interface Beaten {
  readonly epoch: number
  readonly heartbeatMs: number
  readonly assignment: readonly (OwnedFields & { readonly topic: string })[]
}

class Connection {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve(beaten: Beaten): void; reject(error: Error): void }>()
  #last = 0

  constructor(address: string) {
    this.#socket = new WebSocket(`ws://${address}/stream`)
    this.#socket.on('message', (data: Buffer) => this.#receive(new Uint8Array(data)))
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => this.#socket.once('open', resolve).once('error', reject))
    return this
  }

  beat(order: MembersOrder, group: string, known: Beaten | null): Promise<Beaten> {
    const correlation = ++this.#last
    const owned = (known?.assignment ?? []).map(({ topicId, partition, token }) => ({ topicId, partition, token }))
    const subscribed = known === null ? { topics: [order.topic], patterns: [] } : null
    const names = { clientId: '', instance: '', rack: '' }
    const times = { epoch: known?.epoch ?? 0, sessionMs: order.sessionMs, waitMs: known?.heartbeatMs ?? 0 }
    const request = { 'tailrace.groups.Beat': { ...names, ...times, subscribed, owned, stuck: [] } }
    this.#socket.send(Buffer.concat(encodeFrame('ConsumerGroup', { correlation, group, member: 'm', request })))
    return new Promise((resolve, reject) => this.#waiting.set(correlation, { resolve, reject }))
  }

  #receive(bytes: Uint8Array): void {
    const { name, fields } = parseFrame(bytes)
    const { correlation, result, error } = fields as { correlation: number; result?: object; error?: object }
    const waiting = this.#waiting.get(correlation)
    this.#waiting.delete(correlation)
    const beaten = (result as { 'tailrace.groups.Beaten'?: Beaten } | undefined)?.['tailrace.groups.Beaten']
    if (beaten === undefined) waiting?.reject(new Error(`${name}: ${JSON.stringify(error)}`))
    else waiting?.resolve(beaten)
  }
}

async function run(order: MembersOrder): Promise<void> {
  const connections: Connection[] = []
  for (let at = 0; at < order.groups / MEMBERS_A_CONNECTION; at++) {
    connections.push(await new Connection(order.addresses[at % order.addresses.length]!).open())
  }
  for (let at = 0; at < order.groups; at++) {
    const connection = connections[at % connections.length]!
    const joined = await connection.beat(order, `group-${at}`, null)
    void live(connection, order, `group-${at}`, joined)
  }
}

async function live(connection: Connection, order: MembersOrder, group: string, joined: Beaten): Promise<void> {
  for (let known = joined; ; ) known = await connection.beat(order, group, known)
}

process.on('message', (order: MembersOrder) => {
  run(order).then(
    () => process.send!({ joined: order.groups }),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
