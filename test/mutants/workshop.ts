import { type ChildProcess, fork } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readTree, root } from '../architecture/source-tree.ts'
import type { Finding, Question } from './judge.ts'

const START_LIMIT_MS = 120_000

/**
 * A copy of the working tree to break things in. Its node_modules links to the original's, but for the packages of the
 * workspace: they lead into the copy, so that a mutant in one package is seen by the tests of all.
 */
export class Workshop {
  readonly folder: string
  #judge: ChildProcess | null = null

  constructor(name: string) {
    this.folder = join(root, '.tmp', 'mutants', name)
    rmSync(this.folder, { recursive: true, force: true })
    for (const [path, text] of readTree()) this.write(path, text)
    // Golden bytes and other files that are no text stand in folders of this name.
    for (const packageName of ['schemas', 'client', 'producer', 'consumer', 'admin', 'sdk', 'broker', 'test']) {
      cpSync(join(root, packageName), join(this.folder, packageName), { recursive: true, filter: isWanted })
    }
    this.#linkPackages()
  }

  write(path: string, text: string): void {
    const full = join(this.folder, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
  }

  /** Runs a test file; null when it took longer than `limitMs`. */
  async run(question: Question, limitMs: number): Promise<Finding | null> {
    const judge = (this.#judge ??= await this.#startJudge())
    judge.send(question)
    const answer = await this.#answer(judge, limitMs)
    if (answer === null) this.#stopJudge()
    return answer as Finding | null
  }

  remove(): void {
    this.#stopJudge()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #startJudge(): Promise<ChildProcess> {
    const judge = fork(join(this.folder, 'test', 'mutants', 'judge.ts'), {
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      detached: true,
    })
    await this.#answer(judge, START_LIMIT_MS)
    return judge
  }

  /**
   * The next message; null when there is none within `limitMs`.
   * @throws Error when the judge itself ends: that says nothing about the mutant
   */
  #answer(judge: ChildProcess, limitMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (answer: unknown) => {
        clearTimeout(timer)
        judge.off('message', settle).off('exit', stopped)
        resolve(answer)
      }
      const stopped = (code: number | null) => {
        clearTimeout(timer)
        reject(new Error(`the process that runs the tests of mutants ended with ${code}`))
      }
      const timer = setTimeout(settle, limitMs, null)
      judge.on('message', settle).on('exit', stopped)
    })
  }

  /** With the workers that it started: one of them may be in a loop without end. */
  #stopJudge(): void {
    const judge = this.#judge
    this.#judge = null
    if (judge === null || judge.exitCode !== null || judge.signalCode !== null) return
    process.kill(-judge.pid!, 'SIGKILL')
  }

  #linkPackages(): void {
    const modules = join(root, 'node_modules')
    const own = join(this.folder, 'node_modules')
    mkdirSync(join(own, '@tailrace'), { recursive: true })
    for (const name of readdirSync(modules)) {
      if (!name.startsWith('.') && name !== '@tailrace') symlinkSync(join(modules, name), join(own, name))
    }
    for (const name of readdirSync(join(modules, '@tailrace'))) {
      symlinkSync(join(this.folder, name), join(own, '@tailrace', name))
    }
  }
}

function isWanted(path: string): boolean {
  return !/\/(node_modules|dist|\.tmp|data)(\/|$)/.test(path.slice(root.length))
}
