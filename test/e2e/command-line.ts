import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A started command, and its output so far. */
export interface Started {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  out(): string
  err(): string
}

/** Runs `tailrace` with this Node. */
export function start(args: readonly string[], environment: Record<string, string> = {}): Started {
  return watch(spawn(process.execPath, [program, ...args], { env: cleanEnvironment(environment) }))
}

/** Runs `tailrace` to its end. */
export async function tailrace(
  args: readonly string[],
  input = '',
  environment: Record<string, string> = {},
): Promise<Finished> {
  const started = start(args, environment)
  started.child.stdin!.end(input)
  return started.finished
}

const fromSources = `const { main } = await import(${JSON.stringify(new URL('../../broker/src/cli/cli.ts', import.meta.url))})
process.exitCode = await main(process.argv.slice(1))`

/** As `tailrace`, from the sources also where there is a bundle of them. */
export async function tailraceFromSources(
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Finished> {
  const run = ['--input-type=module', '--eval', fromSources, '--', ...args]
  const started = watch(spawn(process.execPath, run, { env: cleanEnvironment(environment) }))
  started.child.stdin!.end()
  return started.finished
}

/** Runs a program of samples/programs with this Node. */
export function startSample(name: string, args: readonly string[], environment: Record<string, string>): Started {
  const file = join(root, 'samples/programs', name)
  return watch(spawn(process.execPath, [file, ...args], { env: cleanEnvironment(environment) }))
}

/** Runs `npm start -- …` as a person does: npm leads a group of processes, which gets Ctrl-C as a whole. */
export function npmStart(args: readonly string[]): Started {
  const child = spawn('npm', ['start', '--', ...args], { cwd: root, env: cleanEnvironment({}), detached: true })
  return watch(child)
}

/** Ctrl-C in the terminal of a started command that leads its group. */
export function pressCtrlC({ child }: Started): void {
  process.kill(-child.pid!, 'SIGINT')
}

function watch(child: ChildProcess): Started {
  let [out, err] = ['', '']
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const finished = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return { child, finished, out: () => out, err: () => err }
}

/** Settings of the person who runs the tests must not reach the brokers under test. */
export function cleanEnvironment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('TAILRACE_') && !name.startsWith('VITEST') && name !== 'NODE_ENV',
  )
  // No profile of that person either.
  return { ...Object.fromEntries(kept), XDG_CONFIG_HOME: join(root, '.tmp', 'no-profiles'), ...extra }
}

/**
 * The first of `count` consecutive ports that are free on loopback. Test files run beside each other, in processes of
 * neighbouring numbers: each looks from a place of its own on, below the ports of outgoing connections.
 */
export async function freePortRange(count: number): Promise<number> {
  for (let first = 20_000 + (process.pid % 400) * 30; first < 60_000; first += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`There are no ${count} free ports in a row.`)
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listening = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!(await listening)) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
