import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Credentials, TlsOptions } from '@tailrace/client'
import { HttpExchanges, type HttpReply } from '../../broker/src/platform/node/http-exchange.ts'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'

const executable = resolve(import.meta.dirname, '../../broker/bin/tailrace.js')

/** For a test that moves replicas and votes itself: no broker does so unasked. */
export const BY_HAND: readonly string[] = ['--balance-ms', '0']

export interface ClusterOptions {
  readonly brokers?: number
  /** Extra flags for every broker. */
  readonly flags?: readonly string[]
  /** Extra flags by broker id. */
  readonly flagsOf?: (id: number) => readonly string[]
  /** Extra flags for Node itself, by broker id. */
  readonly nodeFlags?: (id: number) => readonly string[]
  /** The program of a broker, where it is not that of this checkout; asked anew at each start. */
  readonly executableOf?: (id: number) => string | undefined
  /** How this process asks brokers that use TLS; default: plain. */
  readonly tls?: TlsOptions
}

/** Real broker processes on loopback with a folder of their own, for tests and benchmarks to hurt. */
export class ClusterProcesses {
  readonly folder: string
  readonly ids: number[]
  readonly #ports: { readonly http: number; readonly peer: number }[]
  readonly #options: ClusterOptions
  readonly #running = new Map<number, ChildProcess>()
  #tls: TlsOptions | null
  #exchanges: HttpExchanges
  #access: { readonly token: string; readonly sdk: Credentials } | null = null

  private constructor(folder: string, ports: { http: number; peer: number }[], options: ClusterOptions) {
    this.folder = folder
    this.#ports = ports
    this.#options = options
    this.#tls = options.tls ?? null
    this.#exchanges = new HttpExchanges(options.tls)
    this.ids = ports.map((_, at) => at + 1)
  }

  static async start(options: ClusterOptions = {}): Promise<ClusterProcesses> {
    const brokers = options.brokers ?? 3
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-'))
    const free = await freePorts(brokers * 2)
    const ports = Array.from({ length: brokers }, (_, at) => ({ http: free[at * 2]!, peer: free[at * 2 + 1]! }))
    const cluster = new ClusterProcesses(folder, ports, options)
    for (const id of cluster.ids) await cluster.launch(id)
    await cluster.ready()
    return cluster
  }

  http(id: number): string {
    return `127.0.0.1:${this.#ports[id - 1]!.http}`
  }

  peer(id: number): string {
    return `127.0.0.1:${this.#ports[id - 1]!.peer}`
  }

  get servers(): string[] {
    return this.ids.map((id) => `${this.#tls === null ? 'ws' : 'wss'}://${this.http(id)}`)
  }

