import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { TailraceError } from '@tailrace/schemas'
import type { Positions } from '../positions.ts'
import type { TopicPositions } from '../topics/topic-positions.ts'
import type { CheckpointStore, SavedPosition } from './checkpoint-store.ts'

/** Of a name, encoded: file systems take 255, with the ending. */
const MOST_CHARACTERS = 200

/**
 * Positions in files of a folder, one for each name, for one program at a time. In Node.js only. A file is replaced as
 * a whole, and is on the disk when `save` resolves: a crash leaves the position of before or the new one.
 */
export class FileCheckpoints implements CheckpointStore {
  readonly #folder: string
  /** The last save of each name: one after the other. */
  readonly #saving = new Map<string, Promise<void>>()

  /** The folder is created with the first `save`. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * @throws TailraceError INVALID_SETTING: of such a name no file can be, or what the file has is no position; the
   * error of the file system
   */
  async load(name: string): Promise<SavedPosition | undefined> {
    const path = this.#pathOf(name)
    const text = await readFile(path, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    return text === undefined ? undefined : saved(path, text)
  }

  /** @throws TailraceError INVALID_SETTING; the error of the file system, and the position of before is kept */
  save(name: string, position: Positions | TopicPositions): Promise<void> {
    const text = JSON.stringify(position)
    const before = this.#saving.get(name) ?? Promise.resolve()
    const saving = before.then(() => this.#write(this.#pathOf(name), text))
    const settled = saving.catch(() => {})
    this.#saving.set(name, settled)
    void settled.then(() => {
      if (this.#saving.get(name) === settled) this.#saving.delete(name)
    })
    return saving
  }

  async #write(path: string, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const unfinished = `${path}.new`
    const file = await open(unfinished, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
    await syncFolder(this.#folder)
  }

  #pathOf(name: string): string {
    const file = encodeURIComponent(String(name))
    if (typeof name === 'string' && name !== '' && file.length <= MOST_CHARACTERS) {
      return join(this.#folder, `${file}.json`)
    }
    throw new TailraceError('INVALID_SETTING', `The name of a checkpoint is a text of up to ${MOST_CHARACTERS} bytes.`)
  }
}

/** So that the new name survives a crash, too. Windows syncs no folders, and needs no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function saved(path: string, text: string): SavedPosition {
  try {
    const value = JSON.parse(text) as { offsets?: unknown; topics?: unknown } | null
    if (typeof (value?.offsets ?? value?.topics) === 'object') return value as SavedPosition
  } catch {
    // Told below.
  }
  throw new TailraceError('INVALID_SETTING', `${path} is no position of a reader.`)
}
