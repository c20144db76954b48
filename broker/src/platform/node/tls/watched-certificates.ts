import type { Clock, TimerHandle } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { fileStamp } from '../file-stamps.ts'
import { type CertificateFiles, type Certificates, readCertificates } from './certificate-files.ts'

export interface WatchDeps {
  readonly clock: Clock
  readonly log: Logger
  /** Default: a second. */
  readonly lookEveryMs?: number
  /** Throws TailraceError INVALID_SETTING where these may not be used, as where they have a fault. */
  readonly check?: ((certificates: Certificates) => void) | undefined
}

/**
 * Certificates that follow their files. Several files are written one after the other: they are read when they have not
 * changed between two looks. Files that are faulty change nothing: the former certificates stay in use.
 */
export class WatchedCertificates {
  /** Reloads that failed since the start. */
  failures = 0
  reloads = 0
  readonly #files: CertificateFiles
  readonly #deps: WatchDeps
  readonly #listeners = new Set<(certificates: Certificates) => void>()
  readonly #timer: TimerHandle
  #current: Certificates
  /** State of the files when they were read, and at the last look. */
  #read: string
  #seen: string
  #looking = false

  private constructor(files: CertificateFiles, deps: WatchDeps, current: Certificates, state: string) {
    this.#files = files
    this.#deps = deps
    this.#current = current
    this.#read = state
    this.#seen = state
    this.#timer = deps.clock.every(deps.lookEveryMs ?? 1_000, () => void this.#look())
    this.#warn()
  }

  /** @throws TailraceError INVALID_SETTING that names the file and its fault */
  static async open(files: CertificateFiles, deps: WatchDeps): Promise<WatchedCertificates> {
    const state = await stateOf(files)
    return new WatchedCertificates(files, deps, await readChecked(files, deps), state)
  }

  get current(): Certificates {
    return this.#current
  }

  /** Calls `listener` with each later version. */
  onChange(listener: (certificates: Certificates) => void): void {
    this.#listeners.add(listener)
  }

  /** Reads the files now. Never rejects: a fault is logged and counted. */
  async reload(): Promise<void> {
    this.#read = this.#seen = await stateOf(this.#files)
    const { log } = this.#deps
    try {
      this.#current = await readChecked(this.#files, this.#deps)
      for (const listener of this.#listeners) listener(this.#current)
    } catch (error) {
      this.failures++
      log.error({ err: error }, 'the changed certificate files cannot be used; the former certificates stay in use')
      return
    }
    this.reloads++
    const { validUntil } = this.#current
    log.info(
      { files: pathsOf(this.#files), validUntil: validUntil === null ? null : new Date(validUntil).toISOString() },
      'certificates loaded anew',
    )
    this.#warn()
  }

  close(): void {
    this.#timer.cancel()
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const state = await stateOf(this.#files)
      const isSettled = state === this.#seen
      this.#seen = state
      if (isSettled && state !== this.#read) await this.reload()
    } finally {
      this.#looking = false
    }
  }

  #warn(): void {
    for (const warning of this.#current.warnings) this.#deps.log.warn({}, warning)
  }
}

async function readChecked(files: CertificateFiles, { clock, check }: WatchDeps): Promise<Certificates> {
  const certificates = await readCertificates(files, clock.now())
  check?.(certificates)
  return certificates
}

function pathsOf({ cert, key, ca }: CertificateFiles): string[] {
  return [cert, key, ca].flatMap((file) => (file === null ? [] : [file.path]))
}

/** Changes whenever a file is written, replaced or given other rights, links followed. */
async function stateOf(files: CertificateFiles): Promise<string> {
  const stamps = pathsOf(files).map((path) => fileStamp(path).catch(() => 'missing'))
  return (await Promise.all(stamps)).join(', ')
}