  /** What an SDK needs to reach the brokers. */
  get sdk(): { readonly servers: string[]; readonly tls?: TlsOptions; readonly credentials?: Credentials } {
    return {
      servers: this.servers,
      ...(this.#tls !== null && { tls: this.#tls }),
      ...(this.#access !== null && { credentials: this.#access.sdk }),
    }
  }

  /** From now on this process asks with TLS. */
  useTls(tls: TlsOptions): void {
    this.#tls = tls
    this.#exchanges.close()
    this.#exchanges = new HttpExchanges(tls)
  }

  /** From now on this process shows credentials: a token in its own requests, another one through the SDKs. */
  useCredentials(access: { readonly token: string; readonly sdk: Credentials }): void {
    this.#access = access
  }

  /** Headers of a request of this process. */
  get authorization(): Readonly<Record<string, string>> {
    return this.#access === null ? {} : { authorization: `Bearer ${this.#access.token}` }
  }

  dataFolder(id: number): string {
    return join(this.folder, `broker-${id}`)
  }

  logFile(id: number): string {
    return join(this.folder, `broker-${id}.log`)
  }

  /** Brokers whose processes were started and not ended. */
  get running(): number[] {
    return [...this.#running.keys()]
  }

  pid(id: number): number {
    return this.#running.get(id)!.pid!
  }

  /** Of all brokers, in the order of `ids`. */
  get pids(): number[] {
    return this.ids.map((id) => this.pid(id))
  }

  /**
   * One more broker, which joins the present cluster; `address`: that of a broker that is gone. Resolves with its
   * number when it is ready.
   */
  async add(atAddressOf?: number): Promise<number> {
    const [http, peer] = (await freePorts(2)) as [number, number]
    const id = this.#ports.push(atAddressOf === undefined ? { http, peer } : this.#ports[atAddressOf - 1]!)
    this.ids.push(id)
    await this.launch(id)
    await this.ready([id])
    return id
  }

  async launch(id: number): Promise<void> {
    await mkdir(this.dataFolder(id), { recursive: true })
    const join = [...new Set(this.#ports.map((port) => `127.0.0.1:${port.peer}`))].join(',')
    const args = [
      ...(this.#options.nodeFlags?.(id) ?? []),
      this.#options.executableOf?.(id) ?? executable,
      'broker',
      '--id',
      String(id),
      '--data',
      this.dataFolder(id),
      '--http',
      this.http(id),
      '--peer',
      this.peer(id),
      '--join',
      join,
      ...(this.#options.flags ?? []),
      ...(this.#options.flagsOf?.(id) ?? []),
    ]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(this.logFile(id), { flags: 'a' })
    child.stdout!.pipe(log, { end: false })
    child.stderr!.pipe(log, { end: false })
    this.#running.set(id, child)
  }

  /** Resolves when every running broker answers /readyz with 200; after 30 s rejects with the logs of the brokers. */
  async ready(ids: readonly number[] = [...this.#running.keys()]): Promise<void> {
    const deadline = Date.now() + 30_000
    for (const id of ids) {
      while (!(await this.#isReady(id))) {
        const child = this.#running.get(id)
        if (Date.now() > deadline || (child !== undefined && child.exitCode !== null)) {
          throw new Error(`broker ${id} is not ready; its log:\n${(await this.log(id)).slice(-4000)}`)
        }
        await new Promise((done) => setTimeout(done, 20))
      }
    }
  }

  /** `kill -9`, resolved when the process is gone. */
  async kill(id: number): Promise<void> {
    const child = this.#running.get(id)
    if (child === undefined) return
    this.#running.delete(id)
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  pause(id: number): void {
    this.#running.get(id)!.kill('SIGSTOP')
  }

  resume(id: number): void {
    this.#running.get(id)!.kill('SIGCONT')
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(id: number): Promise<number | null> {
    const child = this.#running.get(id)
    if (child === undefined) return null
    this.#running.delete(id)
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await gone) as [number | null]
    return code
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)))
  }

  /** Stops all brokers and removes the folder. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.kill(id)))
    this.#exchanges.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  log(id: number): Promise<string> {
    return readFile(this.logFile(id), 'utf8').catch(() => '')
  }

  /** An HTTP request to one broker; rejects with the error body when the status is not 2xx. */
  async request<Answer>(id: number, method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, text } = await this.#ask(id, method, path, 60_000, body)
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${text}`)
    return (text === '' ? undefined : JSON.parse(text)) as Answer
  }

  async #isReady(id: number): Promise<boolean> {
    try {
      return (await this.#ask(id, 'GET', '/readyz', 1000)).status === 200
    } catch {
      return false
    }
  }

  async #ask(id: number, method: string, path: string, timeoutMs: number, body?: unknown): Promise<HttpReply> {
    const headers = {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...this.authorization,
    }
    const content = { headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const signal = AbortSignal.timeout(timeoutMs)
    if (this.#tls !== null) {
      const url = `https://${this.http(id)}${path}`
      return this.#exchanges.send({ method, url, ...content, signal, maxBytes: 1024 * 1024 * 1024 })
    }
    const response = await fetch(`http://${this.http(id)}${path}`, { method, ...content, signal })
    return { status: response.status, text: await response.text() }
  }
}
