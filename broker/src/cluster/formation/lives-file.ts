import { crc32c, refuseNewer, TailraceError } from '@tailrace/schemas'
import type { Disk } from '../../platform/disk.ts'

/**
 * The number of lives kept: a broker that has been away for as many starts of this broker takes its folder for an old
 * copy, which costs a quarantine.
 */
const MOST_LIVES = 1000

interface Content {
  readonly version: 1
  readonly lives: readonly string[]
  readonly atoned: readonly string[]
}

/**
 * `<data>/lives.json`: an id for each start of the broker on this folder. Others remember the newest, so that a folder
 * that was put back is detected (witness.ts).
 */
export class LivesFile {
  readonly #disk: Disk
  readonly #folder: string
  #content: Content = { version: 1, lives: [], atoned: [] }

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  get lives(): readonly string[] {
    return this.#content.lives
  }

  get atoned(): readonly string[] {
    return this.#content.atoned
  }

  /**
   * A new life begins: durable when it resolves, before any broker learns of it. A file that cannot be read counts as
   * lost.
   * @throws TailraceError NEWER_FORMAT; DiskError
   */
  async begin(life: string): Promise<void> {
    const { lives, atoned } = await read(this.#disk, pathIn(this.#folder))
    await this.#replace({ version: 1, lives: [...lives, life].slice(-MOST_LIVES), atoned })
  }

  /** All replicas are quarantined, durably, for the loss of this life: no broker need report it again. */
  async recordMadeGood(life: string): Promise<void> {
    const { atoned } = this.#content
    if (!atoned.includes(life)) await this.#replace({ ...this.#content, atoned: [...atoned, life].slice(-MOST_LIVES) })
  }

  async #replace(content: Content): Promise<void> {
    this.#content = content
    const temporary = `${pathIn(this.#folder)}.new`
    const file = await this.#disk.open(temporary)
    try {
      await file.truncate(0)
      const text = JSON.stringify(content)
      await file.write([new TextEncoder().encode(`${checksumOf(text)} ${text}`)], 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.rename(temporary, pathIn(this.#folder))
    await this.#disk.syncFolder(this.#folder)
  }
}

const none: Pick<Content, 'lives' | 'atoned'> = { lives: [], atoned: [] }

async function read(disk: Disk, path: string): Promise<Pick<Content, 'lives' | 'atoned'>> {
  const found = await parse(disk, path)
  return found === 'missing' || found === 'damaged' ? none : found
}

/** Looks at the file in a folder that is not open. @throws TailraceError NEWER_FORMAT; DiskError */
export async function checkLives(disk: Disk, folder: string): Promise<'missing' | 'damaged' | 'sound'> {
  const found = await parse(disk, pathIn(folder))
  return found === 'missing' || found === 'damaged' ? found : 'sound'
}

async function parse(disk: Disk, path: string): Promise<Pick<Content, 'lives' | 'atoned'> | 'missing' | 'damaged'> {
  const size = await disk.size(path)
  if (size === null) return 'missing'
  const bytes = new Uint8Array(size)
  const file = await disk.open(path)
  try {
    await file.read(bytes, 0)
  } finally {
    await file.close()
  }
  try {
    const [, checksum, text] = /^(\d+) (.*)$/.exec(new TextDecoder().decode(bytes)) ?? []
    if (text === undefined || Number(checksum) !== checksumOf(text)) return 'damaged'
    const content = JSON.parse(text) as Partial<Content>
    refuseNewer('lives', content.version, path)
    return { lives: textsIn(content.lives), atoned: textsIn(content.atoned) }
  } catch (error) {
    if (error instanceof TailraceError) throw error
    return 'damaged'
  }
}

function checksumOf(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return crc32c(bytes, 0, bytes.length)
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function pathIn(folder: string): string {
  return `${folder}/lives.json`
}
