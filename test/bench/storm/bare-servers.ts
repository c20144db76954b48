import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { freePorts } from '../../../broker/src/platform/testing/free-ports.ts'

/** One process of a server that answers each message, in their order. */
class Server {
  readonly #process: ChildProcess
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  readonly listening: Promise<void>

  constructor(file: string, port: number) {
    const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const
    this.#process = fork(join(import.meta.dirname, file), [String(port)], { stdio: [...stdio] })
    this.listening = this.#answer()
    this.#process.on('message', () => this.#waiting.shift()?.resolve())
    this.#process.on('exit', () => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error('the server has ended'))
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** Resolves when it was sent to all. */
  send(text: string): Promise<void> {
    if (!this.#process.connected) return Promise.reject(new Error('the server has ended'))
    const sent = this.#answer()
    this.#process.send(text, () => undefined)
    return sent
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}

/** Processes of a server without a store, each of which is told every record. */
export class BareServers {
  readonly ports: readonly number[]
  readonly #file: string
  #servers: Server[]

  private constructor(file: string, ports: readonly number[]) {
    this.#file = file
    this.ports = ports
    this.#servers = ports.map((port) => new Server(file, port))
  }

  static async start(file: string, processes: number): Promise<BareServers> {
    const servers = new BareServers(file, await freePorts(processes))
    await Promise.all(servers.#servers.map(({ listening }) => listening))
    return servers
  }

  pids(): number[] {
    return this.#servers.map(({ pid }) => pid)
  }

  /** Rejects where one of them does not take it. */
  async publish(value: string): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.send(value)))
  }

  /** `kill -9` of all, which are started again at once at the same ports. */
  async restart(): Promise<void> {
    this.close()
    this.#servers = this.ports.map((port) => new Server(this.#file, port))
    await Promise.all(this.#servers.map(({ listening }) => listening))
  }

  async close(): Promise<void> {
    for (const server of this.#servers) server.kill()
  }
}
