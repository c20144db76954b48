import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

/** A process of the benchmark that answers one message after the other. */
export class Child {
  readonly #process: ChildProcess

  /** `file`: from this folder on. */
  constructor(file: string) {
    this.#process = fork(join(import.meta.dirname, file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }

  get pid(): number {
    return this.#process.pid!
  }

  answer<Answer>(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`a process of the benchmark has ended: ${code}`))
      this.#process.once('exit', onExit)
      this.#process.once('message', (answer) => {
        this.#process.off('exit', onExit)
        resolve(answer as Answer)
      })
    })
  }

  ask<Answer>(message: object | string): Promise<Answer> {
    const answer = this.answer<Answer>()
    this.#process.send(message)
    return answer
  }

  tell(message: string): void {
    this.#process.send(message)
  }

  end(): void {
    this.#process.disconnect()
  }
}
