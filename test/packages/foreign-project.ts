import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const host = `rocksdb-${process.platform}-${process.arch}`

/** A project of somebody else, in which npm has installed the packages as they would be published. */
export class ForeignProject {
  readonly folder: string
  /** The tarball of each package by its folder in this repository. */
  readonly tarballs: ReadonlyMap<string, string>
  /** Where npm finds each package, by the name under which it is asked for. */
  readonly #packages: Readonly<Record<string, string>>

  private constructor(
    folder: string,
    tarballs: ReadonlyMap<string, string>,
    packages: Readonly<Record<string, string>>,
  ) {
    this.folder = folder
    this.tarballs = tarballs
    this.#packages = packages
  }

  /** `others`: what the project depends on beside the packages, with versions. */
  static async make(others: Readonly<Record<string, string>>): Promise<ForeignProject> {
    const folder = mkdtempSync(join(tmpdir(), 'tailrace-foreign-'))
    const built = join(folder, 'built')
    await run(process.execPath, [join(root, 'scripts/build.ts'), built], { cwd: root })
    const tarballs = new Map<string, string>()
    const packages: Record<string, string> = {}
    for (const { name } of readdirSync(built, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      if (name.startsWith('rocksdb-') && name !== host) continue
      const { stdout } = await run('npm', ['pack', join(built, name), '--silent', '--pack-destination', folder])
      const file = join(folder, stdout.trim())
      tarballs.set(name, file)
      const manifest = JSON.parse(readFileSync(join(built, name, 'package.json'), 'utf8')) as { name: string }
      // The broker asks for it under upstream's name.
      packages[name === 'rocksdb' ? 'rocksdb-native' : manifest.name] = `file:${file}`
    }
    const project = new ForeignProject(join(folder, 'app'), tarballs, packages)
    mkdirSync(project.folder)
    const dependencies = { ...others, ...packages }
    const overrides = { 'rocksdb-native': packages['rocksdb-native'] }
    project.write('package.json', JSON.stringify({ private: true, dependencies, overrides }))
    await project.run('npm', ['install', '--no-audit', '--no-fund'])
    return project
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }

  async run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const { stdout, stderr } = await run(command, args, { cwd: this.folder, env }).catch((error) => {
      throw new Error(`${command} ${args.join(' ')}: ${error.stdout}${error.stderr}`)
    })
    return stdout + stderr
  }

  /** The files of an installation of one package, by its name, and of what it depends on. */
  async installedFiles(name: string): Promise<string[]> {
    const cwd = join(this.folder, '..', name.replaceAll('/', '-'))
    mkdirSync(cwd)
    const { [name]: itself, ...overrides } = this.#packages
    writeFileSync(
      join(cwd, 'package.json'),
      JSON.stringify({ private: true, dependencies: { [name]: itself }, overrides }),
    )
    await run('npm', ['install', '--no-audit', '--no-fund'], { cwd })
    const files = readdirSync(join(cwd, 'node_modules'), { recursive: true, withFileTypes: true })
    return files.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  }

  destroy(): void {
    rmSync(join(this.folder, '..'), { recursive: true, force: true })
  }
}
