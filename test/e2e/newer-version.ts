import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../..')
const packages = ['schemas', 'client', 'producer', 'consumer', 'broker']
/** They are read before the schemas of the other side are known, so they never change. */
const frozen: ReadonlySet<string> = new Set(['Challenge', 'Hello', 'HelloReply', 'Schemas'])

/**
 * A copy of this checkout that stands for a later version: every record of every message has got one field more, with a
 * default.
 */
export class NewerVersion {
  readonly executable: string
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
    this.executable = join(folder, 'broker/bin/tailrace.js')
  }

  /** Under the checkout, whose packages of others it finds; its own come before them. */
  static async make(): Promise<NewerVersion> {
    await mkdir(join(root, '.tmp'), { recursive: true })
    const folder = await mkdtemp(join(root, '.tmp', 'newer-'))
    for (const name of packages) {
      const isWanted = (path: string): boolean => !/[\\/](node_modules|dist)$|\.test\.ts$/.test(path)
      await cp(join(root, name), join(folder, name), { recursive: true, filter: isWanted })
    }
    await mkdir(join(folder, 'node_modules/@tailrace'), { recursive: true })
    for (const name of packages.filter((name) => name !== 'broker')) {
      await symlink(join(folder, name), join(folder, 'node_modules/@tailrace', name), 'junction')
    }
    await growSchemas(join(folder, 'schemas/avro'))
    await promisify(execFile)(process.execPath, [join(folder, 'schemas/scripts/generate-avro.ts')])
    return new NewerVersion(folder)
  }

  /** The file that says which schemas a version has. */
  static generated(folder = root): Promise<string> {
    return readFile(join(folder, 'schemas/src/avro/generated.ts'), 'utf8')
  }

  generated(): Promise<string> {
    return NewerVersion.generated(this.#folder)
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true })
  }
}

async function growSchemas(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (frozen.has(file.replace('.avsc', ''))) continue
    const schema: unknown = JSON.parse(await readFile(join(folder, file), 'utf8'))
    await writeFile(join(folder, file), JSON.stringify(grown(schema)))
  }
}

function grown(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(grown)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, grown(value)]))
  if (copy.type !== 'record') return copy
  return {
    ...copy,
    fields: [...(copy.fields as object[]), { name: 'sinceLater', type: 'string', default: 'by default' }],
  }
}
