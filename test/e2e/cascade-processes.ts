import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'

const executable = resolve(import.meta.dirname, '../../broker/bin/tailrace.js')

interface Cascade {
  readonly http: string
  readonly source: string
  readonly flags: readonly string[]
}

/** Real cascade brokers on loopback, each with a folder of its own, beside a cluster. */
export class CascadeProcesses {
  readonly folder: string
  readonly #brokers = new Map<number, Cascade>()
  readonly #running = new Map<number, ChildProcess>()

  private constructor(folder: string) {
    this.folder = folder
  }

  static async inFolder(): Promise<CascadeProcesses> {
    return new CascadeProcesses(await mkdtemp(join(tmpdir(), 'tailrace-cascade-')))
  }

  http(id: number): string {
    return this.#brokers.get(id)!.http
  }

  pid(id: number): number {
    return this.#running.get(id)!.pid!
  }

  dataFolder(id: number): string {
    return join(this.folder, `broker-${id}`)
  }

  log(id: number): Promise<string> {
    return readFile(join(this.folder, `broker-${id}.log`), 'utf8').catch(() => '')
  }

  /** SIGSTOP or SIGCONT to all. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const child of this.#running.values()) child.kill(signal)
  }

  /** `source`: addresses with commas. */
  async add(id: number, source: string, flags: readonly string[] = []): Promise<void> {
    const [port] = await freePorts(1)
    this.#brokers.set(id, { http: `127.0.0.1:${port}`, source, flags })
    this.launch(id)
  }

  launch(id: number): void {
    const { http, source, flags: more } = this.#brokers.get(id)!
    const flags = [...more, '--id', String(id), '--data', this.dataFolder(id), '--http', http, '--source', source]
    const child = spawn(process.execPath, [executable, 'cascade', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
    const log = createWriteStream(join(this.folder, `broker-${id}.log`), { flags: 'a' })
    child.stdout!.pipe(log, { end: false })
    child.stderr!.pipe(log, { end: false })
    this.#running.set(id, child)
  }

  /** Of one that has ended by itself; null: it is still there. */
  exitCode(id: number): number | null {
    return this.#running.get(id)!.exitCode
  }

  async ready(ids: readonly number[] = [...this.#running.keys()]): Promise<void> {
    const deadline = Date.now() + 20_000
    for (const id of ids) {
      while (!(await this.#isReady(id))) {
        if (Date.now() > deadline) throw new Error(`cascade broker ${id} is not ready; its log:\n${await this.log(id)}`)
        await new Promise((done) => setTimeout(done, 20))
      }
    }
  }

  async end(id: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#running.get(id)
    if (child === undefined) return
    this.#running.delete(id)
    if (child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async endAll(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.end(id, signal)))
  }

  async destroy(): Promise<void> {
    await this.endAll('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }

  async #isReady(id: number): Promise<boolean> {
    try {
      return (await fetch(`http://${this.http(id)}/readyz`, { signal: AbortSignal.timeout(1000) })).ok
    } catch {
      return false
    }
  }
}
