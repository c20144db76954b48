import { once } from 'node:events'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server that brings each request to the next one of several others. */
export class RoundRobin {
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  #targets: readonly string[]
  #turn = 0
  #atWork = 0
  #held: Promise<void> | null = null
  #idle: (() => void) | null = null

  private constructor(targets: readonly string[]) {
    this.#targets = targets
    this.#server = createServer((incoming, response) => void this.#pass(incoming, response))
  }

  /** `targets`: as `host:port`. */
  static async start(targets: readonly string[]): Promise<RoundRobin> {
    const proxy = new RoundRobin(targets)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  use(targets: readonly string[]): void {
    this.#targets = targets
  }

  /** Does `work` while no request that writes is under way; those that come meanwhile wait. */
  async between(work: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#held = promise
    if (this.#atWork > 0) await new Promise<void>((done) => (this.#idle = done))
    await work()
    this.#held = null
    resolve()
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
    this.#agent.destroy()
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const isWrite = incoming.method !== 'GET' && incoming.method !== 'HEAD'
    if (this.#held !== null) await this.#held
    if (isWrite) this.#atWork += 1
    const [host, port] = this.#targets[this.#turn++ % this.#targets.length]!.split(':')
    const { method, url, headers } = incoming
    const passed = request({ host, port, method, path: url, headers, agent: this.#agent }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => {
      // Where the answer is whole its reader may still send.
      if (!response.writableEnded) response.destroy()
    })
    incoming.pipe(passed)
    response.once('close', () => {
      // The rest of a body that nobody wants.
      incoming.unpipe(passed).resume()
      passed.destroy()
      if (!isWrite) return
      this.#atWork -= 1
      if (this.#atWork === 0) this.#idle?.()
    })
  }
}
