import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../broker/src/platform/testing/free-ports.ts'

/** The program of the S3 server: it keeps buckets as folders and objects as files. */
export const S3_SERVER = 'versitygw'
const SECRETS = { AWS_ACCESS_KEY_ID: 'tailrace', AWS_SECRET_ACCESS_KEY: 'a-secret-for-tests' }
const START_MS = 15_000

/** A real S3 server on loopback with one bucket. */
export class S3Server {
  readonly folder: string
  /** What a command is given in its environment to ask it. */
  readonly environment: Readonly<Record<string, string>>
  readonly #child: ChildProcess

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.folder = folder
    this.#child = child
    this.environment = {
      ...SECRETS,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      // Nothing of the person who runs the tests, and of the machine that they run on.
      AWS_CONFIG_FILE: join(folder, 'none'),
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
    }
  }

  static async start(bucket: string): Promise<S3Server> {
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-s3-'))
    await mkdir(join(folder, 'buckets', bucket), { recursive: true })
    // Of those that the system gives out in turn: no other test that runs now gets it as well.
    const [port] = (await freePorts(1)) as [number]
    const args = [
      '--port',
      `127.0.0.1:${port}`,
      '--quiet',
      'posix',
      '--sidecar',
      join(folder, 'fields'),
      join(folder, 'buckets'),
    ]
    await mkdir(join(folder, 'fields'))
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = SECRETS
    const child = spawn(S3_SERVER, args, {
      env: { ...process.env, ROOT_ACCESS_KEY: AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: AWS_SECRET_ACCESS_KEY },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await listening(port, child)
    return new S3Server(folder, port, child)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.kill('SIGKILL')) await once(this.#child, 'exit')
  }

  async destroy(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const end = performance.now() + START_MS
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${S3_SERVER} ended with code ${child.exitCode}.`)
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    if (performance.now() > end) throw new Error(`${S3_SERVER} does not listen.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
