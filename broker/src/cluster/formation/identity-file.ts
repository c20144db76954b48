import type { BrokerId } from '@tailrace/schemas'
import { crc32c, formatTable, NO_BROKER, newerFormat, TailraceError } from '@tailrace/schemas'
import { keepFile } from '../../log/keep-file.ts'
import { damagedFile } from '../../log/recovery/damaged-file.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Random } from '../../platform/random.ts'
import type { FormationRecord } from '../metadata/formation-record.ts'
import { readFormation, requireMember } from '../metadata/formation-record.ts'

const FORMAT = formatTable.identity.version
const NAME = 'identity.json'

interface Content {
  readonly format: typeof FORMAT
  readonly brokerId: BrokerId
  /**
   * Made once: a wiped disk gets another one, and so is never taken for the broker that voted before (docs/design.md).
   */
  readonly directoryId: string
  readonly clusterId: string
  readonly formation: FormationRecord | null
  /** Index of the metadata command that admitted this broker; 0: it is a founder. */
  readonly admission: number
}

/**
 * `<data>/identity.json`: the broker that this data directory belongs to, and the cluster that it has joined. Replaced
 * atomically.
 */
export class IdentityFile {
  readonly #disk: Disk
  readonly #folder: string
  #content: Content

  constructor(disk: Disk, folder: string, brokerId: BrokerId) {
    this.#disk = disk
    this.#folder = folder
    this.#content = { format: FORMAT, brokerId, directoryId: '', clusterId: '', formation: null, admission: 0 }
  }

  /**
   * Reads the file, or makes it durable with a new directory id where there is none. Before anything else of this
   * object.
   * @returns whether the directory is new
   * @throws TailraceError BROKER_IDENTITY_MISMATCH when the directory belongs to another broker id; STORAGE_CORRUPT
   * when it cannot be read; NEWER_FORMAT
   */
  async load(random: Random): Promise<boolean> {
    const { brokerId } = this.#content
    await this.#disk.makeFolder(this.#folder)
    const found = await read(this.#disk, this.#folder)
    if (found === null) {
      await this.#replace({ ...this.#content, directoryId: random.uuid() })
      return true
    }
    if (found.brokerId !== brokerId) {
      throw new TailraceError(
        'BROKER_IDENTITY_MISMATCH',
        `${this.#folder} belongs to broker ${found.brokerId}; start it with --id ${found.brokerId}, or give broker ${brokerId} a folder of its own.`,
      )
    }
    if (found.formation !== null && found.admission === 0) requireMember(found.formation, brokerId, found.directoryId)
    this.#content = found
    return false
  }

  get directoryId(): string {
    return this.#content.directoryId
  }

  get formation(): FormationRecord | null {
    return this.#content.formation
  }

  get admission(): number {
    return this.#content.admission
  }

  /** Resolves when the record is durable. Only the first one is ever taken. */
  async saveFormation(formation: FormationRecord, admission: number): Promise<void> {
    if (this.#content.formation !== null) throw new TailraceError('INTERNAL', 'The cluster has been formed already.')
    await this.#replace({ ...this.#content, clusterId: formation.clusterId, formation, admission })
  }

  async #replace(content: Content): Promise<void> {
    const bytes = new TextEncoder().encode(withChecksum(JSON.stringify(content, null, 2)))
    const temporary = `${pathIn(this.#folder)}.new`
    const file = await this.#disk.open(temporary)
    try {
      await file.truncate(0)
      await file.write([bytes], 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await this.#disk.rename(temporary, pathIn(this.#folder))
    await this.#disk.syncFolder(this.#folder)
    this.#content = content
  }
}

async function read(disk: Disk, folder: string): Promise<Content | null> {
  const path = pathIn(folder)
  const size = await disk.size(path)
  if (size === null) return null
  const bytes = new Uint8Array(size)
  const file = await disk.open(path)
  try {
    await file.read(bytes, 0)
  } finally {
    await file.close()
  }
  const content = parse(path, new TextDecoder().decode(bytes))
  await keepFile(disk, folder, NAME)
  return content
}

function parse(path: string, text: string): Content {
  try {
    const content = JSON.parse(text) as Partial<Content>
    const checked = isChecked(text)
    if (checked && Number(content.format) > FORMAT) throw newerFormat('identity', Number(content.format), path)
    if (content.format !== FORMAT) throw new Error(`format ${content.format} is not known`)
    if (typeof content.brokerId !== 'number' || typeof content.directoryId !== 'string') throw new Error('ids missing')
    const formation = content.formation == null ? null : readFormation(content.formation)
    const { brokerId, directoryId, admission = 0 } = content
    if (!Number.isSafeInteger(admission) || admission < 0) throw new Error(`admission ${admission} is none`)
    return { format: FORMAT, brokerId, directoryId, clusterId: formation?.clusterId ?? '', formation, admission }
  } catch (error) {
    if (error instanceof TailraceError && error.code === 'NEWER_FORMAT') throw error
    throw damagedFile(path, (error as Error).message, { cause: error })
  }
}

const CHECKSUM = ',\n  "checksum": '

/**
 * The checksum is the last member and covers every byte before the comma in front of it, in every version: so a newer
 * version differs from a file that is damaged. It is computed here, since older files have none.
 */
function withChecksum(json: string): string {
  const covered = json.slice(0, json.lastIndexOf('\n}'))
  return `${covered}${CHECKSUM}${checksumOf(covered)}\n}\n`
}

/** Whether there is a checksum; it is right then. */
function isChecked(text: string): boolean {
  const at = text.lastIndexOf(CHECKSUM)
  if (at < 0) return false
  const found = Number.parseInt(text.slice(at + CHECKSUM.length), 10)
  if (found !== checksumOf(text.slice(0, at))) throw new Error('its checksum is wrong')
  return true
}

function checksumOf(text: string): number {
  const bytes = new TextEncoder().encode(text)
  return crc32c(bytes, 0, bytes.length)
}

export interface FoundIdentity {
  /** Its broker belongs to a cluster. */
  readonly isMember: boolean
  /** 0: there is no identity file. */
  readonly brokerId: BrokerId
  /** Empty: none yet. */
  readonly clusterId: string
}

/**
 * Looks at the identity in a folder that is not open yet.
 * @throws TailraceError NEWER_FORMAT, STORAGE_CORRUPT
 */
export async function checkIdentity(disk: Disk, folder: string): Promise<FoundIdentity> {
  const found = await read(disk, folder)
  return {
    isMember: found !== null && found.formation !== null,
    brokerId: found?.brokerId ?? NO_BROKER,
    clusterId: found?.clusterId ?? '',
  }
}

function pathIn(folder: string): string {
  return `${folder}/${NAME}`
}
