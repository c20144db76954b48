import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withoutNeeded } from './needed-libraries.ts'
import { publishedEngines } from './publishable-manifest.ts'

/** Systems on which a broker runs, and what upstream builds its library for. */
const hosts = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'win32-x64', 'win32-arm64'] as const

/** Upstream's libraries for Linux name it and take nothing from it; many small images do not have it. */
const unused = 'libatomic.so.1'
const changes = `with one change: it is loaded without ${unused}, of which it uses nothing`

/**
 * Upstream's package has the libraries of thirteen systems, each twice: 161 MB. Here it is one package with its
 * JavaScript, and one for each system with a library, of which an installation gets its own.
 * @returns the dependency that takes the place of upstream's
 */
export function makeRocksDbPackages(
  root: string,
  target: string,
  repository: Readonly<Record<string, string>>,
): string {
  const upstream = join(root, 'node_modules/rocksdb-native')
  const { version, dependencies } = JSON.parse(readFileSync(join(upstream, 'package.json'), 'utf8'))
  const common = { version, license: 'Apache-2.0', repository, publishConfig: { access: 'public' } }
  const library = 'rocksdb-native.node'
  for (const host of hosts) {
    const [os, cpu] = host.split('-')
    const folder = emptyFolder(join(target, `rocksdb-${host}`))
    const built = readFileSync(join(upstream, 'prebuilds', host, library))
    writeFileSync(join(folder, library), os === 'linux' ? withoutNeeded(built, unused) : built)
    cpSync(join(upstream, 'LICENSE'), join(folder, 'LICENSE'))
    writeFileSync(
      join(folder, 'README.md'),
      `# ${nameOf(host)}\n\nThe library of rocksdb-native ${version} for ${host}, ${os === 'linux' ? changes : 'unchanged'}.\n`,
    )
    writeManifest(folder, {
      name: nameOf(host),
      description: `RocksDB for Tailrace brokers on ${host}.`,
      ...common,
      main: library,
      files: [library],
      os: [os],
      cpu: [cpu],
      ...(os === 'linux' && { libc: ['glibc'] }),
    })
  }
  const folder = emptyFolder(join(target, 'rocksdb'))
  for (const name of ['index.js', 'lib', 'LICENSE'])
    cpSync(join(upstream, name), join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'binding.js'), binding)
  writeFileSync(join(folder, 'README.md'), readme(version))
  const { 'require-addon': _replaced, ...others } = dependencies as Record<string, string>
  writeManifest(folder, {
    name: '@tailrace/rocksdb',
    description: 'rocksdb-native, with the library of each system in a package of its own.',
    ...common,
    exports: { '.': './index.js', './package': './package.json' },
    files: ['index.js', 'binding.js', 'lib'],
    engines: publishedEngines.broker,
    dependencies: others,
    optionalDependencies: Object.fromEntries(hosts.map((host) => [nameOf(host), version])),
  })
  return `npm:@tailrace/rocksdb@${version}`
}

const binding = `// Changed for Tailrace: the library comes from the package of this system, not from a folder of all.
module.exports = require('@tailrace/rocksdb-' + process.platform + '-' + process.arch)
`

function readme(version: string): string {
  return `# @tailrace/rocksdb

[rocksdb-native](https://github.com/holepunchto/rocksdb-native) ${version} by Holepunch Inc, Apache License 2.0, for Tailrace brokers. Changed: \`binding.js\`
loads the library from a package for this system alone, so that an installation is not given those of all.
`
}

function nameOf(host: string): string {
  return `@tailrace/rocksdb-${host}`
}

function emptyFolder(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

function writeManifest(folder: string, manifest: object): void {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}
