import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

const program = resolve(import.meta.dirname, 'bare-process.ts')

/** Two bare processes that exchange frames at the rate of idle brokers; the caller ends them with `end`. */
export class BarePair {
  readonly #listening: ChildProcess
  readonly #connected: ChildProcess

  private constructor(listening: ChildProcess, connected: ChildProcess) {
    this.#listening = listening
    this.#connected = connected
  }

  static async start(): Promise<BarePair> {
    const listening = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = (await once(listening.stdout, 'data')) as [Buffer]
    const connected = spawn(process.execPath, [program, String(port).trim()], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return new BarePair(listening, connected)
  }

  get pids(): number[] {
    return [this.#listening.pid!, this.#connected.pid!]
  }

  end(): void {
    this.#listening.kill()
    this.#connected.kill()
  }
}
