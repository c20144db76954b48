import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readTree, root } from '../house/source-tree.ts'

export type Outcome = 'killed' | 'survived' | 'timed out'

/**
 * A copy of the working tree to break things in. Its node_modules links to the original's, but for the packages of the workspace:
 * they lead into the copy, so that a mutant in one package is seen by the tests of all.
 */
export class Workshop {
  readonly folder: string

  constructor(name: string) {
    this.folder = join(root, '.tmp', 'mutants', name)
    rmSync(this.folder, { recursive: true, force: true })
    for (const [path, text] of readTree()) this.write(path, text)
    // Golden bytes and other files that are no text stand in folders of this name.
    for (const packageName of ['schemas', 'client', 'producer', 'consumer', 'broker', 'test']) {
      cpSync(join(root, packageName), join(this.folder, packageName), { recursive: true, filter: isWanted })
    }
    this.#linkPackages()
  }

  write(path: string, text: string): void {
    const full = join(this.folder, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
  }

  /** Whether one of the tests fails, or the run takes longer than `limitMs`. */
  run(tests: readonly string[], limitMs: number): Promise<Outcome> {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const args = [vitest, 'run', '--project', 'unit', '--bail', '1', '--reporter', 'dot', '--maxWorkers', '1', ...tests]
    return new Promise((resolve) => {
      const child = spawn(process.execPath, args, { cwd: this.folder, stdio: 'ignore', detached: true })
      const timer = setTimeout(() => {
        process.kill(-child.pid!, 'SIGKILL')
        resolve('timed out')
      }, limitMs)
      child.on('exit', (code) => {
        clearTimeout(timer)
        resolve(code === 0 ? 'survived' : 'killed')
      })
    })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
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
