import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePortRange } from '../e2e/command-line.ts'
import { composeFolder, environmentOf, readComposeFile } from './compose-file.ts'
import { mayGiveFiles, noteOfOwner, standInForOwners } from './file-owners.ts'

const program = fileURLToPath(new URL('../../broker/bin/tailrace.js', import.meta.url))
const health = fileURLToPath(new URL('../../deploy/docker/health.mjs', import.meta.url))
const { services } = readComposeFile()

/**
 * What compose.yaml starts, without containers: the same environment, scripts and commands, with addresses of loopback
 * in the place of the names of services, and folders in the place of volumes.
 */
export class ComposeServices {
  readonly folder = mkdtempSync(join(tmpdir(), 'tailrace-compose-'))
  /** A folder for the secrets of each service. */
  readonly secrets = join(this.folder, 'secrets')
  /** Notes of owners, where this process may not give files to other users. */
  readonly #owners = join(this.folder, 'owners')
  /** A port that no service uses. */
  readonly sparePort: number
  readonly #firstPort: number
  readonly #started: { readonly service: string; readonly child: ChildProcess }[] = []

  private constructor(firstPort: number) {
    this.#firstPort = firstPort
    this.sparePort = firstPort + 30
  }

  static async create(): Promise<ComposeServices> {
    const made = new ComposeServices(await freePortRange(31))
    for (const service of Object.keys(services)) mkdirSync(join(made.secrets, service), { recursive: true })
    mkdirSync(join(made.folder, 'bin'))
    const command = join(made.folder, 'bin/tailrace')
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`)
    chmodSync(command, 0o755)
    if (!mayGiveFiles) standInForOwners(join(made.folder, 'bin'), made.#owners)
    return made
  }

  address(service: string, port = '8080'): string {
    const kind = port === '7080' ? 10 : service.startsWith('cascade') ? 20 : 0
    return `127.0.0.1:${this.#firstPort + (Number(service.split('-')[1]) % 100) + kind}`
  }

  /** The number of the user to whom the scripts gave a file of `secrets`. */
  ownerOf(path: string): number {
    const { uid, ino } = statSync(join(this.secrets, path))
    return mayGiveFiles ? uid : noteOfOwner(this.#owners, ino)
  }

  startBroker(service: string): void {
    this.start(service, process.execPath, [program, ...(services[service]!.command ?? ['broker'])])
  }

  /** Starts a program with the environment of a service; it ends with the others. */
  start(service: string, command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, { env: this.#environment(service), detached: true, stdio: 'ignore' })
    this.#started.push({ service, child })
    return child
  }

  /** Runs a program with the environment of a service, and gives what it said. */
  async run(service: string, command: string, args: readonly string[]): Promise<string> {
    const child = spawn(command, args, { env: this.#environment(service) })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    const [code] = (await once(child, 'close')) as [number]
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said}`)
    return said
  }

  /** Runs a script of deploy/compose to its end. */
  async script(service: string, name: string): Promise<void> {
    await this.run(service, 'sh', [join(composeFolder, name), this.secrets])
  }

  /** Until the health check of the service succeeds. */
  async healthy(service: string): Promise<void> {
    const deadline = Date.now() + 30_000
    const [, , , path] = services[service]!.healthcheck!.test!
    for (;;) {
      const error = await this.run(service, process.execPath, [health, path!]).then(
        () => null,
        (reason: Error) => reason,
      )
      if (error === null) return
      if (Date.now() > deadline) throw error
    }
  }

  /** As the loss of the machine of a service. */
  async kill(service: string): Promise<void> {
    for (const started of this.#started) if (started.service === service) await end(started.child)
  }

  async stop(): Promise<void> {
    for (const { child } of this.#started) await end(child)
    rmSync(this.folder, { recursive: true, force: true })
  }

  #environment(service: string): NodeJS.ProcessEnv {
    const here = Object.entries(environmentOf(services[service]!)).map(([name, value]) => [
      name,
      value
        .replaceAll(/\b((?:broker|cascade)-\d+):(7080|8080)\b/g, (_, named, port) => this.address(named, port))
        .replace(/^(\/run\/secrets\/tailrace|\/secrets)\//, (_, folder) =>
          folder === '/secrets' ? `${this.secrets}/` : `${join(this.secrets, service)}/`,
        ),
    ])
    return {
      PATH: `${this.folder}/bin:${process.env.PATH}`,
      TAILRACE_DATA: join(this.folder, 'data', service),
      ...Object.fromEntries(here),
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'close')
  process.kill(-child.pid!, 'SIGKILL')
  await ended
}
