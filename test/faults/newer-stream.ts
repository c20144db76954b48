import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  brokerMessages,
  clientMessages,
  encodeFrame,
  type Frame,
  type MessageName,
  parseFrame,
  streamQuery,
} from '@tailrace/schemas'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import { NewerProtocol } from '../../schemas/src/testing/newer-protocol.ts'

const newer = new NewerProtocol([...clientMessages, ...brokerMessages], { Shout: 902 })

/**
 * A proxy between a client and a broker of this version that acts as a newer version to one of them: it sends the
 * messages of the other side again in schemas in which every record has got a field more.
 */
export class NewerStream {
  /** The messages that have been sent in newer schemas. */
  readonly said = new Set<MessageName>()
  readonly #newer: 'broker' | 'client'
  readonly #target: string
  readonly #server = createServer()
  readonly #sockets = new Set<WebSocket>()

  constructor(newer: 'broker' | 'client', target: string) {
    this.#newer = newer
    this.#target = target
  }

  /** Resolves with the address to which the client is to connect. */
  async listen(): Promise<string> {
    const streams = new WebSocketServer({ server: this.#server, path: '/stream' })
    streams.on('connection', (socket, { url }) => {
      if (url !== `/stream${streamQuery}`) throw new Error(`a client asks for ${url}`)
      this.#join(socket)
    })
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: WebSocket): void {
    const query = this.#newer === 'client' ? '?schemas=newer' : streamQuery
    const broker = new WebSocket(`ws://${this.#target}/stream${query}`)
    this.#sockets.add(client).add(broker)
    const early: RawData[] = []
    client.on('message', (data) => (broker.readyState === broker.OPEN ? toBroker(data) : early.push(data)))
    const { toClient, toBroker } =
      this.#newer === 'client' ? this.#asClient(client, broker) : this.#asBroker(client, broker)
    broker.on('open', () => early.splice(0).forEach(toBroker))
    broker.on('message', toClient)
    broker.on('close', () => client.terminate())
    client.on('close', () => broker.terminate())
    broker.on('error', () => client.terminate())
  }

  #asClient(client: WebSocket, broker: WebSocket) {
    let isFirst = true
    return {
      toClient: (data: RawData) => {
        if (!isFirst) return client.send(data)
        isFirst = false
        if (frameOf(data).name !== 'Schemas') throw new Error('the broker does not send its schemas')
        broker.send(Buffer.concat(encodeFrame('Schemas', { fingerprint: 'newer', protocolJson: newer.json })))
        client.send(Buffer.concat(schemasFrame(true)))
      },
      toBroker: (data: RawData) => broker.send(this.#sayAgain(data)),
    }
  }

  #asBroker(client: WebSocket, broker: WebSocket) {
    let isFirst = true
    let hasAnswered = false
    return {
      toClient: (data: RawData) => {
        if (isFirst) {
          client.send(Buffer.concat(encodeFrame('Schemas', { fingerprint: 'newer', protocolJson: newer.json })))
          client.send(newer.frame('Shout', { correlation: 1 }, undefined, 902))
        } else client.send(this.#sayAgain(data))
        isFirst = false
      },
      toBroker: (data: RawData) => {
        if (hasAnswered) return broker.send(data)
        hasAnswered = true
        if (frameOf(data).name !== 'Schemas') throw new Error('the client does not send its schemas')
      },
    }
  }

  #sayAgain(data: RawData): Uint8Array {
    const { name, fields, body } = frameOf(data)
    this.said.add(name)
    return newer.frame(name, fields, body)
  }
}

function frameOf(data: RawData): Frame {
  return parseFrame(new Uint8Array(data as Buffer))
}
